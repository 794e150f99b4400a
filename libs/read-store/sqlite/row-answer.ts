import type { Fields, StoredDocument } from '../read-store.js'
import { type CollectionTable, quoted } from './collection-table.js'
import type { SqlValue } from './connection.js'

/** How the rows of an answer are read. */
export interface RowAnswer {
  /** What to select. @param row the row table, or how it is called in the statement */
  columns(row: string): string
  /** @param row these columns, perhaps with more behind them */
  read<Document>(row: readonly SqlValue[]): StoredDocument<Document>
}

const WHOLE: RowAnswer = {
  columns: (row) => `${row}.id, ${row}.position, ${row}.stale, ${row}.document`,
  read: <Document>([id, position, stale, document]: readonly SqlValue[]) => ({
    id: id as string,
    position: position as string,
    document: JSON.parse(document as string) as Document,
    stale: stale === 1,
  }),
}

/**
 * Documents as they were stored; or some columns of them, which is quicker: they cross from SQLite as one text per row, since the
 * driver takes longer for each further value than either side for such a text.
 */
export function rowAnswer(table: CollectionTable, fields: Fields | undefined): RowAnswer {
  if (fields === undefined) return WHOLE
  const columns = ['id', 'position', 'stale', ...fields.map(quoted)]
  return {
    columns: (row) => `json_array(${columns.map((column) => `${row}.${column}`).join(', ')})`,
    read<Document>([text]: readonly SqlValue[]) {
      const [id, position, stale, ...values] = JSON.parse(text as string) as [
        string,
        string,
        number,
        ...SqlValue[],
      ]
      const document: Record<string, unknown> = {}
      fields.forEach((field, place) => {
        const value = values[place] as SqlValue | undefined
        if (value != null) document[field] = table.decode(field, value)
      })
      return { id, position, document: document as Document, stale: stale === 1 }
    },
  }
}
