import type { Filter } from '../filter.js'
import { conjuncts } from '../filter.js'
import { type CollectionTable, encodeValue, quoted } from './collection-table.js'
import type { Connection } from './connection.js'
import { allOf, comparisonSql, inSql, type Sql } from './filter-sql.js'
import { boundsOn } from './page-walk.js'

/** A way to find, by indexes alone, every row that may satisfy a filter. */
export interface RowDriver {
  /** Selects `n` of each row, possibly among others that the rest of the filter refuses. */
  rows: Sql
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
      return condition.kind === 'or' ? (choiceDriver(table, condition.filters) ?? []) : []
    }),
  ]
}

function indexDriver(
  table: CollectionTable,
  index: { name: string; columns: readonly string[] },
  conditions: readonly Filter[],
): RowDriver | undefined {
  const bound: Sql[] = []
  for (const column of index.columns) {
    const equality = conditions.find((condition) => isEquality(condition, column))
    if (!equality) {
      const { lower, upper } = boundsOn(column, conditions)
      for (const range of [lower, upper])
        if (range) bound.push({ text: `${quoted(column)} ${range.op} ?`, values: [range.value] })
      break
    }
    bound.push(equalitySql(equality))
  }
  if (bound.length === 0) return undefined
  const where = allOf(bound)
  return {
    rows: {
      text: `SELECT n FROM ${table.table} INDEXED BY ${index.name} WHERE ${where.text}`,
      values: where.values,
    },
    index: index.name,
    fixed: bound.length,
    open: bound.length === 1 && !conditions.some((condition) => isEquality(condition, index.columns[0])),
  }
}

function isEquality(condition: Filter, column: string | undefined): boolean {
  return (
    (condition.kind === 'in' || (condition.kind === 'compare' && condition.op === '=')) &&
    condition.column === column
  )
}

function equalitySql(condition: Filter): Sql {
  if (condition.kind === 'in') return inSql(quoted(condition.column), condition.values.map(encodeValue))
  if (condition.kind === 'compare')
    return comparisonSql(quoted(condition.column), '=', encodeValue(condition.value))
  throw new Error(`${condition.kind} is no equality`)
}

function listDriver(table: CollectionTable, column: string, value: string): RowDriver[] {
  return table.lists
    .filter((list) => list.column === column)
    .map((list) => ({
      rows: {
        text: `SELECT r.n FROM ${list.table} l CROSS JOIN ${table.table} r ON r.id = l.id WHERE l.value = ?`,
        values: [encodeValue(value)],
      },
      index: undefined,
      fixed: 1,
      open: false,
    }))
}

/** Each branch must have a driver of its own, else some rows would be missed. */
function choiceDriver(table: CollectionTable, branches: readonly Filter[]): RowDriver | undefined {
  const chosen: Sql[] = []
  for (const branch of branches) {
    const best = rowDrivers(table, branch).sort((a, b) => b.fixed - a.fixed)[0]
    if (!best) return undefined
    chosen.push(best.rows)
  }
  return {
    rows: {
      text: chosen.map(({ text }) => `SELECT n FROM (${text})`).join(' UNION ALL '),
      values: chosen.flatMap(({ values }) => values),
    },
    index: undefined,
    fixed: 1,
    open: false,
  }
}

/** Rows to count of every driver before any is counted further: a wide one costs little where another is narrow. */
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
  for (let upTo = Math.min(FIRST_COUNT, limit); ; upTo = Math.min(upTo * NEXT_COUNT, limit)) {
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
    const { text, values } = driver.rows
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
