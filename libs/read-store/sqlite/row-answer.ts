import type { Fields, StoredDocument, StoredFields } from '../read-store.js'
import { type CollectionTable, quoted } from './collection-table.js'
import type { Connection, SqlValue } from './connection.js'
import type { Sql } from './filter-sql.js'

/** How the rows of an answer are read. */
export interface RowAnswer<Answered extends StoredFields> {
  /** What to select. @param row the row table, or how it is called in the statement */
  columns(row: string): string
  /** @param row these columns, perhaps with more behind them */
  read(row: readonly SqlValue[]): Answered
  /** All rows at once. @param rows selects the columns, and nothing else; of a column alone a null is no row */
  readAll(connection: Connection, rows: Sql): Answered[]
  /** All that is read besides the id, where these are columns. */
  fields?: Fields
}

/** Documents as they were stored. */
export function documentAnswer<Document>(): RowAnswer<StoredDocument<Document>> {
  return {
    columns: (row) => `${row}.id, ${row}.position, ${row}.stale, ${row}.document`,
    read: ([id, position, stale, document]) => ({
      id: id as string,
      position: position as string,
      document: JSON.parse(document as string) as Document,
      stale: stale === 1,
    }),
    readAll(connection, rows) {
      return connection.lists(rows.text, rows.values).map(this.read)
    },
  }
}

/** A row whose columns are written into one text. */
export const ROW = 'one_row'

type Values = readonly [id: string, ...SqlValue[]]

/**
 * Some columns of documents, which is quicker. They cross from SQLite as text, since the driver takes as long for each value as JSON
 * does for several.
 */
export function fieldsAnswer<Document>(
  table: CollectionTable,
  fields: Fields,
): RowAnswer<StoredFields<Document>> {
  const names = ['id', ...fields.map(quoted)]
  const isBoolean = fields.map((field) => table.schema.columns[field] === 'boolean')
  const answered = (values: Values): StoredFields<Document> => {
    const document: Record<string, unknown> = {}
    for (let place = 0; place < fields.length; place++) {
      const value = values[place + 1]
      if (value != null) document[fields[place] as string] = isBoolean[place] ? value === 1 : value
    }
    return { id: values[0], document: document as Document }
  }
  const columns = (row: string) => `json_array(${names.map((name) => `${row}.${name}`).join(', ')}) AS ${ROW}`
  return {
    fields,
    columns,
    read: ([text]) => answered(JSON.parse(text as string) as Values),
    readAll(connection, rows) {
      const [[all]] = connection.lists(`SELECT group_concat(${ROW}) FROM (${rows.text})`, rows.values) as [
        [string | null],
      ]
      return (JSON.parse(`[${all ?? ''}]`) as Values[]).map(answered)
    },
  }
}
