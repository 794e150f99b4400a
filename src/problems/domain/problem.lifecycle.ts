import { namedBefore } from '#libs/duplicates'
import { InvalidInput, Refused } from '#libs/event-sourcing'
import {
  type AcceptRisk,
  type CancelProblem,
  type CloseProblem,
  type DeclareKnownError,
  type HoldProblem,
  LinkProblem,
  type MarkProblemDuplicate,
  type ReanalyseProblem,
  type RecordRootCause,
  type RecordWorkaround,
  type ResolveProblem,
  type ResumeProblem,
  type ReviewProblem,
  type StartAnalysis,
  type StartFix,
  type StartProblemAssessment,
  type WithdrawKnownError,
} from './problem.commands.js'
import { linkProblem } from './problem.description.js'
import type { ProblemEvent, ProblemState } from './problem.events.js'
import type { ProblemFacts } from './problem.facts.js'
import { requireStep, requireText, requireUnfinished } from './problem.guards.js'
import { isOpened, outcomeOf, type Problem } from './problem.state.js'
import { requireTasksDone, skippedTasks } from './problem.tasks.js'

/** Steps from New to Closed, and what is found out on the way. A command that wants what is so already decides nothing. */

export function startAssessment(_: StartProblemAssessment, problem: Problem): readonly ProblemEvent[] {
  if (problem.stage.state === 'Assess' && problem.hold === null) return []
  requireStep('assess', problem)
  return [{ type: 'ProblemAssessmentStarted', data: {} }]
}

export function startAnalysis(_: StartAnalysis, problem: Problem): readonly ProblemEvent[] {
  if (problem.stage.state === 'Root Cause Analysis' && problem.hold === null) return []
  requireStep('analyse', problem)
  return [{ type: 'ProblemAnalysisStarted', data: {} }]
}

export function reanalyse({ data: { notes } }: ReanalyseProblem, problem: Problem): readonly ProblemEvent[] {
  requireText({ notes })
  requireStep('reanalyse', problem)
  const { state: from } = problem.stage
  return [{ type: 'ProblemReanalysed', data: { from, outcome: outcomeOf(problem), notes } }]
}

export function recordRootCause(
  { data: { cause } }: RecordRootCause,
  problem: Problem,
): readonly ProblemEvent[] {
  requireText({ cause })
  if (cause === problem.rootCause) return []
  requireStep('findCause', problem)
  return [{ type: 'RootCauseRecorded', data: { cause, previous: problem.rootCause } }]
}

/** Allowed from the first moment: what helps people meanwhile is often known before the cause is. */
export function recordWorkaround(
  { data: { workaround } }: RecordWorkaround,
  problem: Problem,
): readonly ProblemEvent[] {
  requireText({ workaround })
  if (workaround === problem.workaround) return []
  requireUnfinished(problem)
  const { workaround: previous, workarounds } = problem
  return [{ type: 'WorkaroundRecorded', data: { workaround, number: workarounds + 1, previous } }]
}

export function declareKnownError(_: DeclareKnownError, problem: Problem): readonly ProblemEvent[] {
  if (problem.knownError) return []
  requireUnfinished(problem)
  if (problem.rootCause === null && problem.workaround === null)
    throw new Refused(
      'PROBLEM.NOTHING_KNOWN',
      'A known error has a root cause or a workaround that is known: record one first.',
    )
  return [{ type: 'KnownErrorDeclared', data: {} }]
}

export function withdrawKnownError(
  { data: { notes } }: WithdrawKnownError,
  problem: Problem,
): readonly ProblemEvent[] {
  requireText({ notes })
  if (!problem.knownError) return []
  requireUnfinished(problem)
  return [{ type: 'KnownErrorWithdrawn', data: { notes } }]
}

/** The fix travels through a change: where one is named, it is linked. */
export function startFix(
  { id, data: { change }, metadata }: StartFix,
  problem: Problem,
): readonly ProblemEvent[] {
  const link =
    change === undefined
      ? []
      : linkProblem(
          new LinkProblem(
            id,
            { relation: 'fixed-by-change', targetType: 'change', target: change },
            metadata,
          ),
          problem,
        )
  if (problem.stage.state === 'Fix in Progress' && problem.hold === null) return link
  requireStep('fix', problem)
  if (problem.rootCause === null)
    throw new Refused('PROBLEM.ROOT_CAUSE_REQUIRED', 'Record the root cause first: that is what is fixed.')
  return [...link, { type: 'ProblemFixStarted', data: {} }]
}

export function holdProblem(
  { data: { reason, comment } }: HoldProblem,
  problem: Problem,
): readonly ProblemEvent[] {
  if (!reason.trim())
    throw new InvalidInput('PROBLEM.TEXT_REQUIRED', 'Say what it waits for.', [
      // Over HTTP `reason` says why somebody writes.
      { pointer: '/holdReason', message: 'must not be empty' },
    ])
  if (problem.hold?.reason === reason && problem.hold.comment === comment) return []
  requireStep('hold', problem)
  return [{ type: 'ProblemHeld', data: { reason, comment } }]
}

