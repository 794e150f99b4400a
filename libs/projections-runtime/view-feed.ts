import { LOG_START, type Position, type RecordedEvent } from '#libs/event-sourcing'
import type { DocumentWrite, ProjectionWriter } from '#libs/read-store'
import { PoisonedEvent } from './build-feed.js'
import type { AnyView, ViewTransaction } from './definitions.js'
import { DocumentCache, type Slot } from './document-cache.js'
import { type FeedOptions, type OpeningState, openingState, ReadModelFeed } from './read-model-feed.js'

/** Events whose documents are loaded in one read: what a definition found out about them lives no longer than until they are folded. */
const ANNOUNCED_AT_ONCE = 1_024

/** Lets a view read and write its own collections, a batch in memory at a time. */
export class ViewFeed extends ReadModelFeed {
  readonly #collections: ReadonlyMap<string, DocumentCache>

  static async open(definition: AnyView, writer: ProjectionWriter, options: FeedOptions): Promise<ViewFeed> {
    return new ViewFeed(definition, writer, options, await openingState(writer))
  }

  private constructor(
    private readonly definition: AnyView,
    writer: ProjectionWriter,
    options: FeedOptions,
    opening: OpeningState,
  ) {
    super(writer, definition.from, options, opening)
    const cache = { capacity: options.cacheDocuments, fresh: opening.checkpoint === undefined }
    this.#collections = new Map(
      Object.keys(definition.collections).map((name) => [name, new DocumentCache(writer, name, cache)]),
    )
  }

  protected forget(): void {
    for (const cache of this.#collections.values()) cache.clear()
  }

  protected async fold(events: readonly RecordedEvent[]): Promise<DocumentWrite[]> {
    const wanted = events.filter((event) => this.wants(event))
    for (let from = 0; from < wanted.length; from += ANNOUNCED_AT_ONCE) {
      const to = Math.min(from + ANNOUNCED_AT_ONCE, wanted.length)
      for (let place = from; place < to; place++) this.#announce(wanted[place] as RecordedEvent)
      for (const cache of this.#collections.values()) await cache.load()
      for (let place = from; place < to; place++) {
        // Folds are pure, so one that turns out to need documents which nobody announced is simply begun again
        while (!this.#foldOne(wanted, place)) await this.#loadMissing()
      }
    }
    const writes: DocumentWrite[] = []
    for (const cache of this.#collections.values()) cache.finish(writes)
    return writes
  }

  #announce(event: RecordedEvent): void {
    try {
      for (const { collection, ids } of this.definition.reads(event)) {
        const cache = this.#cache(collection)
        for (const id of ids) cache.slot(id)
      }
    } catch (error) {
      throw new PoisonedEvent(event, error)
    }
  }

  /** @returns false: something was missing, and nothing has changed */
  #foldOne(events: readonly RecordedEvent[], place: number): boolean {
    const event = events[place] as RecordedEvent
    const transaction = this.#transaction
    transaction.begin(events, place)
    try {
      this.definition.fold(event, transaction)
    } catch (error) {
      if (!transaction.missing) throw new PoisonedEvent(event, error)
    }
    if (!transaction.missing) return true
    transaction.rollBack()
    return false
  }

  async #loadMissing(): Promise<void> {
    const { missing } = this.#transaction
    if (!missing) return
    const cache = this.#cache(missing.collection)
    for (const id of missing.ids) cache.slot(id)
    await cache.load()
  }

  readonly #cache = (collection: string): DocumentCache => {
    const cache = this.#collections.get(collection)
    if (!cache) throw new Error(`${this.definition.name} has no collection "${collection}"`)
    return cache
  }

  readonly #transaction = new EventTransaction(this.#cache)
}

/** Ends a fold that is begun again. Made once: a stack for each would cost more than the fold. */
const NOT_LOADED = new Error('A document must be loaded first')

/** A slot as it was before; `document` and `position` undefined: nothing was known of it. */
interface Before {
  cache: DocumentCache
  slot: Slot
  document: object | undefined
  position: Position | undefined
  dirty: boolean
}

/**
 * What one event after another reads and writes: in the slots at once, as most folds end well, and out of them again if this one does
 * not.
 */
class EventTransaction implements ViewTransaction {
  readonly #before: Before[] = []
  #position: Position = LOG_START
  #events: readonly RecordedEvent[] = []
  #place = 0
  /** Reads that could not be answered yet. */
  missing: { collection: string; ids: readonly string[] } | undefined

  constructor(private readonly cache: (collection: string) => DocumentCache) {}

  /** @param place of the event that is folded now, in its batch */
  begin(events: readonly RecordedEvent[], place: number): void {
    this.#events = events
    this.#place = place
    this.#position = (events[place] as RecordedEvent).position
    this.#before.length = 0
    this.missing = undefined
  }

  get<Document extends object>(collection: string, id: string): Document | undefined {
    const slot = this.cache(collection).peek(id)
    if (slot === undefined) return this.#lack(collection, [id])
    return slot.document as Document | undefined
  }

  getMany<Document extends object>(
    collection: string,
    ids: readonly string[],
  ): readonly (Document | undefined)[] {
    const cache = this.cache(collection)
    const documents: (Document | undefined)[] = []
    const missing: string[] = []
    for (const id of ids) {
      const slot = cache.peek(id)
      if (slot === undefined) missing.push(id)
      else documents.push(slot.document as Document | undefined)
    }
    return missing.length > 0 ? this.#lack(collection, missing) : documents
  }

  want(collection: string, ids: readonly string[]): void {
    this.getMany(collection, ids)
  }

  put(collection: string, id: string, document: object): void {
    this.#write(collection, id, document)
  }

  delete(collection: string, id: string): void {
    this.#write(collection, id, undefined)
  }

  ahead(distance: number): RecordedEvent | undefined {
    return this.#events[this.#place + distance]
  }

  /** As if nothing had been written. */
  rollBack(): void {
    for (const { cache, slot, document, position, dirty } of this.#before.reverse()) {
      if (position === undefined) cache.drop(slot)
      else cache.restore(slot, { document, position, dirty })
    }
  }

  #write(collection: string, id: string, document: object | undefined): void {
    const cache = this.cache(collection)
    const known = cache.peek(id)
    const slot = known ?? cache.overwrite(id)
    const { document: before, dirty } = slot
    this.#before.push({ cache, slot, document: before, position: known?.position, dirty })
    cache.change(slot, document, this.#position)
  }

  #lack(collection: string, ids: readonly string[]): never {
    this.missing = { collection, ids }
    throw NOT_LOADED
  }
}
