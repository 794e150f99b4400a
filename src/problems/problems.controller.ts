import { Body, Controller, Post } from '@nestjs/common'
import { type Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { CommandSender } from '../http/command-sender.js'
import { Receipt, receiptAnswer } from '../http/receipt.js'
import { splitReason } from '../http/verbs.js'
import { OpenProblem } from './domain/problem.commands.js'
import { PROBLEM_RIGHTS } from './domain/problem.rights.js'
import { OpenProblemDto } from './dto/problem-commands.dto.js'

const COLLECTION = 'problem-'

/** Problems come into being here; what can be done to them stands in `problem.verbs`. */
@Controller('problems')
export class ProblemsController {
  constructor(private readonly sender: CommandSender) {}

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
    const wish = { target: COLLECTION, method: 'POST', route: '/problems', params: {}, body, reason }
    const receipt = await this.sender.send(
      context,
      wish,
      (metadata) => new OpenProblem(undefined, data, metadata),
    )
    return receiptAnswer(receipt, { location: `/problems/${receipt.id}` })
  }
}
