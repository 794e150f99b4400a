import { randomUUID } from 'node:crypto'
import {
  Forbidden,
  InvalidInput,
  KeyReused,
  LedgerdeskError,
  LogMoved,
  NotFound,
  Refused,
  StaleRevision,
  TooLarge,
  Unauthenticated,
  Unavailable,
} from '#libs/event-sourcing'

/** A problem document as RFC 9457 describes it, with the stable `code` and, per kind, more members (`errors`, `currentRevision`). */
export interface ProblemDetails {
  type: string
  title: string
  status: number
  detail: string
  instance: string
  code: string
  [member: string]: unknown
}

export interface ProblemAnswer {
  readonly headers: Readonly<Record<string, string>>
  readonly body: ProblemDetails
  /** True for what is our fault: the caller is told nothing about it but the `instance`, under which the log has it. */
  readonly unexpected: boolean
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

/** 429: the caller has used up what `RATE_LIMIT` allows. */
export class TooManyRequests extends LedgerdeskError {
  constructor(readonly retryAfter: number) {
    super('RATE_LIMIT.EXCEEDED', `Too many requests: try again in ${retryAfter} s.`)
  }
}

/** 405: the path exists, but not with this method. */
export class MethodNotAllowed extends LedgerdeskError {
  constructor(
    method: string,
    readonly allowed: readonly string[],
  ) {
    super('REQUEST.METHOD_NOT_ALLOWED', `${method} is not possible here. What is: ${allowed.join(', ')}.`)
  }
}

/** 406: the caller takes none of the forms that the endpoint answers in. */
export class NotAcceptable extends LedgerdeskError {}

/** 415: the body is in a form that the endpoint does not read. */
export class UnsupportedMediaType extends LedgerdeskError {}

const TITLES: Record<number, string> = {
  400: 'The request cannot be understood',
  401: 'Proof of identity is missing or not valid',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Not answered in a form that was asked for',
  409: 'A rule forbids this in the present state',
  412: 'The record has changed',
  413: 'Too large',
  414: 'The address is too long',
  415: 'Unsupported media type',
  422: 'The Idempotency-Key stands for another request',
  429: 'Too many requests',
  431: 'The request headers are too large',
  500: 'Internal error',
  503: 'Temporarily unavailable',
}

const STATUSES: readonly (readonly [abstract new (...args: never[]) => LedgerdeskError, number])[] = [
  [InvalidInput, 400],
  [Unauthenticated, 401],
  [Forbidden, 403],
  [NotFound, 404],
  [MethodNotAllowed, 405],
  [NotAcceptable, 406],
  [Refused, 409],
  [LogMoved, 409],
  [StaleRevision, 412],
  [TooLarge, 413],
  [UnsupportedMediaType, 415],
  [KeyReused, 422],
  [TooManyRequests, 429],
  [Unavailable, 503],
]

/** HTTP status of an error class; 500 for a class that nobody has mapped. */
export function statusOf(error: LedgerdeskError): number {
  return STATUSES.find(([type]) => error instanceof type)?.[1] ?? 500
}

/**
 * Any error as a problem document. Errors of Ledgerdesk and client errors of Fastify and Nest are explained; all else is
 * an internal error that says nothing of its cause.
 * @param requestId the request's id; when it is a UUID the `instance` bears it
 */
export function toProblem(error: unknown, requestId?: string): ProblemAnswer {
  const instance = `urn:uuid:${requestId !== undefined && UUID.test(requestId) ? requestId.toLowerCase() : randomUUID()}`
  if (error instanceof LedgerdeskError) {
    const status = statusOf(error)
    if (status < 500 || status === 503) {
      const body = { ...error.extra, ...problem(status, error.code, error.message, instance) }
      return { headers: headersOf(error), body, unexpected: false }
    }
  }
  const client = clientError(error)
  if (client) {
    const body = problem(client.status, client.code, client.detail, instance)
    return { headers: {}, body, unexpected: false }
  }
  const detail = 'Something went wrong on our side. The log has it under the instance given here.'
  return { headers: {}, body: problem(500, 'INTERNAL', detail, instance), unexpected: true }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

function problem(status: number, code: string, detail: string, instance: string): ProblemDetails {
  const title = TITLES[status] ?? 'The request failed'
  return { type: `urn:ledgerdesk:problem:${code}`, title, status, detail, instance, code }
}

function headersOf(error: LedgerdeskError): Record<string, string> {
  if (error instanceof Unavailable || error instanceof TooManyRequests) {
    return { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfter))) }
  }
  if (error instanceof Unauthenticated) {
    // RFC 6750, section 3: the error member is left out when no credentials were sent.
    const reason = error.code === 'TOKEN.MISSING' ? '' : ', error="invalid_token"'
    return { 'www-authenticate': `Bearer realm="ledgerdesk"${reason}` }
  }
  if (error instanceof MethodNotAllowed) return { allow: error.allowed.join(', ') }
  return {}
}

