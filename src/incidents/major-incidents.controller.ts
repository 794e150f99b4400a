import { Controller, Get, Param, Query } from '@nestjs/common'
import { type Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { DESK_READERS } from '#projections/access'
import { FreshnessQuery, listing, TimePointQuery } from '../http/listing.dto.js'
import { Queries } from '../http/queries.js'
import { IncidentPage, MajorIncidentUpdates } from './dto/incident-answers.dto.js'
import { IncidentParams } from './dto/incident-commands.dto.js'
import { listChildren, listMajorIncidents, readUpdates } from './queries/major-incident.queries.js'

/** Lists of today: what they hold changes too fast for anybody to ask for yesterday's. */
class CurrentListQuery extends listing(FreshnessQuery, 'priority <= 2', 'openedAt desc') {}

/** Reading what belongs to major incidents and families. */
@Controller()
export class MajorIncidentsController {
  constructor(private readonly queries: Queries) {}

  @Get('major-incidents')
  @Endpoint({
    summary: 'Major incidents and candidates that are open, and those whose review is missing',
    roles: DESK_READERS,
    query: CurrentListQuery,
    answer: IncidentPage,
  })
  major(@Query() query: CurrentListQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listMajorIncidents, { ...query, principal })
  }

  @Get('incidents/:number/children')
  @Endpoint({
    summary: 'The incidents that follow this one',
    roles: DESK_READERS,
    params: IncidentParams,
    query: CurrentListQuery,
    answer: IncidentPage,
  })
  children(
    @Param() { number }: IncidentParams,
    @Query() query: CurrentListQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(listChildren, { ...query, number, principal })
  }

  @Get('incidents/:number/updates')
  @Endpoint({
    summary: 'What was told of a major incident; public updates alone for requesters',
    roles: 'any',
    params: IncidentParams,
    query: TimePointQuery,
    answer: MajorIncidentUpdates,
    responseHeaders: ['ITSM-Position'],
  })
  updates(
    @Param() { number }: IncidentParams,
    @Query() query: TimePointQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(readUpdates, { ...query, number, principal })
  }
}
