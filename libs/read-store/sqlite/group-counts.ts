import { checkCounting, coveringCounts, DAY_LENGTH, parseDimension } from '../collection-rules.js'
import type { Filter } from '../filter.js'
import type { GroupCount } from '../read-store.js'
import { type CollectionTable, type CountTable, quoted } from './collection-table.js'
import type { Connection, SqlValue } from './connection.js'
import { allOf, filterSql, type Sql } from './filter-sql.js'
import { narrowestDriver, rowDrivers } from './row-drivers.js'

/** How many documents each combination gained or lost in a batch. */
export class CountDeltas {
  private readonly deltas = new Map<CountTable, Map<string, { values: SqlValue[]; change: number }>>()

  /** A document's column values changed; undefined: it did not exist, or no longer does. */
  change(
    table: CollectionTable,
    old: readonly SqlValue[] | undefined,
    now: readonly SqlValue[] | undefined,
  ): void {
    for (const counts of table.counts) {
      if (old && now && counts.parts.every(({ place }) => old[place] === now[place])) continue
      if (old) this.add(counts, combination(counts, old), -1)
      if (now) this.add(counts, combination(counts, now), 1)
    }
  }

  private add(counts: CountTable, values: SqlValue[], change: number): void {
    const deltas = this.deltas.get(counts) ?? new Map<string, { values: SqlValue[]; change: number }>()
    this.deltas.set(counts, deltas)
    const key = JSON.stringify(values)
    const known = deltas.get(key)
    if (known) known.change += change
    else deltas.set(key, { values, change })
  }

  write(connection: Connection): void {
    for (const [counts, deltas] of this.deltas)
      for (const [key, { values, change }] of deltas)
        if (change !== 0) writeDelta(connection, counts, key, values, change)
  }
}

function combination({ parts }: CountTable, values: readonly SqlValue[]): SqlValue[] {
  return parts.map(({ place, day }) => {
    const value = values[place] ?? null
    return day && typeof value === 'string' ? value.slice(0, DAY_LENGTH) : value
  })
}

function writeDelta(
  connection: Connection,
  { name, dimensions }: CountTable,
  key: string,
  values: readonly SqlValue[],
  change: number,
): void {
  connection.run(
    `INSERT INTO ${name} (key, count, ${dimensions.map(quoted).join(', ')}) VALUES (?, ?${', ?'.repeat(dimensions.length)})
     ON CONFLICT (key) DO UPDATE SET count = count + excluded.count`,
    [key, change, ...values],
  )
  if (change < 0) connection.run(`DELETE FROM ${name} WHERE key = ? AND count = 0`, [key])
}

/** Counts every document anew, after a bulk load. */
export function recount(connection: Connection, table: CollectionTable): void {
  for (const counts of table.counts) {
    connection.exec(`DELETE FROM ${counts.name}`)
    const dimensions = counts.dimensions.map((dimension, i) => ({
      text: expression(dimension),
      name: `d${i}`,
    }))
    const rows = connection.all<Record<string, SqlValue>>(
      `SELECT count(*) AS count, ${dimensions.map(({ text, name }) => `${text} AS ${name}`).join(', ')}
       FROM ${table.table} GROUP BY ${dimensions.map(({ name }) => name).join(', ')}`,
    )
    for (const row of rows) {
      const values = dimensions.map(({ name }) => row[name] ?? null)
      writeDelta(connection, counts, JSON.stringify(values), values, row.count as number)
    }
  }
}

function expression(dimension: string): string {
  const { column, day } = parseDimension(dimension)
  return day ? `substr(${quoted(column)}, 1, ${DAY_LENGTH})` : quoted(column)
}

/** Documents per combination of dimensions: from materialised counts when some cover the question, else by index. */
export function groupRows(
  connection: Connection,
  table: CollectionTable,
  dimensions: readonly string[],
  filter: Filter,
): GroupCount[] {
  const counts = coveringCounts(table.counts, dimensions, filter)
  checkCounting(table.schema, dimensions, filter, counts)
  const chosen = dimensions.map((dimension, i) => ({
    text: counts?.dimensions.includes(dimension) ? quoted(dimension) : expression(dimension),
    name: `d${i}`,
  }))
  const condition = counts ? filterSql(table, filter) : driven(connection, table, filter)
  const selected = chosen.map(({ text, name }) => `, ${text} AS ${name}`).join('')
  const groups = chosen.length > 0 ? `GROUP BY ${chosen.map(({ name }) => name).join(', ')}` : ''
  const rows = connection.all<Record<string, SqlValue>>(
    `SELECT ${counts ? 'coalesce(sum(count), 0)' : 'count(*)'} AS count${selected}
     FROM ${counts?.name ?? table.table} WHERE ${condition.text} ${groups}`,
    condition.values,
  )
  return rows.map((row) => ({
    values: dimensions.map((dimension, i) => {
      const value = row[`d${i}`] ?? null
      const decode = table.decoder(dimension)
      return value !== null && decode ? decode(value) : value
    }),
    count: row.count as number,
  }))
}

/** Rows that are counted by looking each of them up; more are found faster by one walk over all. */
const MOST_LOOKED_UP = 10_000

/** The filter with the narrowest way to its rows, where SQLite, which has no statistics, would walk over all of them. */
function driven(connection: Connection, table: CollectionTable, filter: Filter): Sql {
  const driver = narrowestDriver(connection, rowDrivers(table, filter), MOST_LOOKED_UP)
  if (!driver) return filterSql(table, filter)
  const { text, values } = driver.rows()
  return allOf([{ text: `n IN (${text})`, values }, filterSql(table, filter, { checkOnly: true })])
}

export function countRows(connection: Connection, table: CollectionTable, filter: Filter): number {
  return groupRows(connection, table, [], filter)[0]?.count ?? 0
}
