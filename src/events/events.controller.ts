import { Controller, Get, Query, Req } from '@nestjs/common'
import { IsBoolean, IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator'
import type { FastifyRequest } from 'fastify'
import { Answer, Conforms, Context, Endpoint, Field, RequestContext } from '#libs/platform'
import { prefers } from '../http/accept.js'
import { Queries } from '../http/queries.js'
import { eventsPage } from './event.queries.js'

class EventsQuery {
  @IsOptional()
  @Field('Exclusive; absent: from the beginning.', '00000000000000000000')
  @Matches(/^\d{20}$/)
  after?: string
  @IsOptional()
  @Field('Event types; repeat the parameter for several.', ['IncidentOpened'])
  @IsString({ each: true })
  types?: string[]
  @IsOptional()
  @Field('Stream prefixes; repeat the parameter for several.', ['incident-'])
  @Matches(/^[^$].{0,199}$/, { each: true })
  streams?: string[]
  @IsOptional() @Field('Events a page; 100 when absent.', 100) @IsInt() @Min(1) @Max(1_000) limit?: number
}

const CLOUD_EVENT = {
  type: 'object',
  properties: {
    specversion: { const: '1.0' },
    id: { type: 'string' },
    source: { type: 'string' },
    type: { type: 'string' },
    subject: { type: 'string' },
    time: { type: 'string', format: 'date-time' },
    datacontenttype: { const: 'application/json' },
    sequence: { type: 'string', pattern: '^\\d{20}$' },
    partitionkey: { type: 'string' },
    correlationid: { type: 'string' },
    causationid: { type: 'string' },
    recordedtime: { type: 'string', format: 'date-time' },
    authtype: { type: 'string' },
    authid: { type: 'string' },
    revision: { type: 'integer' },
    channel: { type: 'string' },
    reason: { type: 'string' },
    attributedto: { type: 'string' },
    commandid: { type: 'string' },
    data: {},
  },
  required: [
    'specversion',
    'id',
    'source',
    'type',
    'subject',
    'time',
    'sequence',
    'recordedtime',
    'revision',
    'data',
  ],
  additionalProperties: false,
}

export class EventsPage {
  @Conforms(() => ({ type: 'array', items: CLOUD_EVENT })) items!: object[]
  @Field('Read on after this.') @Matches(/^\d{20}$/) position!: string
  @Field('Nothing more at present.') @IsBoolean() end!: boolean
}

/** The log itself, for services and auditors. */
@Controller('events')
export class EventsController {
  constructor(private readonly queries: Queries) {}

  @Get()
  @Endpoint({
    summary:
      'The log from any position, as CloudEvents: a JSON page, or NDJSON (Accept: application/x-ndjson)',
    description: 'NDJSON carries one event a line; read on after the header `ITSM-Position`.',
    roles: ['auditor', 'administrator', 'service'],
    query: EventsQuery,
    answer: { content: { 'application/json': EventsPage, 'application/x-ndjson': 'text' } },
    responseHeaders: ['ITSM-Position'],
  })
  async read(
    @Query() { limit = 100, ...query }: EventsQuery,
    @Req() request: FastifyRequest,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    if (!prefers(request, 'application/x-ndjson')) {
      return this.queries.answer(eventsPage, { ...query, limit, principal })
    }
    const { json, position } = await this.queries.ask(eventsPage, { ...query, limit, principal })
    const { items } = JSON.parse(json) as { items: object[] }
    const lines = items.map((item) => `${JSON.stringify(item)}\n`).join('')
    return new Answer(lines, { position, headers: { 'content-type': 'application/x-ndjson; charset=utf-8' } })
  }
}
