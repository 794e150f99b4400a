import type { StoredDocument } from '../read-store.js'
import type { SqlValue } from './connection.js'

const COLUMNS = ['id', 'position', 'stale', 'document']

/** What to select to read a document. */
export const DOCUMENT_COLUMNS = COLUMNS.join(', ')

/** The same of one of several tables. @param row the row table, or how it is called in the statement */
export const documentColumns = (row: string) => COLUMNS.map((column) => `${row}.${column}`).join(', ')

/** @param row the {@link documentColumns}, perhaps with more behind them */
export function readDocument<Document>([id, position, stale, document]: readonly SqlValue[]) {
  return {
    id: id as string,
    position: position as string,
    document: JSON.parse(document as string) as Document,
    stale: stale === 1,
  } satisfies StoredDocument<Document>
}
