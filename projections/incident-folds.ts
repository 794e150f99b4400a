import type { RecordedEvent } from '#libs/event-sourcing'
import type { IncidentEvent, IncidentState } from '../src/incidents/domain/incident.events.js'
import { type AccessColumns, audienceColumns, peopleNamed } from './access.js'

/** What every fold of incident events has to agree on: the fields that all of them show, who did it, and when. */

export type RecordedIncidentEvent = RecordedEvent<IncidentEvent>
export type RecordedIncident<Type extends IncidentEvent['type']> = RecordedEvent<
  Extract<IncidentEvent, { type: Type }>
>

/** What a queue shows of an incident. Absent fields are not set; times are ISO 8601 UTC. */
export interface IncidentHead extends AccessColumns {
  number: string
  title: string
  state: IncidentState
  /** 1 is the highest. */
  priority?: number
  caller?: string
  affectedUser?: string
  openedBy?: string
  watchers?: readonly string[]
  openedAt: string
}

export function headOf({ stream, data, metadata }: RecordedIncident<'IncidentOpened'>): IncidentHead {
  const { title, caller, affectedUser, openedBy } = data
  return {
    number: stream.slice('incident-'.length),
    title,
    state: 'New',
    caller,
    affectedUser,
    openedBy,
    openedAt: data.openedAt ?? metadata.occurredAt,
    visibleTo: peopleNamed(data),
    ...audienceColumns(data.audience),
  }
}

/** The fields of the head that an event sets, whether it changes them or not; undefined: none. */
export function headChanges(
  head: Omit<IncidentHead, 'title'>,
  event: RecordedIncidentEvent,
): Partial<IncidentHead> | undefined {
  switch (event.type) {
    case 'IncidentDetailsChanged':
      return descriptionAfter(head, event.data.changes)
    case 'PriorityDerived':
    case 'PriorityOverridden':
      return { priority: present(event.data.priority) }
    case 'AssignedToGroup':
      return { assignmentGroup: present(event.data.group), assignee: undefined }
    case 'AssignedToPerson':
      return { assignee: present(event.data.person) }
    case 'IncidentAccepted':
      return { assignee: event.data.person, state: stateAfter(head.state, event) }
    case 'WatcherAdded':
      return naming(head, { watchers: withItem(head.watchers, event.data.person) })
    case 'WatcherRemoved':
      return naming(head, { watchers: withoutItem(head.watchers, event.data.person) })
    case 'AudienceChanged':
      return audienceColumns(event.data.audience)
    default: {
      const state = stateAfter(head.state, event)
      return state === head.state ? undefined : { state }
    }
  }
}

function descriptionAfter(
  head: Omit<IncidentHead, 'title'>,
  changes: RecordedIncident<'IncidentDetailsChanged'>['data']['changes'],
): Partial<IncidentHead> | undefined {
  const after: Partial<IncidentHead> = {}
  if (changes.title) after.title = (changes.title.to as string | null) ?? ''
  if (changes.openedAt) after.openedAt = (changes.openedAt.to as string | null) ?? head.openedAt
  if (!changes.caller && !changes.affectedUser && !changes.openedBy) return after
  if (changes.caller) after.caller = present(changes.caller.to as string | null)
  if (changes.affectedUser) after.affectedUser = present(changes.affectedUser.to as string | null)
  if (changes.openedBy) after.openedBy = present(changes.openedBy.to as string | null)
  return naming(head, after)
}

function naming(head: Omit<IncidentHead, 'title'>, changes: Partial<IncidentHead>): Partial<IncidentHead> {
  return { ...changes, visibleTo: peopleNamed({ ...head, ...changes }) }
}

/** When an incident got where. Those of the end are gone again while it is reopened. */
export interface Milestones {
  /** Accepted by a person, or first In Progress. */
  acknowledgedAt?: string
  /** Latest entry into Resolved. */
  resolvedAt?: string
  closedAt?: string
  canceledAt?: string
}

/** The milestones that an event sets or takes back; undefined: none. `at`: its effective time. */
export function milestoneChanges(
  before: Milestones & { state: IncidentState },
  event: RecordedIncidentEvent,
  at: string,
): Milestones | undefined {
  const state = stateAfter(before.state, event)
  const acknowledges =
    before.acknowledgedAt === undefined &&
    (event.type === 'IncidentAccepted' || (state === 'In Progress' && state !== before.state))
  const acknowledged = acknowledges ? { acknowledgedAt: at } : undefined
  if (state === before.state) return acknowledged
  switch (state) {
    case 'Resolved':
      return { ...acknowledged, resolvedAt: at, closedAt: undefined, canceledAt: undefined }
    case 'Closed':
      return { ...acknowledged, closedAt: at, canceledAt: undefined }
    case 'Canceled':
      return { ...acknowledged, canceledAt: at, closedAt: undefined }
    default:
      return isTerminal(before.state) || before.state === 'Resolved'
        ? { ...acknowledged, resolvedAt: undefined, closedAt: undefined, canceledAt: undefined }
        : acknowledged
  }
}

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

function withItem(list: readonly string[] | undefined, item: string): readonly string[] {
  if (list === undefined) return [item]
  return list.includes(item) ? list : [...list, item]
}

function withoutItem(list: readonly string[] | undefined, item: string): readonly string[] | undefined {
  return list?.includes(item) ? nonEmpty(list.filter((other) => other !== item)) : list
}
