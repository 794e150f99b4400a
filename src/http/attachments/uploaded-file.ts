import type {} from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import type { BlobStore, StoredBlob } from '#libs/blob-store'
import { InvalidInput } from '#libs/event-sourcing'
import { UnsupportedMediaType } from '#libs/platform'
import type { AttachmentLimits } from './attachment-limits.js'

export interface UploadedFile extends StoredBlob {
  readonly name: string
  readonly contentType: string
}

const HOW = 'send a multipart/form-data body with one file part, such as curl -F file=@report.txt makes it'

/** By the codes with which `@fastify/multipart` says that a form has more than one file part. */
const TOO_MANY: Readonly<Record<string, string>> = {
  FST_FILES_LIMIT: 'the form has a second file: attach each with a request of its own',
  FST_FIELDS_LIMIT: `the form has a part that is no file: ${HOW}`,
}

/**
 * Stores the one file of a multipart form.
 * @throws InvalidInput `ATTACHMENT.MALFORMED_FORM`, `ATTACHMENT.MISSING`, `ATTACHMENT.NOT_ONE_FILE`
 * @throws UnsupportedMediaType `ATTACHMENT.NOT_MULTIPART`, `ATTACHMENT.TYPE`; TooLarge `BLOB.TOO_LARGE`
 */
export async function storeUploadedFile(
  request: FastifyRequest,
  blobs: Pick<BlobStore, 'put'>,
  limits: AttachmentLimits,
): Promise<UploadedFile> {
  if (!request.isMultipart()) {
    throw new UnsupportedMediaType('ATTACHMENT.NOT_MULTIPART', `Only a form with a file is read here: ${HOW}`)
  }
  // One byte more than is stored, so that the store sees what is too large.
  const parts = request.parts({ limits: { fileSize: limits.maxBytes + 1, files: 1, fields: 0 } })
  const { value: part } = await parts.next().catch(refuseForm)
  if (part?.type !== 'file') throw invalid('ATTACHMENT.MISSING', `the form has no file: ${HOW}`)
  const { file, filename: name, mimetype: contentType } = part
  if (!name) {
    file.resume()
    throw invalid('ATTACHMENT.MISSING', `the file has no name: ${HOW}`)
  }
  if (!limits.allows(contentType)) {
    file.resume()
    const allowed = limits.types.join(', ')
    throw new UnsupportedMediaType(
      'ATTACHMENT.TYPE',
      `${contentType} may not be attached; allowed are ${allowed}`,
    )
  }
  const blob = await blobs.put(file, limits.maxBytes).catch((error: unknown) => {
    // A form may have broken off before the store looked at it.
    throw isOfParser(file.errored) ? malformed(file.errored) : error
  })
  // Only now is it known whether anything follows.
  await parts.next().catch(refuseForm)
  return { ...blob, name, contentType }
}

function refuseForm(error: unknown): never {
  const { code = '' } = error as { code?: string }
  const tooMany = TOO_MANY[code]
  if (tooMany !== undefined) throw invalid('ATTACHMENT.NOT_ONE_FILE', tooMany)
  throw isOfParser(error) ? malformed(error) : error
}

/** The parser tells a broken form by plain errors; those of streams, disks and the like have a code. */
function isOfParser(error: unknown): error is Error {
  return error instanceof Error && error.constructor === Error && !('code' in error)
}

function malformed({ message }: Error): InvalidInput {
  return invalid('ATTACHMENT.MALFORMED_FORM', `the form cannot be read (${message}): ${HOW}`)
}

function invalid(code: string, message: string): InvalidInput {
  return new InvalidInput(code, message, [{ pointer: '/file', message }])
}
