import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import { columnsOf, compareValues, conjuncts, type Filter, type FilterValue, simplify } from './filter.js'
import type { CollectionSchema, ColumnType, Fields, KeysetCursor, Query, SortKey } from './read-store.js'
import type { SearchSchema } from './search/search-schema.js'

/** What a collection lets one ask, the same for every store: which fields filter, which orders an index gives. */

/** More value combinations than this of an index's leading columns are not merged: another index must serve. */
const MAX_MERGED_STREAMS = 512

/** How an index serves a query: rows with fixed `prefix` values come in `orderBy`, ties by id. */
export interface OrderPlan {
  /** The index's columns; undefined: the order of ids. */
  index: readonly string[] | undefined
  /** Leading columns of the index that the filter fixes to one or some values. */
  prefix: readonly { column: string; values: readonly FilterValue[] }[]
  /** The whole order: what was asked for, then the index's remaining columns. */
  orderBy: readonly SortKey[]
  /** `orderBy` without the columns that the filter fixes to one value. */
  levels: readonly SortKey[]
}

/**
 * Refuses what the collection does not offer.
 * @throws InvalidInput `QUERY.UNKNOWN_FIELD`, `QUERY.NOT_INDEXED`, `QUERY.WRONG_TYPE`, `QUERY.CURSOR`
 */
export function checkQuery(schema: CollectionSchema, query: Query): void {
  checkFilter(schema, query.filter)
  const seen = new Set<string>()
  for (const { column } of query.orderBy) {
    const type = typeOf(schema, column, 'orderBy')
    if (type === 'strings' || !filterable(schema).includes(column)) throw notSorted(schema, query.orderBy)
    if (seen.has(column))
      throw refusal('QUERY.NOT_INDEXED', 'orderBy', `orderBy names "${column}" twice: name it once`)
    seen.add(column)
  }
}

/** @throws InvalidInput when a field is no column, or of a type of which not every store gives back what was stored */
export function checkFields(schema: CollectionSchema, fields: Fields): void {
  for (const column of fields) {
    const type = typeOf(schema, column, 'fields')
    if (type === 'strings' || type === 'number')
      throw refusal('QUERY.WRONG_TYPE', 'fields', `"${column}" is of type ${type}: read the whole document`)
  }
}

/** @throws InvalidInput when the filter asks for a field that is unknown, in no index, or of another type */
export function checkFilter(schema: CollectionSchema, filter: Filter | undefined): void {
  if (!filter) return
  checkFilterTypes(schema, filter)
  for (const column of columnsOf(filter)) {
    if (!filterable(schema).includes(column))
      throw refusal(
        'QUERY.NOT_INDEXED',
        'filter',
        `"${column}" cannot be filtered: it stands in no index of ${schema.name}. Filter by ${filterable(schema).join(', ')}`,
      )
  }
}

/**
 * Refuses a search that the collection does not offer.
 * @throws InvalidInput `QUERY.NOT_SEARCHABLE`, and as `checkFilter`
 */
export function checkSearch(schema: CollectionSchema, filter: Filter | undefined): SearchSchema {
  checkFilter(schema, filter)
  if (schema.search) return schema.search
  throw refusal('QUERY.NOT_SEARCHABLE', 'q', `${schema.name} has no texts to search`)
}

/** The same without asking for an index: for filters that materialised counts answer. */
export function checkFilterTypes(schema: CollectionSchema, filter: Filter): void {
  switch (filter.kind) {
    case 'and':
    case 'or':
      for (const part of filter.filters) checkFilterTypes(schema, part)
      return
    case 'not':
      checkFilterTypes(schema, filter.filter)
      return
    case 'compare':
      checkValues(schema, filter.column, [filter.value])
      return
    case 'in':
      checkValues(schema, filter.column, filter.values)
      return
    case 'prefix':
      checkValues(schema, filter.column, [filter.prefix])
      if (typeOf(schema, filter.column, 'filter') in wholeTexts)
        throw refusal('QUERY.WRONG_TYPE', 'filter', `"${filter.column}" has no prefixes: compare it`)
      return
    case 'has':
      if (typeOf(schema, filter.column, 'filter') !== 'strings')
        throw refusal('QUERY.WRONG_TYPE', 'filter', `"${filter.column}" is no list: compare it with =`)
      return
    case 'true':
    case 'false':
      return
  }
}

