import {
  type Decider,
  type Fact,
  type FactQuestions,
  fact,
  InvalidInput,
  Refused,
} from '#libs/event-sourcing'
import type { CandidateCommand } from './candidate.commands.js'
import type { CandidateEvent } from './candidate.events.js'
import type { ProblemEvent } from './problem.events.js'
import { evolve, isOpened, NOT_OPENED, type ProblemRecord } from './problem.state.js'

/** What was decided of a candidate last; there may be more to see since. */
export type CandidateDecision =
  | { readonly status: 'undecided' }
  /** `problem`: the one that it had become before, which was over. */
  | { readonly status: 'accepted'; readonly memberCount: number; readonly problem?: string }
  | { readonly status: 'dismissed'; readonly memberCount: number }

export type CandidateFacts = {
  /** The problem that the candidate has become, as far as the one who decides has seen. */
  problem: Fact<ProblemRecord>
}

export const candidateDecider: Decider<CandidateDecision, CandidateCommand, CandidateEvent, CandidateFacts> =
  {
    streamPrefix: 'candidate-',
    initial: { status: 'undecided' },
    facts({ data: { problem } }): Partial<FactQuestions<CandidateFacts>> {
      if (problem === undefined) return {}
      return {
        problem: fact<ProblemRecord, ProblemEvent>(`problem-${problem}`, { initial: NOT_OPENED, evolve }),
      }
    },
    decide(command, decision, known) {
      const { type, data, metadata } = command
      if (isSettled(command, decision, known)) {
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
    evolve(_, { type, data: { memberCount, problem } }) {
      return type === 'ProblemCandidateAccepted'
        ? { status: 'accepted', memberCount, problem }
        : { status: 'dismissed', memberCount }
    },
  }

/**
 * Whether somebody has decided for a problem already, which goes on or is about to be opened. Closed is for good: of a candidate that
 * has grown since it was accepted, and whose problem is over, what comes back is a new problem.
 */
function isSettled(
  { data: { problem, memberCount } }: CandidateCommand,
  decision: CandidateDecision,
  known: CandidateFacts,
): boolean {
  // One that a person opened by hand needs no decision.
  if (problem !== undefined && goesOn(known.problem.value)) return true
  if (decision.status !== 'accepted') return false
  return problem === undefined || decision.problem === problem || memberCount <= decision.memberCount
}

function goesOn(record: ProblemRecord): boolean {
  return isOpened(record) && record.stage.state !== 'Closed'
}
