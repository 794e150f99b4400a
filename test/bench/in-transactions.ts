import type { DatabaseSync } from '@photostructure/sqlite'

const ROWS_PER_TRANSACTION = 4_096

/** Writes rows as a bulk load does: many to a transaction, which are synced together. */
export function inTransactions<Row>(
  database: InstanceType<typeof DatabaseSync>,
  rows: readonly Row[],
  write: (row: Row) => void,
): void {
  for (let at = 0; at < rows.length; at += ROWS_PER_TRANSACTION) {
    database.exec('BEGIN')
    for (const row of rows.slice(at, at + ROWS_PER_TRANSACTION)) write(row)
    database.exec('COMMIT')
  }
}
