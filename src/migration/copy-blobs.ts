import type { BlobStore } from '#libs/blob-store'
import type { FolderBlobStore } from '#libs/blob-store/folder'

export interface BlobsCopied {
  /** How many the source has. */
  readonly blobs: number
  /** Hashes of blobs that are damaged in the source, which no copy mends. */
  readonly damaged: readonly string[]
}

/** Copies attachments that the target lacks. Each is checked against its hash on the way. @throws Unavailable */
export async function copyBlobs(
  source: FolderBlobStore,
  target: BlobStore,
  signal?: AbortSignal,
): Promise<BlobsCopied> {
  let blobs = 0
  const damaged: string[] = []
  for await (const hash of source.hashes()) {
    signal?.throwIfAborted()
    blobs++
    if (await target.has(hash)) continue
    let failure: unknown
    const content = await source.get(hash)
    content.once('error', (error) => {
      failure = error
    })
    try {
      await target.put(content, Number.MAX_SAFE_INTEGER)
    } catch (error) {
      // What fails on the way out of the source is not the target's trouble.
      if (error !== failure) throw error
      damaged.push(hash)
    }
  }
  return { blobs, damaged }
}
