import { BACKWARDS, END, type EventData, FORWARDS, NO_STREAM, START } from '@eventstore/db-client'
import { type Position, type RecordedEvent, toPosition } from '#libs/event-sourcing'
import type { EncodedAppend } from '../encode-append.js'
import type { ReadStreamOptions } from '../event-store.js'
import type { Connection } from './connection.js'
import { portError, troubleOf, UnreadableEvent } from './server-errors.js'
import { type StoredEvents, toProposal } from './stored-events.js'
import type { StreamNames } from './stream-names.js'

/** What the server says of one append. */
export type WriteOutcome =
  /** The events are there: now, or since an earlier try. */
  | { kind: 'written'; last: { revision: number; position: Position } }
  | { kind: 'conflict'; actual: number }
  | { kind: 'unknown'; cause: unknown }

/** Appends to single streams, and reads of them. */
export class StreamAccess {
  constructor(
    private readonly connection: Connection,
    private readonly names: StreamNames,
    private readonly events: StoredEvents,
  ) {}

  /**
   * One try.
   * @param recordedAt of each event, for a log that is copied; by default the server's own time counts
   * @throws TooLarge; Unavailable when the server refuses
   */
  async append(
    { stream, expectedRevision, events }: EncodedAppend,
    recordedAt?: string[],
  ): Promise<WriteOutcome> {
    const proposals: EventData[] = events.map((event, index) => toProposal(event, recordedAt?.[index]))
    const options = {
      ...this.connection.appendOptions(events.length),
      expectedRevision: expectedRevision < 0 ? NO_STREAM : BigInt(expectedRevision),
    } as const
    try {
      const { nextExpectedRevision, position } = await this.connection.call(
        `Appending to ${stream}`,
        () => this.connection.client.appendToStream(this.names.onServer(stream), proposals, options),
        options.deadline,
      )
      if (position === undefined) throw new Error(`The server gave no position for an append to ${stream}`)
      return {
        kind: 'written',
        last: { revision: Number(nextExpectedRevision), position: toPosition(position.commit) },
      }
    } catch (error) {
      const trouble = troubleOf(error)
      if (trouble === 'away') return { kind: 'unknown', cause: error }
      if (trouble !== 'wrongRevision') throw portError(error)
      const { actualVersion } = error as { actualVersion?: bigint | 'no_stream' }
      return { kind: 'conflict', actual: typeof actualVersion === 'bigint' ? Number(actualVersion) : -1 }
    }
  }

  /**
   * Nothing for a foreign stream.
   * @throws Unavailable; UnreadableEvent also when foreign events stand among ours: what follows from a record with holes is
   *   not known, and no command could append behind them
   */
  async read(stream: string, options: ReadStreamOptions = {}): Promise<RecordedEvent[]> {
    const { direction = FORWARDS, from, limit = Number.MAX_SAFE_INTEGER } = options
    if (limit < 1) return []
    const edge = direction === BACKWARDS ? END : START
    const request = {
      direction,
      fromRevision: from === undefined ? edge : BigInt(from),
      maxCount: Math.min(limit, Number.MAX_SAFE_INTEGER),
    } as const
    const found = await this.connection.patiently(() =>
      this.connection
        .collect(`Reading ${stream}`, this.connection.readStream(this.names.onServer(stream), request))
        .catch((error) => {
          const trouble = troubleOf(error)
          if (trouble === 'streamMissing' || trouble === 'tombstoned') return []
          throw error
        }),
    )
    const events = found.flatMap((event) => this.events.toEvent(event) ?? [])
    const foreign = events.length === found.length ? undefined : found.find((one) => !this.events.isOurs(one))
    if (foreign?.event !== undefined && events.length > 0) {
      throw new UnreadableEvent(
        `Somebody else wrote revision ${foreign.event.revision} of ${foreign.event.streamId}: it is no event of ours`,
      )
    }
    return events
  }
}