function checkValues(schema: CollectionSchema, column: string, values: readonly FilterValue[]): void {
  const type = typeOf(schema, column, 'filter')
  if (type === 'strings')
    throw refusal('QUERY.WRONG_TYPE', 'filter', `"${column}" is a list: ask whether it has a value`)
  for (const value of values) {
    if (value !== null && !isOfType(type, value))
      throw refusal('QUERY.WRONG_TYPE', 'filter', `"${column}" is of type ${type}, ${value} is not`)
  }
}

/** What `typeof` says of a present value of the type. */
export const scriptTypes: Readonly<Record<Exclude<ColumnType, 'strings'>, string>> = {
  string: 'string',
  timestamp: 'string',
  instant: 'string',
  position: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
}

/** What texts look like of which all are whole: no part of one has a place in their order. */
const wholeTexts: Readonly<Partial<Record<ColumnType, RegExp>>> = {
  instant: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/,
  position: /^\d{20}$/,
}

/** @param value neither null nor a list */
export function isOfType(type: Exclude<ColumnType, 'strings'>, value: unknown): boolean {
  const isWhole = wholeTexts[type]
  return typeof value === scriptTypes[type] && (isWhole === undefined || isWhole.test(value as string))
}

function typeOf(schema: CollectionSchema, column: string, pointer: string): ColumnType {
  const type = Object.hasOwn(schema.columns, column) ? schema.columns[column] : undefined
  if (type) return type
  const offered = filterable(schema).join(', ')
  throw refusal('QUERY.UNKNOWN_FIELD', pointer, `${schema.name} has no field "${column}": ask for ${offered}`)
}

/** Columns that may stand in a filter: those of an index, checked ones, and lists. */
export function filterable(schema: CollectionSchema): readonly string[] {
  let columns = filterableColumns.get(schema)
  if (columns === undefined) {
    const indexed = new Set([...schema.indexes.flat(), ...(schema.checked ?? [])])
    columns = Object.keys(schema.columns).filter(
      (column) => indexed.has(column) || schema.columns[column] === 'strings',
    )
    filterableColumns.set(schema, columns)
  }
  return columns
}

const filterableColumns = new WeakMap<CollectionSchema, readonly string[]>()

/**
 * The order that `find` gives for a query, in full: when an index has more columns than were asked for, they follow
 * in the direction of the last one asked for. Page by this order: a cursor has a value for each of its keys.
 * @throws InvalidInput `QUERY.NOT_INDEXED` when no index gives the order under this filter
 */
export function completeOrderBy(
  schema: CollectionSchema,
  filter: Filter | undefined,
  orderBy: readonly SortKey[],
): readonly SortKey[] {
  checkQuery(schema, { filter, orderBy, limit: 0 })
  return planOrder(schema, filter, orderBy).orderBy
}

/** Chooses the index whose order answers the query, preferring one that needs no further columns and fixes more of them. */
export function planOrder(
  schema: CollectionSchema,
  filter: Filter | undefined,
  orderBy: readonly SortKey[],
): OrderPlan {
  const conditions = filter ? conjuncts(simplify(filter)) : []
  // Nothing satisfies it, in any order
  if (conditions[0]?.kind === 'false') return { index: undefined, prefix: [], orderBy, levels: [] }
  const fixed = fixedColumns(conditions)
  const isConstant = (column: string) => fixed.get(column)?.length === 1
  const levels = orderBy.filter(({ column }) => !isConstant(column))
  const plans = schema.indexes.flatMap((index) => matchIndex(index, orderBy, levels, fixed) ?? [])
  const best = plans.sort(
    (a, b) => a.orderBy.length - b.orderBy.length || b.prefix.length - a.prefix.length,
  )[0]
  if (best) return best
  if (levels.length === 0) return { index: undefined, prefix: [], orderBy, levels: [] }
  throw notSorted(schema, orderBy)
}

