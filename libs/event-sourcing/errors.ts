/**
 * Errors that a caller is told about. The class says what kind of trouble it is (and so the HTTP status, mapped once in
 * `libs/platform`), the `code` names the rule for machines and stays stable, the message says how to mend it.
 */
export abstract class LedgerdeskError extends Error {
  /** @param extra members added to the problem document (`currentRevision`, `errors`, ...). */
  constructor(
    readonly code: string,
    message: string,
    readonly extra: Record<string, unknown> = {},
  ) {
    super(message)
    this.name = new.target.name
  }
}

export interface FieldError {
  /** JSON pointer into the request body, or the name of a query parameter or header. */
  pointer: string
  message: string
}

/** 400: the input cannot be understood; every offending field is named. */
export class InvalidInput extends LedgerdeskError {
  constructor(code: string, message: string, errors: FieldError[] = []) {
    super(code, message, errors.length > 0 ? { errors } : {})
  }
}
/** 401: no proof of identity, or one that is not valid. */
export class Unauthenticated extends LedgerdeskError {}
/** 403: the principal has no right to this. */
export class Forbidden extends LedgerdeskError {}
/** 404: there is no such record, or none that the principal may see. */
export class NotFound extends LedgerdeskError {}
/** 409: a rule of the domain forbids it in the present state. */
export class Refused extends LedgerdeskError {}
/**
 * 409: the log was moved and takes no more events here; the message says where it went, and no repeat helps. Nothing was
 * written.
 */
export class LogMoved extends LedgerdeskError {
  constructor(message: string) {
    super('LOG.MOVED', message)
  }
}
/** 412: the caller's `If-Match` is not the current revision. */
export class StaleRevision extends LedgerdeskError {
  constructor(readonly currentRevision: number) {
    super(
      'REVISION.STALE',
      `The record has changed: its revision is ${currentRevision} now. Read it again and decide anew.`,
      {
        currentRevision,
      },
    )
  }
}
/** 413: more than the log or the blob store takes; names the field. */
export class TooLarge extends LedgerdeskError {}
/** 422: the `Idempotency-Key` was used for another request to the same target. */
export class KeyReused extends LedgerdeskError {
  constructor() {
    super(
      'IDEMPOTENCY_KEY.REUSED',
      'This Idempotency-Key already stands for another request to the same target. Use a new key.',
    )
  }
}
/** 503: something the command or query needs is away; try again after `retryAfter` seconds. */
export class Unavailable extends LedgerdeskError {
  constructor(
    code: string,
    message: string,
    readonly retryAfter: number = 1,
    extra: Record<string, unknown> = {},
  ) {
    super(code, message, extra)
  }
}
