import { DatabaseSync } from '@photostructure/sqlite'

/** The SQLite that suites run on, with its version. */
export const SQLITE_SERVER = `SQLite ${versionOf()}`

function versionOf(): string {
  const database = new DatabaseSync(':memory:')
  try {
    return String(database.prepare('SELECT sqlite_version() AS version').get()?.version)
  } finally {
    database.close()
  }
}
