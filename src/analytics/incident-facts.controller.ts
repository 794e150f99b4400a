import { Readable } from 'node:stream'
import { Controller, Get, Query, Req } from '@nestjs/common'
import { IsInt, IsOptional, IsString, Length, Min } from 'class-validator'
import { stringify } from 'csv-stringify'
import type { FastifyRequest } from 'fastify'
import type { Principal } from '#libs/access'
import { Answer, Context, Endpoint, Field, RequestContext } from '#libs/platform'
import type { KeysetCursor } from '#libs/read-store'
import { prefers } from '../http/accept.js'
import { FreshnessQuery } from '../http/listing.js'
import { Queries } from '../http/queries.js'
import { FACT_COLUMNS, IncidentFactsPage } from './incident-facts.dto.js'

class FactsQuery extends FreshnessQuery {
  @IsOptional()
  @Field('AIP-160 filter.', 'priority <= 2 AND openedAt >= "2016-03-01T00:00:00Z"')
  @IsString()
  @Length(0, 4_000)
  filter?: string
  @IsOptional()
  @Field('Columns, each with `desc` or not; JSON only.', 'openedAt desc')
  @IsString()
  @Length(0, 500)
  orderBy?: string
  @IsOptional()
  @Field('Rows a page; 0: the usual 50; at most 1,000. JSON only.', 50)
  @IsInt()
  @Min(0)
  pageSize?: number
  @IsOptional()
  @Field('`nextPageToken` of the page before. JSON only.')
  @IsString()
  @Length(1, 4_000)
  pageToken?: string
}

/** One row per incident, for analysts: pages as JSON, everything as CSV or NDJSON. */
@Controller('incident-facts')
export class IncidentFactsController {
  constructor(private readonly queries: Queries) {}

  @Get()
  @Endpoint({
    summary: 'One row per incident: JSON in pages; all rows with Accept: text/csv or application/x-ndjson',
    roles: ['analyst', 'auditor', 'administrator', 'team-lead'],
    query: FactsQuery,
    answer: {
      content: { 'application/json': IncidentFactsPage, 'text/csv': 'text', 'application/x-ndjson': 'text' },
    },
    responseHeaders: ['ITSM-Position'],
  })
  async read(
    @Query() query: FactsQuery,
    @Req() request: FastifyRequest,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    if (prefers(request, 'text/csv')) {
      const rows = Readable.from(this.rows(query, principal))
      return new Answer(
        rows.pipe(stringify({ header: true, columns: [...FACT_COLUMNS], cast: { boolean: String } })),
        {
          headers: { 'content-type': 'text/csv; charset=utf-8; header=present' },
        },
      )
    }
    if (prefers(request, 'application/x-ndjson')) {
      return new Answer(Readable.from(this.lines(query, principal)), {
        headers: { 'content-type': 'application/x-ndjson; charset=utf-8' },
      })
    }
    return this.queries.answer('listIncidentFacts', { ...query, principal })
  }

  private async *lines(query: FactsQuery, principal: Principal): AsyncGenerator<string> {
    for await (const row of this.rows(query, principal)) yield `${JSON.stringify(row)}\n`
  }

  /** All rows, a thousand a query: a slow reader holds nothing but the chunk at hand. */
  private async *rows({ filter, minPosition }: FactsQuery, principal: Principal): AsyncGenerator<object> {
    const now = new Date().toISOString()
    let after: KeysetCursor | undefined
    do {
      const { json } = await this.queries.ask('exportIncidentFacts', {
        principal,
        filter,
        after,
        now,
        minPosition,
      })
      const chunk = JSON.parse(json) as { rows: object[]; next?: KeysetCursor }
      yield* chunk.rows
      after = chunk.next
    } while (after)
  }
}
