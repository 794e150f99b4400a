import { deciderHandlers } from '#libs/command-handling/nest'
import { candidateRecords } from './candidate.record.js'
import { CandidatesController } from './candidates.controller.js'
import { CANDIDATE_COMMANDS } from './domain/candidate.commands.js'

/** What correlation adds to the application. */
export const candidates = {
  controllers: [CandidatesController],
  providers: deciderHandlers(candidateRecords, CANDIDATE_COMMANDS),
}
