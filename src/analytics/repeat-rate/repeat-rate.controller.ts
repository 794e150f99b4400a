import { Controller, Get, Param, Query } from '@nestjs/common'
import { type Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { DESK_READERS } from '#projections/access'
import { Queries } from '../../http/queries.js'
import { Estate } from '../forensics/estate.js'
import { type FixedProblem, readProblemFix } from './problem-fix.query.js'
import { FixedProblemParams, RepeatRateQuery, RepeatRateView } from './repeat-rate.dto.js'
import { readRepeatRate } from './repeat-rate.query.js'

const USUAL_DAYS = 90
const USUAL_PAGE = 50

/** Whether the fix of a problem has helped. */
@Controller()
export class RepeatRateController {
  constructor(
    private readonly queries: Queries,
    private readonly estate: Estate,
  ) {}

  @Get('problems/:id/repeat-rate')
  @Endpoint({
    summary: 'Incidents of a problem’s kind before its fix and after it',
    description:
      'Counted is what you may see: neither canceled incidents nor those that follow a parent, and what was detected before the fix ' +
      'counts as before it. The test is named; it says when there is too little to tell.',
    roles: DESK_READERS,
    params: FixedProblemParams,
    query: RepeatRateQuery,
    answer: RepeatRateView,
    refusals: [404, 409],
    responseHeaders: ['ITSM-Position'],
  })
  async repeatRate(
    @Param() { id: number }: FixedProblemParams,
    @Query() { days = USUAL_DAYS, pageSize = USUAL_PAGE, minPosition }: RepeatRateQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    const asked = { principal, minPosition }
    const { json } = await this.queries.ask(readProblemFix, { ...asked, number })
    const problem = JSON.parse(json) as FixedProblem
    const reach = await this.itemsOf(problem, asked)
    return this.queries.answer(readRepeatRate, { ...asked, problem, reach, days, pageSize })
  }

  /** The items themselves, by number and by name; nothing around them. */
  private async itemsOf(
    { kind, fix }: FixedProblem,
    asked: { principal: RequestContext['principal']; minPosition?: string },
  ) {
    if (kind.by !== 'configuration items') return undefined
    return this.estate.reach({
      ...asked,
      ...{ cis: kind.cis, direction: 'down', depth: 0, most: 0 },
      validAt: fix.startedAt,
    })
  }
}
