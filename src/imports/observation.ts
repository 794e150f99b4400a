import type { ObservedIncident } from '../incidents/domain/incident.import.js'
import type { ProblemOutcome } from '../problems/domain/problem.events.js'

/**
 * What a row says of a record of whatever kind: fields by the names that mappings give them. A field left out has no column
 * in the source; null: not set. Which fields and states there are, the schema of the kind's mappings has seen to.
 */
export interface Observation extends Omit<ObservedIncident, 'state' | 'through'> {
  state?: string
  through?: readonly string[]
  /** The source says that somebody works on it, not in which phase. */
  phase?: 'unknown'
  /** How it ended, as far as the state says. */
  outcome?: ProblemOutcome
  /** What led to it, and what helps meanwhile. */
  rootCause?: string | null
  workaround?: string | null
  /** It happened before a row that was imported earlier: it is kept and moves nothing. */
  late?: boolean
}