export function resumeProblem(_: ResumeProblem, problem: Problem): readonly ProblemEvent[] {
  if (problem.hold === null) return []
  requireUnfinished(problem)
  return [{ type: 'ProblemResumed', data: {} }]
}

export function resolveProblem(
  { data: { notes } }: ResolveProblem,
  problem: Problem,
  { settings: { value } }: ProblemFacts,
): readonly ProblemEvent[] {
  requireText({ notes })
  if (hasEndedAs(problem, 'Resolved', 'fix applied', notes)) return []
  requireStep('resolve', problem)
  requireTasksDone(problem)
  const { heldIncidentsAtFix: heldIncidents } = value.settings
  return [{ type: 'ProblemResolved', data: { notes, heldIncidents, settingsVersion: value.version } }]
}

export function acceptRisk({ data: { notes } }: AcceptRisk, problem: Problem): readonly ProblemEvent[] {
  requireText({ notes })
  if (hasEndedAs(problem, 'Resolved', 'risk accepted', notes)) return []
  requireStep('acceptRisk', problem)
  const from = problem.stage.state
  return [
    ...skippedTasks(problem, 'The risk was accepted.'),
    { type: 'ProblemRiskAccepted', data: { from, notes } },
  ]
}

export function cancelProblem({ data: { notes } }: CancelProblem, problem: Problem): readonly ProblemEvent[] {
  requireText({ notes })
  if (hasEndedAs(problem, 'Closed', 'canceled', notes)) return []
  requireStep('end', problem)
  const from = problem.stage.state
  return [
    ...skippedTasks(problem, 'The problem was canceled.'),
    { type: 'ProblemCanceled', data: { from, notes } },
  ]
}

function hasEndedAs(problem: Problem, state: ProblemState, outcome: string, notes: string): boolean {
  return problem.stage.state === state && outcomeOf(problem) === outcome && problem.resolutionNotes === notes
}

export function markDuplicate(
  { id, data: { survivor, notes }, metadata: { occurredAt } }: MarkProblemDuplicate,
  problem: Problem,
  known: ProblemFacts,
): readonly ProblemEvent[] {
  const { stage } = problem
  if (stage.state === 'Closed' && stage.survivor === survivor) return []
  requireStep('end', problem)
  if (survivor === id) throw badSurvivor('is the problem itself')
  requireSurvivor(known)
  if (namedBefore(known.survivorNamed.value, known.named.value, occurredAt))
    throw new Refused(
      'PROBLEM.SURVIVOR_ENDING',
      'Somebody is marking the survivor a duplicate just now: look at it again, then name the one that goes on.',
      { survivor },
    )
  return [
    ...skippedTasks(problem, `The problem is a duplicate of ${survivor}.`),
    { type: 'ProblemMarkedDuplicate', data: { from: stage.state, survivor, notes: notes ?? null } },
  ]
}

function requireSurvivor({ survivor: { value } }: ProblemFacts): void {
  if (!isOpened(value)) throw unknownSurvivor()
  const { stage } = value
  if (stage.state !== 'Closed') return
  if (stage.outcome === 'duplicate')
    throw new Refused(
      'PROBLEM.SURVIVOR_DUPLICATE',
      `The survivor is itself a duplicate of ${stage.survivor}: name that one.`,
      { survivor: stage.survivor },
    )
  if (stage.outcome === 'canceled')
    throw new Refused('PROBLEM.SURVIVOR_CANCELED', 'The survivor was canceled: choose one that goes on.')
}

/** A survivor that is not there, or that whoever names it may not see: the two must not differ. */
export function unknownSurvivor(): InvalidInput {
  return badSurvivor('is no problem, or none that you may see')
}

function badSurvivor(message: string): InvalidInput {
  return new InvalidInput('PROBLEM.SURVIVOR_UNKNOWN', 'Give the number of another problem, which goes on.', [
    { pointer: '/survivor', message },
  ])
}

export function reviewProblem({ data }: ReviewProblem, problem: Problem): readonly ProblemEvent[] {
  requireText({ conclusion: data.conclusion })
  requireStep('review', problem)
  const { conclusion, wentWell, wentBadly, lessons, actions } = data
  return [{ type: 'ProblemReviewed', data: { conclusion, wentWell, wentBadly, lessons, actions } }]
}

export function closeProblem(
  _: CloseProblem,
  problem: Problem,
  { settings: { value } }: ProblemFacts,
): readonly ProblemEvent[] {
  if (problem.stage.state === 'Closed') return []
  requireStep('close', problem)
  requireTasksDone(problem)
  const { reviewUpToPriority: upTo } = value.settings
  const { priority, reviewed } = problem
  if (!reviewed && upTo !== null && priority !== null && priority <= upTo)
    throw new Refused(
      'PROBLEM.REVIEW_REQUIRED',
      'A major problem is reviewed before it is closed: review it first.',
      {
        priority,
        reviewUpToPriority: upTo,
      },
    )
  return [{ type: 'ProblemClosed', data: {} }]
}
