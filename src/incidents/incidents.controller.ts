import type { Readable } from 'node:stream'
import { Body, Controller, Get, Param, Post, Query, Req } from '@nestjs/common'
import { IsIn, IsInt, IsOptional, Matches, Min } from 'class-validator'
import type { FastifyRequest } from 'fastify'
import { type CommandMetadata, InvalidInput } from '#libs/event-sourcing'
import { Answer, Context, Endpoint, Field, RequestContext, validateBody } from '#libs/platform'
import { FILE_FORM, HOW_TO_ATTACH } from '../http/attachments/attachments.js'
import { RecordFiles } from '../http/attachments/record-files.js'
import { CommandSender } from '../http/command-sender.js'
import { toUtc } from '../http/instants.js'
import { FilteredListQuery, FreshnessQuery, TimePointQuery } from '../http/listing.dto.js'
import { Queries } from '../http/queries.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { splitReason } from '../http/verbs.js'
import { BulkByFilter, type BulkByFilterAnswer } from './bulk-by-filter.js'
import { AttachFile, OpenIncident } from './domain/incident.commands.js'
import { rolesThatMay } from './domain/incident.rights.js'
import {
  BulkByFilterResults,
  type BulkResult,
  BulkResults,
  IncidentAtPoint,
  IncidentHistory,
  IncidentPage,
  MyIncidents,
} from './dto/incident-answers.dto.js'
import {
  BulkByFilterDto,
  BulkDto,
  type BulkItem,
  IncidentParams,
  OpenIncidentDto,
} from './dto/incident-commands.dto.js'
import { incidentVerbs } from './incident.verbs.js'
import { findAttachment, listIncidents, readHistory, readIncident } from './queries/incident.queries.js'
import { myIncidents } from './queries/my-incidents.query.js'
import { resultOf, sendVerb, verbNamed } from './send-verb.js'

const COLLECTION = 'incident-'

class AttachmentParams extends IncidentParams {
  @Field('SHA-256 of the content, hex.', 'a'.repeat(64)) @Matches(/^[0-9a-f]{64}$/) hash!: string
}

class AttachmentQuery {
  @IsOptional() @Field('`internal` ones are not for requesters.') @IsIn(['public', 'internal']) visibility?:
    | 'public'
    | 'internal'
}

class MyIncidentsQuery extends FreshnessQuery {
  @IsOptional() @Field('Rows a section; 0: the usual 50.', 20) @IsInt() @Min(0) pageSize?: number
}

/** Opening and reading incidents, attachments, and many commands at once; all other commands are verbs. */
@Controller('incidents')
export class IncidentsController {
  constructor(
    private readonly sender: CommandSender,
    private readonly queries: Queries,
    private readonly files: RecordFiles,
    private readonly byFilter: BulkByFilter,
  ) {}

