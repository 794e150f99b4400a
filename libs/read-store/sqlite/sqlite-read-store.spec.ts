import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readStoreContract } from '../read-store.contract.js'
import { openSqliteReadStore } from './index.js'

readStoreContract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'read store #'))
  return {
    open: async () => openSqliteReadStore({ folder }),
    destroy: async () => rmSync(folder, { recursive: true }),
  }
})
