import type { ProblemOrigin, ProblemOutcome, ProblemState } from './problem.events.js'

/**
 * What one source row says of a problem: never refused for the lifecycle, always checked in shape. Absent: the source does not
 * say, so it stays; null: not set.
 */
export interface ObservedProblem {
  /** Of the first row; absent: the external id stands in. */
  title?: string
  description?: string | null
  category?: string | null
  subcategory?: string | null
  symptom?: string | null
  service?: string | null
  /** Numbers, or the source's names as long as no such CI is known. */
  affectedCis?: readonly string[]
  /** Of the first row; absent: reactive. */
  origin?: ProblemOrigin
  /** ISO 8601, of the first row: when the source says that it was opened, if that is earlier. */
  openedAt?: string
  /** Levels and priority as the source gives them: nothing is derived. */
  impact?: number | null
  urgency?: number | null
  priority?: number | null
  group?: string | null
  assignee?: string | null
  /** The state after the row. `On Hold` stands beside the state that it was in before. */
  state?: ProblemState | 'On Hold'
  /** The source says that somebody works on it, not in which phase: the state is the best that can be said. */
  phase?: 'unknown'
  /** With `On Hold`: what it waits for. */
  hold?: string
  outcome?: ProblemOutcome
  rootCause?: string | null
  workaround?: string | null
  resolutionNotes?: string | null
  /** Number or name of the change that fixes it. */
  fixedByChange?: string | null
  /** It happened before a row that was imported earlier: what it says is kept, and moves nothing. */
  late?: boolean
  /** Every column without a home, by the source's name. */
  fields?: Readonly<Record<string, string | null>>
}
