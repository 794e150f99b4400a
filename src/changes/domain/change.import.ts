import type { ChangeState, Outcome, Period, ProposedValues } from './change.events.js'
import type { ChangeType } from './defaults.js'

/**
 * What one source row says of a change: never refused for the lifecycle, always checked in shape. Absent: the source does not
 * say, so it stays; null: not set.
 */
export interface ObservedChange {
  /** Of the first row. `configuration-commit`: a commit is no approved change. */
  type?: ChangeType | 'configuration-commit'
  title?: string
  description?: string | null
  requester?: string | null
  group?: string | null
  assignee?: string | null
  implementation?: string | null
  backout?: string | null
  test?: string | null
  window?: Period | null
  affectedCis?: readonly string[]
  proposedValues?: readonly ProposedValues[]
  /** The state after the row. */
  state?: ChangeState
  outcome?: Outcome
  /** Every column without a home, by the source's name. */
  fields?: Readonly<Record<string, string | null>>
}
