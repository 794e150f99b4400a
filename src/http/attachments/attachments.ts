import type { Readable } from 'node:stream'
import type { BlobStore } from '#libs/blob-store'
import { Answer, type JsonSchema } from '#libs/platform'
import { closed, instant, integer, text } from '../record-view.js'

/** The body of a request that attaches a file, as the contract describes it. */
export const FILE_FORM = {
  content: {
    'multipart/form-data': {
      type: 'object',
      properties: { file: { type: 'string', contentMediaType: 'application/octet-stream' } },
      required: ['file'],
    },
  },
}
export const HOW_TO_ATTACH =
  'One part of a multipart form; its media type must be allowed, its size within the limit.'

/** An attachment as records show it; its content is read by its hash. */
export const attachmentSchema = (more: Record<string, JsonSchema> = {}): JsonSchema =>
  closed({
    hash: text,
    name: text,
    contentType: text,
    size: integer,
    ...more,
    addedAt: instant,
    addedBy: text,
  })

/** The content of an attachment, to be saved and never to be shown. @param size in bytes */
export async function attachmentAnswer(
  blobs: Pick<BlobStore, 'get'>,
  { hash, name, size }: { hash: string; name: string; size: number },
): Promise<Answer<Readable>> {
  return new Answer(await blobs.get(hash), {
    headers: {
      // Never as its own type: a browser must not run what somebody attached.
      'content-type': 'application/octet-stream',
      'content-length': String(size),
      'content-disposition': `attachment; filename*=UTF-8''${extendedValue(name)}`,
      'x-content-type-options': 'nosniff',
    },
  })
}

/** What RFC 8187 lets stand as it is in the value of `filename*` is less than in a URI. */
function extendedValue(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
