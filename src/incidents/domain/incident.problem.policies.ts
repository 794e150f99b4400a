import type { RecordedEvent } from '#libs/event-sourcing'
import { definePolicy, type Reaction } from '#libs/projections-runtime'
import type { ProblemEvent, ProblemOutcome } from '../../problems/domain/problem.events.js'
import { AddLink, FollowProblem } from './incident.commands.js'
import type { IncidentEvent } from './incident.events.js'
import { numberOf, STREAM_PREFIX } from './incident.policy-streams.js'
import { problemLink } from './incident.problem.js'

const PROBLEM_PREFIX = 'problem-'
const problemOf = (stream: string): string => stream.slice(PROBLEM_PREFIX.length)

type Recorded = RecordedEvent<IncidentEvent | ProblemEvent>

/** What incidents are to know of a problem, and which they are. */
interface Behind {
  /** Streams of the incidents that are linked to it. */
  incidents: readonly string[]
  knownError: boolean
  /** `text: null`: a source says that there is none any more. */
  workaround: { text: string | null; number: number }
  /** How it ended, and what that leads to; null: it goes on. */
  end: { outcome: ProblemOutcome; step: End } | null
}
type End = { step: 'resolve' | 'resume' } | { step: 'relink'; survivor: string }
type Step = End | { step: 'workaround'; text: string; number: number }

const NOTHING: Behind = {
  incidents: [],
  knownError: false,
  workaround: { text: null, number: 0 },
  end: null,
}

/** The problem that a link of an incident leads to. */
function linkedProblem(event: Recorded): string | undefined {
  if (event.type !== 'LinkAdded' && event.type !== 'LinkRemoved') return undefined
  const { relation, targetType, target } = event.data.link
  return relation === 'has-problem' && targetType === 'problem' ? target : undefined
}

function endAfter(end: Behind['end'], event: Recorded): Behind['end'] {
  switch (event.type) {
    case 'ProblemResolved':
      return { outcome: 'fix applied', step: { step: event.data.heldIncidents } }
    case 'ProblemRiskAccepted':
      return { outcome: 'risk accepted', step: { step: 'resume' } }
    case 'ProblemCanceled':
      return { outcome: 'canceled', step: { step: 'resume' } }
    case 'ProblemMarkedDuplicate':
      return { outcome: 'duplicate', step: { step: 'relink', survivor: event.data.survivor } }
    case 'ProblemReanalysed':
      return null
    default:
      return end
  }
}

/** A problem that nobody has linked and nothing is known of leaves no trace. */
function evolve(state: Behind, event: Recorded): Behind | null {
  const after = evolved(state, event)
  const { incidents, knownError, workaround, end } = after
  return incidents.length === 0 && !knownError && workaround.number === 0 && end === null ? null : after
}

function evolved(state: Behind, event: Recorded): Behind {
  const others = state.incidents.filter((stream) => stream !== event.stream)
  switch (event.type) {
    case 'LinkAdded':
      return { ...state, incidents: [...others, event.stream] }
    case 'LinkRemoved':
      return { ...state, incidents: others }
    case 'KnownErrorDeclared':
      return { ...state, knownError: true }
    case 'KnownErrorWithdrawn':
      return { ...state, knownError: false }
    case 'WorkaroundRecorded':
      return { ...state, workaround: { text: event.data.workaround, number: event.data.number } }
    case 'ProblemFindingsObserved': {
      const { workaround: text } = event.data
      const { number } = state.workaround
      return text === undefined ? state : { ...state, workaround: { text, number: number + 1 } }
    }
    default: {
      const end = endAfter(state.end, event)
      return end === state.end ? state : { ...state, end }
    }
  }
}

/** What its incidents are told now. A workaround helps as long as there is something to work around. */
function stepsOf({ knownError, workaround: { text, number }, end }: Behind): readonly Step[] {
  const helps = end === null || end.outcome === 'risk accepted'
  const told: readonly Step[] =
    knownError && text !== null && helps ? [{ step: 'workaround', text, number }] : []
  return end === null ? told : [...told, end.step]
}

/** Which of the steps an event of the problem itself leads to. */
function stepsAfter(event: Recorded, state: Behind): readonly Step[] {
  const steps = stepsOf(state)
  switch (event.type) {
    case 'KnownErrorDeclared':
    case 'WorkaroundRecorded':
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

function follow(incident: string, problem: string, step: Step): Reaction {
  return {
    kind: 'command',
    build: (metadata) => new FollowProblem(numberOf(incident), { problem, ...step }, metadata),
    reason: REASONS[step.step](problem),
  }
}

const REASONS: Readonly<Record<Step['step'], (problem: string) => string>> = {
  workaround: (problem) => `${problem} is a known error with a workaround`,
  resolve: (problem) => `The fix of ${problem} was applied`,
  resume: (problem) => `Nothing of ${problem} is to be waited for any more`,
  relink: (problem) => `${problem} was a duplicate`,
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
