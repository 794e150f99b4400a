import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common'
import { type CommandMetadata, Refused } from '#libs/event-sourcing'
import { Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { CORRELATION_READERS } from '#projections/problem-correlation/problem-correlation'
import { CommandSender } from '../http/command-sender.js'
import { Queries } from '../http/queries.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { CANDIDATE_DECIDERS } from './candidate.record.js'
import { AcceptCandidate, type CandidateCommand, DismissCandidate } from './domain/candidate.commands.js'
import type { CandidateAsSeen } from './domain/candidate.events.js'
import type { CommonTraits } from './domain/common-traits.js'
import {
  AcceptCandidateDto,
  CandidateAtPosition,
  CandidatePage,
  CandidateParams,
  CandidatesQuery,
  DismissCandidateDto,
  SimilarIncidents,
  SimilarParams,
  SimilarQuery,
} from './dto/candidate.dto.js'
import { listCandidates, readCandidate, readCommonTraits } from './queries/candidate.queries.js'
import { type CandidateMember, readCandidateMembers } from './queries/candidate-members.query.js'
import { similarIncidents } from './queries/similar.query.js'

type Commanded = (metadata: CommandMetadata) => CandidateCommand

/** Candidates for problems, and which incidents are alike. */
@Controller()
export class CandidatesController {
  constructor(
    private readonly queries: Queries,
    private readonly sender: CommandSender,
  ) {}

  @Get('problem-candidates')
  @Endpoint({
    summary: 'Incidents that seem to have one cause, those with the most evidence first',
    description:
      'Found as incidents are opened. Those that were decided on, or merged, are listed too: `status = "open"` leaves them out, `status = "accepted" AND notLinked > 0` asks for those with incidents that their problem does not have yet.',
    roles: CORRELATION_READERS,
    query: CandidatesQuery,
    answer: CandidatePage,
  })
  list(@Query() query: CandidatesQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listCandidates, { ...query, principal })
  }

  @Get('problem-candidates/:id')
  @Endpoint({
    summary: 'One candidate, with its incidents and why they belong together',
    roles: CORRELATION_READERS,
    params: CandidateParams,
    answer: CandidateAtPosition,
    refusals: [404],
    responseHeaders: ['ITSM-Position'],
  })
  read(@Param() { id }: CandidateParams, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(readCandidate, { id, principal })
  }

  @Get('incidents/:number/similar')
  @Endpoint({
    summary: 'Incidents that speak for having one cause with this one, the best first, and why',
    description:
      'Looked for among the newest that share a trait with it: at most some hundred, however many there are. Those whose traits speak against it are left out.',
    roles: CORRELATION_READERS,
    params: SimilarParams,
    query: SimilarQuery,
    answer: SimilarIncidents,
    refusals: [404],
    responseHeaders: ['ITSM-Position'],
  })
  similar(
    @Param() { number }: SimilarParams,
    @Query() query: SimilarQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    return this.queries.answer(similarIncidents, { ...query, number, principal })
  }

  @Post('problem-candidates/:id/accept')
  @Endpoint({
    summary: 'There is a problem behind it',
    description:
      'Opens the problem, soon after, and links the incidents to it; the candidate then names it, and `notLinked` falls to 0 as they are linked. The history of the problem tells which of them were left out, and why, where it is canceled or becomes a duplicate meanwhile; those of a duplicate are linked to its survivor. With `problem`, they are linked to that one; again with the one that it has become: those that have joined since. What is opened takes from the incidents what they have in common: the most frequent category, what more than half of them have as subcategory, symptom, service and primary item, impact and urgency of the one with the highest priority. Of one whose problem is closed and that has grown since, a new problem with the incidents that are not linked to the old one.',
    roles: CANDIDATE_DECIDERS,
    params: CandidateParams,
    body: AcceptCandidateDto,
    answer: Receipt,
    refusals: [404, 409],
    requestHeaders: ['Idempotency-Key', 'If-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  accept(
    @Param() params: CandidateParams,
    @Body() body: AcceptCandidateDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    const { principal } = context
    const { problem: into } = body
    return this.#decide('accept', { params, body, context }, async (seen, minPosition) => {
      if (into !== undefined) return (metadata) => new AcceptCandidate(params.id, { ...seen, into }, metadata)
      const { json } = await this.queries.ask(readCommonTraits, {
        principal,
        incidents: seen.incidents,
        minPosition,
      })
      const common = JSON.parse(json) as CommonTraits
      return (metadata) => new AcceptCandidate(params.id, { ...seen, common }, metadata)
    })
  }

  @Post('problem-candidates/:id/dismiss')
  @Endpoint({
    summary: 'There is no problem behind it, or nobody will look for it',
    description: 'It is back when another incident joins it that was opened later.',
    roles: CANDIDATE_DECIDERS,
    params: CandidateParams,
    body: DismissCandidateDto,
    answer: Receipt,
    refusals: [404, 409],
    requestHeaders: ['Idempotency-Key', 'If-Match'],
    responseHeaders: ['ETag', 'ITSM-Position'],
  })
  dismiss(
    @Param() params: CandidateParams,
    @Body() body: DismissCandidateDto,
    @Context() context: RequestContext,
  ): Promise<Answer<Receipt>> {
    return this.#decide(
      'dismiss',
      { params, body, context },
      (seen) => (metadata) => new DismissCandidate(params.id, seen, metadata),
    )
  }

  /** The candidate goes with the command, as it is seen now. */
  async #decide(
    verb: string,
    {
      params,
      body,
      context,
    }: { params: CandidateParams; body: { reason?: string }; context: RequestContext },
    commandOf: (seen: CandidateAsSeen, position: string) => Commanded | Promise<Commanded>,
  ): Promise<Answer<Receipt>> {
    const { id } = params
    const { json } = await this.queries.ask(readCandidate, { id, principal: context.principal })
    const candidate = JSON.parse(json) as CandidateAtPosition
    if (candidate.status === 'merged')
      throw new Refused('CANDIDATE.MERGED', `It goes on in ${candidate.mergedInto}: decide on that one.`)
    if (candidate.status === 'dissolved')
      throw new Refused(
        'CANDIDATE.DISSOLVED',
        'Of its incidents fewer than two are left to see: ask again when another one has joined.',
      )
    const { title, score, memberCount, problem, position } = candidate
    // Of one whose problem is over, the incidents of that problem stay with it.
    const incidents = (await this.#membersOf(candidate, context))
      .filter(({ problems = [] }) => problem === undefined || !problems.includes(problem))
      .map(({ number }) => number)
    const route = `/problem-candidates/{id}/${verb}`
    const wish = { target: `candidate-${id}`, method: 'POST', route, params, body, reason: body.reason }
    const seen = { title, score, memberCount, incidents, ...(problem !== undefined && { problem }) }
    return receiptAnswer(await this.sender.send(context, wish, await commandOf(seen, position)))
  }

  /** All of them: a candidate itself lists the newest alone. */
  async #membersOf(
    { id, memberCount, members, position: minPosition }: CandidateAtPosition,
    { principal }: RequestContext,
  ): Promise<readonly CandidateMember[]> {
    if (members.length === memberCount) return members as CandidateMember[]
    const { json } = await this.queries.ask(readCandidateMembers, { principal, id, minPosition })
    return JSON.parse(json)
  }
}
