import {
  InvalidInput,
  type NewEvent,
  type Position,
  parsePosition,
  type RecordedEvent,
  Unavailable,
} from '#libs/event-sourcing'

/** A stream's revision that a writer relies on; `'noStream'`: it must not exist. There is no "any". */
export type ExpectedRevision = number | 'noStream'

export interface AppendRequest {
  stream: string
  expectedRevision: ExpectedRevision
  /** At least one; together at most {@link MAX_APPEND_BYTES} encoded. */
  events: readonly NewEvent[]
}

/** Events of one append as they stand in the log. */
export interface Appended {
  readonly events: readonly RecordedEvent[]
  /** Where the last one stands: known without looking at the events, which a store may decode only then. */
  readonly last: { readonly revision: number; readonly position: Position }
}

/** The last of some events, as {@link Appended} tells it. */
export function lastOf(events: readonly RecordedEvent[]): Appended['last'] {
  const { revision, position } = events[events.length - 1]!
  return { revision, position }
}

export type AppendOutcome =
  /** Durable now. */
  | ({ kind: 'appended' } & Appended)
  /** These very ids stand at that place already: the original events. */
  | ({ kind: 'alreadyAppended' } & Appended)
  /** Somebody else was first; `actual` is the stream's revision, -1 when it does not exist. Nothing was written. */
  | { kind: 'conflict'; actual: number }
  /** The store cannot say: repeat the same ids with the same expected revision. */
  | { kind: 'unknown'; cause: unknown }

/** See {@link EventStore.appendMany}. */
export type AppendOrder = 'stream' | 'log'

/** As {@link AppendOutcome}, without the events: a store that would have to read them back does not for bulk writers. */
export type BulkOutcome =
  | ({ kind: 'appended' } & Pick<Appended, 'last'>)
  | ({ kind: 'alreadyAppended' } & Pick<Appended, 'last'>)
  | Extract<AppendOutcome, { kind: 'conflict' | 'unknown' }>

/** A run of human numbers, one per kind of record. */
export interface NumberSeries {
  /** Stream prefix with its dash: `incident-`. */
  streamPrefix: string
  /** `1` → `INC0000001`. Must be injective. */
  format(n: number): string
}

/** Appends to a stream whose number is allotted in the same step. */
export interface NumberedAppend {
  series: NumberSeries
  /**
   * Present when the caller gave an `Idempotency-Key`: the stream `key-<command id>` that remembers which number the
   * command got. Its `NumberClaimed` event is built from the number.
   */
  claim?: { stream: string; event(number: string): NewEvent }
  /** Builds the new stream's events once its number is known. Pure; may be called again with another number. */
  events(number: string): readonly NewEvent[]
}

export type NumberedOutcome =
  | ({ kind: 'appended'; number: string } & Appended)
  /** The claim stream exists: this command already got a number. Its record may or may not exist yet. */
  | { kind: 'alreadyClaimed'; number: string }
  | { kind: 'unknown'; cause: unknown }

export interface ReadStreamOptions {
  direction?: 'forwards' | 'backwards'
  /** First revision to read (inclusive); the default is the stream's start, or its end when reading backwards. */
  from?: number
  /** At most so many events; default all. */
  limit?: number
}

export interface LogFilter {
  /** Stream prefixes, each ending with its dash (`incident-`) or reaching into the name (`incident-INC00001`). None given: every stream. */
  prefixes?: readonly string[]
  /** Event types. None given: every type. */
  types?: readonly string[]
}

export interface ReadAllOptions extends LogFilter {
  /** Exclusive. {@link LOG_START} reads from the beginning. */
  after: Position
  /** At most so many events in the page. */
  limit: number
  /** Inclusive upper bound: nothing later is returned. */
  upTo?: Position
}

export interface LogPage {
  events: RecordedEvent[]
  /** How far the log was searched: read on after this. Never earlier than the last event of the page. */
  position: Position
  /** Nothing more to read at present (or up to `upTo`). */
  end: boolean
}

export interface SubscribeOptions extends LogFilter {
  after: Position
  /** Largest batch to hand out. */
  batchSize?: number
  signal?: AbortSignal
}

/** What happened since the last batch; also handed out empty, when the log moved on by events the filter leaves out. */
export interface LogBatch extends LogPage {
  /** Milliseconds since the epoch at which the store last looked: with `end`, the reader is caught up as of then. */
  checkedAt: number
}

/** @throws InvalidInput `LIMIT.INVALID` */
export function requirePageLimit(limit: number): void {
  if (Number.isSafeInteger(limit) && limit >= 1) return
  throw new InvalidInput('LIMIT.INVALID', 'The limit of a page must be a whole number from 1')
}

