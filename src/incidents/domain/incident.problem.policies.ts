import type { RecordedEvent } from '#libs/event-sourcing'
import { definePolicy, type Reaction } from '#libs/projections-runtime'
import type { ProblemEvent } from '../../problems/domain/problem.events.js'
import { AddLink, FollowProblem } from './incident.commands.js'
import type { IncidentEvent } from './incident.events.js'
import { numberOf, STREAM_PREFIX } from './incident.policy-streams.js'
import { AWAITING_PROBLEM, problemLink } from './incident.problem.js'
import { type ProblemBehind, type ProblemStep, problemBehind, stepsOf } from './problem-behind.js'

const PROBLEM_PREFIX = 'problem-'
const problemOf = (stream: string): string => stream.slice(PROBLEM_PREFIX.length)

type Recorded = RecordedEvent<IncidentEvent | ProblemEvent>

/** A problem, and the streams of the incidents that are linked to it. */
interface Behind extends ProblemBehind {
  incidents: readonly string[]
}

const NOTHING: Behind = { ...problemBehind.initial, incidents: [] }

/** The problem that a link of an incident leads to. */
function linkedProblem(event: Recorded): string | undefined {
  if (event.type !== 'LinkAdded' && event.type !== 'LinkRemoved') return undefined
  const { relation, targetType, target } = event.data.link
  return relation === 'has-problem' && targetType === 'problem' ? target : undefined
}

/** A problem that nobody has linked and nothing is known of leaves no trace. */
function evolve(state: Behind, event: Recorded): Behind | null {
  const after = evolved(state, event)
  const { incidents, knownError, restricted, workaround, end } = after
  return incidents.length === 0 && !knownError && !restricted && workaround.number === 0 && end === null
    ? null
    : after
}

function evolved(state: Behind, event: Recorded): Behind {
  const others = state.incidents.filter((stream) => stream !== event.stream)
  if (event.type === 'LinkAdded') return { ...state, incidents: [...others, event.stream] }
  if (event.type === 'LinkRemoved') return { ...state, incidents: others }
  return { ...state, ...problemBehind.evolve(state, event as RecordedEvent<ProblemEvent>) }
}

/** Which of the steps an event of the problem itself leads to. */
function stepsAfter(event: Recorded, state: Behind): readonly ProblemStep[] {
  const steps = stepsOf(state)
  switch (event.type) {
    case 'KnownErrorDeclared':
    case 'WorkaroundRecorded':
    case 'ProblemAudienceChanged':
    // Those that were linked while it had ended have not heard, nor has anybody of what was recorded then
    case 'ProblemReanalysed':
      return steps.filter(({ step }) => step === 'workaround')
    case 'ProblemResolved':
    case 'ProblemRiskAccepted':
    case 'ProblemCanceled':
    case 'ProblemMarkedDuplicate':
      return steps.filter(({ step }) => step !== 'workaround')
    default:
      return []
  }
}

/**
 * Incidents do as the problem behind them: they are told its workaround once it is a known error, wait no longer when it has ended,
 * and go over to the survivor when it was a duplicate. The same for those that are linked later. Each incident decides for
 * itself whether that makes sense where it stands.
 */
export const followProblems = definePolicy<Behind, IncidentEvent | ProblemEvent>({
  name: 'incident_follow_problems',
  from: [STREAM_PREFIX, PROBLEM_PREFIX],
  key: (event) => {
    if (event.stream.startsWith(PROBLEM_PREFIX)) return event.stream
    // A link stands in the incident's stream and concerns the problem.
    const problem = linkedProblem(event)
    return problem === undefined ? undefined : PROBLEM_PREFIX + problem
  },
  initial: NOTHING,
  evolve,
  react: (event, state) => {
    if (event.type === 'LinkAdded')
      return stepsOf(state).map((step) => follow(event.stream, event.data.link.target, step))
    if (event.type === 'LinkRemoved') return []
    const problem = problemOf(event.stream)
    return stepsAfter(event, state).flatMap((step) =>
      state.incidents.map((incident) => follow(incident, problem, step)),
    )
  },
})

function follow(incident: string, problem: string, step: ProblemStep | { step: 'catch-up' }): Reaction {
  return {
    kind: 'command',
    build: (metadata) => new FollowProblem(numberOf(incident), { problem, ...step }, metadata),
    reason: REASONS[step.step](problem),
  }
}

const REASONS: Readonly<Record<ProblemStep['step'] | 'catch-up', (problem: string) => string>> = {
  workaround: (problem) => `${problem} is a known error with a workaround`,
  resolve: (problem) => `The fix of ${problem} was applied`,
  resume: (problem) => `Nothing of ${problem} is to be waited for any more`,
  relink: (problem) => `${problem} was a duplicate`,
  'catch-up': (problem) => `${problem} is behind it`,
}

/** The problems of an incident. */
interface Linked {
  problems: readonly string[]
}

/**
 * An incident that is open again, or begins to wait for its problems, catches up with what they have come to meanwhile: nothing more
 * may happen to them. So does one that has let go of a problem, as it may have waited for that one alone.
 */
export const catchUpWithProblems = definePolicy<Linked, IncidentEvent>({
  name: 'incident_catch_up_with_problems',
  from: [STREAM_PREFIX],
  key: (event) => (linkedProblem(event) !== undefined || catchesUp(event) ? event.stream : undefined),
  initial: { problems: [] },
  evolve: (state, event) => {
    const problem = linkedProblem(event)
    if (problem === undefined) return state.problems.length === 0 ? null : state
    const others = state.problems.filter((other) => other !== problem)
    const problems = event.type === 'LinkAdded' ? [...others, problem] : others
    return problems.length === 0 ? null : { problems }
  },
  react: (event, { problems }) =>
    catchesUp(event) || event.type === 'LinkRemoved'
      ? problems.map((problem) => follow(event.stream, problem, { step: 'catch-up' }))
      : [],
})

function catchesUp(event: IncidentEvent): boolean {
  switch (event.type) {
    case 'IncidentHeld':
    case 'HoldReasonChanged':
      return event.data.hold.reason === AWAITING_PROBLEM
    case 'IncidentReopened':
    case 'IncidentActivated':
      return true
    default:
      return false
  }
}

/** Incidents that were named to a problem are linked to it. */
export const linkNamedIncidents = definePolicy<Record<never, never>, ProblemEvent>({
  name: 'incident_link_named',
  from: [PROBLEM_PREFIX],
  key: (event) => (event.type === 'ProblemIncidentsNamed' ? event.stream : undefined),
  initial: {},
  evolve: (state) => state,
  react: (event) => {
    if (event.type !== 'ProblemIncidentsNamed') return []
    const problem = problemOf(event.stream)
    return event.data.incidents.map((incident) => ({
      kind: 'command',
      build: (metadata) => new AddLink(incident, problemLink(problem), metadata),
      reason: `${problem} is behind it`,
    }))
  },
})
