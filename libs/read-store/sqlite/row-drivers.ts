import type { Filter } from '../filter.js'
import { conjuncts } from '../filter.js'
import { type CollectionTable, encodeText, quoted } from './collection-table.js'
import type { Connection } from './connection.js'
import { allOf, comparisonSql, encodedValues, filterSql, inSql, type Sql, sql } from './filter-sql.js'
import { boundsColumn, boundsOn } from './page-walk.js'

/** Rows that satisfy a filter, found in two steps. */
export interface RowSource {
  /** The row table, and by which index it is entered. */
  from: string
  /** Where to look in it. */
  candidates: Sql
  /** Which of these satisfy the filter. */
  rest: Sql
}

/** What follows FROM to read the rows of a source. */
export function rowsOf({ from, candidates, rest }: RowSource): Sql {
  const { text, values } = allOf([candidates, rest])
  return { text: `${from} WHERE ${text}`, values }
}

/**
 * A way to find, by indexes alone, every row that may satisfy a filter. Its SQL is made when it is asked for: most drivers are not
 * chosen, and an impact walk, whose filters list thousands of keys, took a tenth longer while all of them wrote these out.
 */
export interface RowDriver {
  /** Selects `n` of each row, possibly among others that the rest of the filter refuses. */
  rows(): Sql
  /** Of one index each; together all rows, some perhaps in several. Undefined: there are none such. */
  sources: (() => readonly RowSource[]) | undefined
  /** The one index used; undefined for lists and for choices over several indexes. */
  index: string | undefined
  /** Leading columns it fixes; more is better where nothing was counted. */
  fixed: number
  /** Bounds its first column on one side: so as to begin or end a span of which nobody knows how much lies in it. */
  open: boolean
}

/** A driver with the number of rows that it selects. */
export interface CountedDriver extends RowDriver {
  count: number
}

/** Every way to drive a simplified filter: by each index whose leading column it binds, by lists, by choices of these. */
export function rowDrivers(table: CollectionTable, filter: Filter): RowDriver[] {
  const conditions = conjuncts(filter)
  return [
    ...table.indexes.flatMap((index) => indexDriver(table, index, conditions) ?? []),
    ...conditions.flatMap((condition) => {
      if (condition.kind === 'has') return listDriver(table, condition.column, condition.value)
      if (condition.kind !== 'or') return []
      const others = conditions.filter((other) => other !== condition)
      return choiceDriver(table, condition.filters, others) ?? []
    }),
  ]
}

interface Index {
  name: string
  columns: readonly string[]
}

function indexDriver(
  table: CollectionTable,
  index: Index,
  conditions: readonly Filter[],
): RowDriver | undefined {
  const equalities = leadingEqualities(index, conditions)
  const next = index.columns[equalities.length]
  const { lower, upper } = next === undefined ? {} : boundsOn(table, next, conditions)
  const ranges = [lower, upper].flatMap((range) =>
    range ? [sql(`${quoted(next as string)} ${range.op} ?`, range.value)] : [],
  )
  const fixed = equalities.length + ranges.length
  if (fixed === 0) return undefined
  const from = `${table.table} INDEXED BY ${index.name}`
  const candidates = () => allOf([...equalities.map((condition) => equalitySql(table, condition)), ...ranges])
  const rest = () =>
    conditions
      .filter((condition) => !equalities.includes(condition) && !boundsColumn(condition, next))
      .map((condition) => filterSql(table, condition, { checkOnly: true }))
  return {
    rows() {
      const { text, values } = candidates()
      return { text: `SELECT n FROM ${from} WHERE ${text}`, values }
    },
    sources: () => [{ from, candidates: candidates(), rest: allOf(rest()) }],
    index: index.name,
    fixed,
    open: fixed === 1 && equalities.length === 0,
  }
}

/** The conditions that fix the first columns of an index, one each. */
function leadingEqualities({ columns }: Index, conditions: readonly Filter[]): readonly Filter[] {
  const equalities = columns.map((column) => conditions.find((condition) => isEquality(condition, column)))
  const end = equalities.indexOf(undefined)
  return equalities.slice(0, end === -1 ? undefined : end) as Filter[]
}

