import { type BlobStore, DamagedBlob } from '#libs/blob-store'
import { NotFound } from '#libs/event-sourcing'
import type { EvidenceAttachment } from './evidence.js'

/** An attachment, and where in the archive its content is, or why it is not. */
export interface EvidenceFile extends EvidenceAttachment {
  /** Path in the archive; absent: it was left out. */
  file?: string
  /** `too-large`: beyond what an archive holds of files; `missing`, `damaged`: the store has not what was attached. */
  leftOut?: 'too-large' | 'missing' | 'damaged'
}

export interface EvidenceFiles {
  told: readonly EvidenceFile[]
  /** Bytes by path. */
  contents: Readonly<Record<string, Uint8Array>>
}

/** An archive is made in memory, so all its files together have at most this many bytes: 64 MiB. */
export const MOST_FILE_BYTES = 64 * 1_024 * 1_024

/**
 * Contents of attachments, in order, each that fits into what is left. The store checks each against its digest.
 * @param most bytes of all together
 */
export async function readEvidenceFiles(
  attachments: readonly EvidenceAttachment[],
  blobs: Pick<BlobStore, 'get'>,
  most: number = MOST_FILE_BYTES,
): Promise<EvidenceFiles> {
  const told: EvidenceFile[] = []
  const contents: Record<string, Uint8Array> = {}
  let left = most
  for (const [index, attachment] of attachments.entries()) {
    const content = attachment.size > left ? 'too-large' : await contentOf(attachment, blobs)
    if (typeof content === 'string') {
      told.push({ ...attachment, leftOut: content })
      continue
    }
    const file = `attachments/${index + 1}-${asFileName(attachment.name)}`
    contents[file] = content
    left -= content.length
    told.push({ ...attachment, file })
  }
  return { told, contents }
}

async function contentOf(
  { hash, size }: EvidenceAttachment,
  blobs: Pick<BlobStore, 'get'>,
): Promise<Uint8Array | 'missing' | 'damaged'> {
  try {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of await blobs.get(hash)) {
      bytes += chunk.length
      // More than was attached: no need to read on until the digest says so
      if (bytes > size) return 'damaged'
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch (error) {
    if (error instanceof NotFound) return 'missing'
    if (error instanceof DamagedBlob) return 'damaged'
    throw error
  }
}

const LONGEST_NAME = 100

/** A name that leads into no other folder and that every system takes; of a long one its end, which says what kind of file it is. */
function asFileName(name: string): string {
  return [...name.replace(/[^\p{L}\p{N}._-]/gu, '_')].slice(-LONGEST_NAME).join('')
}
