import { type Decider, InvalidInput, Refused } from '#libs/event-sourcing'
import type { CandidateCommand } from './candidate.commands.js'
import type { CandidateEvent } from './candidate.events.js'

/** What was decided of a candidate; a dismissed one may be decided on again, when there is more to see. */
export type CandidateDecision =
  | { readonly status: 'undecided' }
  | { readonly status: 'accepted' }
  | { readonly status: 'dismissed'; readonly memberCount: number }

export const candidateDecider: Decider<CandidateDecision, CandidateCommand, CandidateEvent> = {
  streamPrefix: 'candidate-',
  initial: { status: 'undecided' },
  decide({ type, data, metadata }, decision) {
    if (decision.status === 'accepted') {
      if (type === 'AcceptCandidate') return []
      throw new Refused('CANDIDATE.ACCEPTED', 'It was accepted: cancel the problem that it became.')
    }
    if (type === 'AcceptCandidate') return [{ type: 'ProblemCandidateAccepted', data }]
    if (!metadata.reason?.trim())
      throw new InvalidInput('CANDIDATE.NO_REASON', 'Say why, for whoever sees it again.', [
        { pointer: '/reason', message: 'is missing' },
      ])
    if (decision.status === 'dismissed' && decision.memberCount === data.memberCount) return []
    return [{ type: 'ProblemCandidateDismissed', data }]
  },
  evolve(_, { type, data }) {
    return type === 'ProblemCandidateAccepted'
      ? { status: 'accepted' }
      : { status: 'dismissed', memberCount: data.memberCount }
  },
}
