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
      const { collection, ids } = transaction.missing
      for (const id of ids) this.#cache(collection).slot(id)
      await this.#cache(collection).load()
    }
  }

  #cache(collection: string): DocumentCache {
    const cache = this.#collections.get(collection)
    if (!cache) throw new Error(`${this.definition.name} has no collection "${collection}"`)
    return cache
  }
}

/** Ends a fold that is begun again. Made once: a stack for each would cost more than the fold. */
const NOT_LOADED = new Error('A document must be loaded first')

/** What one event reads and writes; nothing of it reaches the batch unless the fold ends well. */
class EventTransaction implements ViewTransaction {
  readonly #writes = new Map<string, Map<string, object | undefined>>()
  /** Reads that could not be answered yet. */
  missing: { collection: string; ids: readonly string[] } | undefined

  constructor(private readonly cache: (collection: string) => DocumentCache) {}

  get<Document extends object>(collection: string, id: string): Document | undefined {
    const own = this.#writes.get(collection)
    if (own?.has(id)) return own.get(id) as Document | undefined
    const slot = this.cache(collection).peek(id)
    if (slot) return slot.document as Document | undefined
    return this.#lack(collection, [id])
  }

  want(collection: string, ids: readonly string[]): void {
    const own = this.#writes.get(collection)
    const cache = this.cache(collection)
    const missing = ids.filter((id) => !own?.has(id) && cache.peek(id) === undefined)
    if (missing.length > 0) this.#lack(collection, missing)
  }

  put(collection: string, id: string, document: object): void {
    this.#write(collection, id, document)
  }

  delete(collection: string, id: string): void {
    this.#write(collection, id, undefined)
  }

  apply(position: string): void {
    for (const [collection, documents] of this.#writes) {
      const cache = this.cache(collection)
      for (const [id, document] of documents) cache.change(cache.overwrite(id), document, position)
    }
  }

  #write(collection: string, id: string, document: object | undefined): void {
    let documents = this.#writes.get(collection)
    if (documents === undefined) {
      this.cache(collection)
      documents = new Map()
      this.#writes.set(collection, documents)
    }
    documents.set(id, document)
  }

  #lack(collection: string, ids: readonly string[]): never {
    this.missing = { collection, ids }
    throw NOT_LOADED
  }
}
