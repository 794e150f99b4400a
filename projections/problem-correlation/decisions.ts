import type { RecordedEvent } from '#libs/event-sourcing'
import type { Reading, ViewTransaction } from '#libs/projections-runtime'
import type { CandidateEvent } from '../../src/problems/domain/candidate.events.js'
import { CANDIDATES, type Candidate } from './candidates.js'
import { becomeKnown, PROBLEMS } from './problems.js'

/** What people said of candidates. */

export function decisionReads(event: RecordedEvent<CandidateEvent>): Reading[] {
  const own = { collection: CANDIDATES, ids: [event.stream] }
  const into = problemJoined(event)
  return into === undefined ? [own] : [own, { collection: PROBLEMS, ids: [into] }]
}

export function foldDecision(event: RecordedEvent<CandidateEvent>, view: ViewTransaction): void {
  const { type, stream, metadata } = event
  const candidate = view.get<Candidate>(CANDIDATES, stream)
  if (candidate === undefined || candidate.status === 'merged') return
  const { actor: by, occurredAt: at, reason } = metadata
  const decided = { by, at, ...(reason !== undefined && { reason }), memberCount: candidate.memberCount }
  const status = type === 'ProblemCandidateAccepted' ? 'accepted' : 'dismissed'
  const next: Candidate = { ...candidate, status, decided }
  const into = problemJoined(event)
  if (into === undefined) view.put(CANDIDATES, stream, next)
  else becomeKnown(next, into, view)
}

/** Number of the problem that a candidate was accepted into. */
function problemJoined({ type, data }: RecordedEvent<CandidateEvent>): string | undefined {
  return type === 'ProblemCandidateAccepted' ? data.into : undefined
}