  @Post()
  @Endpoint({
    summary: 'Open an incident',
    roles: rolesThatMay('OpenIncident'),
    body: OpenIncidentDto,
    status: 201,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'Location', 'ITSM-Position'],
  })
  async open(@Body() body: OpenIncidentDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    const [data, reason] = splitReason(body)
    const wish = { target: COLLECTION, method: 'POST', route: '/incidents', params: {}, body, reason }
    const receipt = await this.sender.send(context, wish, (metadata) => openIncident(data, metadata))
    return receiptAnswer(receipt, { location: `/incidents/${receipt.id}` })
  }

  @Post('bulk')
  @Endpoint({
    summary: 'Up to 1,000 commands, with a result for each',
    description:
      'One `Idempotency-Key` serves all: sent again, items that were carried out answer as they did.',
    roles: rolesThatMay('OpenIncident'),
    body: BulkDto,
    answer: BulkResults,
    requestHeaders: ['Idempotency-Key'],
  })
  async bulk(@Body() { items }: BulkDto, @Context() context: RequestContext): Promise<BulkResults> {
    // All are handed over at once; the executor keeps those of one record in order, and the store commits them in groups.
    return { results: await Promise.all(items.map((item, index) => this.bulkItem(item, index, context))) }
  }

  @Post('bulk-by-filter')
  @Endpoint({
    summary: 'One verb for all incidents that a filter finds, up to 1,000; or what it would find',
    description:
      'With `preview` nothing is done. With an `Idempotency-Key` the records are settled by the first request: sent again, it is about ' +
      'the same ones, and those that were carried out answer as they did.',
    roles: ['agent', 'team-lead'],
    body: BulkByFilterDto,
    answer: BulkByFilterResults,
    requestHeaders: ['Idempotency-Key'],
  })
  bulkByFilter(
    @Body() body: BulkByFilterDto,
    @Context() context: RequestContext,
  ): Promise<BulkByFilterAnswer> {
    return this.byFilter.carryOut(body, context)
  }

  @Get('mine')
  @Endpoint({
    summary: 'What I have to do with: awaiting my reply, resolved and to be confirmed, open, watched',
    description:
      'Confirm a resolution by `close`, take it back by `reopen`; while you are waited for, your comment resumes.',
    roles: 'any',
    query: MyIncidentsQuery,
    answer: MyIncidents,
  })
  mine(@Query() query: MyIncidentsQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(myIncidents, { ...query, principal })
  }

  @Get()
  @Endpoint({
    summary: 'List incidents, now or at a past point',
    roles: 'any',
    query: FilteredListQuery,
    answer: IncidentPage,
  })
  list(@Query() query: FilteredListQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listIncidents, { ...query, principal })
  }

  @Get(':number')
  @Endpoint({
    summary: 'Read one incident, now or at a past point',
    roles: 'any',
    params: IncidentParams,
    query: TimePointQuery,
    answer: IncidentAtPoint,
    requestHeaders: ['If-None-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  read(
    @Param() { number }: IncidentParams,
    @Query() query: TimePointQuery,
    @Context() context: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(readIncident, { ...query, number, principal: context.principal }, context)
  }

  @Get(':number/history')
  @Endpoint({
    summary: 'Every change: who, when, before and after, why',
    roles: 'any',
    params: IncidentParams,
    query: TimePointQuery,
    answer: IncidentHistory,
    requestHeaders: ['If-None-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  history(
    @Param() { number }: IncidentParams,
    @Query() query: TimePointQuery,
    @Context() context: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(readHistory, { ...query, number, principal: context.principal }, context)
  }

  @Post(':number/attachments')
  @Endpoint({
    summary: 'Attach a file',
    description: HOW_TO_ATTACH,
    roles: rolesThatMay('AttachFile'),
    params: IncidentParams,
    query: AttachmentQuery,
    body: FILE_FORM,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key', 'If-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  async attach(
    @Param() params: IncidentParams,
    @Query() { visibility = 'public' }: AttachmentQuery,
    @Req() request: FastifyRequest,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    // Whoever may not see the record must not fill the disk with it.
    await this.queries.ask(readIncident, { number: params.number, principal: context.principal })
    return this.files.attach(
      { request, context, more: { visibility } },
      { target: COLLECTION + params.number, route: '/incidents/{number}/attachments', params },
      (file, metadata) => new AttachFile(params.number, file, metadata),
    )
  }

  @Get(':number/attachments/:hash')
  @Endpoint({
    summary: 'Read an attachment',
    roles: 'any',
    params: AttachmentParams,
    answer: { content: { 'application/octet-stream': 'binary' } },
    responseHeaders: ['Content-Disposition'],
  })
  async attachment(
    @Param() params: AttachmentParams,
    @Context() { principal }: RequestContext,
  ): Promise<Answer<Readable>> {
    const { json } = await this.queries.ask(findAttachment, { ...params, principal })
    return this.files.answer(json)
  }

  private bulkItem(item: BulkItem, index: number, context: RequestContext): Promise<BulkResult> {
    const status = item.verb === 'open' ? 201 : 200
    return resultOf(async () => this.sendItem(item, index, context), status, `${context.requestId}#${index}`)
  }

  private sendItem(
    { verb: name, number, body = {}, ifMatch }: BulkItem,
    index: number,
    context: RequestContext,
  ) {
    const refuse = (pointer: string, message: string): never => {
      throw new InvalidInput('BULK.ITEM_INVALID', `Item ${index}: ${message}`, [
        { pointer: `/items/${index}${pointer}`, message },
      ])
    }
    if (name === 'open') {
      if (number !== undefined) refuse('/number', 'opening takes no number')
      const [data, reason] = splitReason(validateBody(OpenIncidentDto, body))
      const wish = {
        target: COLLECTION,
        method: 'POST',
        route: '/incidents',
        params: {},
        body,
        reason,
        index,
      }
      return this.sender.send(context, wish, (metadata) => openIncident(data, metadata))
    }
    const verb = verbNamed(name)
    if (!verb)
      return refuse('/verb', `no such verb; there are open, ${Object.keys(incidentVerbs).join(', ')}`)
    if (number === undefined) return refuse('/number', 'say which incident')
    return sendVerb(this.sender, context, verb, { name, number, body, index, ifMatch })
  }
}

function openIncident(data: Omit<OpenIncidentDto, 'reason'>, metadata: CommandMetadata): OpenIncident {
  const { detectedAt } = data
  return new OpenIncident(
    undefined,
    detectedAt === undefined ? data : { ...data, detectedAt: toUtc(detectedAt) },
    metadata,
  )
}
