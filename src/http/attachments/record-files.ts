import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import type { BlobStore } from '#libs/blob-store'
import type { Command, CommandMetadata } from '#libs/event-sourcing'
import type { Answer, RequestContext } from '#libs/platform'
import type { CommandSender, Wish } from '../command-sender.js'
import { type Receipt, receiptAnswer } from '../receipt.js'
import type { AttachmentLimits } from './attachment-limits.js'
import { attachmentAnswer } from './attachments.js'
import { storeUploadedFile } from './uploaded-file.js'

/** A file as the command that attaches it names it. */
export interface NamedFile {
  hash: string
  name: string
  contentType: string
  /** Bytes. */
  size: number
}

/** Files of records, whatever their kind: taken from a form and attached, and handed out. */
export class RecordFiles {
  constructor(
    private readonly sender: CommandSender,
    private readonly blobs: BlobStore,
    private readonly limits: AttachmentLimits,
  ) {}

  /**
   * Stores the file of a form, and has it attached. Whoever may not see the record must not fill the disk with it: ask that first.
   * @param more what is said of the file besides, part of the request
   * @throws as {@link storeUploadedFile}
   */
  async attach<More extends object>(
    { request, context, more }: { request: FastifyRequest; context: RequestContext; more: More },
    wish: Pick<Wish, 'target' | 'route' | 'params'>,
    build: (file: NamedFile & More, metadata: CommandMetadata) => Command,
  ): Promise<Answer<Receipt>> {
    const { hash, name, contentType, size } = await storeUploadedFile(request, this.blobs, this.limits)
    const body = { hash, name, contentType, size, ...more }
    return receiptAnswer(
      await this.sender.send(context, { ...wish, method: 'POST', body }, (metadata) => build(body, metadata)),
    )
  }

  /** @param found what a query has told of it, as JSON: hash, name, size */
  answer(found: string): Promise<Answer<Readable>> {
    return attachmentAnswer(this.blobs, JSON.parse(found) as Pick<NamedFile, 'hash' | 'name' | 'size'>)
  }
}
