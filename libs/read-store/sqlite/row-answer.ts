import type { Fields, StoredDocument } from '../read-store.js'
import { type CollectionTable, quoted } from './collection-table.js'
import type { Connection, SqlValue } from './connection.js'
import type { Sql } from './filter-sql.js'

/** How the rows of an answer are read. */
export interface RowAnswer {
  /** What to select. @param row the row table, or how it is called in the statement */
  columns(row: string): string
  /** @param row these columns, perhaps with more behind them */
  read<Document>(row: readonly SqlValue[]): StoredDocument<Document>
  /** All rows at once, in no order. @param from what follows FROM */
  readAll<Document>(connection: Connection, row: string, from: Sql): StoredDocument<Document>[]
}

/** Documents as they were stored, or some columns of them, which is quicker. */
export function rowAnswer(table: CollectionTable, fields: Fields | undefined): RowAnswer {
  return fields === undefined ? WHOLE : fieldsAnswer(table, fields)
}

const WHOLE: RowAnswer = {
  columns: (row) => `${row}.id, ${row}.position, ${row}.stale, ${row}.document`,
  read: <Document>([id, position, stale, document]: readonly SqlValue[]) => ({
    id: id as string,
    position: position as string,
    document: JSON.parse(document as string) as Document,
    stale: stale === 1,
  }),
  readAll<Document>(connection: Connection, row: string, { text, values }: Sql) {
    return connection.lists(`SELECT ${this.columns(row)} FROM ${text}`, values).map(this.read<Document>)
  },
}

type Values = readonly [id: string, position: string, stale: number, ...SqlValue[]]

/** They cross from SQLite as text, since the driver takes as long for each value as JSON does for several. */
function fieldsAnswer(table: CollectionTable, fields: Fields): RowAnswer {
  const names = ['id', 'position', 'stale', ...fields.map(quoted)]
  const isBoolean = fields.map((field) => table.schema.columns[field] === 'boolean')
  const answered = <Document>(values: Values): StoredDocument<Document> => {
    const document: Record<string, unknown> = {}
    for (let place = 0; place < fields.length; place++) {
      const value = values[place + 3]
      if (value != null) document[fields[place] as string] = isBoolean[place] ? value === 1 : value
    }
    const [id, position, stale] = values
    return { id, position, document: document as Document, stale: stale === 1 }
  }
  const columns = (row: string) => `json_array(${names.map((name) => `${row}.${name}`).join(', ')})`
  return {
    columns,
    read: <Document>([text]: readonly SqlValue[]) => answered<Document>(JSON.parse(text as string) as Values),
    readAll<Document>(connection: Connection, row: string, { text, values }: Sql) {
      const [[all]] = connection.lists(`SELECT json_group_array(${columns(row)}) FROM ${text}`, values) as [
        [string],
      ]
      return (JSON.parse(all) as Values[]).map(answered<Document>)
    },
  }
}
