import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { type Db, GridFSBucket, MongoClient, ObjectId } from 'mongodb'
import { databaseName } from '#libs/mongodb'
import { dropNamespace, freshNamespace, onMongodb, serverName } from '../../testing/mongodb-servers.js'
import { blobStoreContract } from '../blob-store.contract.js'
import { DamagedBlob } from '../content.js'
import { type GridfsBlobStore, openGridfsBlobStore } from './index.js'

/** Files, and what no file accounts for. */
async function countStored(database: Db): Promise<number> {
  const files = await database.collection('blobs.files').find().toArray()
  const known = new Set(files.map(({ _id }) => String(_id)))
  const chunks = await database.collection('blobs.chunks').find().project({ files_id: 1 }).toArray()
  const remains = new Set(chunks.map(({ files_id }) => String(files_id)).filter((id) => !known.has(id)))
  return files.length + remains.size + (await database.collection('blobs.uploads').countDocuments())
}

onMongodb('GridfsBlobStore', (server) => {
  blobStoreContract('GridFS', async () => {
    const namespace = freshNamespace()
    const client = new MongoClient(server.url)
    return {
      server: await serverName(server),
      open: async () => openGridfsBlobStore({ url: server.url, namespace }),
      countStored: () => countStored(client.db(databaseName(namespace))),
      destroy: async () => {
        await client.close()
        await dropNamespace(server, namespace)
      },
    }
  })

  describe('Blobs in GridFS', () => {
    let namespace: string
    let client: MongoClient
    let database: Db
    let store: GridfsBlobStore
    beforeEach(() => {
      namespace = freshNamespace()
      client = new MongoClient(server.url)
      database = client.db(databaseName(namespace))
      store = openGridfsBlobStore({ url: server.url, namespace })
    })
    afterEach(async () => {
      await store.close()
      await client.close()
      await dropNamespace(server, namespace)
    })

    it('are files that any GridFS tool finds by their hash', async () => {
      const { hash, size } = await store.put(Readable.from(['hello']), 9)
      const bucket = new GridFSBucket(database, { bucketName: 'blobs' })
      expect(await bucket.find({ filename: hash }).toArray()).toMatchObject([{ length: size }])
      expect((await buffer(bucket.openDownloadStreamByName(hash))).toString()).toBe('hello')
    })

    it('keep the file that is there when the same content comes again', async () => {
      const { hash } = await store.put(Readable.from(['hello']), 9)
      const files = () => database.collection('blobs.files').find({ filename: hash }).toArray()
      const before = await files()
      await store.put(Readable.from(['hello']), 9)
      expect(await files()).toEqual(before)
    })

    it('span chunks', async () => {
      const content = Buffer.alloc(700_000, 'abc')
      const { hash } = await store.put(Readable.from([content]), 1e6)
      expect(await database.collection('blobs.chunks').countDocuments()).toBe(3)
      expect(await buffer(await store.get(hash))).toEqual(content)
    })

    it('fail at the end when they were changed in the database', async () => {
      const { hash } = await store.put(Readable.from(['hello']), 9)
      await database.collection('blobs.chunks').updateOne({}, { $set: { data: Buffer.from('hallo') } })
      await expect(buffer(await store.get(hash))).rejects.toThrow(DamagedBlob)
    })

    it.each([
      ['a chunk', 'blobs.chunks', { n: 0 }],
      ['the last chunk', 'blobs.chunks', { n: 2 }],
      ['all chunks', 'blobs.chunks', {}],
      ['the file', 'blobs.files', {}],
    ])('fail when the database has lost %s of them', async (_what, collection, filter) => {
      const { hash } = await store.put(Readable.from([Buffer.alloc(700_000, 'abc')]), 1e6)
      await database.collection(collection).deleteMany(filter)
      await expect(buffer(await store.get(hash))).rejects.toThrow(DamagedBlob)
    })

    it('lose uploads that a crash left behind a day ago, and no others', async () => {
      const { hash } = await store.put(Readable.from(['kept']), 9)
      const leave = async (hours: number) => {
        const _id = new ObjectId()
        await database.collection('blobs.chunks').insertOne({ files_id: _id, n: 0, data: Buffer.from('x') })
        const at = new Date(Date.now() - hours * 3_600_000)
        await database.collection<{ _id: ObjectId; at: Date }>('blobs.uploads').insertOne({ _id, at })
      }
      await leave(25)
      await leave(23)
      // One that was named, but died before it had forgotten its upload
      const [file] = await database.collection('blobs.files').find({ filename: hash }).toArray()
      const at = new Date(Date.now() - 25 * 3_600_000)
      await database
        .collection<{ _id: ObjectId; at: Date }>('blobs.uploads')
        .insertOne({ _id: file!._id as ObjectId, at })
      await store.put(Readable.from(['other']), 9)
      expect(await database.collection('blobs.uploads').countDocuments()).toBe(1)
      // Two files, and the recent upload with its chunk
      expect(await countStored(database)).toBe(4)
      expect((await buffer(await store.get(hash))).toString()).toBe('kept')
    })
  })
})
