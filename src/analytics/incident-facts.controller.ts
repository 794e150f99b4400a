import { Readable } from 'node:stream'
import { Controller, Get, Query, Req } from '@nestjs/common'
import { IsInt, IsOptional, IsString, Length, Min } from 'class-validator'
import type { FastifyRequest } from 'fastify'
import type { Principal } from '#libs/access'
import { InvalidInput } from '#libs/event-sourcing'
import { Answer, Context, Endpoint, Field, RequestContext } from '#libs/platform'
import type { KeysetCursor } from '#libs/read-store'
import { prefers } from '../http/accept.js'
import { CSV_CONTENT_TYPE, csvOf } from '../http/csv.js'
import { FreshnessQuery } from '../http/listing.dto.js'
import { Queries } from '../http/queries.js'
import { FACT_COLUMNS, IncidentFactsPage } from './incident-facts.dto.js'
import { exportIncidentFacts, listIncidentFacts } from './incident-facts.queries.js'

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
    description: "In CSV a text that a spreadsheet would take for a formula stands behind a '.",
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
      const { rows, position } = await this.everything(query, principal)
      return new Answer(csvOf(rows, FACT_COLUMNS), {
        position,
        headers: { 'content-type': CSV_CONTENT_TYPE },
      })
    }
    if (prefers(request, 'application/x-ndjson')) {
      const { rows, position } = await this.everything(query, principal)
      const lines = rows.map((row: object) => `${JSON.stringify(row)}\n`)
      return new Answer(lines, {
        position,
        headers: { 'content-type': 'application/x-ndjson; charset=utf-8' },
      })
    }
    return this.queries.answer(listIncidentFacts, { ...query, principal })
  }

  /** All rows. The first are read before the answer begins, so that a refusal has its own status. */
  private async everything(
    { filter, minPosition, ...paging }: FactsQuery,
    principal: Principal,
  ): Promise<{ rows: Readable; position?: string }> {
    refusePaging(paging)
    const now = new Date().toISOString()
    const chunk = async (after?: KeysetCursor) => {
      const args = { principal, filter, after, now, minPosition }
      const { json, position } = await this.queries.ask(exportIncidentFacts, args)
      return { ...(JSON.parse(json) as { rows: object[]; next?: KeysetCursor }), position }
    }
    const first = await chunk()
    return { rows: Readable.from(rowsFrom(first, chunk)), position: first.position }
  }
}

interface Chunk {
  rows: object[]
  next?: KeysetCursor
}

/** A thousand rows a query: a slow reader holds nothing but the chunk at hand. */
async function* rowsFrom(
  first: Chunk,
  read: (after: KeysetCursor) => Promise<Chunk>,
): AsyncGenerator<object> {
  let chunk = first
  yield* chunk.rows
  while (chunk.next) {
    chunk = await read(chunk.next)
    yield* chunk.rows
  }
}

/** @throws InvalidInput naming what only pages heed */
function refusePaging(paging: Pick<FactsQuery, 'orderBy' | 'pageSize' | 'pageToken'>): void {
  const given = Object.entries(paging).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  if (given.length === 0) return
  const message = 'is for pages of JSON; this form has all rows'
  throw new InvalidInput(
    'EXPORT.NO_PAGES',
    `${given.join(', ')}: ${message}`,
    given.map((pointer) => ({ pointer, message })),
  )
}
