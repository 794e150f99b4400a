import type { Principal } from '#libs/access'
import type { Command, CommandMetadata, DomainEvent, RecordedEvent } from '#libs/event-sourcing'
import {
  type CollectionSchema,
  columnType,
  type Filter,
  type FilterColumn,
  type SearchSchema,
} from '#libs/read-store'

/** Who may see which rows and fields; applied inside the store query, so that counts tell no more than lists do. */
export interface AccessRule<Document> {
  /** Rows the principal may see. */
  rows(principal: Principal): Filter
  /**
   * The same rows as disjoint filters, of which counts are the sums: lets materialised counts answer for the many rows
   * whose filter they cover, and an index for the few others. Default: `rows` alone.
   */
  parts?(principal: Principal): readonly Filter[]
  /** The document as the principal may see it. Default: whole. */
  fields?(document: Document, principal: Principal): Partial<Document>
  /**
   * How many groups of `search.texts` the principal may search, from the first. Default: the first alone, of which
   * nothing may be among the fields that she does not see.
   */
  searches?(principal: Principal): number
}

interface Queryable<Document> extends AccessRule<Document> {
  /** Top-level fields of the document that may be filtered (AIP-160) and, when indexed, sorted. */
  readonly columns: Readonly<Partial<Record<keyof Document & string, FilterColumn>>>
  /** What may be filtered and sorted; all else is a 400. */
  readonly indexes: readonly (readonly (keyof Document & string)[])[]
  /** Columns whose values together no two documents share, and none lacks: their indexes are smaller. */
  readonly unique?: readonly (keyof Document & string)[]
  /** Further columns that filters may test row by row, because other conditions narrow the rows down. */
  readonly checked?: readonly (keyof Document & string)[]
  readonly counts?: readonly (readonly string[])[]
  /** What of its texts can be searched; a search answers no more than a list does. */
  readonly search?: SearchSchema
  /** One question reads thousands of rows that lie anywhere among millions: stored for that, at some cost to writing a few. */
  readonly readHeavy?: boolean
}

/**
 * How soon a read model follows the log: at once, or within a quarter of a second and many events at a time, which costs
 * the processor half as much. For those that nobody waits for; who does, by `minPosition`, hurries them.
 */
export type Pace = 'live' | 'unhurried'

/** One document per key, folded event by event. */
export interface ProjectionDefinition<Document extends object, E extends DomainEvent = DomainEvent>
  extends Queryable<Document> {
  readonly kind: 'projection'
  /** snake_case; also the collection's name. */
  readonly name: string
  /** A new version builds beside the old one, then takes over. */
  readonly version: number
  /** Stream prefixes, with their dash. */
  readonly from: readonly string[]
  /** Default: live. */
  readonly pace?: Pace
  /**
   * Which document(s) an event touches; none: undefined. One that throws stops the projection: without a key nobody
   * knows which documents would be wrong from there on.
   */
  key(event: RecordedEvent<E>): string | readonly string[] | undefined
  /**
   * Sees one document, and answers it (the same one: nothing has changed) or a new one; `null` deletes. It must not
   * change the document in place. Unknown event types must leave it as it was. One that throws parks the key.
   */
  evolve(document: Document | undefined, event: RecordedEvent<E>): Document | null | undefined
}

export interface ViewCollection<Document extends object = Record<string, unknown>>
  extends Queryable<Document> {}

/** Reads and writes its own collections while it folds: history rows that close, candidates that merge. */
export interface ViewDefinition<E extends DomainEvent = DomainEvent> {
  readonly kind: 'view'
  readonly name: string
  readonly version: number
  readonly from: readonly string[]
  /** Default: live. */
  readonly pace?: Pace
  // biome-ignore lint/suspicious/noExplicitAny: a view has collections of different document types
  readonly collections: Readonly<Record<string, ViewCollection<any>>>
  /**
   * The ids that `fold` will `get` for this event, so that a batch loads them in one read. What it leaves out is loaded
   * on demand, one document at a time, and the event folded again: right, but slow.
   */
  reads(event: RecordedEvent<E>): readonly Reading[]
  /** Folds one event. Pure, and it must not change documents in place. */
  fold(event: RecordedEvent<E>, transaction: ViewTransaction): void
}

