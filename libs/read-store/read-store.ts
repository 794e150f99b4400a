import type { Position } from '#libs/event-sourcing'
import type { Filter } from './filter.js'
import type { SearchSchema, TextAnswer, TextQuery } from './search/search-schema.js'

/**
 * Type of a column: a top-level field of the document that may be filtered and sorted. `strings` is a list of texts
 * (may be tested with `has`, not sorted). Timestamps are ISO 8601 UTC texts with milliseconds, so that text order is time order.
 * An `instant` is a timestamp, and a `position` one of the log, that is compared with its like alone, never by a prefix or
 * by its day: a store may keep it as a number, which takes a quarter of the room.
 */
export type ColumnType =
  | 'string'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'timestamp'
  | 'instant'
  | 'position'
  | 'strings'

/** A column whose values are known beforehand: a filter that asks for another one is mistaken, not without answer. */
export interface ClosedColumn {
  readonly type: 'string' | 'strings'
  readonly values: readonly string[]
}

/** A column as those who filter know it. */
export type FilterColumn = ColumnType | ClosedColumn

/** A text column with these values alone: as a list, or as keys, of which the compiler sees that none of a type is missing. */
export const oneOf = <Value extends string>(
  values: readonly Value[] | Readonly<Record<Value, true>>,
): ClosedColumn => ({ type: 'string', values: Array.isArray(values) ? values : Object.keys(values) })
/** A list of such texts. */
export const someOf = <Value extends string>(values: Readonly<Record<Value, true>>): ClosedColumn => ({
  ...oneOf(values),
  type: 'strings',
})

/** How a column is stored. */
export const columnType = (column: FilterColumn): ColumnType =>
  typeof column === 'string' ? column : column.type

/** One collection of documents of a projection. Only what stands in an index, is `checked` or is a `strings` column can be asked for. */
export interface CollectionSchema {
  readonly name: string
  readonly columns: Readonly<Record<string, ColumnType>>
  /** Each a list of columns, in order; the id is appended as tie-breaker. */
  readonly indexes: readonly (readonly string[])[]
  /** Columns whose values together no two documents share, and none lacks: an index that has them all needs no tie-breaker. */
  readonly unique?: readonly string[]
  /** Further columns that filters may test row by row, because other conditions narrow the rows down. */
  readonly checked?: readonly string[]
  /**
   * Column lists whose number of documents per combination is kept up to date while writing, so that `groupCounts`
   * over any of their subsets costs the number of combinations, not of documents (MongoDB: an index of them is read
   * instead). A column may be written `openedAt:day` to count by the UTC day of a timestamp.
   */
  readonly counts?: readonly (readonly string[])[]
  /** What of its texts can be searched by `search`. */
  readonly search?: SearchSchema
  /**
   * One question reads thousands of rows that lie anywhere among millions: the build is laid out for that, at some cost to
   * writing a few (MongoDB: as any other).
   */
  readonly readHeavy?: boolean
}

export interface StoredDocument<Document = unknown> {
  id: string
  document: Document
  /** Position of the last event folded into it. */
  position: Position
  /** True while events of its key wait behind a poisoned one. */
  stale: boolean
}

export interface SortKey {
  column: string
  direction: 'asc' | 'desc'
}

/** Where the next keyset page begins: the last row's values for each key of the complete order, and its id (`cursorAfter`). */
export interface KeysetCursor {
  values: readonly (string | number | boolean | null)[]
  id: string
}

export interface Query {
  filter?: Filter
  /**
   * An order that a declared index gives, where columns that the filter fixes (`=`, `in`) may be left out; nulls sort
   * last in both directions. When the index has further columns they follow: see `completeOrderBy`, whose answer is
   * what pages are cut by. Ties go by id, in the direction of the last key. Empty: by id, ascending.
   */
  orderBy: readonly SortKey[]
  limit: number
  after?: KeysetCursor
  /**
   * The caller's word that of the rows with one value of this column, the first of `orderBy`, no more than one meets the
   * filter, and that few values have none: a store may then look for these rows alone. The answer is the same without it.
   */
  onePer?: string
}

/**
 * Columns of a document, neither lists nor `number`s, that are all that is wanted of it: a store then reads no more, and no
 * document where they all stand in the index that finds it. Absent ones are left out; texts come as filters see them.
 */
export type Fields = readonly string[]

/** All documents that satisfy a filter, in no order. */
export interface FieldsQuery {
  filter?: Filter
  /** As of a {@link Query}, where nothing need be ordered by it. */
  onePer?: string
  /** Documents, and what a store has to look at to find them: where it is more, nothing is answered. */
  atMost: number
}

export interface GroupCount {
  /** Value per requested dimension, in the order asked. */
  values: readonly (string | number | boolean | null)[]
  count: number
}

/** Where a consumer stands in which log. */
export interface Checkpoint {
  logId: string
  position: Position
  /** Id of the event at that position, to notice a restored or foreign log; empty at the log's start. */
  eventId: string
}

export interface DocumentWrite {
  collection: string
  id: string
  /** null deletes. */
  document: object | null
  position: Position
  stale?: boolean
}

/** One build of one projection version: several may stand side by side while one of them answers. */
export interface BuildName {
  projection: string
  version: number
  /** Rises with every rebuild of the same version. */
  build: number
}

