import {
  type Decider,
  type Fact,
  type FactQuestions,
  fact,
  InvalidInput,
  Refused,
} from '#libs/event-sourcing'
import type { AcceptCandidate, CandidateCommand, DismissCandidate } from './candidate.commands.js'
import type { CandidateAsSeen, CandidateEvent } from './candidate.events.js'
import type { ProblemEvent } from './problem.events.js'
import { requireBehindIncidents } from './problem.guards.js'
import { evolve, isOpened, NOT_OPENED, type ProblemRecord } from './problem.state.js'

/** What was decided of a candidate last, and of which incidents; there may be more to see since. */
export type CandidateDecision =
  | { readonly status: 'undecided' }
  /** `problem`: the one that it had become before, which was over. `into`: the one that it was accepted into. */
  | {
      readonly status: 'accepted'
      readonly incidents: readonly string[]
      readonly problem?: string
      readonly into?: string
    }
  | { readonly status: 'dismissed'; readonly incidents: readonly string[] }

export type CandidateFacts = {
  /** The problem that the candidate has become, as far as the one who decides has seen. */
  problem: Fact<ProblemRecord>
  /** The one that it is to be accepted into. */
  into: Fact<ProblemRecord>
}

const problemFact = (number: string) =>
  fact<ProblemRecord, ProblemEvent>(`problem-${number}`, { initial: NOT_OPENED, evolve })

export const candidateDecider: Decider<CandidateDecision, CandidateCommand, CandidateEvent, CandidateFacts> =
  {
    streamPrefix: 'candidate-',
    initial: { status: 'undecided' },
    facts({ type, data }): Partial<FactQuestions<CandidateFacts>> {
      const into = type === 'AcceptCandidate' ? data.into : undefined
      return {
        ...(data.problem !== undefined && { problem: problemFact(data.problem) }),
        ...(into !== undefined && { into: problemFact(into) }),
      }
    },
    decide(command, decision, known) {
      return command.type === 'AcceptCandidate'
        ? accept(command, decision, known)
        : dismiss(command, decision, known)
    },
    evolve(_, { type, data }) {
      const { incidents, problem } = data
      if (type === 'ProblemCandidateDismissed') return { status: 'dismissed', incidents }
      const { into } = data
      return { status: 'accepted', incidents, problem: problem === into ? undefined : problem, into }
    },
  }

/** @throws Refused `CANDIDATE.ACCEPTED`; as {@link requireBehindIncidents} does */
function accept(
  command: AcceptCandidate,
  decision: CandidateDecision,
  known: CandidateFacts,
): readonly CandidateEvent[] {
  const { data } = command
  const { into } = data
  const accepted = [{ type: 'ProblemCandidateAccepted', data }] as const
  const isSettled = isSettledBy(command, decision, known)
  if (into === undefined) return isSettled ? [] : accepted
  requireGoingInto(into, known)
  if (!isSettled) return accepted
  const became = problemBehind(command, decision, known)
  if (became !== into) throw alreadyAccepted(became, `mark that one a duplicate of ${into}`)
  // Those that joined since are linked, too
  return hasGrown(data, decision) ? accepted : []
}

/** @throws Refused `CANDIDATE.ACCEPTED`; InvalidInput `CANDIDATE.NO_REASON` */
function dismiss(
  command: DismissCandidate,
  decision: CandidateDecision,
  known: CandidateFacts,
): readonly CandidateEvent[] {
  const { data, metadata } = command
  if (isSettledBy(command, decision, known))
    throw alreadyAccepted(problemBehind(command, decision, known), 'cancel that one if there is none')
  if (!metadata.reason?.trim())
    throw new InvalidInput('CANDIDATE.NO_REASON', 'Say why, for whoever sees it again.', [
      { pointer: '/reason', message: 'is missing' },
    ])
  if (decision.status === 'dismissed' && !hasGrown(data, decision)) return []
  return [{ type: 'ProblemCandidateDismissed', data }]
}

/** Whether it has an incident that nobody has decided of yet: its number of members tells nothing, as some leave. */
function hasGrown({ incidents }: CandidateAsSeen, decision: CandidateDecision): boolean {
  if (decision.status === 'undecided') return incidents.length > 0
  const decided = new Set(decision.incidents)
  return incidents.some((number) => !decided.has(number))
}

function alreadyAccepted(problem: string | undefined, mend: string): Refused {
  const behind = problem === undefined ? 'a problem is being opened for it' : `${problem} is behind it`
  return new Refused('CANDIDATE.ACCEPTED', `It was accepted, ${behind}: ${mend}.`, {
    ...(problem !== undefined && { problem }),
  })
}

/** @throws InvalidInput `CANDIDATE.PROBLEM_UNKNOWN`; as {@link requireBehindIncidents} does */
function requireGoingInto(into: string, { into: { value } }: CandidateFacts): void {
  if (!isOpened(value)) throw unknownProblemToJoin(into)
  requireBehindIncidents(value)
}

/** One that is not there, or that whoever names it may not see: the two must not differ. */
export function unknownProblemToJoin(number: string): InvalidInput {
  return new InvalidInput(
    'CANDIDATE.PROBLEM_UNKNOWN',
    `There is no problem ${number}, or none that you may see: leave it out, and one is opened.`,
    [{ pointer: '/problem', message: 'is no problem, or none that you may see' }],
  )
}

/**
 * Whether somebody has decided for a problem already, which goes on or is about to be opened. Closed is for good: of a candidate that
 * has grown since it was accepted, and whose problem is over, what comes back is a new problem.
 */
function isSettledBy(command: CandidateCommand, decision: CandidateDecision, known: CandidateFacts): boolean {
  const { problem } = command.data
  // One that a person opened by hand needs no decision.
  if (problemGoingOn(command, known) !== undefined) return true
  if (decision.status !== 'accepted') return false
  return problem === undefined || decision.problem === problem || !hasGrown(command.data, decision)
}

/** Number of the problem that settles it; undefined: it is about to be opened. */
function problemBehind(
  command: CandidateCommand,
  decision: CandidateDecision,
  known: CandidateFacts,
): string | undefined {
  const { problem } = command.data
  if (decision.status !== 'accepted' || problemGoingOn(command, known) !== undefined) return problem
  const isBecoming = problem === undefined || decision.problem === problem
  return isBecoming ? decision.into : problem
}

/** Number of the problem that the candidate has become, unless it is over. */
function problemGoingOn({ data: { problem } }: CandidateCommand, known: CandidateFacts): string | undefined {
  if (problem === undefined) return undefined
  const { value } = known.problem
  return isOpened(value) && value.stage.state !== 'Closed' ? problem : undefined
}
