import type { RecordedEvent } from '#libs/event-sourcing'
import type { IncidentEvent, IncidentState } from '../src/incidents/domain/incident.events.js'
import { type AccessColumns, peopleNamed, setAudience } from './access.js'
import { type Blank, type Draft, present, withItem, withoutItem } from './drafts.js'

/** What every fold of incident events has to agree on: the fields that all of them show, and when it happened. */

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

/** The head of every blank. */
export const BLANK_HEAD: Blank<IncidentHead> = {
  number: '',
  title: '',
  state: 'New',
  priority: undefined,
  assignmentGroup: undefined,
  assignee: undefined,
  caller: undefined,
  affectedUser: undefined,
  openedBy: undefined,
  watchers: undefined,
  audienceKind: 'public',
  audienceGroups: undefined,
  visibleTo: undefined,
  openedAt: '',
}

/** Fills the head of a blank. */
export function openHead(
  head: Draft<Omit<IncidentHead, 'title'>>,
  { stream, data, metadata }: RecordedIncident<'IncidentOpened'>,
): void {
  head.number = stream.slice('incident-'.length)
  head.state = 'New'
  head.caller = data.caller
  head.affectedUser = data.affectedUser
  head.openedBy = data.openedBy
  head.openedAt = data.openedAt ?? metadata.occurredAt
  setAudience(head, data.audience)
  head.visibleTo = peopleNamed(data)
}

/** Brings the head of a draft up to an event; events of other fields leave it as it is. */
export function applyToHead(head: Draft<Partial<IncidentHead>>, event: RecordedIncidentEvent): void {
  switch (event.type) {
    case 'IncidentDetailsChanged':
      describe(head, event.data.changes)
      break
    case 'PriorityDerived':
    case 'PriorityOverridden':
      head.priority = present(event.data.priority)
      break
    case 'AssignedToGroup':
      head.assignmentGroup = present(event.data.group)
      head.assignee = undefined
      break
    case 'AssignedToPerson':
      head.assignee = present(event.data.person)
      break
    case 'IncidentAccepted':
      head.assignee = event.data.person
      break
    case 'WatcherAdded':
      head.watchers = withItem(head.watchers, event.data.person)
      head.visibleTo = peopleNamed(head)
      break
    case 'WatcherRemoved':
      head.watchers = withoutItem(head.watchers, event.data.person)
      head.visibleTo = peopleNamed(head)
      break
    case 'AudienceChanged':
      setAudience(head, event.data.audience)
  }
  head.state = stateAfter(head.state as IncidentState, event)
}

function describe(
  head: Draft<Partial<IncidentHead>>,
  {
    title,
    openedAt,
    caller,
    affectedUser,
    openedBy,
  }: RecordedIncident<'IncidentDetailsChanged'>['data']['changes'],
): void {
  if (title) head.title = (title.to as string | null) ?? ''
  if (openedAt) head.openedAt = (openedAt.to as string | null) ?? head.openedAt
  if (!caller && !affectedUser && !openedBy) return
  if (caller) head.caller = present(caller.to as string | null)
  if (affectedUser) head.affectedUser = present(affectedUser.to as string | null)
  if (openedBy) head.openedBy = present(openedBy.to as string | null)
  head.visibleTo = peopleNamed(head)
}

/** What lists show of a major incident, of a family and of a call to those who are on call. */
export interface IncidentAttention {
  /** Somebody thinks, or has decided, that it is a major incident. */
  major?: 'candidate' | 'yes'
  /** Of a major incident: by when the next update is promised, and how often it was reminded of. */
  nextUpdateAt?: string
  updatesOverdue?: number
  /** Number of the incident that it follows. */
  parent?: string
  /** Who is being asked to take it on. */
  paged?: string
}

export const NO_ATTENTION: Blank<IncidentAttention> = {
  major: undefined,
  nextUpdateAt: undefined,
  updatesOverdue: undefined,
  parent: undefined,
  paged: undefined,
}

/** Brings these fields of a draft up to an event; true: the event is about them and nothing else. */
export function applyAttention(
  draft: Draft<IncidentAttention> & Pick<IncidentHead, 'assignmentGroup'> & { pagedGroup?: string },
  event: RecordedIncidentEvent,
): boolean {
  switch (event.type) {
    case 'MajorIncidentProposed':
      draft.major = 'candidate'
      return true
    case 'MajorIncidentPromoted':
      draft.major = 'yes'
      return promised(draft, event.data.nextUpdateAt)
    case 'MajorIncidentDemoted':
      draft.major = undefined
      return promised(draft, undefined)
    case 'MajorIncidentUpdatePosted':
    case 'MajorIncidentUpdatePromised':
      return promised(draft, event.data.nextUpdateAt)
    case 'MajorIncidentUpdateOverdue':
      draft.updatesOverdue = event.data.count
      return true
    case 'ParentLinked':
      draft.parent = event.data.parent
      return true
    case 'ParentUnlinked':
      draft.parent = undefined
      return true
    case 'OnCallPaged':
      draft.paged = event.data.person
      draft.pagedGroup = event.data.group
      return true
    case 'OnCallAcknowledged':
    case 'OnCallExhausted':
      return calledOff(draft)
    case 'MajorIncidentRoleAssigned':
    case 'MajorIncidentReviewed':
    case 'EscalationsScheduled':
      return true
    case 'AssignedToGroup':
      if (draft.pagedGroup !== undefined && draft.pagedGroup === event.data.previousGroup) calledOff(draft)
      return false
    case 'IncidentAccepted':
      calledOff(draft)
      return false
    case 'IncidentResolved':
    case 'IncidentClosed':
    case 'IncidentCanceled':
    case 'IncidentMerged':
      calledOff(draft)
      promised(draft, undefined)
      return false
    default:
      return false
  }
}

function promised(draft: Draft<IncidentAttention>, at: string | undefined): true {
  draft.nextUpdateAt = at
  draft.updatesOverdue = undefined
  return true
}

function calledOff(draft: Draft<IncidentAttention> & { pagedGroup?: string }): true {
  draft.paged = undefined
  draft.pagedGroup = undefined
  return true
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

/** Sets, or takes back, what an event means for the milestones of a draft that is in its new state already. */
export function applyMilestones(
  draft: Draft<Milestones> & { state: IncidentState },
  before: IncidentState,
  event: RecordedIncidentEvent,
  at: string,
): void {
  const { state } = draft
  if (event.type === 'IncidentAccepted') draft.acknowledgedAt ??= at
  if (state === before) return
  if (state === 'In Progress') draft.acknowledgedAt ??= at
  if (state === 'Resolved') draft.resolvedAt = at
  else if (isOpen(state)) draft.resolvedAt = undefined
  draft.closedAt = state === 'Closed' ? at : undefined
  draft.canceledAt = state === 'Canceled' ? at : undefined
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
