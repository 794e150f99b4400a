import { Controller, Get, Inject, Query, Req } from '@nestjs/common'
import { IsBoolean, IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator'
import type { FastifyRequest } from 'fastify'
import { Answer, Conforms, Context, Endpoint, Field, RawJson, RequestContext } from '#libs/platform'
import { prefers } from '../http/accept.js'
import { Queries } from '../http/queries.js'
import { AuditReadings, auditEventsRead } from './audit-data.js'
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
  constructor(
    private readonly queries: Queries,
    @Inject(AuditReadings) private readonly readings: AuditReadings,
  ) {}

  @Get()
  @Endpoint({
    summary:
      'The log from any position, as CloudEvents: a JSON page, or NDJSON (Accept: application/x-ndjson)',
    description:
      'NDJSON carries one event a line; read on after the header `ITSM-Position`. That events of the audit were read is recorded.',
    roles: ['auditor', 'administrator', 'service'],
    query: EventsQuery,
    answer: { content: { 'application/json': EventsPage, 'application/x-ndjson': 'text' } },
    responseHeaders: ['ITSM-Position'],
  })
  async read(
    @Query() { limit = 100, ...query }: EventsQuery,
    @Req() request: FastifyRequest,
    @Context() context: RequestContext,
  ): Promise<Answer> {
    const { principal } = context
    const { json, position } = await this.queries.ask(eventsPage, { ...query, limit, principal })
    const { items } = JSON.parse(json) as { items: object[] }
    const rows = auditEventsRead(items, query.streams)
    if (rows !== undefined) await this.readings.record({ query: asked(query), rows }, context)
    if (!prefers(request, 'application/x-ndjson')) return new RawJson(json, { position })
    const lines = items.map((item) => `${JSON.stringify(item)}\n`).join('')
    return new Answer(lines, { position, headers: { 'content-type': 'application/x-ndjson; charset=utf-8' } })
  }
}

/** What was asked for, as it stands in an address. */
function asked({ after, types = [], streams = [] }: EventsQuery): string {
  const fields = [...streams.map((one) => ['streams', one]), ...types.map((one) => ['types', one])]
  return `${new URLSearchParams([...fields, ...(after === undefined ? [] : [['after', after]])])}`
}
