import type { Readable } from 'node:stream'
import { Controller, Get, Param, Post, Req } from '@nestjs/common'
import { Matches } from 'class-validator'
import type { FastifyRequest } from 'fastify'
import { type Answer, Context, Endpoint, Field, RequestContext } from '#libs/platform'
import { DESK_READERS } from '#projections/access'
import { FILE_FORM, HOW_TO_ATTACH } from '../http/attachments/attachments.js'
import { RecordFiles } from '../http/attachments/record-files.js'
import { Queries } from '../http/queries.js'
import { Receipt } from '../http/receipt.js'
import { AttachFileToChange } from './domain/change.commands.js'
import { rolesThatMay } from './domain/change.rights.js'
import { ChangeParams } from './dto/change-commands.dto.js'
import { findChangeAttachment, readChange } from './queries/change.queries.js'

class ChangeAttachmentParams extends ChangeParams {
  @Field('SHA-256 of the content, hex.', 'a'.repeat(64)) @Matches(/^[0-9a-f]{64}$/) hash!: string
}

/** Files that are attached to changes. */
@Controller('changes')
export class ChangeAttachmentsController {
  constructor(
    private readonly queries: Queries,
    private readonly files: RecordFiles,
  ) {}

  @Post(':id/attachments')
  @Endpoint({
    summary: 'Attach a file',
    description: HOW_TO_ATTACH,
    roles: rolesThatMay('AttachFileToChange'),
    params: ChangeParams,
    body: FILE_FORM,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key', 'If-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  async attach(
    @Param() params: ChangeParams,
    @Req() request: FastifyRequest,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    const { id } = params
    // Whoever may not see the record must not fill the disk with it.
    await this.queries.ask(readChange, { number: id, principal: context.principal })
    return this.files.attach(
      { request, context, more: {} },
      { target: `change-${id}`, route: '/changes/{id}/attachments', params },
      (file, metadata) => new AttachFileToChange(id, file, metadata),
    )
  }

  @Get(':id/attachments/:hash')
  @Endpoint({
    summary: 'Read an attachment',
    roles: DESK_READERS,
    params: ChangeAttachmentParams,
    answer: { content: { 'application/octet-stream': 'binary' } },
    responseHeaders: ['Content-Disposition'],
  })
  async attachment(
    @Param() { id: number, hash }: ChangeAttachmentParams,
    @Context() { principal }: RequestContext,
  ): Promise<Answer<Readable>> {
    const { json } = await this.queries.ask(findChangeAttachment, { number, hash, principal })
    return this.files.answer(json)
  }
}
