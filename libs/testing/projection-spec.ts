import type { DomainEvent, RecordedEvent } from '#libs/event-sourcing'
import type { ProjectionDefinition } from '#libs/projections-runtime'
import { deepFreeze } from './deep-freeze.js'

/**
 * Given / then for a projection, folded as its runner would, except that documents can't be changed in place:
 *
 *     projectionSpec(workQueue).given(opened, accepted).thenDocument('incident-INC0000001', { ... })
 */
export function projectionSpec<Document extends object, E extends DomainEvent>(
  definition: ProjectionDefinition<Document, E>,
) {
  return {
    given: (...events: readonly RecordedEvent<E>[]) =>
      new FoldedDocuments(definition.name, fold(definition, events)),
  }
}

/** The documents that a projection ends with. */
export class FoldedDocuments<Document extends object> {
  /** @param all documents by key */
  constructor(
    private readonly name: string,
    readonly all: ReadonlyMap<string, Document>,
  ) {}

  /** @throws Error when there is none */
  document(key: string): Document {
    const document = this.all.get(key)
    if (document) return document
    throw new Error(
      `${this.name} has no document "${key}"; it has: ${[...this.all.keys()].join(', ') || 'none'}`,
    )
  }

  thenDocument(key: string, expected: Document): void {
    expect(this.document(key)).toEqual(expected)
  }

  /** The document has at least this. */
  thenDocumentLike(key: string, expected: Partial<Document>): void {
    expect(this.document(key)).toMatchObject(expected)
  }

  thenNoDocument(key: string): void {
    expect(this.all.get(key)).toBeUndefined()
  }
}

function fold<Document extends object, E extends DomainEvent>(
  { key, evolve, from, name }: ProjectionDefinition<Document, E>,
  events: readonly RecordedEvent<E>[],
): Map<string, Document> {
  const documents = new Map<string, Document>()
  for (const event of events) {
    if (!from.some((prefix) => event.stream.startsWith(prefix))) continue
    const keys = key(event) ?? []
    for (const one of typeof keys === 'string' ? [keys] : keys) {
      const before = documents.get(one)
      const after = evolve(before, event)
      if (after === undefined && before !== undefined)
        throw new Error(`${name} answers nothing to ${event.type}: return the document, or null to delete it`)
      if (after === null) documents.delete(one)
      else if (after !== undefined) documents.set(one, deepFreeze(after))
    }
  }
  return documents
}
