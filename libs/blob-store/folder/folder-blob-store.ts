import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { access, type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { makeFolder } from '#libs/durable-files'
import { NotFound, TooLarge } from '#libs/event-sourcing'
import { BlobStore, type StoredBlob } from '../blob-store.js'

const HASH = /^[0-9a-f]{64}$/
/** Where content waits until it is whole. */
export const INCOMING = 'incoming'
/** An upload that has not moved for so long was cut off by a crash. */
const ABANDONED_MILLISECONDS = 24 * 3_600_000

/** Opens the blobs in a folder, which is made when missing. Several processes may share it. */
export function openFolderBlobStore(folder: string): FolderBlobStore {
  const incoming = resolve(folder, INCOMING)
  makeFolder(incoming)
  return new FolderBlobStore(folder)
}

/** Blobs as files `<first two digits>/<hash>`. A file has its name only once all its bytes are on the disk. */
export class FolderBlobStore extends BlobStore {
  constructor(private readonly folder: string) {
    super()
  }

  async put(content: Readable, limit: number): Promise<StoredBlob> {
    await this.sweep()
    const incoming = join(this.folder, INCOMING, randomUUID())
    try {
      const blob = await receive(content, limit, incoming)
      await this.keep(incoming, blob.hash)
      return blob
    } finally {
      await rm(incoming, { force: true })
    }
  }

  async get(hash: string): Promise<Readable> {
    const file = await this.openBlob(hash)
    const check = checkedAgainst(hash)
    // Errors reach the reader through `check`, which the pipeline destroys
    pipeline(file.createReadStream(), check).catch(() => {})
    return check
  }

  async has(hash: string): Promise<boolean> {
    if (!HASH.test(hash)) return false
    return access(this.path(hash)).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false
        throw error
      },
    )
  }

  async close(): Promise<void> {}

  /** Gives the file its name; content that is there already stays, as it is the same. */
  private async keep(incoming: string, hash: string): Promise<void> {
    const shelf = join(this.folder, hash.slice(0, 2))
    await mkdir(shelf, { recursive: true })
    if (!(await this.has(hash))) await rename(incoming, this.path(hash))
    // Also when they were there: whoever made them may not have come so far yet
    await syncFolder(shelf)
    await syncFolder(this.folder)
  }

  private async openBlob(hash: string): Promise<FileHandle> {
    const missing = () => new NotFound('BLOB.NOT_FOUND', `There is no blob ${hash}`)
    if (!HASH.test(hash)) throw missing()
    return open(this.path(hash)).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? missing() : error
    })
  }

  /** Removes what crashed processes left behind. */
  private async sweep(): Promise<void> {
    const incoming = join(this.folder, INCOMING)
    for (const name of await readdir(incoming)) {
      const path = join(incoming, name)
      const changed = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => Number.POSITIVE_INFINITY,
      )
      if (changed < Date.now() - ABANDONED_MILLISECONDS) await rm(path, { force: true })
    }
  }

  private path(hash: string): string {
    return join(this.folder, hash.slice(0, 2), hash)
  }
}

/** Writes the content to a new file, synced, while hashing and measuring it. */
async function receive(content: Readable, limit: number, path: string): Promise<StoredBlob> {
  const hash = createHash('sha256')
  let size = 0
  await pipeline(
    content,
    async function* (chunks: AsyncIterable<Buffer | string>) {
      for await (const chunk of chunks) {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
        size += bytes.length
        if (size > limit)
          throw new TooLarge('BLOB.TOO_LARGE', `The content has more than ${limit} bytes`, { limit })
        hash.update(bytes)
        yield bytes
      }
    },
    createWriteStream(path, { flags: 'wx', flush: true }),
  )
  return { hash: hash.digest('hex'), size }
}

/** Passes content on and fails at its end when it is not what the hash names: the disk or somebody changed it. */
function checkedAgainst(expected: string): Transform {
  const hash = createHash('sha256')
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
    flush(done) {
      done(hash.digest('hex') === expected ? null : new Error(`Blob ${expected} is damaged on disk`))
    },
  })
}

/** Makes the names in a folder durable (a file's own fsync does not). */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
