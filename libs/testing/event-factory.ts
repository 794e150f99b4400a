import { randomUUID } from 'node:crypto'
import {
  type DomainEvent,
  derivedId,
  type EventMetadata,
  LOG_START,
  type NewEvent,
  type RecordedEvent,
  toPosition,
} from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { FakeClock } from './fake-clock.js'

/** Metadata a test cares about; the rest has sensible defaults. */
export type MetadataHints = Partial<EventMetadata>

/** Makes recorded events for specs: positions and revisions rise, and every event comes a second after the last. */
export class EventFactory {
  #position = LOG_START
  readonly #revisions = new Map<string, number>()

  constructor(
    readonly clock = new FakeClock(),
    private readonly stream = 'incident-INC0000001',
  ) {}

  /** The same factory, for another stream. */
  in(stream: string): { event: EventFactory['event'] } {
    return { event: (event, metadata) => this.event(event, metadata, stream) }
  }

  /** The event as the log would have recorded it now. */
  event<E extends DomainEvent>(
    event: E,
    metadata: MetadataHints = {},
    stream = this.stream,
  ): RecordedEvent<E> {
    const revision = (this.#revisions.get(stream) ?? -1) + 1
    this.#revisions.set(stream, revision)
    this.#position = toPosition(BigInt(this.#position) + 1n)
    this.clock.advance(1000)
    const recordedAt = metadata.recordedAt ?? this.clock.iso()
    return {
      ...event,
      id: derivedId('spec', stream, revision),
      stream,
      revision,
      position: this.#position,
      metadata: { ...defaultMetadata(recordedAt), ...metadata, recordedAt },
    }
  }
}

function defaultMetadata(now: string): EventMetadata {
  return {
    actor: 'ann',
    channel: 'api',
    occurredAt: now,
    recordedAt: now,
    commandId: derivedId('spec', 'command'),
    correlationId: derivedId('spec', 'correlation'),
    schemaVersion: 1,
  }
}

/** Appends events to a stream of any store, wherever it stands, as a test's way to say "then this happened". */
export async function appendEvents(
  store: EventStore,
  stream: string,
  events: readonly DomainEvent[],
  metadata: MetadataHints = {},
): Promise<readonly RecordedEvent[]> {
  const [last] = await store.readStream(stream, { direction: 'backwards', limit: 1 })
  const fresh = events.map((event): NewEvent => {
    const { recordedAt: _, ...defaults } = defaultMetadata(new Date().toISOString())
    const id = randomUUID()
    return { id, type: event.type, data: event.data, metadata: { ...defaults, commandId: id, ...metadata } }
  })
  const outcome = await store.append({
    stream,
    expectedRevision: last?.revision ?? 'noStream',
    events: fresh,
  })
  if (outcome.kind !== 'appended') throw new Error(`Not appended: ${JSON.stringify(outcome)}`)
  return outcome.events
}
