import type { ViewTransaction } from '#libs/projections-runtime'

/** The documents of a view while its fold is tested event by event; `viewSpec` folds a whole log. */
export class InMemoryView implements ViewTransaction {
  readonly #documents = new Map<string, object>()

  get<Document extends object>(collection: string, id: string): Document | undefined {
    return this.#documents.get(`${collection}/${id}`) as Document | undefined
  }

  getMany<Document extends object>(
    collection: string,
    ids: readonly string[],
  ): readonly (Document | undefined)[] {
    return ids.map((id) => this.get<Document>(collection, id))
  }

  /** All is in memory. */
  want(): void {}

  put(collection: string, id: string, document: object): void {
    this.#documents.set(`${collection}/${id}`, document)
  }

  delete(collection: string, id: string): void {
    this.#documents.delete(`${collection}/${id}`)
  }

  /** Each event is a batch. */
  ahead(): undefined {}

  /** The documents of a collection, in the order in which they came. */
  all<Document extends object>(collection: string): Document[] {
    return [...this.#documents].flatMap(([key, document]) =>
      key.startsWith(`${collection}/`) ? [document as Document] : [],
    )
  }
}
