import { grantFor, isSystemId } from '#libs/access'
import type { RecordType } from '#libs/command-handling'
import type { CandidateCommand } from './domain/candidate.commands.js'
import { type CandidateDecision, type CandidateFacts, candidateDecider } from './domain/candidate.decider.js'
import type { CandidateEvent } from './domain/candidate.events.js'

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
}
