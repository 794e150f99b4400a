import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteReadStore, type SqliteReadStore } from '#libs/read-store/sqlite'

export interface TemporaryReadStore {
  readonly store: SqliteReadStore
  readonly folder: string
  /** Closes the store and removes its files. */
  dispose(): Promise<void>
}

/** An empty read store in a folder of its own. */
export function temporaryReadStore(): TemporaryReadStore {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-read-'))
  const store = openSqliteReadStore({ folder })
  return {
    store,
    folder,
    async dispose() {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
