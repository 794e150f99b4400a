import type { Readable } from 'node:stream'

export interface StoredBlob {
  /** SHA-256 of the content, lower-case hex: its name. */
  hash: string
  /** Bytes. */
  size: number
}

/** Attachments, named by the hash of their content: the same content is kept once and cannot be swapped unseen. */
export abstract class BlobStore {
  /**
   * Keeps the content; durable when it resolves, so that the event that names it may be appended after.
   * @throws TooLarge `BLOB.TOO_LARGE` beyond `limit` bytes; nothing is kept then
   */
  abstract put(content: Readable, limit: number): Promise<StoredBlob>
  /**
   * The stream fails with `DamagedBlob` at its end when the content is not what the hash names.
   * @throws NotFound `BLOB.NOT_FOUND`
   */
  abstract get(hash: string): Promise<Readable>
  abstract has(hash: string): Promise<boolean>
  abstract close(): Promise<void>
}
