import { Controller, Get, Param, Query } from '@nestjs/common'
import { type Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { DESK_READERS } from '#projections/access'
import { TimePointQuery } from '../http/listing.dto.js'
import { Queries } from '../http/queries.js'
import {
  ProblemAtPoint,
  ProblemHistory,
  ProblemIncidentPage,
  ProblemIncidentsQuery,
  ProblemPage,
  ProblemsQuery,
} from './dto/problem-answers.dto.js'
import { ProblemParams } from './dto/problem-commands.dto.js'
import {
  listProblemIncidents,
  listProblems,
  readProblem,
  readProblemHistory,
} from './queries/problem.queries.js'

/** Reading problems; what can be done to them stands in their verbs. */
@Controller('problems')
export class ProblemsReadsController {
  constructor(private readonly queries: Queries) {}

  @Get()
  @Endpoint({
    summary: 'List problems, now or at a past point',
    roles: DESK_READERS,
    query: ProblemsQuery,
    answer: ProblemPage,
  })
  list(@Query() query: ProblemsQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listProblems, { ...query, principal })
  }

  @Get(':id')
  @Endpoint({
    summary: 'Read one problem, now or at a past point',
    roles: DESK_READERS,
    params: ProblemParams,
    query: TimePointQuery,
    answer: ProblemAtPoint,
    requestHeaders: ['If-None-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  read(
    @Param() { id: number }: ProblemParams,
    @Query() query: TimePointQuery,
    @Context() context: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(readProblem, { ...query, number, principal: context.principal }, context)
  }

  @Get(':id/history')
  @Endpoint({
    summary: 'Every event of a problem: who, when, before and after, why',
    roles: DESK_READERS,
    params: ProblemParams,
    query: TimePointQuery,
    answer: ProblemHistory,
    requestHeaders: ['If-None-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  history(
    @Param() { id: number }: ProblemParams,
    @Query() query: TimePointQuery,
    @Context() context: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(
      readProblemHistory,
      { ...query, number, principal: context.principal },
      context,
    )
  }

  @Get(':id/incidents')
  @Endpoint({
    summary: 'The incidents that are linked to a problem, of those that you may see',
    roles: DESK_READERS,
    params: ProblemParams,
    query: ProblemIncidentsQuery,
    answer: ProblemIncidentPage,
  })
  incidents(
    @Param() { id: number }: ProblemParams,
    @Query() query: ProblemIncidentsQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(listProblemIncidents, { ...query, number, principal })
  }
}
