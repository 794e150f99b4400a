import type { IndexDescription } from 'mongodb'
import { columnValue, DAY_LENGTH, parseDimension } from '../collection-rules.js'
import type { CollectionSchema, DocumentWrite, Fields, StoredDocument } from '../read-store.js'
import { searchTokens } from '../search/search-tokens.js'

/**
 * Stands for an absent value in ascending orders, where it must come last: BSON sorts dates behind numbers, texts and
 * booleans (https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/), and no column holds a date.
 */
export const ABSENT_LAST = new Date(0)

export type StoredValue = string | number | boolean | Date | null

/** What a collection in MongoDB holds under an id: a document, or what a deletion left. */
export type StoredForm = PresentForm | DeletedForm

interface Guarded {
  _id: string
  /** Of the last event folded into it. */
  position: string
  /** Number of the batch that wrote it. */
  batch: number
}

interface PresentForm extends Guarded {
  deleted: false
  stale: boolean
  /** The columns, absent ones null: what filters and descending orders use, in which null comes last. */
  c: Record<string, StoredValue | readonly string[]>
  /** The columns of indexes, absent ones `ABSENT_LAST`: what ascending orders use. */
  a: Record<string, StoredValue>
  /** The UTC day of each timestamp column. */
  day: Record<string, string | null>
  /** Tokens of the text index; only where something can be searched. */
  g?: readonly string[]
  /** The document as JSON: its field names may be any, and it comes back as it was in every store. */
  json: string
}

/** Keeps its position until no writer can be so late as to write an earlier one. */
interface DeletedForm extends Guarded {
  deleted: true
  removedAt: Date
}

export const isIndexed = (schema: CollectionSchema, column: string) => schema.indexes.flat().includes(column)

const daysOf = (schema: CollectionSchema) =>
  Object.keys(schema.columns).filter((column) => schema.columns[column] === 'timestamp')

/** @throws TypeError when the document breaks its own schema */
export function storedForm(
  schema: CollectionSchema,
  write: DocumentWrite,
  batch: number,
  now: number,
): StoredForm {
  const { id, position, document, stale = false } = write
  if (id.includes('\0')) throw new TypeError(`${schema.name}: an id has no NUL character`)
  const guarded = { _id: id, position, batch }
  if (document === null) return { ...guarded, deleted: true, removedAt: new Date(now) }
  const fields = document as Record<string, unknown>
  const form: PresentForm = {
    ...guarded,
    deleted: false,
    stale,
    c: {},
    a: {},
    day: {},
    json: JSON.stringify(document),
  }
  for (const column of Object.keys(schema.columns)) {
    const value = columnValue(schema, column, fields, id)
    // JSON has neither NaN nor infinity: the document says null there, so its column does
    const kept = typeof value === 'number' && !Number.isFinite(value) ? null : value
    form.c[column] = kept
    if (isIndexed(schema, column)) form.a[column] = (kept as StoredValue) ?? ABSENT_LAST
  }
  if (schema.search) form.g = [...searchTokens(schema.search, fields)]
  for (const column of daysOf(schema)) {
    const value = form.c[column]
    form.day[column] = typeof value === 'string' ? value.slice(0, DAY_LENGTH) : null
  }
  return form
}

/** What of a form makes up an answer, and how it is read. */
export interface FormAnswer<Answered> {
  projection: Record<string, 1>
  /** @param form with what is projected */
  read(form: StoredForm): Answered
}

export function documentAnswer<Document>(): FormAnswer<StoredDocument<Document>> {
  return {
    projection: { _id: 1, position: 1, stale: 1, json: 1 },
    read(form) {
      const { _id, position, stale, json } = form as PresentForm
      return { id: _id, position, document: JSON.parse(json) as Document, stale }
    },
  }
}

export function fieldsAnswer<Document>(fields: Fields): FormAnswer<Document> {
  return {
    projection: Object.fromEntries(['_id', ...fields.map((field) => `c.${field}`)].map((name) => [name, 1])),
    read(form) {
      const present = Object.entries((form as PresentForm).c ?? {}).filter(([, value]) => value !== null)
      return Object.fromEntries(present) as Document
    },
  }
}

/** Whether a write takes the place of what is stored; `guardOf` asks the server the same. */
export function supersedes(write: StoredForm, stored: StoredForm | undefined): boolean {
  if (!stored || write.position > stored.position) return true
  return (
    write.position === stored.position &&
    !write.deleted &&
    !stored.deleted &&
    write.stale !== stored.stale &&
    write.batch > stored.batch
  )
}

/**
 * Matches what a write may replace: an earlier position, or the same when only `stale` changes. There the batch decides,
 * lest a late writer turn back what its successor wrote.
 */
export function guardOf(write: StoredForm): object {
  const earlier = { position: { $lt: write.position } }
  if (write.deleted) return { _id: write._id, ...earlier }
  const { position, batch, stale } = write
  return {
    _id: write._id,
    $or: [earlier, { position, deleted: false, stale: !stale, batch: { $lt: batch } }],
  }
}

/** The field of a dimension in a stored document. */
export function dimensionField(dimension: string): string {
  const { column, day } = parseDimension(dimension)
  return day ? `day.${column}` : `c.${column}`
}

/**
 * One index per direction for every declared one, since absent values come last in both; one per list column; one of
 * tokens; one per count list, so that counting reads nothing else. Each begins with `deleted`: what deletions leave stays out of the way.
 */
export function indexesOf(schema: CollectionSchema): IndexDescription[] {
  const keys = (fields: readonly string[], tail: readonly string[] = []) =>
    Object.fromEntries(['deleted', ...fields, ...tail].map((field) => [field, 1]))
  const distinct = [...new Map(schema.indexes.map((columns) => [columns.join(), columns])).values()]
  const lists = Object.keys(schema.columns).filter((column) => schema.columns[column] === 'strings')
  return [
    { name: 'ids', key: keys(['_id']) },
    ...distinct.flatMap((columns, i) => [
      {
        name: `ascending_${i}`,
        key: keys(
          columns.map((column) => `a.${column}`),
          ['_id'],
        ),
      },
      {
        name: `descending_${i}`,
        key: keys(
          columns.map((column) => `c.${column}`),
          ['_id'],
        ),
      },
    ]),
    ...lists.map((column) => ({ name: `list_${column}`, key: keys([`c.${column}`]) })),
    ...(schema.counts ?? []).map((dimensions, i) => ({
      name: `counts_${i}`,
      key: keys(dimensions.map(dimensionField)),
    })),
    // Without `deleted`: what a deletion left has no tokens. By id, so that the newest of a token come first.
    ...(schema.search ? [{ name: 'texts', key: { g: 1, _id: -1 } as const }] : []),
  ]
}
