import { Controller, Get, Param, Query } from '@nestjs/common'
import { type Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { DESK_READERS } from '#projections/access'
import { Queries } from '../../http/queries.js'
import { Estate } from './estate.js'
import {
  ForensicChangeParams,
  ForensicIncidentParams,
  IncidentImpactQuery,
  IncidentImpactView,
  SuspectChangesQuery,
  SuspectChangesView,
} from './forensics.dto.js'
import { type Implementation, readImplementation } from './implementation.query.js'
import { readIncidentImpact } from './incident-impact.query.js'
import { type Onset, readOnset } from './onset.query.js'
import { readSuspectChanges } from './suspect-changes.query.js'

const USUAL_HOURS = 72
const USUAL_BASELINE_DAYS = 90
const USUAL_PAGE = 50
/** Steps, and further items, that are looked at: what lies beyond says little, and the answer says that there is more. */
const DEPTH = 5
const MOST_ITEMS = 200

/** What may have caused an incident, and what may have followed from a change. */
@Controller()
export class ForensicsController {
  constructor(
    private readonly queries: Queries,
    private readonly estate: Estate,
  ) {}

  @Get('incidents/:number/suspect-changes')
  @Endpoint({
    summary:
      'What was changed on an incident’s items or upstream of them before it began, the most suspect first',
    description:
      'Changes that were implemented, commits of a source’s configuration, and modifications that name no change; by when they took ' +
      'effect, and as known when the incident was opened. Each has its reasons in words: steps in the graph, time before, outcome, ' +
      'whether it was allowed.',
    roles: DESK_READERS,
    params: ForensicIncidentParams,
    query: SuspectChangesQuery,
    answer: SuspectChangesView,
    refusals: [404],
    responseHeaders: ['ITSM-Position'],
  })
  async suspects(
    @Param() { number }: ForensicIncidentParams,
    @Query() { hours = USUAL_HOURS, pageSize = USUAL_PAGE, asOf, minPosition }: SuspectChangesQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    const asked = { principal, minPosition }
    const { json } = await this.queries.ask(readOnset, { ...asked, number, asOf })
    const onset = JSON.parse(json) as Onset
    const activity = await this.estate.activity({
      ...asked,
      ...{ cis: onset.cis, direction: 'up', depth: DEPTH, most: MOST_ITEMS },
      from: new Date(Date.parse(onset.at) - hours * 3_600_000).toISOString(),
      validAt: onset.at,
      asOf: onset.asOf,
    })
    return this.queries.answer(readSuspectChanges, { ...asked, onset, activity, hours, pageSize })
  }

  @Get('changes/:id/incident-impact')
  @Endpoint({
    summary: 'Incidents after a change on its items and downstream, against the usual rate of these',
    description:
      'Counted is what you may see: neither canceled incidents nor those that follow a parent. What was detected before the change ' +
      'began counts as before it. The test is named; one answer of many that are asked for will be significant by chance.',
    roles: DESK_READERS,
    params: ForensicChangeParams,
    query: IncidentImpactQuery,
    answer: IncidentImpactView,
    refusals: [404, 409],
    responseHeaders: ['ITSM-Position'],
  })
  async impact(
    @Param() { id: number }: ForensicChangeParams,
    @Query() query: IncidentImpactQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    const {
      hours = USUAL_HOURS,
      baselineDays = USUAL_BASELINE_DAYS,
      pageSize = USUAL_PAGE,
      minPosition,
    } = query
    const asked = { principal, minPosition }
    const { json } = await this.queries.ask(readImplementation, { ...asked, number })
    const implementation = JSON.parse(json) as Implementation
    const reach = await this.estate.reach({
      ...asked,
      ...{ cis: implementation.cis, direction: 'down', depth: DEPTH, most: MOST_ITEMS },
      validAt: implementation.startedAt,
    })
    return this.queries.answer(readIncidentImpact, {
      ...asked,
      ...{ implementation, reach, hours, baselineDays, pageSize },
    })
  }
}
