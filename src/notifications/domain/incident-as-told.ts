import type { RecordedEvent, StreamFold } from '#libs/event-sourcing'
import type { IncidentEvent } from '../../incidents/domain/incident.events.js'
import type { RecordAsTold } from './record-as-told.js'

/** What notifications need to know of an incident. Undefined: not set. */
export interface IncidentAsTold extends RecordAsTold {
  /** What the caller was asked last. */
  readonly question?: string
  readonly majorIncidentManager?: string
}

export type ToldEvent = IncidentEvent

/** The incident as it is after all its events; undefined: not opened. */
export const incidentAsTold: StreamFold<IncidentAsTold | undefined, ToldEvent> = {
  initial: undefined,
  evolve: (incident, event) => {
    if (event.type === 'IncidentOpened') {
      const { title, caller, affectedUser, openedBy, audience } = event.data
      return { title, state: 'New', caller, affectedUser, openedBy, audience, watchers: [] }
    }
    return incident && { ...incident, ...changes(incident, event) }
  },
}

function changes(incident: IncidentAsTold, event: RecordedEvent<ToldEvent>): Partial<IncidentAsTold> {
  switch (event.type) {
    case 'IncidentDetailsChanged':
      return detailChanges(event.data.changes)
    case 'PriorityDerived':
    case 'PriorityOverridden':
      return { priority: event.data.priority ?? undefined }
    case 'AssignedToGroup':
      return { group: event.data.group ?? undefined, assignee: undefined }
    case 'AssignedToPerson':
      return { assignee: event.data.person ?? undefined }
    case 'IncidentAccepted':
      return {
        assignee: event.data.person,
        ...(incident.state === 'New' && { state: 'In Progress' }),
      }
    case 'WatcherAdded':
      return { watchers: [...incident.watchers, event.data.person] }
    case 'WatcherRemoved':
      return { watchers: incident.watchers.filter((watcher) => watcher !== event.data.person) }
    case 'AudienceChanged':
      return { audience: event.data.audience }
    case 'MajorIncidentPromoted':
      return { majorIncidentManager: event.data.manager }
    case 'MajorIncidentDemoted':
      return { majorIncidentManager: undefined }
    case 'MajorIncidentRoleAssigned':
      return event.data.role === 'manager' ? { majorIncidentManager: event.data.person ?? undefined } : {}
    default:
      return stateChanges(event)
  }
}

function stateChanges(event: RecordedEvent<ToldEvent>): Partial<IncidentAsTold> {
  switch (event.type) {
    case 'IncidentHeld':
    case 'HoldReasonChanged': {
      const { awaitsCaller, hold } = event.data
      return { state: 'On Hold', question: awaitsCaller ? hold.comment : undefined }
    }
    case 'WorkStarted':
    case 'IncidentResumed':
      return { state: 'In Progress', question: undefined }
    case 'IncidentResolved':
      return { state: 'Resolved', question: undefined }
    case 'IncidentReopened':
    case 'StateObserved':
      return { state: event.data.to }
    case 'IncidentClosed':
      return { state: 'Closed' }
    case 'IncidentCanceled':
    case 'IncidentMerged':
      return { state: 'Canceled' }
    default:
      return {}
  }
}

type Changes = Extract<IncidentEvent, { type: 'IncidentDetailsChanged' }>['data']['changes']

function detailChanges({ title, caller, affectedUser, openedBy }: Changes): Partial<IncidentAsTold> {
  const to = (change: { to: unknown }) => (change.to ?? undefined) as string | undefined
  return {
    ...(title && { title: to(title) ?? '' }),
    ...(caller && { caller: to(caller) }),
    ...(affectedUser && { affectedUser: to(affectedUser) }),
    ...(openedBy && { openedBy: to(openedBy) }),
  }
}