function isEquality(condition: Filter, column: string | undefined): boolean {
  return (
    (condition.kind === 'in' || (condition.kind === 'compare' && condition.op === '=')) &&
    condition.column === column
  )
}

function equalitySql(table: CollectionTable, condition: Filter): Sql {
  if (condition.kind === 'in') return inSql(quoted(condition.column), encodedValues(table, condition))
  if (condition.kind === 'compare')
    return comparisonSql(quoted(condition.column), '=', table.encodeValue(condition.column, condition.value))
  throw new Error(`${condition.kind} is no equality`)
}

function listDriver(table: CollectionTable, column: string, value: string): RowDriver[] {
  return table.lists
    .filter((list) => list.column === column)
    .map((list) => ({
      rows: () =>
        sql(
          `SELECT r.n FROM ${list.table} l CROSS JOIN ${table.table} r ON r.id = l.id WHERE l.value = ?`,
          encodeText(value),
        ),
      sources: undefined,
      index: undefined,
      fixed: 1,
      open: false,
    }))
}

/**
 * Each branch must have a driver of its own, else some rows would be missed.
 * @param others what rows must satisfy besides
 */
function choiceDriver(
  table: CollectionTable,
  branches: readonly Filter[],
  others: readonly Filter[],
): RowDriver | undefined {
  const chosen: RowDriver[] = []
  for (const branch of branches) {
    const best = rowDrivers(table, branch).sort((a, b) => b.fixed - a.fixed)[0]
    if (!best) return undefined
    const index = table.indexes.find(({ name }) => name === best.index)
    chosen.push((index && indexDriver(table, index, [...conjuncts(branch), ...others])) ?? best)
  }
  return {
    rows() {
      const parts = chosen.map(({ rows }) => rows())
      return {
        text: parts.map(({ text }) => `SELECT n FROM (${text})`).join(' UNION ALL '),
        values: parts.flatMap(({ values }) => values),
      }
    },
    sources: chosen.every(({ index }) => index !== undefined)
      ? () => chosen.flatMap(({ sources }) => sources?.() ?? [])
      : undefined,
    index: undefined,
    fixed: 1,
    open: false,
  }
}

/** The rows of a driver that satisfy the whole filter. */
export function sourcesOf(
  table: CollectionTable,
  filter: Filter,
  { sources, rows }: RowDriver,
): readonly RowSource[] {
  if (sources) return sources()
  const { text, values } = rows()
  const candidates = { text: `n IN (${text})`, values }
  return [{ from: table.table, candidates, rest: filterSql(table, filter, { checkOnly: true }) }]
}

/** Rows to count of each of several drivers before any is counted further: a wide one costs little where another is narrow. */
const FIRST_COUNT = 64
const NEXT_COUNT = 16

/**
 * Counts the rows of each driver up to a limit and gives the one with the fewest; undefined when all have more. Open ones are
 * counted in vain whenever the rows asked for are named or the time asked of is now: they are counted only as far as no
 * other is narrow.
 */
export function narrowestDriver(
  connection: Connection,
  drivers: readonly RowDriver[],
  limit: number,
): CountedDriver | undefined {
  const open = drivers.filter((driver) => driver.open)
  const others = drivers.filter((driver) => !driver.open)
  const first = others.length > 1 ? Math.min(FIRST_COUNT, limit) : limit
  for (let upTo = first; ; upTo = Math.min(upTo * NEXT_COUNT, limit)) {
    const narrowest = narrowestWithin(connection, others, upTo) ?? narrowestWithin(connection, open, upTo)
    if (narrowest || upTo === limit) return narrowest
  }
}

function narrowestWithin(
  connection: Connection,
  drivers: readonly RowDriver[],
  limit: number,
): CountedDriver | undefined {
  let narrowest: CountedDriver | undefined
  let fewest = limit
  for (const driver of drivers) {
    const { text, values } = driver.rows()
    const count = connection.get<{ count: number }>(
      `SELECT count(*) AS count FROM (SELECT n FROM (${text}) LIMIT ?)`,
      [...values, fewest + 1],
    )?.count as number
    if (count > fewest) continue
    narrowest = { ...driver, count }
    fewest = count
    if (count === 0) break
  }
  return narrowest
}
