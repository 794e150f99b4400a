import type { RecordedEvent } from '#libs/event-sourcing'
import type { Reading, ViewTransaction } from '#libs/projections-runtime'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import type { ProblemEvent } from '../../src/problems/domain/problem.events.js'
import { linkedTo } from './candidate-growth.js'
import { CANDIDATES, type Candidate, candidateId, standing } from './candidates.js'
import { type CorrelatedIncident, INCIDENTS } from './linking.js'

/** What candidates have become, and which of their incidents are linked to a problem. */

export const PROBLEMS = 'correlation_problems'

/** What is kept of a problem that a candidate has become, or that is over. */
interface KnownProblem {
  /** Ids of the candidates that became it; several when it survived a duplicate. */
  candidates: readonly string[]
  /** When it was closed. */
  endedAt?: string
}
const UNKNOWN: KnownProblem = { candidates: [] }

type Recorded = RecordedEvent<ProblemEvent>

const PREFIX = 'problem-'
const numberOf = ({ stream }: Recorded): string => stream.slice(PREFIX.length)

/** Documents that {@link foldProblem} looks at, as far as the event says. */
export function problemReads(event: Recorded): Reading[] {
  const own = { collection: PROBLEMS, ids: [numberOf(event)] }
  switch (event.type) {
    case 'ProblemOpened': {
      const { candidate } = event.data
      return candidate === undefined ? [] : [own, { collection: CANDIDATES, ids: [candidateId(candidate)] }]
    }
    case 'ProblemMarkedDuplicate':
      return [own, { collection: PROBLEMS, ids: [event.data.survivor] }]
    case 'ProblemCanceled':
    case 'ProblemClosed':
    case 'ProblemStateObserved':
      return [own]
    default:
      return []
  }
}

export function foldProblem(event: Recorded, view: ViewTransaction): void {
  const number = numberOf(event)
  const at = event.metadata.occurredAt
  switch (event.type) {
    case 'ProblemOpened':
      if (event.data.candidate !== undefined) become(event, candidateId(event.data.candidate), view)
      return
    case 'ProblemMarkedDuplicate':
      ended(number, at, view)
      handOver(number, event.data.survivor, view)
      return
    case 'ProblemCanceled':
    case 'ProblemClosed':
      ended(number, at, view)
      return
    case 'ProblemStateObserved':
      ended(number, event.data.to === 'Closed' ? at : undefined, view)
      return
  }
}

function known(view: ViewTransaction, number: string): KnownProblem {
  return view.get<KnownProblem>(PROBLEMS, number) ?? UNKNOWN
}

/** Opened by hand, too, there is a problem: nobody needs to accept it any more. */
function become(event: Recorded, id: string, view: ViewTransaction): void {
  const candidate = standing(view, id)
  if (candidate === undefined) return
  const { actor: by, occurredAt: at } = event.metadata
  const decided = candidate.status === 'accepted' ? candidate.decided : undefined
  const next: Candidate = {
    ...candidate,
    status: 'accepted',
    decided: decided ?? { by, at, memberCount: candidate.memberCount },
  }
  becomeKnown(next, numberOf(event), view)
}

/** Keeps that a candidate has become a problem, which may be over by then. */
export function becomeKnown(candidate: Candidate, problem: string, view: ViewTransaction): void {
  const { candidates, ...end } = known(view, problem)
  view.put(PROBLEMS, problem, {
    ...end,
    candidates: [...new Set([...candidates, candidate.id])],
  } satisfies KnownProblem)
  view.put(CANDIDATES, candidate.id, { ...candidate, problem } satisfies Candidate)
  endOf(candidate.id, problem, end.endedAt, view)
}

/** @param at undefined: it goes on, which only a source may say of one that was closed */
function ended(number: string, at: string | undefined, view: ViewTransaction): void {
  const before = known(view, number)
  if (before.endedAt === at) return
  const { candidates } = before
  view.put(PROBLEMS, number, { candidates, ...(at !== undefined && { endedAt: at }) } satisfies KnownProblem)
  for (const id of candidates) endOf(id, number, at, view)
}

function endOf(id: string, number: string, at: string | undefined, view: ViewTransaction): void {
  const candidate = view.get<Candidate>(CANDIDATES, id)
  // It may have become another one since.
  if (candidate === undefined || candidate.problem !== number) return
  const { problemEndedAt: _, ...rest } = candidate
  view.put(CANDIDATES, id, { ...rest, ...(at !== undefined && { problemEndedAt: at }) } satisfies Candidate)
}

/** What became a duplicate has become the survivor. */
function handOver(number: string, survivor: string, view: ViewTransaction): void {
  const moved = known(view, number).candidates.filter(
    (id) => view.get<Candidate>(CANDIDATES, id)?.problem === number,
  )
  if (moved.length === 0) return
  const { candidates, endedAt } = known(view, survivor)
  view.put(PROBLEMS, survivor, {
    candidates: [...new Set([...candidates, ...moved])],
    ...(endedAt !== undefined && { endedAt }),
  } satisfies KnownProblem)
  for (const id of moved) {
    const candidate = view.get<Candidate>(CANDIDATES, id) as Candidate
    view.put(CANDIDATES, id, { ...candidate, problem: survivor } satisfies Candidate)
    endOf(id, survivor, endedAt, view)
  }
}

type LinkEvent = RecordedEvent<Extract<IncidentEvent, { type: 'LinkAdded' | 'LinkRemoved' }>>

/** Whether an incident says that a problem is behind it, or no longer. */
export function isProblemLink(event: RecordedEvent<IncidentEvent>): event is LinkEvent {
  if (event.type !== 'LinkAdded' && event.type !== 'LinkRemoved') return false
  const { relation, targetType } = event.data.link
  return relation === 'has-problem' && targetType === 'problem'
}

/** The incident and its candidate, with the problems that it is linked to. */
export function foldProblemLink({ type, data }: LinkEvent, number: string, view: ViewTransaction): void {
  const incident = view.get<CorrelatedIncident>(INCIDENTS, number)
  if (incident === undefined) return
  const { problems: before = [], ...rest } = incident
  const { target } = data.link
  const others = before.filter((problem) => problem !== target)
  const problems = type === 'LinkAdded' ? [...others, target] : others
  view.put(INCIDENTS, number, { ...rest, ...(problems.length > 0 && { problems }) })
  const candidate = incident.candidate === undefined ? undefined : standing(view, incident.candidate)
  if (candidate !== undefined) view.put(CANDIDATES, candidate.id, linkedTo(candidate, number, problems))
}
