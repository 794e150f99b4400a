import type { RecordedEvent } from '#libs/event-sourcing'
import { definePolicy } from '#libs/projections-runtime'
import { candidateDecider } from './candidate.decider.js'
import type { CandidateAsSeen, CandidateEvent } from './candidate.events.js'
import { OpenProblem } from './problem.commands.js'

const { streamPrefix } = candidateDecider
const idOf = ({ stream }: RecordedEvent<CandidateEvent>): string => stream.slice(streamPrefix.length)

/**
 * Opens the problem of a candidate that was accepted, and names its incidents, which are linked as those of any problem. The id of the
 * command follows from the event, so that one acceptance opens one problem, however often it is sent.
 */
export const openAcceptedProblems = definePolicy<Record<never, never>, CandidateEvent>({
  name: 'problem_open_accepted',
  from: [streamPrefix],
  key: (event) => (event.type === 'ProblemCandidateAccepted' ? event.stream : undefined),
  initial: {},
  evolve: (state) => state,
  react(event) {
    if (event.type !== 'ProblemCandidateAccepted') return []
    const candidate = idOf(event)
    const { incidents, common = {} } = event.data
    return [
      {
        kind: 'command',
        build: (metadata) =>
          new OpenProblem(
            undefined,
            { ...common, title: titleOf(event.data, candidate), candidate, incidents },
            metadata,
          ),
        reason: reasonOf(event),
      },
    ]
  },
})

/** Also where its fields come from, for whoever reads its history: nobody has chosen them. */
function reasonOf({ data: { common }, metadata: { actor } }: RecordedEvent<CandidateEvent>): string {
  const accepted = `${actor} accepted the candidate`
  return common === undefined
    ? accepted
    : `${accepted}; what describes it is what its incidents have in common, impact and urgency those of the one with the highest priority`
}

/** Incidents of sources without titles have their number there, which says nothing of a problem. */
function titleOf({ title }: CandidateAsSeen, candidate: string): string {
  const given = title.trim()
  return given === '' || given === candidate ? `Incidents like ${candidate}` : given
}

export const candidatePolicies = [openAcceptedProblems] as const
