import { compareValues, conjuncts, type Filter, type FilterValue } from '../filter.js'
import type { OrderPlan } from '../query-rules.js'
import type { KeysetCursor } from '../read-store.js'
import { type CollectionTable, quoted } from './collection-table.js'
import type { SqlValue } from './connection.js'
import { allOf, encodedValues, filterSql, type Sql, sql } from './filter-sql.js'
import { boundsColumn, boundsOn } from './page-walk.js'
import { documentColumns } from './stored-document.js'

/** A page of which the caller knows that each value of a column (the key) gives one row at most. */
export interface RowPerKey {
  table: CollectionTable
  key: string
  plan: OrderPlan
  /** Simplified. */
  filter: Filter
  /** Columns in which a null was ever stored. */
  nullable: ReadonlySet<string>
  limit: number
  after: KeysetCursor | undefined
}

/**
 * Selects a page's rows, in its order: from key to key, and for each only as far into its rows as to the one that
 * fits. So a record costs the same whether it has one version or a hundred, as long as the one asked for lies near the bound
 * that the filter sets on the index's second column.
 * @returns undefined where the page is not of this kind: no index begins with the key, it may be null, or it is bounded
 */
export function rowPerKeySql(page: RowPerKey): Sql | undefined {
  const { table, key, plan, filter, nullable, limit, after } = page
  const [first] = plan.orderBy
  if (nullable.has(key) || first?.column !== key || first.direction !== 'asc') return undefined
  const perKey = rowOfKey(table, key, filter)
  if (!perKey) return undefined
  const { source, listed, found } = perKey
  const keys = listed
    ? listedSql(table, key, listedKeys(listed, after))
    : walkedKeys(source, quoted(key), after && table.encodeValue(key, after.values[0] ?? null))
  const row = found('n')
  return {
    text: `WITH RECURSIVE keys(k) AS (${keys.text})
      SELECT ${documentColumns('r')} FROM keys CROSS JOIN ${table.table} r
      WHERE r.n = (${row.text}) LIMIT ?`,
    values: [...keys.values, ...row.values, limit],
  }
}

/**
 * Selects something, as `row`, of the one row of each key that a filter lists, in no order; null where there is none.
 * @param what an expression over the row table
 * @returns undefined where the filter lists no keys, or more than so many, or no index begins with the key
 */
export function rowPerListedKeySql(
  { table, key, filter }: Pick<RowPerKey, 'table' | 'key' | 'filter'>,
  what: string,
  atMost: number,
): Sql | undefined {
  const perKey = rowOfKey(table, key, filter)
  if (!perKey?.listed || perKey.listed.length > atMost || perKey.listed.includes(null)) return undefined
  const { text, values } = perKey.found(what)
  const keys = listedSql(table, key, perKey.listed)
  return { text: `SELECT (${text}) AS row FROM (${keys.text})`, values: [...values, ...keys.values] }
}

/** Keys that are given. */
function listedSql(table: CollectionTable, key: string, keys: readonly FilterValue[]): Sql {
  const values = encodedValues(table, { column: key, values: keys })
  return sql('SELECT value AS k FROM json_each(?)', JSON.stringify(values))
}

interface RowOfKey {
  /** What follows FROM to walk the index that begins with the key. */
  source: string
  /** The keys that the filter lists; undefined: none in particular. */
  listed: readonly FilterValue[] | undefined
  /** Selects something of the row whose key is `k`. */
  found(what: string): Sql
}

function rowOfKey(table: CollectionTable, key: string, filter: Filter): RowOfKey | undefined {
  const index = table.indexes.find(({ columns }) => columns[0] === key)
  if (!index) return undefined
  const conditions = conjuncts(filter)
  const listing = conditions.find((condition) => valuesOf(condition, key) !== undefined)
  const rest = conditions.filter((condition) => condition !== listing)
  if (rest.some((condition) => boundsColumn(condition, key))) return undefined
  const source = `${table.table} INDEXED BY ${index.name}`
  const fits = fittingRow(table, index.columns[1], rest)
  return {
    source,
    listed: listing && valuesOf(listing, key),
    found: (what) => ({
      text: `SELECT ${what} FROM ${source} WHERE ${quoted(key)} = k AND ${fits.text} LIMIT 1`,
      values: fits.values,
    }),
  }
}

/** The values that a condition lets a column have, if it names them. */
function valuesOf(condition: Filter, column: string): readonly FilterValue[] | undefined {
  if (condition.kind === 'in' && condition.column === column) return condition.values
  if (condition.kind === 'compare' && condition.op === '=' && condition.column === column)
    return [condition.value]
  return undefined
}

/** Put in order here: SQLite leaves out the order of what is joined. */
function listedKeys(values: readonly FilterValue[], after: KeysetCursor | undefined): FilterValue[] {
  const last = after?.values[0]
  return [...new Set(values)]
    .flatMap((value) => (value !== null && (last == null || compareValues(value, last) > 0) ? [value] : []))
    .sort(compareValues)
}

/** Each key by one entry into the index, from the one before it. @param last the key that the page before ended with */
function walkedKeys(source: string, key: string, last: SqlValue | undefined): Sql {
  const next = (where: string) => `(SELECT ${key} FROM ${source}${where} ORDER BY ${key} LIMIT 1)`
  const beyond = last === undefined ? sql('') : sql(` WHERE ${key} > ?`, last)
  return {
    text: `SELECT ${next(beyond.text)} UNION ALL SELECT ${next(` WHERE ${key} > k`)} FROM keys WHERE k IS NOT NULL`,
    values: beyond.values,
  }
}

/** Conditions on one key's rows, and from which end of them to look: from the bound on the second column, if there is one. */
function fittingRow(table: CollectionTable, second: string | undefined, rest: readonly Filter[]): Sql {
  const residual = rest.filter((condition) => !second || !boundsColumn(condition, second))
  const checked = allOf(residual.map((condition) => filterSql(table, condition, { checkOnly: true })))
  if (!second) return checked
  const { lower, upper } = boundsOn(table, second, rest)
  const bounds = [lower, upper].flatMap((bound) =>
    bound ? [sql(`${quoted(second)} ${bound.op} ?`, bound.value)] : [],
  )
  const { text, values } = allOf([...bounds, checked])
  return { text: `${text} ORDER BY ${quoted(second)} ${upper ? 'DESC' : 'ASC'}`, values }
}