function matchIndex(
  index: readonly string[],
  orderBy: readonly SortKey[],
  levels: readonly SortKey[],
  fixed: ReadonlyMap<string, readonly FilterValue[]>,
): OrderPlan | undefined {
  const sorted = new Set(levels.map((key) => key.column))
  let place = 0
  const prefix: { column: string; values: readonly FilterValue[] }[] = []
  for (; place < index.length; place++) {
    const column = index[place] as string
    const values = fixed.get(column)
    if (!values || sorted.has(column)) break
    prefix.push({ column, values })
  }
  if (prefix.reduce((streams, { values }) => streams * values.length, 1) > MAX_MERGED_STREAMS)
    return undefined
  let level = 0
  const direction = orderBy.at(-1)?.direction ?? 'asc'
  const rest: SortKey[] = []
  for (; place < index.length; place++) {
    const column = index[place] as string
    if (column === levels[level]?.column) level++
    else if (fixed.get(column)?.length === 1) continue
    else if (level < levels.length || sorted.has(column)) return undefined
    else rest.push({ column, direction })
  }
  if (level < levels.length || (levels.length === 0 && rest.length > 0)) return undefined
  return { index, prefix, orderBy: [...orderBy, ...rest], levels: [...levels, ...rest] }
}

/** Columns that conditions fix to one or some values. */
function fixedColumns(conditions: readonly Filter[]): Map<string, readonly FilterValue[]> {
  const fixed = new Map<string, readonly FilterValue[]>()
  for (const part of conditions) {
    const values =
      part.kind === 'in' ? part.values : part.kind === 'compare' && part.op === '=' ? [part.value] : undefined
    if (!values) continue
    const { column } = part as { column: string }
    const known = fixed.get(column)
    if (!known || values.length < known.length) fixed.set(column, values)
  }
  return fixed
}

/** The cursor that continues after a document in a complete order. */
export function cursorAfter(
  orderBy: readonly SortKey[],
  row: { id: string; document: object },
): KeysetCursor {
  const document = row.document as Record<string, string | number | boolean | null | undefined>
  return { id: row.id, values: orderBy.map(({ column }) => document[column] ?? null) }
}

/**
 * Compares two rows by a complete order: nulls last in both directions, then by id in the direction of the last key
 * (ascending when there is none).
 */
export function compareRows(orderBy: readonly SortKey[]): (a: KeysetCursor, b: KeysetCursor) => number {
  return (a, b) => {
    for (const [i, { direction }] of orderBy.entries()) {
      const order = compareNullsLast(a.values[i] ?? null, b.values[i] ?? null, direction)
      if (order !== 0) return order
    }
    const order = compareValues(a.id, b.id)
    return orderBy.at(-1)?.direction === 'desc' ? -order : order
  }
}

function compareNullsLast(a: FilterValue, b: FilterValue, direction: 'asc' | 'desc'): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  const order = compareValues(a, b)
  return direction === 'asc' ? order : -order
}

/** @throws InvalidInput `QUERY.CURSOR` when the cursor was made for another order */
export function checkCursor(orderBy: readonly SortKey[], after: KeysetCursor | undefined): void {
  if (after && after.values.length !== orderBy.length)
    throw refusal(
      'QUERY.CURSOR',
      'pageToken',
      `The cursor has ${after.values.length} values, the order has ${orderBy.length}: ${describe(orderBy)}`,
    )
}

function notSorted(schema: CollectionSchema, orderBy: readonly SortKey[]): InvalidInput {
  const offered = schema.indexes.map((columns) => columns.join(', ')).join('; ')
  return refusal(
    'QUERY.NOT_INDEXED',
    'orderBy',
    `${schema.name} cannot be sorted by ${describe(orderBy)} under this filter: its indexes are (${offered}). Leading columns of an index may be left out where the filter fixes them`,
  )
}

const describe = (orderBy: readonly SortKey[]) =>
  orderBy.map(({ column, direction }) => (direction === 'asc' ? column : `${column} desc`)).join(', ')

function refusal(code: string, pointer: string, message: string): InvalidInput {
  const error: FieldError = { pointer, message }
  return new InvalidInput(code, message, [error])
}
