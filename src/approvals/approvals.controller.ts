import { Controller, Get, Inject, Param, Query } from '@nestjs/common'
import { hasRole } from '#libs/access'
import { type Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { DESK_PEOPLE } from '#projections/access'
import { Delegations } from '../http/delegations.js'
import { FreshnessQuery } from '../http/listing.dto.js'
import { Queries } from '../http/queries.js'
import { type Verbs, verb } from '../http/verbs.js'
import { listApprovals, myApprovals, readApproval } from './approval.queries.js'
import { GrantApproval, RejectApproval } from './domain/approval.commands.js'
import {
  AnswerDto,
  ApprovalPage,
  ApprovalParams,
  ApprovalsQuery,
  ApprovalWithDocument,
} from './dto/approval.dto.js'

/** Who is asked to approve what, and what they have said. */
@Controller('approvals')
export class ApprovalsController {
  constructor(
    private readonly queries: Queries,
    @Inject(Delegations) private readonly delegations: Delegations,
  ) {}

  @Get()
  @Endpoint({
    summary: 'List approvals; requesters see those in which they are asked',
    roles: 'any',
    query: ApprovalsQuery,
    answer: ApprovalPage,
  })
  list(@Query() query: ApprovalsQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listApprovals, { ...query, principal })
  }

  @Get('mine')
  @Endpoint({
    summary: 'What awaits my answer, the oldest first; also for those who let me answer for them',
    roles: 'any',
    query: ApprovalsQuery,
    answer: ApprovalPage,
  })
  mine(@Query() query: ApprovalsQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    // Who is asked answers, whoever he is; for somebody else only those of the desk do
    const delegators = hasRole(principal, ...DESK_PEOPLE)
      ? this.delegations.delegatorsOf(principal.id, new Date().toISOString())
      : []
    return this.queries.answer(myApprovals, { ...query, principal, delegators })
  }

  @Get(':id')
  @Endpoint({
    summary: 'Read one approval, with the document that it asks about',
    roles: 'any',
    params: ApprovalParams,
    query: FreshnessQuery,
    answer: ApprovalWithDocument,
    responseHeaders: ['ITSM-Position'],
  })
  read(
    @Param() { id }: ApprovalParams,
    @Query() { minPosition }: FreshnessQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(readApproval, { id, minPosition, principal })
  }
}

/** What people can do in a round. */
export const approvalVerbs = {
  grant: verb({
    summary: 'Approve what was asked about',
    description: 'The `hash` says what was read: another one than that which was asked about is refused.',
    roles: 'any',
    body: AnswerDto,
    command: (id, data, metadata) =>
      new GrantApproval(id, data, { ...metadata, onBehalfOf: data.onBehalfOf }),
  }),
  reject: verb({
    summary: 'Reject what was asked about, and say why',
    roles: 'any',
    body: AnswerDto,
    command: (id, data, metadata) =>
      new RejectApproval(id, data, { ...metadata, onBehalfOf: data.onBehalfOf }),
  }),
} satisfies Verbs
