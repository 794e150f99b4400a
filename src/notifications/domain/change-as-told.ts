import { PUBLIC } from '#libs/access'
import type { RecordedEvent, StreamFold } from '#libs/event-sourcing'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import type { RecordAsTold } from './record-as-told.js'

/** The change as it is after all its events; undefined: not opened. */
export const changeAsTold: StreamFold<RecordAsTold | undefined, ChangeEvent> = {
  initial: undefined,
  evolve(change, event) {
    if (event.type === 'ChangeOpened') {
      const { title, requester, group, assignee, audience = PUBLIC } = event.data
      return { title, state: 'New', requester, group, assignee, audience, watchers: [] }
    }
    return change && { ...change, ...changes(change, event) }
  },
}

function changes(change: RecordAsTold, event: RecordedEvent<ChangeEvent>): Partial<RecordAsTold> {
  switch (event.type) {
    case 'ChangePlanEdited': {
      const { title } = event.data.changes
      return title ? { title: (title.to as string | null) ?? '' } : {}
    }
    case 'ChangeAssigned':
      return { group: event.data.group ?? undefined, assignee: event.data.assignee ?? undefined }
    case 'ChangeWatcherAdded':
      return { watchers: [...change.watchers, event.data.person] }
    case 'ChangeWatcherRemoved':
      return { watchers: change.watchers.filter((watcher) => watcher !== event.data.person) }
    case 'ChangeAudienceChanged':
      return { audience: event.data.audience }
    default:
      return { state: stateAfter(change.state, event) }
  }
}

function stateAfter(state: string, event: RecordedEvent<ChangeEvent>): string {
  switch (event.type) {
    case 'ChangeAssessmentStarted':
      return 'Assess'
    case 'ChangeSubmitted':
    case 'ChangeApprovalVoided':
      return 'Authorize'
    case 'ChangeApproved':
    case 'ChangeScheduled':
      return 'Scheduled'
    case 'ChangeRejected':
    case 'ChangeReturned':
      return 'New'
    case 'ImplementationStarted':
    case 'ImplementedBeforeApproval':
      return 'Implement'
    case 'ImplementationEnded':
      return 'Review'
    case 'ChangeClosed':
      return 'Closed'
    case 'ChangeCanceled':
      return 'Canceled'
    case 'ChangeStateObserved':
      return event.data.to
    default:
      return state
  }
}
