import { InvalidInput } from '#libs/event-sourcing'
import { columnsOf, type Filter } from './filter.js'
import { checkFilter, checkFilterTypes, filterable, isOfType } from './query-rules.js'
import type { CollectionSchema, ColumnType } from './read-store.js'
import type { SearchSchema } from './search/search-schema.js'
import { MOST_GROUPS } from './search/search-tokens.js'

/** What a schema may promise, what a document must keep of it, and which counts answer what: the same for every store. */

const DAY_SUFFIX = ':day'

/** The day of an ISO 8601 UTC timestamp: its first ten characters. */
export const DAY_LENGTH = 10

/** `openedAt:day` → the timestamp column and that only its UTC day counts. */
export function parseDimension(dimension: string): { column: string; day: boolean } {
  const day = dimension.endsWith(DAY_SUFFIX)
  return { column: day ? dimension.slice(0, -DAY_SUFFIX.length) : dimension, day }
}

/**
 * Refuses a schema that a database could not hold or that promises what cannot be kept.
 * @throws Error naming the collection: a mistake in a definition
 */
export function checkSchema(schema: CollectionSchema): void {
  const mistake = (what: string) => new Error(`Collection ${schema.name}: ${what}`)
  const columns = Object.keys(schema.columns)
  for (const name of [schema.name, ...columns])
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw mistake(`"${name}" is no name`)
  if (new Set(columns.map((column) => column.toLowerCase())).size < columns.length)
    throw mistake('two columns differ by case only')
  for (const column of schema.indexes.flat()) {
    const type = schema.columns[column]
    if (!type || type === 'strings') throw mistake(`index on "${column}", which is no sortable column`)
  }
  for (const column of schema.unique ?? []) {
    const type = schema.columns[column]
    if (!type || type === 'strings')
      throw mistake(`"${column}", which is no sortable column, to tell rows apart`)
  }
  for (const column of schema.checked ?? [])
    if (!schema.columns[column]) throw mistake(`check of "${column}", which is no column`)
  for (const dimension of (schema.counts ?? []).flat()) {
    const { column, day } = parseDimension(dimension)
    const type = schema.columns[column]
    if (!type || type === 'strings' || (day && type !== 'timestamp'))
      throw mistake(`"${dimension}" cannot be counted by`)
  }
  if (schema.search) checkSearchSchema(schema.search, schema, mistake)
}

function checkSearchSchema(
  { texts, names = [], newest }: SearchSchema,
  { columns }: CollectionSchema,
  mistake: (what: string) => Error,
): void {
  const fields = texts.flatMap((weights) => Object.keys(weights))
  if (fields.length === 0 || texts.length > MOST_GROUPS)
    throw mistake(`give 1 to ${MOST_GROUPS} groups of texts to search`)
  if (new Set(fields).size < fields.length) throw mistake('a text stands in two groups')
  for (const name of names)
    if (!fields.includes(name)) throw mistake(`name "${name}", which is no text to search`)
  if (columns[newest] !== 'timestamp') throw mistake(`"${newest}" is no timestamp that tells the newest`)
}

/**
 * A document's value for a column; null when it is absent.
 * @throws TypeError when the document breaks its own schema: a bug of the projection that must be seen
 */
export function columnValue(
  schema: CollectionSchema,
  column: string,
  document: Readonly<Record<string, unknown>>,
  id: string,
): string | number | boolean | readonly string[] | null {
  const value = document[column] ?? null
  if (value === null) return null
  const type = schema.columns[column] as ColumnType
  if (type === 'strings') {
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  } else if (isOfType(type, value)) {
    return value as string | number | boolean
  }
  throw new TypeError(`${schema.name} ${id}: "${column}" must be of type ${type}`)
}

/** The narrowest of some count lists that has all dimensions and all columns of the filter. */
export function coveringCounts<Counts extends { readonly dimensions: readonly string[] }>(
  lists: readonly Counts[],
  dimensions: readonly string[],
  filter: Filter,
): Counts | undefined {
  const filtered = [...columnsOf(filter)]
  return lists
    .filter(
      (counts) =>
        filtered.every((column) => counts.dimensions.includes(column)) &&
        dimensions.every(
          (dimension) =>
            counts.dimensions.includes(dimension) ||
            (parseDimension(dimension).day && counts.dimensions.includes(parseDimension(dimension).column)),
        ),
    )
    .sort((a, b) => a.dimensions.length - b.dimensions.length)[0]
}

/**
 * Refuses to count what the collection does not offer.
 * @param counts the count list that covers the question, if one does: then no index need have the filter's columns
 * @throws InvalidInput `QUERY.UNKNOWN_FIELD`, `QUERY.NOT_INDEXED`, `QUERY.WRONG_TYPE`
 */
export function checkCounting(
  schema: CollectionSchema,
  dimensions: readonly string[],
  filter: Filter,
  counts: object | undefined,
): void {
  checkFilterTypes(schema, filter)
  if (counts) return
  checkFilter(schema, filter)
  for (const dimension of dimensions) {
    const { column, day } = parseDimension(dimension)
    const type = schema.columns[column]
    const offered = filterable(schema).filter((name) => schema.columns[name] !== 'strings')
    if (type && type !== 'strings' && offered.includes(column) && (!day || type === 'timestamp')) continue
    const message = `${schema.name} cannot be counted by "${dimension}": count by ${offered.join(', ')}`
    throw new InvalidInput(type ? 'QUERY.NOT_INDEXED' : 'QUERY.UNKNOWN_FIELD', message, [
      { pointer: 'groupBy', message },
    ])
  }
}
