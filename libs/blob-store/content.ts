import { createHash } from 'node:crypto'
import { NotFound, TooLarge } from '#libs/event-sourcing'
import type { StoredBlob } from './blob-store.js'

/** What every store does to content on its way in and out. */

const HASH = /^[0-9a-f]{64}$/

/** Whether a text can be the name of a blob. */
export const isHash = (text: string) => HASH.test(text)

export const blobMissing = (hash: string) => new NotFound('BLOB.NOT_FOUND', `There is no blob ${hash}`)

/** Hashes and measures content that passes through. */
export class MeasuredContent {
  private readonly hash = createHash('sha256')
  private size = 0

  constructor(
    private readonly content: AsyncIterable<Buffer | string>,
    private readonly limit: number,
  ) {}

  /** @throws TooLarge `BLOB.TOO_LARGE` at the chunk that goes beyond the limit */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for await (const chunk of this.content) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      this.size += bytes.length
      if (this.size > this.limit)
        throw new TooLarge('BLOB.TOO_LARGE', `The content has more than ${this.limit} bytes`, {
          limit: this.limit,
        })
      this.hash.update(bytes)
      yield bytes
    }
  }

  /** Once all has passed. */
  result(): StoredBlob {
    return { hash: this.hash.digest('hex'), size: this.size }
  }
}

/** What is stored under a hash is not what the hash names. */
export class DamagedBlob extends Error {
  constructor(hash: string) {
    super(`Blob ${hash} is damaged: its content is another`)
  }
}

/** Passes content on and fails with `DamagedBlob` at its end when it is not what the hash names: the medium or somebody changed it. */
export async function* checkedAgainst(hash: string, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const seen = createHash('sha256')
  for await (const chunk of content) {
    seen.update(chunk)
    yield chunk
  }
  if (seen.digest('hex') !== hash) throw new DamagedBlob(hash)
}
