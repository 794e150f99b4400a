import { Body, Controller, Post } from '@nestjs/common'
import { hasRole } from '#libs/access'
import { InvalidInput, NotFound, Unavailable } from '#libs/event-sourcing'
import { type Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { CORRELATION_READERS } from '#projections/problem-correlation/problem-correlation'
import { CommandSender } from '../http/command-sender.js'
import { Queries } from '../http/queries.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { splitReason } from '../http/verbs.js'
import { OpenProblem } from './domain/problem.commands.js'
import { PROBLEM_RIGHTS } from './domain/problem.rights.js'
import { OpenProblemDto } from './dto/problem-commands.dto.js'
import { readCandidate } from './queries/candidate.queries.js'

const COLLECTION = 'problem-'

/** Problems come into being here; what can be done to them stands in `problem.verbs`. */
@Controller('problems')
export class ProblemsController {
  constructor(
    private readonly queries: Queries,
    private readonly sender: CommandSender,
  ) {}

  @Post()
  @Endpoint({
    summary: 'Open a problem, with the incidents that it is behind',
    roles: PROBLEM_RIGHTS.OpenProblem,
    body: OpenProblemDto,
    status: 201,
    answer: Receipt,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'Location', 'ITSM-Position'],
  })
  async open(@Body() body: OpenProblemDto, @Context() context: RequestContext): Promise<Answer<Receipt>> {
    const [data, reason] = splitReason(body)
    if (data.candidate !== undefined) await this.#requireCandidate(data.candidate, context)
    const wish = { target: COLLECTION, method: 'POST', route: '/problems', params: {}, body, reason }
    const receipt = await this.sender.send(
      context,
      wish,
      (metadata) => new OpenProblem(undefined, data, metadata),
    )
    return receiptAnswer(receipt, { location: `/problems/${receipt.id}` })
  }

  /**
   * As far as it can be told: who may see no candidates is believed, and so is everybody while candidates can't be looked up.
   * @throws InvalidInput `PROBLEM.CANDIDATE_UNKNOWN`
   */
  async #requireCandidate(id: string, { principal }: RequestContext): Promise<void> {
    if (!hasRole(principal, ...CORRELATION_READERS)) return
    try {
      await this.queries.ask(readCandidate, { id, principal })
    } catch (error) {
      if (error instanceof Unavailable) return
      if (!(error instanceof NotFound)) throw error
      throw new InvalidInput('PROBLEM.CANDIDATE_UNKNOWN', 'Give the id of a candidate, or leave it out.', [
        { pointer: '/candidate', message: 'is no candidate, or none that you may see' },
      ])
    }
  }
}
