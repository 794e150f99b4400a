import type { RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { DocumentWrite, ProjectionWriter } from '#libs/read-store'
import { PoisonedEvent } from './build-feed.js'
import type { AnyProjection } from './definitions.js'
import { DocumentCache, type Slot } from './document-cache.js'
import { type ParkedEvent, park, parkedEvent, parkedEvents, unpark, WHOLE_BUILD } from './parking.js'
import { type FeedOptions, type OpeningState, openingState, ReadModelFeed } from './read-model-feed.js'

/** What a retry of parked events came to. */
export interface RetryOutcome {
  /** Events that were folded. */
  replayed: number
  /** Keys whose queue still stands, with the new reason. */
  stillParked: { key: string; eventId: string; reason: string }[]
}

/** Folds events into one document per key. */
export class ProjectionFeed extends ReadModelFeed {
  readonly #documents: DocumentCache
  readonly #parkedKeys: Set<string>

  static async open(
    definition: AnyProjection,
    writer: ProjectionWriter,
    options: FeedOptions,
  ): Promise<ProjectionFeed> {
    return new ProjectionFeed(definition, writer, options, await openingState(writer))
  }

  private constructor(
    private readonly definition: AnyProjection,
    writer: ProjectionWriter,
    options: FeedOptions,
    opening: OpeningState,
  ) {
    super(writer, definition.from, options, opening)
    this.#parkedKeys = new Set(opening.parked.map(({ key }) => key))
    this.#parkedKeys.delete(WHOLE_BUILD)
    this.#documents = new DocumentCache(writer, definition.name, {
      capacity: options.cacheDocuments,
      fresh: opening.checkpoint === undefined,
    })
  }

  get parkedKeys(): number {
    return this.#parkedKeys.size
  }

  protected forget(): void {
    this.#documents.clear()
  }

  protected async fold(events: readonly RecordedEvent[]): Promise<DocumentWrite[]> {
    const touched: RecordedEvent[] = []
    const slots: Slot[] = []
    for (const event of events) {
      if (!this.wants(event)) continue
      const keys = this.#keysOf(event)
      if (keys === undefined) continue
      if (typeof keys === 'string') {
        touched.push(event)
        slots.push(this.#documents.slot(keys))
      } else {
        for (const key of keys) {
          touched.push(event)
          slots.push(this.#documents.slot(key))
        }
      }
    }
    await this.#documents.load()
    const writes: DocumentWrite[] = []
    for (let index = 0; index < touched.length; index++) this.#evolve(slots[index]!, touched[index]!, writes)
    this.#documents.finish(writes)
    return writes
  }

  #keysOf(event: RecordedEvent): string | readonly string[] | undefined {
    try {
      return this.definition.key(event)
    } catch (error) {
      // Without a key nobody can say which documents are wrong from here on, so nothing less than all may wait.
      throw new PoisonedEvent(event, error)
    }
  }

  #evolve(slot: Slot, event: RecordedEvent, writes: DocumentWrite[]): void {
    if (this.#parkedKeys.size > 0 && this.#parkedKeys.has(slot.id)) {
      writes.push(park(parkedEvent(slot.id, event)))
      return
    }
    try {
      this.#step(slot, event)
    } catch (error) {
      if (this.stopsAtPoison) throw new PoisonedEvent(event, error)
      this.#parkedKeys.add(slot.id)
      writes.push(park(parkedEvent(slot.id, event, error)))
      slot.stale = true
      if (slot.document !== undefined) this.#documents.touch(slot)
    }
  }

  #step(slot: Slot, event: RecordedEvent): void {
    const before = slot.document
    const after = this.definition.evolve(before, event)
    if (after === before) return
    if (after === undefined)
      throw new TypeError('evolve returned nothing: return the document, or null to delete it')
    if (after === null && before === undefined) return
    this.#documents.change(slot, after ?? undefined, event.position)
  }

  /** Folds the queues of parked keys (or of one) in order, as far as they go now. */
  retryParked(eventStore: EventStore, key?: string): Promise<RetryOutcome> {
    return this.exclusively(async () => {
      const outcome: RetryOutcome = { replayed: 0, stillParked: [] }
      const queues = new Map<string, ParkedEvent[]>()
      for (const entry of await parkedEvents(this.writer, key))
        if (entry.key !== WHOLE_BUILD) queues.set(entry.key, [...(queues.get(entry.key) ?? []), entry])
      for (const [parkedKey, queue] of queues) await this.#retry(eventStore, parkedKey, queue, outcome)
      return outcome
    })
  }

  async #retry(
    eventStore: EventStore,
    key: string,
    queue: ParkedEvent[],
    outcome: RetryOutcome,
  ): Promise<void> {
    const slot = this.#documents.slot(key)
    await this.#documents.load()
    const writes: DocumentWrite[] = []
    let failed: ParkedEvent | undefined
    for (const entry of queue) {
      const event = await parkedOriginal(eventStore, entry)
      writes.push(unpark(entry))
      try {
        this.#step(slot, event)
        slot.position = event.position
        outcome.replayed++
      } catch (error) {
        failed = { ...parkedEvent(key, event, error), attempts: entry.attempts + 1 }
        writes.push(park(failed))
        outcome.stillParked.push({ key, eventId: event.id, reason: failed.reason! })
        break
      }
    }
    slot.stale = failed !== undefined
    if (slot.document !== undefined) this.#documents.touch(slot)
    this.#documents.finish(writes)
    await this.commit(writes)
    if (!failed) this.#parkedKeys.delete(key)
  }
}

async function parkedOriginal(
  eventStore: EventStore,
  { stream, revision }: ParkedEvent,
): Promise<RecordedEvent> {
  const [event] = await eventStore.readStream(stream, { from: revision, limit: 1 })
  if (!event) throw new Error(`The log has no event ${revision} in ${stream}`)
  return event
}
