import { Readable } from 'node:stream'
import { Controller, Get, Param, Query } from '@nestjs/common'
import type { Principal } from '#libs/access'
import { Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import type { KeysetCursor } from '#libs/read-store'
import { DESK_READERS } from '#projections/access'
import { Queries } from '../http/queries.js'
import { CiParams } from './dto/configuration.dto.js'
import {
  BaselinePage,
  BaselineParams,
  BaselinesQuery,
  CiAtPoint,
  CiHistory,
  CiPage,
  CisQuery,
  ConfigurationDiff,
  ConfigurationHealth,
  ConfigurationPointQuery,
  DiffQuery,
  HealthQuery,
  Impact,
  ImpactQuery,
} from './dto/configuration-answers.dto.js'
import { ReconciliationReviewPage, ReconciliationReviewsQuery } from './dto/review-answers.dto.js'
import type { SettledPoint } from './queries/cmdb-reader.js'
import {
  listConfigurationItems,
  readConfigurationItem,
  readConfigurationItemHistory,
} from './queries/configuration-item.queries.js'
import { listBaselines, readBaselineDrift, readConfigurationDiff } from './queries/diff.queries.js'
import {
  type GraphChunkHead,
  type GraphPart,
  readGraphChunk,
  settleCmdbPoint,
} from './queries/graph.query.js'
import { readConfigurationHealth } from './queries/health.query.js'
import { readImpact } from './queries/impact.query.js'
import { listReconciliationReviews } from './queries/review.queries.js'

/** Configuration items at any point of both time axes. */
@Controller('configuration-items')
export class ConfigurationItemReadsController {
  constructor(private readonly queries: Queries) {}

  @Get()
  @Endpoint({
    summary: 'Configuration items at a point of both time axes, a page; retired ones too',
    description: 'Filter by attributes as `attribute:"<name>=<value>"`, by what lives as `status = "live"`.',
    roles: DESK_READERS,
    query: CisQuery,
    answer: CiPage,
    refusals: [404],
  })
  list(@Query() query: CisQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listConfigurationItems, { ...query, principal })
  }

  @Get(':id')
  @Endpoint({
    summary: 'A configuration item at a point of both time axes, with its relations there',
    roles: DESK_READERS,
    params: CiParams,
    query: ConfigurationPointQuery,
    answer: CiAtPoint,
  })
  read(
    @Param() { id: number }: CiParams,
    @Query() query: ConfigurationPointQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(readConfigurationItem, { ...query, number, principal })
  }

  @Get(':id/history')
  @Endpoint({
    summary: 'All versions of a configuration item on both time axes, and the events behind them',
    roles: DESK_READERS,
    params: CiParams,
    query: ConfigurationPointQuery,
    answer: CiHistory,
  })
  history(
    @Param() { id: number }: CiParams,
    @Query() query: ConfigurationPointQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(readConfigurationItemHistory, { ...query, number, principal })
  }

  @Get(':id/impact')
  @Endpoint({
    summary: 'What suffers when a configuration item fails, or what it suffers from, level by level',
    roles: DESK_READERS,
    params: CiParams,
    query: ImpactQuery,
    answer: Impact,
  })
  impact(
    @Param() { id: number }: CiParams,
    @Query() query: ImpactQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(readImpact, { ...query, number, principal })
  }
}

/** The configuration as a whole at any point of both time axes. */
@Controller('configuration')
export class ConfigurationReadsController {
  constructor(private readonly queries: Queries) {}

  @Get('graph')
  @Endpoint({
    summary: 'All configuration items and relations at a point of both time axes, as NDJSON',
    description:
      'The first line says the point, the last one how many there were: without it the answer was cut off. Between them items ' +
      '(`kind`: `item`), retired ones too, then relations (`relation`); an end that is a name says which live items bear it.',
    roles: DESK_READERS,
    query: ConfigurationPointQuery,
    answer: { content: { 'application/x-ndjson': 'text' } },
    refusals: [404],
    responseHeaders: ['ITSM-Position'],
  })
  async graph(
    @Query() query: ConfigurationPointQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    const { json, position } = await this.queries.ask(settleCmdbPoint, { ...query, principal })
    const point = JSON.parse(json) as SettledPoint
    const lines = Readable.from(graphLines(this.queries, point, principal))
    return new Answer(lines, { position, headers: { 'content-type': 'application/x-ndjson; charset=utf-8' } })
  }

  @Get('diff')
  @Endpoint({
    summary: 'What differs between two points of both time axes: items and relations, with before and after',
    roles: DESK_READERS,
    query: DiffQuery,
    answer: ConfigurationDiff,
    refusals: [404],
  })
  diff(@Query() query: DiffQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(readConfigurationDiff, { ...query, principal })
  }

  @Get('baselines')
  @Endpoint({
    summary: 'Named points on both time axes, the latest first',
    roles: DESK_READERS,
    query: BaselinesQuery,
    answer: BaselinePage,
  })
  baselines(@Query() query: BaselinesQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listBaselines, { ...query, principal })
  }

  @Get('baselines/:id/drift')
  @Endpoint({
    summary: 'What differs from a baseline at a point of both time axes, usually now',
    roles: DESK_READERS,
    params: BaselineParams,
    query: ConfigurationPointQuery,
    answer: ConfigurationDiff,
  })
  drift(
    @Param() { id }: BaselineParams,
    @Query() query: ConfigurationPointQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(readBaselineDrift, { ...query, baseline: id, principal })
  }

  @Get('reviews')
  @Endpoint({
    summary: 'What sources report and several items may be, the latest first: somebody has to say which',
    roles: DESK_READERS,
    query: ReconciliationReviewsQuery,
    answer: ReconciliationReviewPage,
  })
  reviews(
    @Query() query: ReconciliationReviewsQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(listReconciliationReviews, { ...query, principal })
  }

  @Get('health')
  @Endpoint({
    summary: 'Orphans, duplicates, incomplete and stale items, and unresolved names at a point',
    roles: DESK_READERS,
    query: HealthQuery,
    answer: ConfigurationHealth,
    refusals: [404],
  })
  health(@Query() query: HealthQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(readConfigurationHealth, { ...query, principal })
  }
}

/**
 * A thousand rows a query. The next chunk is read while the one at hand is sent: a slow reader holds these two, and nothing else.
 */
async function* graphLines(
  queries: Queries,
  point: SettledPoint,
  principal: Principal,
): AsyncGenerator<string> {
  const chunkOf = async (part: GraphPart, after?: KeysetCursor): Promise<GraphChunkText> => {
    const { json } = await queries.ask(readGraphChunk, { principal, point, part, after })
    const endOfHead = json.indexOf('\n')
    return { ...(JSON.parse(json.slice(0, endOfHead)) as GraphChunkHead), lines: json.slice(endOfHead + 1) }
  }
  yield `${JSON.stringify({ kind: 'graph', ...point })}\n`
  const counts = { items: 0, relations: 0 }
  for (const part of ['items', 'relations'] as const) {
    let coming: Promise<GraphChunkText> | undefined = chunkOf(part)
    while (coming) {
      const { count, next, lines }: GraphChunkText = await coming
      coming = next && chunkOf(part, next)
      // Whoever reads the answer may leave before it is looked at
      coming?.catch(() => {})
      counts[part] += count
      if (count > 0) yield lines
    }
  }
  yield `${JSON.stringify({ kind: 'end', ...counts })}\n`
}

interface GraphChunkText extends GraphChunkHead {
  lines: string
}
