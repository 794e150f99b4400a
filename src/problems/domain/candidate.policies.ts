import type { RecordedEvent } from '#libs/event-sourcing'
import { definePolicy, type Reaction } from '#libs/projections-runtime'
import { candidateDecider } from './candidate.decider.js'
import type { CandidateAsSeen, CandidateEvent, ProblemCandidateAccepted } from './candidate.events.js'
import { LinkIncidents, OpenProblem } from './problem.commands.js'
import { problemDecider } from './problem.decider.js'
import type { ProblemEvent, ProblemIncidentsLeftOut, ProblemIncidentsNamed } from './problem.events.js'

const { streamPrefix } = candidateDecider
const idOf = (stream: string): string => stream.slice(streamPrefix.length)

/** So many incidents are named to a problem at once, as by people. */
const PART = 200

/** The incidents of a candidate that was accepted of which nothing is recorded yet with its problem. */
interface Acceptance {
  /** What all that follows from it has in common. */
  correlationId: string
  incidents: readonly string[]
}
const NOTHING: Acceptance = { correlationId: '', incidents: [] }

/**
 * Opens the problem of a candidate that was accepted, unless it was accepted into one, and names its incidents, which are linked as
 * those of any problem: part by part, each once the one before is recorded. What a problem leaves out, as it was canceled meanwhile,
 * stands in its history with the reason; those of a duplicate are named to its survivor. Ids of commands follow from events, so that
 * one acceptance opens one problem, however often they are sent.
 */
export const openAcceptedProblems = definePolicy<Acceptance, CandidateEvent | ProblemEvent>({
  name: 'problem_open_accepted',
  from: [streamPrefix, problemDecider.streamPrefix],
  key(event) {
    if (event.type === 'ProblemCandidateAccepted') return event.stream
    const { candidate } = isAnswer(event) ? event.data : {}
    return candidate === undefined ? undefined : streamPrefix + candidate
  },
  initial: NOTHING,
  evolve(state, event) {
    const { correlationId } = event.metadata
    if (event.type === 'ProblemCandidateAccepted') return left(correlationId, event.data.incidents)
    if (!isAnswer(event) || correlationId !== state.correlationId || survivorOf(event) !== undefined)
      return state
    const told = new Set(event.data.incidents)
    return left(
      correlationId,
      state.incidents.filter((number) => !told.has(number)),
    )
  },
  react(event, { correlationId, incidents }) {
    if (event.type === 'ProblemCandidateAccepted') return [begin(event)]
    if (!isAnswer(event) || event.metadata.correlationId !== correlationId) return []
    return incidents.length === 0 ? [] : [goOn(event, incidents)]
  },
})

type Answer = RecordedEvent<ProblemIncidentsNamed | ProblemIncidentsLeftOut>

/** What a problem says to a part. */
function isAnswer(event: RecordedEvent<CandidateEvent | ProblemEvent>): event is Answer {
  return event.type === 'ProblemIncidentsNamed' || event.type === 'ProblemIncidentsLeftOut'
}

/** The problem that is behind them in place of its duplicate. */
function survivorOf(event: Answer): string | undefined {
  return event.type === 'ProblemIncidentsLeftOut' ? event.data.survivor : undefined
}

function left(correlationId: string, incidents: readonly string[]): Acceptance | null {
  return incidents.length === 0 ? null : { correlationId, incidents }
}

function begin(event: RecordedEvent<ProblemCandidateAccepted>): Reaction {
  const candidate = idOf(event.stream)
  const { common = {}, into, incidents: all } = event.data
  const incidents = all.slice(0, PART)
  const { actor } = event.metadata
  if (into !== undefined)
    return linkTo(into, { candidate, incidents }, `${actor} accepted the candidate into it`)
  return {
    kind: 'command',
    build: (metadata) =>
      new OpenProblem(
        undefined,
        { ...common, title: titleOf(event.data, candidate), candidate, incidents },
        metadata,
      ),
    reason: reasonOf(event),
  }
}

function goOn(event: Answer, left: readonly string[]): Reaction {
  const { candidate } = event.data
  const asked = event.stream.slice(problemDecider.streamPrefix.length)
  const survivor = survivorOf(event)
  return linkTo(
    survivor ?? asked,
    { candidate, incidents: left.slice(0, PART) },
    survivor === undefined
      ? 'More of the candidate that was accepted'
      : `Of the candidate that was accepted, as ${asked} is a duplicate`,
  )
}

function linkTo(problem: string, data: LinkIncidents['data'], reason: string): Reaction {
  return { kind: 'command', build: (metadata) => new LinkIncidents(problem, data, metadata), reason }
}

/** Also where its fields come from, for whoever reads its history: nobody has chosen them. */
function reasonOf({ data, metadata: { actor } }: RecordedEvent<ProblemCandidateAccepted>): string {
  const accepted = `${actor} accepted the candidate`
  return data.common === undefined
    ? accepted
    : `${accepted}; what describes it is what its incidents have in common, impact and urgency those of the one with the highest priority`
}

/** Incidents of sources without titles have their number there, which says nothing of a problem. */
function titleOf({ title }: CandidateAsSeen, candidate: string): string {
  const given = title.trim()
  return given === '' || given === candidate ? `Incidents like ${candidate}` : given
}

export const candidatePolicies = [openAcceptedProblems] as const
