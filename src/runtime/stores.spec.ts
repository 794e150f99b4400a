import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError } from '#libs/platform/configuration'
import { openEventStore } from './stores.js'

describe('The data folder', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-stores-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is made when the log is begun', async () => {
    const dataDir = join(folder, 'a/b')
    const store = await openEventStore({ dataDir })
    await store.close()
    expect(existsSync(join(dataDir, 'log.db'))).toBe(true)
  })

  it('that cannot be made is a fault of the configuration, which is told at once', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    for (const dataDir of ['/proc/ledgerdesk', join(file, 'data')]) {
      const opened = openEventStore({ dataDir })
      await expect(opened).rejects.toBeInstanceOf(ConfigurationError)
      await expect(opened).rejects.toThrow(`LEDGERDESK_DATA_DIR=${dataDir}`)
    }
  })
})
