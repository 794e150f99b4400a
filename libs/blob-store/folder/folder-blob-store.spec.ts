import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { blobStoreContract } from '../blob-store.contract.js'
import { DamagedBlob } from '../content.js'
import { openFolderBlobStore } from './index.js'

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  )

blobStoreContract('A folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'blobs '))
  return {
    server: 'a folder',
    open: async () => openFolderBlobStore(folder),
    countStored: async () => filesIn(folder).length,
    destroy: async () => rmSync(folder, { recursive: true }),
  }
})

describe('A folder of blobs', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'blobs '))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('keeps the file that is there when the same content comes again', async () => {
    const store = openFolderBlobStore(folder)
    const { hash } = await store.put(Readable.from(['hello']), 9)
    const path = join(folder, hash.slice(0, 2), hash)
    const { ino } = statSync(path)
    await store.put(Readable.from(['hello']), 9)
    expect(statSync(path).ino).toBe(ino)
  })

  it('fails at the end of a blob that was changed on disk', async () => {
    const store = openFolderBlobStore(folder)
    const { hash } = await store.put(Readable.from(['hello']), 9)
    expect((await buffer(await store.get(hash))).toString()).toBe('hello')
    writeFileSync(join(folder, hash.slice(0, 2), hash), 'hallo')
    await expect(buffer(await store.get(hash))).rejects.toThrow(DamagedBlob)
  })

  it('removes uploads that a crash left behind a day ago, and no others', async () => {
    const store = openFolderBlobStore(folder)
    const [old, recent] = ['old', 'recent'].map((name) => join(folder, 'incoming', name)) as [string, string]
    writeFileSync(old, 'x')
    writeFileSync(recent, 'x')
    utimesSync(old, new Date(), new Date(Date.now() - 25 * 3_600_000))
    await store.put(Readable.from(['hello']), 9)
    expect(readdirSync(join(folder, 'incoming'))).toEqual(['recent'])
  })
})
