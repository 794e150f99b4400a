import type { RecordedEvent } from '#libs/event-sourcing'
import type { IncidentEvent, IncidentState } from '../src/incidents/domain/incident.events.js'

/** What every fold of incident events needs to agree on: states, who did it, and when it counts. */

export type RecordedIncidentEvent = RecordedEvent<IncidentEvent>

/** The state after an event; the same when the event is none of the lifecycle. */
export function stateAfter(state: IncidentState, event: RecordedIncidentEvent): IncidentState {
  switch (event.type) {
    case 'IncidentOpened':
      return 'New'
    case 'IncidentAccepted':
      return state === 'New' ? 'In Progress' : state
    case 'WorkStarted':
    case 'IncidentResumed':
      return 'In Progress'
    case 'IncidentHeld':
      return 'On Hold'
    case 'IncidentResolved':
      return 'Resolved'
    case 'IncidentReopened':
    case 'StateObserved':
      return event.data.to
    case 'IncidentClosed':
      return 'Closed'
    case 'IncidentCanceled':
    case 'IncidentMerged':
      return 'Canceled'
    default:
      return state
  }
}

/** Nobody works on it any more, and it is not waiting for a confirmation either. */
export function isTerminal(state: IncidentState): boolean {
  return state === 'Closed' || state === 'Canceled'
}

/** Somebody has to do something: New, In Progress or On Hold. */
export function isOpen(state: IncidentState): boolean {
  return state !== 'Resolved' && !isTerminal(state)
}

/** Who did it, for people to read: for whom the actor acted, else whom the source names, else the actor. Gives no rights. */
export function performer({ metadata }: RecordedEvent): string {
  return metadata.onBehalfOf ?? metadata.attributedTo ?? metadata.actor
}

/** The later of two ISO 8601 UTC times with milliseconds. */
export function later(a: string, b: string): string {
  return a < b ? b : a
}

/** The value, with `null` as absence: absent fields cost nothing in a stored document. */
export function present<Value>(value: Value | null | undefined): Value | undefined {
  return value ?? undefined
}

/** A list, or absence when it is empty. */
export function nonEmpty<Item>(list: readonly Item[]): readonly Item[] | undefined {
  return list.length > 0 ? list : undefined
}

export function withItem(list: readonly string[] | undefined, item: string): readonly string[] {
  if (list === undefined) return [item]
  return list.includes(item) ? list : [...list, item]
}

export function withoutItem(
  list: readonly string[] | undefined,
  item: string,
): readonly string[] | undefined {
  return list?.includes(item) ? nonEmpty(list.filter((other) => other !== item)) : list
}
