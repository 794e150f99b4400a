import { Readable } from 'node:stream'
import {
  type Collection,
  GridFSBucket,
  type GridFSBucketWriteStream,
  MongoGridFSChunkError,
  MongoRuntimeError,
  MongoServerError,
  ObjectId,
} from 'mongodb'
import { MongodbConnection, type MongodbOptions } from '#libs/mongodb'
import { BlobStore, type StoredBlob } from '../blob-store.js'
import { blobMissing, checkedAgainst, DamagedBlob, isHash, MeasuredContent } from '../content.js'

/** An upload that began so long ago was cut off by a crash. */
const ABANDONED_MILLISECONDS = 24 * 3_600_000

/** A file may be named by an event, so it must survive the server's crash and a fail-over. */
const DURABLY = { writeConcern: { w: 'majority', journal: true } } as const

const DUPLICATE_KEY = 11000

/** Which file holds the content of a hash: inserting it decides which of several uploads of the same content is kept. */
interface NameDocument {
  /** SHA-256, lower-case hex. */
  _id: string
  file: ObjectId
  size: number
  /** Of the latest upload of this content. */
  at: Date
}

/** An upload under way, so that what a crash leaves can be found. */
interface UploadDocument {
  /** Of the file. */
  _id: ObjectId
  at: Date
}

/** Opens the blobs of an instance. Connects when first used. */
export function openGridfsBlobStore(options: MongodbOptions): GridfsBlobStore {
  return new GridfsBlobStore(options)
}

/** Blobs in GridFS (https://www.mongodb.com/docs/manual/core/gridfs/), bucket `blobs`: each file's name is its content's hash. */
export class GridfsBlobStore extends BlobStore {
  private readonly connection: MongodbConnection
  private readonly bucket: GridFSBucket
  private readonly names: Collection<NameDocument>
  private readonly uploads: Collection<UploadDocument>

  constructor(options: MongodbOptions) {
    super()
    this.connection = new MongodbConnection(options, 'BLOB_STORE.UNAVAILABLE')
    const { database } = this.connection
    this.bucket = new GridFSBucket(database, { bucketName: 'blobs', ...DURABLY })
    this.names = database.collection('blobs.names')
    this.uploads = database.collection('blobs.uploads')
  }

  put(content: Readable, limit: number): Promise<StoredBlob> {
    return this.connection.runSteps(async () => {
      try {
        await this.sweep()
        const file = new ObjectId()
        await this.uploads.insertOne({ _id: file, at: new Date() })
        const blob = await this.receive(content, limit, file)
        if (!(await this.name(blob, file))) await this.bucket.delete(file)
        await this.uploads.deleteOne({ _id: file })
        return blob
      } finally {
        content.destroy()
      }
    })
  }

  get(hash: string): Promise<Readable> {
    return this.connection.run(async () => {
      const found = isHash(hash) ? await this.names.findOne({ _id: hash }) : null
      if (!found) throw blobMissing(hash)
      const content = checkedAgainst(hash, this.download(found.file, hash))
      return Readable.from(content, { objectMode: false })
    })
  }

  has(hash: string): Promise<boolean> {
    return this.connection.run(
      async () =>
        isHash(hash) && (await this.names.findOne({ _id: hash }, { projection: { _id: 1 } })) !== null,
    )
  }

  close(): Promise<void> {
    return this.connection.close()
  }

  /** Uploads one chunk after the other, so that nothing is under way when what was uploaded must go. */
  private async receive(content: Readable, limit: number, file: ObjectId): Promise<StoredBlob> {
    const measured = new MeasuredContent(content, limit)
    const upload = this.bucket.openUploadStreamWithId(file, '')
    // Each step's own callback tells of it
    upload.on('error', () => {})
    try {
      for await (const bytes of measured) await written(upload, bytes)
      const blob = measured.result()
      upload.filename = blob.hash
      await ended(upload)
      return blob
    } catch (error) {
      await upload.abort().then(
        () => this.uploads.deleteOne({ _id: file }),
        // The server is away: the sweep will find it
        () => undefined,
      )
      throw error
    }
  }

  /** @returns false when the content has a file already */
  private async name({ hash, size }: StoredBlob, file: ObjectId): Promise<boolean> {
    const at = new Date()
    try {
      await this.names.insertOne({ _id: hash, file, size, at }, DURABLY)
      return true
    } catch (error) {
      if (!(error instanceof MongoServerError) || error.code !== DUPLICATE_KEY) throw error
    }
    // Whoever named it may not know yet whether that is durable. What is written after it is durable after it.
    await this.names.updateOne({ _id: hash }, { $set: { at } }, DURABLY)
    return false
  }

  private async *download(file: ObjectId, hash: string): AsyncGenerator<Buffer> {
    try {
      yield* this.bucket.openDownloadStream(file)
    } catch (error) {
      throw isRemains(error) ? new DamagedBlob(hash) : this.connection.explained(error)
    }
  }

  /** Removes what crashed processes left behind: files that have no name. */
  private async sweep(): Promise<void> {
    const abandoned = { at: { $lt: new Date(Date.now() - ABANDONED_MILLISECONDS) } }
    for (const { _id } of await this.uploads.find(abandoned).toArray()) {
      const file = await this.bucket.find({ _id }).next()
      const name = file && (await this.names.findOne({ _id: file.filename }))
      if (!name?.file.equals(_id)) await this.remove(_id, file !== null)
      await this.uploads.deleteOne({ _id })
    }
  }

  private async remove(file: ObjectId, whole: boolean): Promise<void> {
    try {
      await this.bucket.delete(file)
    } catch (error) {
      // It removes chunks that have no file, and then complains that there was none
      if (whole || !(error instanceof MongoRuntimeError)) throw error
    }
  }
}

function written(upload: GridFSBucketWriteStream, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) =>
    upload.write(bytes, (error?: Error | null) => (error ? reject(error) : resolve())),
  )
}

function ended(upload: GridFSBucketWriteStream): Promise<void> {
  return new Promise((resolve, reject) => {
    upload.once('error', reject)
    upload.end((error?: Error | null) => (error ? reject(error) : resolve()))
  })
}

/** Its name is there, but not all of its file is: the driver finds no file, or a gap in its chunks. */
function isRemains(error: unknown): boolean {
  if (error instanceof MongoGridFSChunkError) return true
  return error instanceof MongoRuntimeError && (error as { code?: unknown }).code === 'ENOENT'
}