/** The encoded size of all events of one append, in both shapes (EventStoreDB takes 1 MiB a call). */
export const MAX_APPEND_BYTES = 900_000

/**
 * The log. An abstract class, so that Nest can inject it (SWC emits metadata for classes only).
 *
 * Positions are exclusive when read *after*, and a position that this log never gave is refused with
 * `POSITION.UNKNOWN`. Streams may not begin with `$`; ids must be UUIDs and types non-empty, else the append throws
 * `InvalidInput` before anything is written.
 */
export abstract class EventStore {
  /** Random, given at birth: the same log in a restored backup keeps it. */
  abstract readonly logId: string

  /**
   * Appends to one stream, all or nothing. Resolves when the events are durable.
   * @throws TooLarge `APPEND.TOO_LARGE`, InvalidInput; LogMoved; Unavailable when it is certain that nothing was written
   */
  abstract append(request: AppendRequest): Promise<AppendOutcome>

  /**
   * Appends many requests, in order, each all or nothing by itself: one that conflicts does not stop the others. For
   * bulk writers; an adapter that can makes few commits of them, another sends many at a time.
   * @param order what the order of requests means: of each stream, or of the whole log. A request for which the store was
   *   away is `unknown`; so are all after it, in the order of the log
   * @throws TooLarge, InvalidInput when one of the requests is unsound (SQLite: before anything was written); LogMoved
   */
  async appendMany(
    requests: readonly AppendRequest[],
    order: AppendOrder = 'stream',
  ): Promise<BulkOutcome[]> {
    const outcomes: BulkOutcome[] = []
    let away: Extract<BulkOutcome, { kind: 'unknown' }> | undefined
    for (const request of requests) {
      const outcome =
        away ??
        (await this.append(request).catch((cause: unknown): BulkOutcome => {
          if (cause instanceof Unavailable) return { kind: 'unknown', cause }
          throw cause
        }))
      if (order === 'log' && outcome.kind === 'unknown') away = outcome
      outcomes.push(outcome)
    }
    return outcomes
  }

  /** Appends to a new numbered stream; a number whose stream exists is skipped. */
  abstract appendNumbered(request: NumberedAppend): Promise<NumberedOutcome>

  /** The events of one stream; empty when it does not exist. */
  abstract readStream(stream: string, options?: ReadStreamOptions): Promise<RecordedEvent[]>

  /** One page of the log; each page is its own short transaction. */
  abstract readAll(options: ReadAllOptions): Promise<LogPage>

  /**
   * Follows the log for ever: what is there, then what comes. The next batch is fetched only when the consumer asks
   * (back-pressure); ends when `signal` aborts. Own appends are seen at once, those of other processes, and that
   * the log moved on by events the filter leaves out, within 20 ms.
   */
  abstract subscribe(options: SubscribeOptions): AsyncIterable<LogBatch>

  /** Position of the last event; {@link LOG_START} when there is none. */
  abstract head(): Promise<Position>

  /** Id of the event at a position, or undefined when this log has none there. */
  abstract eventIdAt(position: Position): Promise<string | undefined>

  /**
   * A position that somebody kept, as this log gives it now. Another one only in a log that came from another store by
   * `ledgerdesk migrate`, and only for positions that it gave there; so no two events ever share a position.
   * @throws InvalidInput `POSITION.MALFORMED`
   */
  async currentPosition(position: Position): Promise<Position> {
    return parsePosition(position)
  }

  /**
   * When the first event after a position was recorded (ISO 8601); undefined when there is none.
   * @param prefixes of the streams that count; none given: every stream
   * @throws InvalidInput `POSITION.UNKNOWN`, `POSITION.MALFORMED`
   */
  async recordedAfter(position: Position, prefixes?: readonly string[]): Promise<string | undefined> {
    for (let after = position; ; ) {
      const page = await this.readAll({ after, limit: 1, prefixes })
      const [event] = page.events
      if (event || page.end) return event?.metadata.recordedAt
      after = page.position
    }
  }

  /** The last position whose effective `recordedAt` is not later than `time` (ISO 8601). */
  abstract positionAt(time: string): Promise<Position>

  abstract getStreamMetadata(stream: string): Promise<Record<string, unknown>>
  abstract setStreamMetadata(stream: string, metadata: Record<string, unknown>): Promise<void>

  /**
   * Calls back after each commit made through this object, with the log's head, so that a store in another thread of
   * the process can be woken at once instead of by its own looking. An adapter whose server pushes never calls.
   * @returns ends the calls
   */
  onAppended(_listener: (head: Position) => void): () => void {
    return () => {}
  }

  /** Something was appended elsewhere (see {@link onAppended}): subscriptions look now. */
  wake(): void {}

  /** Finishes what is under way, then lets go of the files or connections. */
  abstract close(): Promise<void>
}
