import { PUBLIC } from '#libs/access'
import type { RecordedEvent } from '#libs/event-sourcing'
import type { ChangeEvent, ChangeState, Period } from '../src/changes/domain/change.events.js'
import { changeStateAfter } from '../src/changes/domain/change.states.js'
import { type AccessColumns, peopleNamed, setAudience } from './access.js'
import { type Blank, type Draft, present, withItem, withoutItem } from './drafts.js'

/** What every fold of change events has to agree on: where a change stands, and the fields that all of them show. */

export type RecordedChangeEvent = RecordedEvent<ChangeEvent>
export type RecordedChange<Type extends ChangeEvent['type']> = RecordedEvent<
  Extract<ChangeEvent, { type: Type }>
>

/** What a queue shows of a change. Absent fields are not set; times are ISO 8601 UTC. */
export interface ChangeHead extends AccessColumns {
  number: string
  title: string
  state: ChangeState
  requester?: string
  watchers?: readonly string[]
  openedAt: string
}

/** The head of every blank. */
export const BLANK_CHANGE_HEAD: Blank<ChangeHead> = {
  number: '',
  title: '',
  state: 'New',
  requester: undefined,
  watchers: undefined,
  assignmentGroup: undefined,
  assignee: undefined,
  audienceKind: 'public',
  audienceGroups: undefined,
  visibleTo: undefined,
  openedAt: '',
}

/** Fills the head of a blank. */
export function openChangeHead(
  head: Draft<ChangeHead>,
  { stream, data, metadata }: RecordedChange<'ChangeOpened'>,
): void {
  head.number = stream.slice('change-'.length)
  head.title = data.title
  head.state = 'New'
  head.requester = data.requester
  head.assignmentGroup = data.group
  head.assignee = data.assignee
  head.visibleTo = peopleNamed(head)
  setAudience(head, data.audience ?? PUBLIC)
  head.openedAt = metadata.occurredAt
}

/** Brings the head of a draft up to an event; events of other fields leave it as it is. */
export function applyToChangeHead(head: Draft<ChangeHead>, event: RecordedChangeEvent): void {
  switch (event.type) {
    case 'ChangeAssigned':
      head.assignmentGroup = present(event.data.group)
      head.assignee = present(event.data.assignee)
      break
    case 'ChangeWatcherAdded':
      head.watchers = withItem(head.watchers, event.data.person)
      head.visibleTo = peopleNamed(head)
      break
    case 'ChangeWatcherRemoved':
      head.watchers = withoutItem(head.watchers, event.data.person)
      head.visibleTo = peopleNamed(head)
      break
    case 'ChangeAudienceChanged':
      setAudience(head, event.data.audience)
      break
    case 'ChangePlanEdited':
      if (event.data.changes.title) head.title = (event.data.changes.title.to as string | null) ?? ''
      break
    default:
      head.state = changeStateAfter(head.state, event)
  }
}

/** When it is to be done. */
interface Times {
  /** Of what was begun before approval: then, whatever is planned. */
  underway?: Period
  /** Chosen within the window. */
  planned?: Period
  window?: Period
  plannedStart?: string
  plannedEnd?: string
}

/** From the times that it is being done in, that were chosen, or the window. */
export function plan(draft: Draft<Times>): true {
  const period = draft.underway ?? draft.planned ?? draft.window
  draft.plannedStart = period?.start
  draft.plannedEnd = period?.end
  return true
}

/** Times that were chosen for another window mean nothing in this one. */
export function editWindow(draft: Draft<Times>, window: Period | null): void {
  draft.window = present(window)
  draft.planned = undefined
}
