import { Body, Controller, Get, Inject, Param, Post, Query, Req } from '@nestjs/common'
import { IsInt, IsOptional, Matches, Min } from 'class-validator'
import type { FastifyRequest } from 'fastify'
import { type Answer, Authenticator, Context, Endpoint, Field, RequestContext } from '#libs/platform'
import { DESK_READERS } from '#projections/access'
import { prefers } from '../http/accept.js'
import { Delegations } from '../http/delegations.js'
import { FreshnessQuery, TimePointQuery } from '../http/listing.dto.js'
import { Queries } from '../http/queries.js'
import { Reasoned } from '../http/reasoned.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { MyQueue, QueuePage, QueuesOverview } from './dto/queue-answers.dto.js'
import { followQueue, GroupQueueQuery, refuseLive } from './live/live-queue.request.js'
import { LiveQueues } from './live/live-queues.js'
import { EVENT_STREAM } from './live/server-sent-events.js'
import { groupQueue, myQueue, queuesOverview } from './queue.queries.js'
import { TakeNext } from './take-next.js'

class QueueParams {
  @Field('Directory id of the group.', 'Group 70') @Matches(/^\P{C}{1,200}$/u) group!: string
}

class MyQueueQuery extends FreshnessQuery {
  @IsOptional() @Field('Rows a section; 0: the usual 50.', 20) @IsInt() @Min(0) pageSize?: number
}

/** Who has what to do, now and at any time before. */
@Controller('queues')
export class QueuesController {
  constructor(
    private readonly queries: Queries,
    private readonly next: TakeNext,
    private readonly live: LiveQueues,
    private readonly authenticator: Authenticator,
    @Inject(Delegations) private readonly delegations: Delegations,
  ) {}

  @Get()
  @Endpoint({
    summary: 'All queues, counted by state, priority and age (days), now or at a past point',
    roles: DESK_READERS,
    query: TimePointQuery,
    answer: QueuesOverview,
  })
  overview(@Query() query: TimePointQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(queuesOverview, { ...query, principal })
  }

  @Get('mine')
  @Endpoint({
    summary:
      'Mine, unassigned in my groups, new replies since I last acted, follow-ups due, awaiting my approval',
    roles: ['agent', 'team-lead', 'change-manager'],
    query: MyQueueQuery,
    answer: MyQueue,
  })
  mine(@Query() query: MyQueueQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    const delegators = this.delegations.delegatorsOf(principal.id, new Date().toISOString())
    return this.queries.answer(myQueue, { ...query, principal, delegators })
  }

  @Get(':group')
  @Endpoint({
    summary: 'The queue of a group: a page, now or at a past point; or live (Accept: text/event-stream)',
    description:
      'Live, each event carries a row in `data` as the page shows it: `enter`, `change`, and `leave` with the number only. ' +
      '`reset`: forget all rows, they come anew. `level`: from here on it is what happens. Whoever comes back with the last `id` goes on from there.',
    roles: DESK_READERS,
    params: QueueParams,
    query: GroupQueueQuery,
    answer: { content: { 'application/json': QueuePage, [EVENT_STREAM]: 'text' } },
    refusals: [409],
    requestHeaders: ['Last-Event-ID'],
  })
  async queue(
    @Param() { group }: QueueParams,
    @Query() query: GroupQueueQuery,
    @Req() request: FastifyRequest,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    if (prefers(request, EVENT_STREAM))
      return followQueue(this.live, this.authenticator, { group, query, principal }, request)
    refuseLive(query)
    return this.queries.answer(groupQueue, { ...query, group, principal })
  }

  @Post(':group/take-next')
  @Endpoint({
    summary: 'Take the most urgent record that nobody has; two agents never get the same',
    roles: ['agent', 'team-lead'],
    params: QueueParams,
    body: Reasoned,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  async takeNext(
    @Param() { group }: QueueParams,
    @Body() body: Reasoned,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    return receiptAnswer(await this.next.take(group, body, context))
  }
}
