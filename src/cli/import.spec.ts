import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataPaths } from '../runtime/stores.js'
import { importCommand } from './import.js'

describe('an import of what cannot be read', () => {
  const environment = { ...process.env }
  let dataDir: string
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'ledgerdesk-import-'))
    process.env = { ...environment, LEDGERDESK_DATA_DIR: dataDir }
  })
  afterEach(() => {
    process.env = { ...environment }
    rmSync(dataDir, { recursive: true })
  })

  it.each([
    ['a file', []],
    ['a folder', ['--mapping', 'ansible-inventory-history']],
  ])('begins no log: %s that is not there', async (_, options) => {
    const missing = join(dataDir, 'none')
    const imported = importCommand().parseAsync([missing, ...options], { from: 'user' })
    await expect(imported).rejects.toMatchObject({ code: 'IMPORT.FILE_UNREADABLE' })
    expect(existsSync(dataPaths({ dataDir }).log)).toBe(false)
  })
})
