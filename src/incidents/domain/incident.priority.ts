import { type FieldError, InvalidInput, Refused } from '#libs/event-sourcing'
import { priorityAt } from '../../settings/domain/defaults.js'
import type { PriorityMatrix } from '../../settings/domain/settings.events.js'
import type { OverridePriority, Prioritize } from './incident.commands.js'
import type { IncidentEvent, PriorityDerived } from './incident.events.js'
import type { IncidentFacts } from './incident.facts.js'
import { requireOpen } from './incident.guards.js'
import type { Incident } from './incident.state.js'

/**
 * Priority by the matrix in force; impact or urgency that nobody gave are the lowest.
 * @throws InvalidInput `INCIDENT.LEVEL_UNKNOWN`; Refused `INCIDENT.PRIORITY_UNDEFINED` for an empty cell
 */
export function derivedPriority(
  wanted: { impact?: number | null; urgency?: number | null },
  previous: number | null,
  { matrix: { value } }: Pick<IncidentFacts, 'matrix'>,
): PriorityDerived {
  const { matrix, version } = value
  const impact = wanted.impact ?? matrix.impacts.length
  const urgency = wanted.urgency ?? matrix.urgencies.length
  requireLevels(matrix, impact, urgency)
  const priority = priorityAt(matrix, impact, urgency)
  if (priority === null) {
    throw new Refused(
      'INCIDENT.PRIORITY_UNDEFINED',
      `Version ${version} of the priority matrix says nothing for "${matrix.impacts[impact - 1]}" × ` +
        `"${matrix.urgencies[urgency - 1]}": publish a version that does, or choose other levels.`,
    )
  }
  return { type: 'PriorityDerived', data: { impact, urgency, priority, matrixVersion: version, previous } }
}

/** Which of these levels the matrix does not have; one that is left out is fine. */
export function levelErrors(
  matrix: PriorityMatrix,
  { impact, urgency }: { impact?: number; urgency?: number },
): FieldError[] {
  const levels = [
    { pointer: '/impact', level: impact, highest: matrix.impacts.length },
    { pointer: '/urgency', level: urgency, highest: matrix.urgencies.length },
  ]
  return levels
    .filter(({ level, highest }) => level !== undefined && !isLevel(level, highest))
    .map(({ pointer, highest }) => ({ pointer, message: `must be a whole number from 1 to ${highest}` }))
}

function requireLevels(matrix: PriorityMatrix, impact: number, urgency: number): void {
  const errors = levelErrors(matrix, { impact, urgency })
  if (errors.length === 0) return
  throw new InvalidInput(
    'INCIDENT.LEVEL_UNKNOWN',
    'The priority matrix has no such level: choose one of it.',
    errors,
  )
}

function isLevel(level: number, highest: number): boolean {
  return Number.isInteger(level) && level >= 1 && level <= highest
}

export function prioritize(
  { data }: Prioritize,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  requireOpen(incident)
  const derived = derivedPriority(
    { impact: data.impact ?? incident.impact, urgency: data.urgency ?? incident.urgency },
    incident.priority,
    facts,
  )
  const { impact, urgency, priority } = derived.data
  const same = impact === incident.impact && urgency === incident.urgency && priority === incident.priority
  return same && !incident.overridden ? [] : [derived]
}

export function overridePriority(
  { data: { priority }, metadata }: OverridePriority,
  incident: Incident,
  { matrix: { value } }: IncidentFacts,
): readonly IncidentEvent[] {
  requireOpen(incident)
  const highest = value.matrix.priorities.length
  if (!isLevel(priority, highest)) {
    throw new InvalidInput('INCIDENT.LEVEL_UNKNOWN', 'There is no such priority: choose one that exists.', [
      { pointer: '/priority', message: `must be a whole number from 1 to ${highest}` },
    ])
  }
  if (!metadata.reason?.trim()) {
    throw new InvalidInput('INCIDENT.REASON_REQUIRED', 'Say why the priority is another than derived.', [
      { pointer: '/reason', message: 'must not be empty' },
    ])
  }
  if (priority === incident.priority) return []
  const { impact, urgency, priority: previous } = incident
  const derived = priorityAt(value.matrix, impact, urgency)
  return [{ type: 'PriorityOverridden', data: { impact, urgency, priority, derived, previous } }]
}
