import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { recordSuite } from '../testing/suite-record.js'
import type { BlobStore } from './blob-store.js'

/** What a contract run needs of an adapter. */
export interface BlobStoreUnderTest {
  /** Another client of the same blobs: another process's. */
  open(): Promise<BlobStore>
  /** How many blobs and unfinished remains the medium holds. */
  countStored(): Promise<number>
  /** What it runs on, with the version. */
  server: string
  destroy(): Promise<void>
}

const sha256 = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex')

/** The promises of the BlobStore port, run against an adapter. */
export function blobStoreContract(name: string, setUp: () => Promise<BlobStoreUnderTest>): void {
  const title = `${name} as a BlobStore`
  describe(title, () => {
    let system: BlobStoreUnderTest
    let store: BlobStore

    beforeEach(async () => {
      system = await setUp()
      store = await system.open()
    })
    afterEach(async () => {
      await store.close()
      await system.destroy()
    })
    recordSuite(title, () => ({ adapter: store, server: system.server }))

    it('keeps content under its hash, for other clients too', async () => {
      const blob = await store.put(Readable.from([Buffer.from('Hello '), Buffer.from('world')]), 100)
      expect(blob).toEqual({ hash: sha256('Hello world'), size: 11 })
      const other = await system.open()
      expect(await other.has(blob.hash)).toBe(true)
      expect((await buffer(await other.get(blob.hash))).toString()).toBe('Hello world')
      await other.close()
    })

    it('gives back what it was given, however it was cut', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 5_000 })), async (chunks) => {
          const whole = Buffer.concat(chunks)
          const { hash, size } = await store.put(
            Readable.from(chunks.map((chunk) => Buffer.from(chunk))),
            1e6,
          )
          expect({ hash, size }).toEqual({ hash: sha256(whole), size: whole.length })
          expect(await buffer(await store.get(hash))).toEqual(whole)
        }),
        { numRuns: 25 },
      )
    })

    it('keeps the same content once, also when many put it at a time', async () => {
      const content = Buffer.alloc(300_000, 'x')
      const blobs = await Promise.all(
        Array.from({ length: 8 }, () => store.put(Readable.from([content]), 1e6)),
      )
      expect(new Set(blobs.map(({ hash }) => hash)).size).toBe(1)
      expect(await system.countStored()).toBe(1)
      expect(await buffer(await store.get(sha256(content)))).toEqual(content)
    })

    it('takes content up to the limit, and keeps nothing of more', async () => {
      const chunks = () => Readable.from([Buffer.alloc(60, 'a'), Buffer.alloc(40, 'b')])
      await expect(store.put(chunks(), 99)).rejects.toMatchObject({
        name: 'TooLarge',
        code: 'BLOB.TOO_LARGE',
      })
      expect(await system.countStored()).toBe(0)
      expect((await store.put(chunks(), 100)).size).toBe(100)
      expect(await system.countStored()).toBe(1)
    })

    it('stops reading at the limit', async () => {
      let produced = 0
      const endless = Readable.from(
        (function* () {
          for (; produced < 10_000; produced++) yield Buffer.alloc(1_000)
        })(),
      )
      await expect(store.put(endless, 50_000)).rejects.toMatchObject({ code: 'BLOB.TOO_LARGE' })
      expect(endless.destroyed).toBe(true)
      expect(produced).toBeLessThan(1_000)
    })

    it('keeps nothing of content that breaks off', async () => {
      const broken = Readable.from(
        (function* () {
          yield Buffer.from('half')
          throw new Error('connection lost')
        })(),
      )
      await expect(store.put(broken, 100)).rejects.toThrow('connection lost')
      expect(await store.has(sha256('half'))).toBe(false)
      expect(await system.countStored()).toBe(0)
    })

    it('keeps empty content', async () => {
      const { hash, size } = await store.put(Readable.from([]), 0)
      expect(size).toBe(0)
      expect(await buffer(await store.get(hash))).toHaveLength(0)
    })

    it('knows what it does not have, and takes no path for a hash', async () => {
      for (const hash of [sha256('nothing'), '', 'x', '../../etc/passwd', sha256('nothing').toUpperCase()]) {
        expect(await store.has(hash)).toBe(false)
        await expect(store.get(hash)).rejects.toMatchObject({ name: 'NotFound', code: 'BLOB.NOT_FOUND' })
      }
    })
  })
}
