import { grantFor, isSystemId } from '#libs/access'
import type { RecordType } from '#libs/command-handling'
import type { CandidateCommand } from './domain/candidate.commands.js'
import {
  type CandidateDecision,
  type CandidateFacts,
  candidateDecider,
  unknownProblemToJoin,
} from './domain/candidate.decider.js'
import type { CandidateEvent } from './domain/candidate.events.js'
import { isOpened } from './domain/problem.state.js'
import { maySeeProblem } from './problem.record.js'

/** Who decides whether there is a problem behind a candidate. */
export const CANDIDATE_DECIDERS = ['agent', 'team-lead'] as const

export const candidateRecords: RecordType<
  CandidateDecision,
  CandidateCommand,
  CandidateEvent,
  CandidateFacts
> = {
  decider: candidateDecider,
  rights: (principal) => (isSystemId(principal.id) ? undefined : grantFor(principal, CANDIDATE_DECIDERS)),
  factRights(principal, { type, data }, { into }) {
    if (type !== 'AcceptCandidate' || data.into === undefined) return
    if (!isOpened(into.value) || !maySeeProblem(principal, into.value)) throw unknownProblemToJoin(data.into)
  },
}
