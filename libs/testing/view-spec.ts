import type { DomainEvent, RecordedEvent } from '#libs/event-sourcing'
import type { ViewDefinition } from '#libs/projections-runtime'
import { deepFreeze } from './deep-freeze.js'
import { FoldedDocuments } from './projection-spec.js'

/**
 * Given / then for a view, folded as its runner would, except that documents can't be changed in place and that a read
 * which `reads` did not announce is refused (the runner would load it, slowly):
 *
 *     viewSpec(queueHistory).given(opened, moved).collection('intervals').thenDocument('...', { ... })
 */
export function viewSpec<E extends DomainEvent>(definition: ViewDefinition<E>) {
  return {
    given: (...events: readonly RecordedEvent<E>[]) =>
      new FoldedCollections(definition.name, fold(definition, events)),
  }
}

type Collections = ReadonlyMap<string, Map<string, object>>

/** The collections that a view ends with. */
export class FoldedCollections {
  constructor(
    private readonly name: string,
    private readonly collections: Collections,
  ) {}

  /** @throws Error when the view has no such collection */
  collection<Document extends object>(collection: string): FoldedDocuments<Document> {
    const documents = documentsOf(this.collections, collection)
    return new FoldedDocuments(`${this.name}/${collection}`, documents as Map<string, Document>)
  }
}

function fold<E extends DomainEvent>(
  view: ViewDefinition<E>,
  events: readonly RecordedEvent<E>[],
): Collections {
  const collections = new Map(Object.keys(view.collections).map((name) => [name, new Map<string, object>()]))
  const wanted = events.filter(({ stream }) => view.from.some((prefix) => stream.startsWith(prefix)))
  for (const [place, event] of wanted.entries()) {
    const known = new Set(
      view.reads(event).flatMap(({ collection, ids }) => ids.map((id) => `${collection}/${id}`)),
    )
    view.fold(event, {
      get: <Document extends object>(collection: string, id: string) => {
        if (!known.has(`${collection}/${id}`))
          throw new Error(`${view.name} reads ${collection}/${id} for ${event.type} without announcing it`)
        return documentsOf(collections, collection).get(id) as Document | undefined
      },
      getMany<Document extends object>(collection: string, ids: readonly string[]) {
        this.want(collection, ids)
        return ids.map((id) => this.get<Document>(collection, id))
      },
      want(collection, ids) {
        for (const id of ids) known.add(`${collection}/${id}`)
      },
      put(collection, id, document) {
        known.add(`${collection}/${id}`)
        documentsOf(collections, collection).set(id, deepFreeze(document))
      },
      delete(collection, id) {
        known.add(`${collection}/${id}`)
        documentsOf(collections, collection).delete(id)
      },
      ahead: (distance) => wanted[place + distance],
    })
  }
  return collections
}

function documentsOf(collections: Collections, name: string): Map<string, object> {
  const documents = collections.get(name)
  if (documents) return documents
  throw new Error(`There is no collection "${name}"; there are: ${[...collections.keys()].join(', ')}`)
}
