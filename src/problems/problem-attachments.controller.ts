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
import { AttachFileToProblem } from './domain/problem.commands.js'
import { PROBLEM_RIGHTS } from './domain/problem.rights.js'
import { ProblemParams } from './dto/problem-commands.dto.js'
import { findProblemAttachment, readProblem } from './queries/problem.queries.js'

class ProblemAttachmentParams extends ProblemParams {
  @Field('SHA-256 of the content, hex.', 'a'.repeat(64)) @Matches(/^[0-9a-f]{64}$/) hash!: string
}

/** Files that are attached to problems. */
@Controller('problems')
export class ProblemAttachmentsController {
  constructor(
    private readonly queries: Queries,
    private readonly files: RecordFiles,
  ) {}

  @Post(':id/attachments')
  @Endpoint({
    summary: 'Attach a file',
    description: HOW_TO_ATTACH,
    roles: PROBLEM_RIGHTS.AttachFileToProblem,
    params: ProblemParams,
    body: FILE_FORM,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key', 'If-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  async attach(
    @Param() params: ProblemParams,
    @Req() request: FastifyRequest,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    const { id } = params
    // Whoever may not see the record must not fill the disk with it.
    await this.queries.ask(readProblem, { number: id, principal: context.principal })
    return this.files.attach(
      { request, context, more: {} },
      { target: `problem-${id}`, route: '/problems/{id}/attachments', params },
      (file, metadata) => new AttachFileToProblem(id, file, metadata),
    )
  }

  @Get(':id/attachments/:hash')
  @Endpoint({
    summary: 'Read an attachment',
    roles: DESK_READERS,
    params: ProblemAttachmentParams,
    answer: { content: { 'application/octet-stream': 'binary' } },
    responseHeaders: ['Content-Disposition'],
  })
  async attachment(
    @Param() { id: number, hash }: ProblemAttachmentParams,
    @Context() { principal }: RequestContext,
  ): Promise<Answer<Readable>> {
    const { json } = await this.queries.ask(findProblemAttachment, { number, hash, principal })
    return this.files.answer(json)
  }
}
