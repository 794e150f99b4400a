import type { RecordedEvent } from '#libs/event-sourcing'
import type { DocumentWrite, ProjectionWriter } from '#libs/read-store'
import { PoisonedEvent } from './build-feed.js'
import type { AnyView, ViewTransaction } from './definitions.js'
import { DocumentCache } from './document-cache.js'
import { type FeedOptions, type OpeningState, openingState, ReadModelFeed } from './read-model-feed.js'

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
    for (const event of wanted) this.#announce(event)
    for (const cache of this.#collections.values()) await cache.load()
    for (const event of wanted) await this.#foldOne(event)
    const writes: DocumentWrite[] = []
    for (const cache of this.#collections.values()) cache.finish(writes)
    return writes
  }

  #announce(event: RecordedEvent): void {
    try {
      for (const { collection, id } of this.definition.reads(event)) this.#cache(collection).slot(id)
    } catch (error) {
      throw new PoisonedEvent(event, error)
    }
  }

  /** Folds are pure, so one that turns out to need a document which nobody announced is simply begun again. */
  async #foldOne(event: RecordedEvent): Promise<void> {
    for (;;) {
      const transaction = new EventTransaction((collection) => this.#cache(collection))
      try {
        this.definition.fold(event, transaction)
      } catch (error) {
        if (!transaction.missing) throw new PoisonedEvent(event, error)
      }
      if (!transaction.missing) return transaction.apply(event.position)
      const { collection, id } = transaction.missing
      this.#cache(collection).slot(id)
      await this.#cache(collection).load()
    }
  }

  #cache(collection: string): DocumentCache {
    const cache = this.#collections.get(collection)
    if (!cache) throw new Error(`${this.definition.name} has no collection "${collection}"`)
    return cache
  }
}

/** What one event reads and writes; nothing of it reaches the batch unless the fold ends well. */
class EventTransaction implements ViewTransaction {
  readonly #writes = new Map<string, { collection: string; id: string; document: object | undefined }>()
  /** A read that could not be answered yet. */
  missing: { collection: string; id: string } | undefined

  constructor(private readonly cache: (collection: string) => DocumentCache) {}

  get<Document extends object>(collection: string, id: string): Document | undefined {
    const own = this.#writes.get(`${collection}/${id}`)
    if (own) return own.document as Document | undefined
    const slot = this.cache(collection).peek(id)
    if (slot) return slot.document as Document | undefined
    this.missing = { collection, id }
    throw new Error(`${collection}/${id} must be loaded first`)
  }

  put(collection: string, id: string, document: object): void {
    this.cache(collection)
    this.#writes.set(`${collection}/${id}`, { collection, id, document })
  }

  delete(collection: string, id: string): void {
    this.cache(collection)
    this.#writes.set(`${collection}/${id}`, { collection, id, document: undefined })
  }

  apply(position: string): void {
    for (const { collection, id, document } of this.#writes.values()) {
      const cache = this.cache(collection)
      cache.change(cache.overwrite(id), document, position)
    }
  }
}
