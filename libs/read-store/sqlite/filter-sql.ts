import type { Filter, FilterValue } from '../filter.js'
import { afterPrefix } from '../text-order.js'
import { type CollectionTable, encodeText, quoted } from './collection-table.js'
import type { SqlValue } from './connection.js'

/** A piece of SQL with the values of its question marks. */
export interface Sql {
  text: string
  values: SqlValue[]
}

export const sql = (text: string, ...values: SqlValue[]): Sql => ({ text, values })

/** Joins conditions that must all hold. */
export function allOf(conditions: readonly Sql[]): Sql {
  return {
    text: conditions.length === 0 ? '1' : conditions.map(({ text }) => `(${text})`).join(' AND '),
    values: conditions.flatMap(({ values }) => values),
  }
}

export interface FilterSqlOptions {
  /** Keeps SQLite from choosing an index by this condition: the caller has chosen one already. */
  checkOnly?: boolean
}

/**
 * A filter as a SQL condition over the row table (aliased by nothing). Null counts as false; `not` therefore compiles to
 * `IS NOT TRUE`, which gives the two-valued logic that `matches` has.
 */
export function filterSql(table: CollectionTable, filter: Filter, options: FilterSqlOptions = {}): Sql {
  const column = (name: string) => (options.checkOnly ? `+${quoted(name)}` : quoted(name))
  const joined = (filters: readonly Filter[], operator: string, empty: string): Sql => {
    const parts = filters.map((part) => filterSql(table, part, options))
    if (parts.length === 0) return sql(empty)
    return {
      text: parts.map(({ text }) => `(${text})`).join(operator),
      values: parts.flatMap(({ values }) => values),
    }
  }
  switch (filter.kind) {
    case 'and':
      return joined(filter.filters, ' AND ', '1')
    case 'or':
      return joined(filter.filters, ' OR ', '0')
    case 'not': {
      const inner = filterSql(table, filter.filter, options)
      return { text: `(${inner.text}) IS NOT TRUE`, values: inner.values }
    }
    case 'compare':
      return comparisonSql(column(filter.column), filter.op, table.encodeValue(filter.column, filter.value))
    case 'prefix':
      return allOf(prefixRange(column(filter.column), encodeText(filter.prefix)))
    case 'in':
      return inSql(column(filter.column), encodedValues(table, filter))
    case 'has':
      return hasSql(table, filter.column, encodeText(filter.value), options)
    case 'true':
      return sql('1')
    case 'false':
      return sql('0')
  }
}

/** The values that a condition lists, as SQLite keeps them. */
export function encodedValues(
  table: CollectionTable,
  { column, values }: { column: string; values: readonly FilterValue[] },
): SqlValue[] {
  return values.map((value) => table.encodeValue(column, value))
}

export function comparisonSql(column: string, op: string, value: SqlValue): Sql {
  if (value !== null) return op === '!=' ? sql(`${column} IS NOT ?`, value) : sql(`${column} ${op} ?`, value)
  if (op === '=') return sql(`${column} IS NULL`)
  return op === '!=' ? sql(`${column} IS NOT NULL`) : sql('0')
}

export function prefixRange(column: string, prefix: string): Sql[] {
  const end = afterPrefix(prefix)
  return [sql(`${column} >= ?`, prefix), ...(end === undefined ? [] : [sql(`${column} < ?`, end)])]
}

/** One text for any number of values, so that it is prepared once. */
export function inSql(column: string, values: readonly SqlValue[]): Sql {
  const present = values.filter((value) => value !== null)
  const listed = sql(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(present))
  return present.length === values.length
    ? listed
    : { text: `${listed.text} OR ${column} IS NULL`, values: listed.values }
}

function hasSql(table: CollectionTable, column: string, value: SqlValue, options: FilterSqlOptions): Sql {
  const list = table.lists.find((candidate) => candidate.column === column)
  if (!list) throw new Error(`"${column}" is no list`)
  return options.checkOnly
    ? sql(`EXISTS (SELECT 1 FROM ${list.table} l WHERE l.value = ? AND l.id = ${table.table}.id)`, value)
    : sql(`id IN (SELECT id FROM ${list.table} WHERE value = ?)`, value)
}
