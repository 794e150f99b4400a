import type { Type } from '@nestjs/common'
import { deciderHandlers } from '#libs/command-handling/nest'
import { verbController } from '../http/verbs.js'
import { PROBLEM_COMMANDS } from './domain/problem.commands.js'
import { ProblemParams } from './dto/problem-commands.dto.js'
import { problemRecords } from './problem.record.js'
import { problemVerbs } from './problem.verbs.js'
import { ProblemAttachmentsController } from './problem-attachments.controller.js'
import { ProblemsController } from './problems.controller.js'
import { ProblemsReadsController } from './problems-reads.controller.js'

/** What problem management adds to the application. */
export const problems = {
  controllers: [
    ProblemsReadsController,
    ProblemsController,
    ProblemAttachmentsController,
    verbController({
      path: 'problems',
      parameter: 'id',
      params: ProblemParams,
      streamPrefix: 'problem-',
      verbs: problemVerbs,
    }),
  ] satisfies Type[],
  providers: deciderHandlers(problemRecords, PROBLEM_COMMANDS),
}