/** Documents of a view, by collection. */
export interface Reading {
  collection: string
  ids: readonly string[]
}

/** A view's own collections while it folds: reads see its own writes, the batch is atomic. */
export interface ViewTransaction {
  get<Document extends object>(collection: string, id: string): Document | undefined
  /** In the order of the ids. What could not be announced, and is not in memory, is loaded in one read, not one by one. */
  getMany<Document extends object>(
    collection: string,
    ids: readonly string[],
  ): readonly (Document | undefined)[]
  /** Says what will be read and could not be announced: what is not in memory is then loaded in one read, not one by one. */
  want(collection: string, ids: readonly string[]): void
  put(collection: string, id: string, document: object): void
  delete(collection: string, id: string): void
  /**
   * The event so many places after the one that is folded, of those of its batch that the view wants; undefined: the batch ends before,
   * which it may do anywhere. So a fold may do at once what it would do step by step, and must come to the same.
   */
  ahead(distance: number): RecordedEvent | undefined
}

/** A wish of a policy: a command for another record, or a timer that comes back to the policy. */
export type Reaction =
  | {
      kind: 'command'
      /** Builds the command once the runner knows its id and metadata. */
      build(metadata: CommandMetadata): Command
      /** Why, for `metadata.reason`. */
      reason?: string
    }
  /** Sets (or moves) the timer of this name for the policy's key. `at`: ISO 8601; past times fire at once. */
  | { kind: 'setTimer'; name: string; at: string }
  | { kind: 'cancelTimer'; name: string }

/** A timer that fell due. */
export interface FiredTimer {
  readonly name: string
  readonly key: string
  /** When it was due, ISO 8601. */
  readonly dueAt: string
}

/**
 * Turns events into commands and timers, under a lease. State and timers are a view of the log. `react` sees only
 * events after the policy's start and never those of channel `import`; `evolve` sees them all.
 */
export interface PolicyDefinition<State extends object, E extends DomainEvent = DomainEvent> {
  readonly kind: 'policy'
  readonly name: string
  readonly from: readonly string[]
  key(event: RecordedEvent<E>): string | undefined
  readonly initial: State
  /** null forgets the key (and cancels its timers). */
  evolve(state: State, event: RecordedEvent<E>): State | null
  /** What follows from an event, given the state after it. */
  react(event: RecordedEvent<E>, state: State): readonly Reaction[]
  /** What follows when a timer falls due, given the state then. */
  onTimer?(timer: FiredTimer, state: State): readonly Reaction[]
}

export function defineProjection<Document extends object, E extends DomainEvent = DomainEvent>(
  definition: Omit<ProjectionDefinition<Document, E>, 'kind'>,
): ProjectionDefinition<Document, E> {
  return { kind: 'projection', ...definition }
}

export function defineView<E extends DomainEvent = DomainEvent>(
  definition: Omit<ViewDefinition<E>, 'kind'>,
): ViewDefinition<E> {
  return { kind: 'view', ...definition }
}

export function definePolicy<State extends object, E extends DomainEvent = DomainEvent>(
  definition: Omit<PolicyDefinition<State, E>, 'kind'>,
): PolicyDefinition<State, E> {
  return { kind: 'policy', ...definition }
}

// biome-ignore lint/suspicious/noExplicitAny: lists hold definitions of many document and event types
export type AnyProjection = ProjectionDefinition<any, any>
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyView = ViewDefinition<any>
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyPolicy = PolicyDefinition<any, any>
export type ReadModelDefinition = AnyProjection | AnyView

/** The collections of a definition as the read store wants them. */
export function collectionSchemas(definition: ReadModelDefinition): CollectionSchema[] {
  const schema = (name: string, queryable: Queryable<Record<string, unknown>>): CollectionSchema => ({
    name,
    columns: Object.fromEntries(
      Object.entries(queryable.columns).map(([name, column]) => [name, columnType(column as FilterColumn)]),
    ),
    indexes: queryable.indexes,
    unique: queryable.unique,
    checked: queryable.checked,
    counts: queryable.counts,
    search: queryable.search,
    readHeavy: queryable.readHeavy,
  })
  return definition.kind === 'projection'
    ? [schema(definition.name, definition)]
    : Object.entries(definition.collections).map(([name, collection]) => schema(name, collection))
}
