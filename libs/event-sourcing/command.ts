import type { Channel, EventSource } from './event.js'

/** Who sends a command, by which way and why. Filled at the rim; deciders may read it, never invent it. */
export interface CommandMetadata {
  actor: string
  attributedTo?: string
  onBehalfOf?: string
  channel: Channel
  reason?: string
  /** Valid time of what the command records: now for live commands, the source's time for imports. */
  occurredAt: string
  /** UUIDv5 of (log id, principal, target, Idempotency-Key), or random when the caller gave no key. */
  commandId: string
  /** True when the caller gave an `Idempotency-Key` (or the id is derived): a repeat must find the first answer. */
  keyed: boolean
  requestHash?: string
  correlationId: string
  causationId?: string
  source?: EventSource
  /** The revision that the caller has seen (`If-Match`). */
  expectedRevision?: number
}

/**
 * A wish to change one record. Command classes are plain data with a literal `type`, so that a decider's `switch` is
 * exhaustive and Nest's CommandBus can find the handler by class.
 */
export abstract class Command<Type extends string = string, Data extends object = object> {
  abstract readonly type: Type

  /**
   * @param id the record's number or id; `undefined` for a create whose number is still to be allotted
   * @param data what is wanted
   * @param metadata who, when, why
   */
  constructor(
    readonly id: string | undefined,
    readonly data: Data,
    readonly metadata: CommandMetadata,
  ) {}
}
