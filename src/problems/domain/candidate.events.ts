import type { DomainEvent } from '#libs/event-sourcing'
import type { CommonTraits } from './common-traits.js'

/** How a candidate stood when it was decided on, so that the decision can be read, and counted, by itself. */
export interface CandidateAsSeen {
  title: string
  score: number
  memberCount: number
  /** Numbers of its incidents, as far as it names them, in the order in which they were opened. */
  incidents: readonly string[]
  /** Number of the problem that it had become by then; absent: none. */
  problem?: string
  /** Of those incidents, for the problem that it becomes; absent: dismissed, or nothing was looked at. */
  common?: CommonTraits
}

/**
 * Streams `candidate-<id>`: there is a problem behind it, which these incidents are linked to. `into`: number of that problem, which was
 * there already; absent: it is opened.
 */
export type ProblemCandidateAccepted = DomainEvent<
  'ProblemCandidateAccepted',
  CandidateAsSeen & { into?: string }
>
/** There is none, or nobody will look for it; why is the event's `metadata.reason`. */
export type ProblemCandidateDismissed = DomainEvent<'ProblemCandidateDismissed', CandidateAsSeen>

export type CandidateEvent = ProblemCandidateAccepted | ProblemCandidateDismissed
