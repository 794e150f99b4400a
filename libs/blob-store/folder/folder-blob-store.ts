import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { access, type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { makeFolder } from '#libs/durable-files'
import { BlobStore, type StoredBlob } from '../blob-store.js'
import { blobMissing, checkedAgainst, isHash, MeasuredContent } from '../content.js'

/** Where content waits until it is whole. */
export const INCOMING = 'incoming'
/** An upload that has not moved for so long was cut off by a crash. */
const ABANDONED_MILLISECONDS = 24 * 3_600_000

/**
 * Opens the blobs in a folder. Several processes may share it.
 * @param options `readOnly`: nothing will be put; a folder that is missing is not made then, and has no blobs
 */
export function openFolderBlobStore(folder: string, { readOnly = false } = {}): FolderBlobStore {
  if (!readOnly) makeFolder(resolve(folder, INCOMING))
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
    return Readable.from(checkedAgainst(hash, file.createReadStream()), { objectMode: false })
  }

  async has(hash: string): Promise<boolean> {
    if (!isHash(hash)) return false
    return access(this.path(hash)).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false
        throw error
      },
    )
  }

  /** Hashes of all blobs that are there. */
  async *hashes(): AsyncGenerator<string> {
    for (const shelf of await readdir(this.folder)) {
      if (!/^[0-9a-f]{2}$/.test(shelf)) continue
      for (const name of await readdir(join(this.folder, shelf))) if (isHash(name)) yield name
    }
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
    if (!isHash(hash)) throw blobMissing(hash)
    return open(this.path(hash)).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? blobMissing(hash) : error
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
  const measured = new MeasuredContent(content, limit)
  await pipeline(measured, createWriteStream(path, { flags: 'wx', flush: true }))
  return measured.result()
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
