import {
  type AllStreamResolvedEvent,
  type EventData,
  jsonEvent,
  type ResolvedEvent,
} from '@eventstore/db-client'
import { LRUCache } from 'lru-cache'
import { type Codec, type EventMetadata, type RecordedEvent, toPosition } from '#libs/event-sourcing'
import type { EncodedRow } from '../encode-append.js'
import { UnreadableEvent } from './server-errors.js'
import type { StreamNames } from './stream-names.js'

/** An event as the client takes it. JSON, so that operators can read it in the server's own tools. */
export function toProposal({ id, type, data, metadata }: EncodedRow, recordedAt?: string): EventData {
  const { recordedAt: _callers, ...kept } = JSON.parse(metadata)
  return jsonEvent({
    id,
    type,
    data: JSON.parse(data),
    metadata: recordedAt === undefined ? kept : { ...kept, recordedAt },
  })
}

type Resolved = ResolvedEvent | AllStreamResolvedEvent
type Stored = NonNullable<Resolved['event']>

/** What no event of ours is without. */
const REQUIRED = {
  actor: 'string',
  channel: 'string',
  occurredAt: 'string',
  commandId: 'string',
  correlationId: 'string',
  schemaVersion: 'number',
} as const satisfies Partial<Record<keyof EventMetadata, string>>
/** A writer of foreign events may begin many streams; of those forgotten it is told again. */
const REMEMBERED_STREAMS = 1_000

/** An event under our prefix that we did not write. */
export interface ForeignEvent {
  /** As the server calls it. */
  readonly stream: string
  readonly revision: number
  readonly type: string
}

/** Turns what the client reads into events of the port. */
export class StoredEvents {
  readonly #told = new LRUCache<string, true>({ max: REMEMBERED_STREAMS })

  constructor(
    private readonly names: StreamNames,
    private readonly codec: Codec,
    /** Told of the first foreign event that is met in a stream. */
    private readonly onForeign?: (event: ForeignEvent) => void,
  ) {}

  /** Whether it stands in a stream of the port and has the form in which all our events are written. */
  isOurs({ event }: Resolved): boolean {
    return event !== undefined && this.names.ours(event.streamId) !== undefined && hasOurForm(event)
  }

  /**
   * Undefined for what is not ours: foreign streams, the server's and the adapter's own, and foreign events in streams that
   * are named like ours. `recordedAt` is the server's time, or the time that a migrated event brought along.
   * @throws UnreadableEvent when it is ours and cannot be decoded
   */
  toEvent({ event }: Resolved): RecordedEvent | undefined {
    const stream = event && this.names.ours(event.streamId)
    if (event === undefined || stream === undefined) return undefined
    if (!hasOurForm(event)) {
      this.#tell(event)
      return undefined
    }
    const { id, type, revision, position, created } = event
    const { data, metadata } = this.#decode(event)
    // Parsed for this event alone, so it may be completed where it is: a copy would cost as much as all the rest here.
    const complete = metadata as RecordedEvent['metadata']
    complete.recordedAt ??= created.toISOString()
    return {
      id,
      type,
      stream,
      revision: Number(revision),
      position: toPosition(position.commit),
      data,
      metadata: complete,
    }
  }

  /** Any error is one of this program, whatever an upcaster throws: the server would give the same again. */
  #decode({ type, data, metadata, revision, streamId }: Stored) {
    try {
      return this.codec.decodeParsed(type, { data, metadata })
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new UnreadableEvent(`${type} at revision ${revision} of ${streamId} cannot be read: ${reason}`, {
        cause,
      })
    }
  }

  #tell({ streamId, revision, type }: Stored): void {
    if (this.#told.has(streamId)) return
    this.#told.set(streamId, true)
    this.onForeign?.({ stream: streamId, revision: Number(revision), type })
  }
}

function hasOurForm(event: Stored): event is Stored & { position: NonNullable<Stored['position']> } {
  const { isJson, metadata, position } = event
  if (!isJson || position === undefined || typeof metadata !== 'object' || metadata === null) return false
  const found = metadata as Record<string, unknown>
  return Object.entries(REQUIRED).every(([field, type]) => typeof found[field] === type)
}
