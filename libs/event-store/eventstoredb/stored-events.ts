import {
  type AllStreamResolvedEvent,
  type EventData,
  jsonEvent,
  type ResolvedEvent,
} from '@eventstore/db-client'
import { type Codec, type RecordedEvent, toPosition } from '#libs/event-sourcing'
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

/** Turns what the client reads into events of the port. */
export class StoredEvents {
  constructor(
    private readonly names: StreamNames,
    private readonly codec: Codec,
  ) {}

  /**
   * Undefined for foreign streams, the server's and the adapter's own. `recordedAt` is the server's time, or the time
   * that a migrated event brought along.
   * @throws UnreadableEvent
   */
  toEvent({ event }: ResolvedEvent | AllStreamResolvedEvent): RecordedEvent | undefined {
    const stream = event && this.names.ours(event.streamId)
    if (event === undefined || stream === undefined) return undefined
    const { id, type, revision, position, created } = event
    if (!event.isJson || typeof event.metadata !== 'object' || position === undefined) {
      throw new UnreadableEvent(
        `Somebody else wrote revision ${revision} of ${event.streamId}: it is no event of ours`,
      )
    }
    const { data, metadata } = this.codec.decodeParsed(type, { data: event.data, metadata: event.metadata })
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
}