export interface BuildState extends BuildName {
  /** `live` answers queries; `building` is catching up beside it; `frozen` answers for a version whose definition is gone. */
  status: 'live' | 'building' | 'frozen'
  checkpoint: Checkpoint | undefined
  /** Who holds the lease, and until when (ISO 8601) unless renewed; none: released, or run out. */
  lease: { owner: string; number: number; expiresAt: string } | undefined
}

/** Reads one build. */
export abstract class ProjectionReader {
  abstract readonly name: BuildName

  abstract checkpoint(): Promise<Checkpoint | undefined>
  abstract get<Document>(collection: string, id: string): Promise<StoredDocument<Document> | undefined>
  abstract getMany<Document>(
    collection: string,
    ids: readonly string[],
  ): Promise<Map<string, StoredDocument<Document>>>
  /**
   * One page, from one state of the build (MongoDB: a batch may be half visible, and a row whose place in the order is
   * changed meanwhile may be missing).
   * @throws InvalidInput `QUERY.UNKNOWN_FIELD`, `QUERY.NOT_INDEXED`, `QUERY.WRONG_TYPE`, naming what may be asked for;
   * Unavailable `READ_STORE.LOADING` before the end of a bulk load
   */
  abstract find<Document>(collection: string, query: Query): Promise<StoredDocument<Document>[]>
  /**
   * Of documents some columns alone, from one state of the build (as `find`).
   * @returns undefined where there are too many to be read at once: they come by pages
   * @throws InvalidInput as `find`, also for the fields
   */
  abstract findFields<Document>(
    collection: string,
    query: FieldsQuery,
    fields: Fields,
  ): Promise<Document[] | undefined>
  abstract count(collection: string, filter?: Filter): Promise<number>
  abstract groupCounts(
    collection: string,
    dimensions: readonly string[],
    filter?: Filter,
  ): Promise<GroupCount[]>
  /**
   * The documents in whose texts all terms are found, best first, from one state of the build (as `find`). Reads a bounded
   * number of rows, however many match; of what the filter leaves out nothing can be told from the answer.
   * @throws InvalidInput as `find` for the filter, `QUERY.NOT_SEARCHABLE`; Unavailable `READ_STORE.LOADING`
   */
  abstract search<Document>(collection: string, query: TextQuery): Promise<TextAnswer<Document>>
  abstract close(): Promise<void>
}

/** Writes one build, under a lease. */
export abstract class ProjectionWriter extends ProjectionReader {
  /**
   * Writes a batch and moves the checkpoint, all or nothing. A write whose position is not later than the stored one is
   * skipped (a batch may come twice), unless it is of the same position and only changes `stale`. Of several writes of
   * one document the last counts. A batch whose checkpoint is earlier than the stored one of the same log was written
   * before: nothing happens.
   * @throws LeaseLost when another writer has taken the lease meanwhile: nothing was written; TypeError when a document
   * has a value of another type than its column
   */
  abstract commit(writes: readonly DocumentWrite[], checkpoint: Checkpoint): Promise<void>
  /** Ends a bulk load: creates the secondary indexes that were left out, so that the build may answer queries. */
  abstract finishBulkLoad(): Promise<void>
}

export interface OpenForWriting {
  /** Names the process and thread, for people. */
  owner: string
  /**
   * Milliseconds after the last commit or renewal at which others may take the lease. The writer renews it by itself
   * while its thread is alive, and gives it back when closed.
   */
  leaseMilliseconds: number
  /** Load first, index last: nothing is queried before `finishBulkLoad`. */
  bulkLoad?: boolean
}

/** Thrown when the lease of a build belongs to somebody else. */
export class LeaseHeld extends Error {}
/** Thrown by a late writer whose lease was taken. */
export class LeaseLost extends Error {}

/** Read models: one set of collections per build of a projection version; losing it all costs a rebuild, nothing else. */
export abstract class ReadStore {
  /** Every build there is, of every projection. */
  abstract builds(): Promise<BuildState[]>
  /** Creates an empty build with these collections; the first build of a projection is born live, others `building`. */
  abstract createBuild(
    name: Omit<BuildName, 'build'>,
    collections: readonly CollectionSchema[],
  ): Promise<BuildName>
  /** @throws LeaseHeld */
  abstract openForWriting(name: BuildName, options: OpenForWriting): Promise<ProjectionWriter>
  /** The build that answers now; undefined when there is none. Cheap to call per query: readers are kept open. */
  abstract liveReader(projection: string): Promise<ProjectionReader | undefined>
  /** Lets a build answer from now on, and drops the one that answered before. */
  abstract makeLive(name: BuildName): Promise<void>
  /** Marks the build that answers as frozen: its definition is gone from the code, it answers on as it stands. */
  abstract freeze(name: BuildName): Promise<void>
  abstract drop(name: BuildName): Promise<void>

  /**
   * Notes are small documents that processes which share the store leave for each other, by name; they belong to no
   * build, and the last writer wins. This one is written only when there is none of that name.
   * @returns the note that stands there now
   */
  abstract addNote<Note extends object>(name: string, note: Note): Promise<Note>
  abstract putNote(name: string, note: object): Promise<void>
  /** The notes whose names begin so, by name. */
  abstract notes<Note extends object>(prefix: string): Promise<Map<string, Note>>
  abstract removeNote(name: string): Promise<void>

  abstract close(): Promise<void>
}
