import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  openSqliteEventStore,
  type SqliteEventStore,
  type SqliteEventStoreOptions,
} from '#libs/event-store/sqlite'

export interface TemporaryEventStore {
  readonly store: SqliteEventStore
  /** The log's file, to open it a second time. */
  readonly file: string
  /** Closes the store and removes its files. */
  dispose(): Promise<void>
}

/** An empty log of its own, in a folder of its own. */
export async function temporaryEventStore(
  options: Omit<SqliteEventStoreOptions, 'file'> = {},
): Promise<TemporaryEventStore> {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-log-'))
  const file = join(folder, 'log.sqlite')
  const store = await openSqliteEventStore({ ...options, file })
  return {
    store,
    file,
    async dispose() {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
