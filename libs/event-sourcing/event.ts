/** How a command reached the log. Policies arm nothing for what came by `import`. */
export type Channel = 'api' | 'import' | 'policy' | 'alert' | 'email'

/** Where an imported event comes from: enough to find the row again, whatever the file was called. */
export interface EventSource {
  /** Name of the source system, as the mapping states it. */
  name: string
  /** The record's identifier over there. */
  externalId: string
  /** 1-based row number (header not counted) in the file that was read. */
  row: number
  /** The import run (stream `import-<run>`), which knows the file name and its hash. */
  run: string
}

export interface EventMetadata {
  /** The authenticated principal that sent the command; always present, also for imports and policies. */
  actor: string
  /** Who the source says did it. Never used for rights or segregation verdicts. */
  attributedTo?: string
  /** The person for whom the actor acted. */
  onBehalfOf?: string
  /** Event id of the role grant that allowed the command. */
  grant?: string
  channel: Channel
  reason?: string
  /** Valid time: when it happened, ISO 8601 UTC. */
  occurredAt: string
  /** System time: when the store recorded it, ISO 8601 UTC; never earlier than that of an earlier position. */
  recordedAt: string
  commandId: string
  /** SHA-256 (hex) of the request's content, to tell a repeat from a reused key. */
  requestHash?: string
  correlationId: string
  causationId?: string
  schemaVersion: number
  source?: EventSource
}

/** What a decider emits: a fact of the business, without identity or time. */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type
  readonly data: Data
}

/** An event as it stands in the log. */
export type RecordedEvent<E extends DomainEvent = DomainEvent> = E & {
  /** UUIDv5 of (command id, stream, index): a repeated append is the same event. */
  readonly id: string
  readonly stream: string
  /** 0-based place in its stream. */
  readonly revision: number
  /** Place in the whole log: 20 digits, compared as text, never computed with. */
  readonly position: string
  readonly metadata: EventMetadata
}

/** An event on its way into the store, which adds revision, position and `recordedAt`. */
export interface NewEvent {
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly metadata: Omit<EventMetadata, 'recordedAt'>
}