/** Codes for client errors that Fastify finds before any code of ours runs. */
const FASTIFY_CODES: Record<string, string> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'REQUEST.MEDIA_TYPE',
  FST_ERR_CTP_BODY_TOO_LARGE: 'REQUEST.TOO_LARGE',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'REQUEST.MALFORMED_JSON',
  FST_ERR_CTP_INVALID_JSON_BODY: 'REQUEST.MALFORMED_JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'REQUEST.CONTENT_LENGTH',
  FST_ERR_BAD_URL: 'REQUEST.MALFORMED_URL',
  FST_ERR_MAX_PARAM_LENGTH: 'REQUEST.URL_TOO_LONG',
  FST_REQ_FILE_TOO_LARGE: 'REQUEST.TOO_LARGE',
}

interface ClientError {
  status: number
  code: string
  detail: string
}

/** Client errors of Fastify (`statusCode`) and Nest (`getStatus()`, which keeps Fastify's error as its cause). */
function clientError(error: unknown): ClientError | undefined {
  if (!(error instanceof Error)) return undefined
  const { statusCode, code, getStatus, cause } = error as Error & {
    statusCode?: number
    code?: string
    getStatus?: () => number
  }
  if (typeof getStatus === 'function' && cause instanceof Error) return clientError(cause)
  const status = typeof getStatus === 'function' ? getStatus.call(error) : statusCode
  if (status === undefined || status < 400 || status >= 500) return undefined
  const known = code === undefined ? undefined : FASTIFY_CODES[code]
  const malformed = error instanceof SyntaxError ? 'REQUEST.MALFORMED_JSON' : undefined
  return { status, code: known ?? malformed ?? `REQUEST.${status}`, detail: error.message }
}

/** JSON Schema of the document, open as RFC 9457 section 3.2 asks: clients ignore members that they do not know. */
export const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'What went wrong (RFC 9457). `code` is stable; `detail` says how to mend it.',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code'],
  properties: {
    type: { type: 'string', examples: ['urn:ledgerdesk:problem:INCIDENT.NOT_OPEN'] },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string' },
    instance: { type: 'string', examples: ['urn:uuid:9b2f5a34-6f0f-4f62-a8a5-5f0e8a2c2b1d'] },
    code: { type: 'string', pattern: '^[A-Z][A-Z0-9_.]*$', examples: ['INCIDENT.NOT_OPEN'] },
    currentRevision: { type: 'integer', description: 'With status 412: the revision to read again.' },
    errors: {
      type: 'array',
      description: 'With status 400: every offending field.',
      items: {
        type: 'object',
        required: ['pointer', 'message'],
        properties: {
          pointer: { type: 'string', description: 'JSON pointer into the body, or a parameter or header.' },
          message: { type: 'string' },
        },
      },
    },
  },
} as const
