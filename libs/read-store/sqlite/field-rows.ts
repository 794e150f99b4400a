import type { Filter } from '../filter.js'
import type { Fields, FieldsQuery } from '../read-store.js'
import { type CollectionTable, quoted } from './collection-table.js'
import type { Connection, SqlValue } from './connection.js'
import { filterSql, type Sql, sql } from './filter-sql.js'
import { narrowestDriver, type RowSource, rowDrivers, sourcesOf } from './row-drivers.js'
import { rowPerListedKeySql } from './row-per-key.js'

export interface FieldRows extends Omit<FieldsQuery, 'filter'> {
  table: CollectionTable
  /** Simplified. */
  filter: Filter
  fields: Fields
}

/** A row as it crosses from SQLite. */
type Values = readonly [n: number, ...SqlValue[]]

/**
 * Some columns of all rows that satisfy a filter. They cross from SQLite as one text for each way to find them, since the driver
 * takes as long for each value as JSON does for several; and candidates are counted while they are read.
 * @returns undefined where there are too many candidates
 */
export function fieldRows<Document>(connection: Connection, wanted: FieldRows): Document[] | undefined {
  const { table, filter, fields, onePer, atMost } = wanted
  if (filter.kind === 'false') return []
  const row = `json_array(${['n', ...fields.map(quoted)].join(', ')})`
  const perKey =
    onePer === undefined ? undefined : rowPerListedKeySql({ table, key: onePer, filter }, row, atMost)
  const texts = perKey ? [readAll(connection, perKey)] : readSources(connection, wanted, row)
  return texts && documentsOf<Document>(texts, table, fields)
}

/** JSON texts in a column `row`, put together; null of none. */
function readAll(connection: Connection, { text, values }: Sql): string | null {
  const [[all]] = connection.lists(`SELECT group_concat(row) FROM (${text})`, values) as [[string | null]]
  return all
}

function readSources(
  connection: Connection,
  { table, filter, atMost }: FieldRows,
  row: string,
): (string | null)[] | undefined {
  const texts: (string | null)[] = []
  let left = atMost
  const sources = sourcesFor(connection, table, filter, atMost)
  if (!sources) return undefined
  for (const { from, candidates, rest } of sources) {
    const some = `SELECT iif(${rest.text}, ${row}, NULL) AS row FROM ${from} WHERE ${candidates.text} LIMIT ?`
    const values = [...rest.values, ...candidates.values, left + 1]
    const read = connection.lists(`SELECT group_concat(row), count(*) FROM (${some})`, values)
    const [[text, count]] = read as [[string | null, number]]
    left -= count
    if (left < 0) return undefined
    texts.push(text)
  }
  return texts
}

/** Undefined: every way to find them has too many candidates. They are counted only where one must choose. */
function sourcesFor(
  connection: Connection,
  table: CollectionTable,
  filter: Filter,
  atMost: number,
): readonly RowSource[] | undefined {
  const drivers = rowDrivers(table, filter)
  if (drivers.length === 0)
    return [{ from: table.table, candidates: sql('1'), rest: filterSql(table, filter) }]
  const [only, ...others] = drivers.filter(({ open }) => !open)
  const driver = only && others.length === 0 ? only : narrowestDriver(connection, drivers, atMost)
  return driver && sourcesOf(table, filter, driver)
}

/** A row may come by several ways, and is told once. */
function documentsOf<Document>(
  texts: readonly (string | null)[],
  table: CollectionTable,
  fields: Fields,
): Document[] {
  const decoders = fields.map((field) => table.decoder(field))
  const seen = new Set<number>()
  const documents: Document[] = []
  for (const values of JSON.parse(`[${texts.filter(Boolean).join()}]`) as Values[]) {
    if (seen.has(values[0])) continue
    seen.add(values[0])
    const document: Record<string, unknown> = {}
    for (let place = 0; place < fields.length; place++) {
      const value = values[place + 1]
      if (value == null) continue
      const decode = decoders[place]
      document[fields[place] as string] = decode ? decode(value) : value
    }
    documents.push(document as Document)
  }
  return documents
}
