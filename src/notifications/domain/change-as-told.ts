import { PUBLIC } from '#libs/access'
import type { RecordedEvent, StreamFold } from '#libs/event-sourcing'
import type { ChangeEvent, ChangeState, Period } from '../../changes/domain/change.events.js'
import { changeStateAfter } from '../../changes/domain/change.states.js'
import type { RecordAsTold } from './record-as-told.js'

export interface ChangeAsTold extends RecordAsTold {
  readonly state: ChangeState
}

/** The change as it is after all its events; undefined: not opened. */
export const changeAsTold: StreamFold<ChangeAsTold | undefined, ChangeEvent> = {
  initial: undefined,
  evolve(change, event) {
    if (event.type === 'ChangeOpened') {
      const { title, requester, group, assignee, window, audience = PUBLIC } = event.data
      return { title, state: 'New', requester, group, assignee, window, audience, watchers: [] }
    }
    return change && { ...change, ...changes(change, event) }
  },
}

function changes(change: ChangeAsTold, event: RecordedEvent<ChangeEvent>): Partial<ChangeAsTold> {
  switch (event.type) {
    case 'ChangePlanEdited': {
      const { title, window } = event.data.changes
      return {
        ...(title && { title: (title.to as string | null) ?? '' }),
        ...(window && { window: (window.to as Period | null) ?? undefined, planned: undefined }),
      }
    }
    case 'ChangeAssigned':
      return { group: event.data.group ?? undefined, assignee: event.data.assignee ?? undefined }
    case 'ChangeWatcherAdded':
      return { watchers: [...change.watchers, event.data.person] }
    case 'ChangeWatcherRemoved':
      return { watchers: change.watchers.filter((watcher) => watcher !== event.data.person) }
    case 'ChangeAudienceChanged':
      return { audience: event.data.audience }
    case 'PlannedTimesMoved':
      return { planned: event.data.planned ?? undefined }
    case 'ChangeApprovedOnHold':
      return { grantedOnHold: event.data.approval }
    case 'ImplementationStarted':
    case 'ImplementedBeforeApproval':
      return { state: changeStateAfter(change.state, event), implementer: event.data.implementer }
    default:
      return { state: changeStateAfter(change.state, event) }
  }
}
