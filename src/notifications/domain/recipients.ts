import type { IncidentAsTold, ToldEvent } from './incident-as-told.js'
import { type Addressee, holders, type Notice, people } from './record-as-told.js'

/** Events that somebody is told of. */
const TOLD: ReadonlySet<string> = new Set<ToldEvent['type']>([
  'IncidentOpened',
  'AssignedToGroup',
  'AssignedToPerson',
  'IncidentEscalated',
  'IncidentHeld',
  'HoldReasonChanged',
  'CallerReminded',
  'CommentAdded',
  'IncidentResolved',
  'IncidentReopened',
  'IncidentClosed',
  'IncidentCanceled',
  'IncidentMerged',
  'MajorIncidentPromoted',
  'MajorIncidentRoleAssigned',
  'MajorIncidentUpdatePosted',
  'MajorIncidentUpdateOverdue',
  'OnCallPaged',
  'OnCallExhausted',
])

/** Work notes are told of only when they bring the workaround of a problem. */
export function isTold(event: ToldEvent): boolean {
  if (event.type === 'WorkNoteAdded') return event.data.workaroundOf !== undefined
  return TOLD.has(event.type)
}

/**
 * Who is told what of an event, by the incident as it is by now: who has handed it on needs no word of it any more.
 * Earlier notices win where somebody stands in several.
 * @param by who did it
 */
export function noticesOf(
  event: ToldEvent,
  incident: IncidentAsTold,
  by: readonly string[],
): readonly Notice[] {
  switch (event.type) {
    case 'IncidentOpened':
      return [{ kind: 'opened', to: callers(incident) }]
    case 'AssignedToGroup': {
      const { group } = event.data
      // With a person who has it already, nobody else of the group needs to look.
      const passed = group !== incident.group || incident.assignee !== undefined
      return group === null || passed ? [] : [{ kind: 'assigned-to-group', to: [{ membersOf: group }] }]
    }
    case 'AssignedToPerson': {
      const { person } = event.data
      return person === null ? [] : [{ kind: 'assigned-to-me', to: [{ person, relation: 'assignee' }] }]
    }
    case 'IncidentEscalated': {
      // A functional one comes with an `AssignedToGroup`, which tells the new group.
      const { informed } = event.data
      return informed === undefined
        ? []
        : [{ kind: 'escalated', to: [{ person: informed, relation: 'informed' }] }]
    }
    case 'IncidentReopened':
      return [{ kind: 'reopened', to: holders(incident) }, watched(incident)]
    case 'WorkNoteAdded': {
      const { text: detail, workaroundOf } = event.data
      return workaroundOf === undefined ? [] : [{ kind: 'workaround-known', to: holders(incident), detail }]
    }
    case 'CommentAdded':
      return commentNotices(event.data.text, incident, by)
    default:
      return isMajor(event) ? majorNotices(event, incident) : requesterNotices(event, incident)
  }
}

function commentNotices(detail: string, incident: IncidentAsTold, by: readonly string[]): readonly Notice[] {
  // Not who opened it: that is mostly somebody at the desk.
  const { caller, affectedUser, openedBy, watchers } = incident
  const isFrom = (...people: readonly (string | undefined)[]) =>
    people.some((who) => who !== undefined && by.includes(who))
  if (isFrom(caller, affectedUser))
    return [{ kind: 'caller-replied', to: holders(incident), detail }, watched(incident, detail)]
  // Whoever works on it need not be told what colleagues say; what comes from outside is for him.
  const workers = isFrom(openedBy, ...watchers) ? holders(incident) : []
  return [
    { kind: 'comment-added', to: [...callers(incident), ...workers], detail },
    watched(incident, detail),
  ]
}

/** Steps that the caller and the watchers are told of. */
function requesterNotices(event: ToldEvent, incident: IncidentAsTold): readonly Notice[] {
  const to = callers(incident)
  switch (event.type) {
    case 'IncidentHeld':
    case 'HoldReasonChanged': {
      const { awaitsCaller, hold } = event.data
      return awaitsCaller ? [{ kind: 'awaiting-caller', to, detail: hold.comment }] : []
    }
    case 'CallerReminded':
      return [{ kind: 'caller-reminder', to, detail: incident.question }]
    case 'IncidentResolved': {
      const detail = event.data.notes ?? undefined
      return [{ kind: 'resolved', to, detail }, watched(incident, detail)]
    }
    case 'IncidentClosed':
      return [{ kind: 'closed', to }, watched(incident)]
    case 'IncidentCanceled':
    case 'IncidentMerged':
      return [{ kind: 'canceled', to }, watched(incident)]
    default:
      return []
  }
}

type MajorEvent = Extract<ToldEvent, { type: `MajorIncident${string}` | `OnCall${string}` }>

function isMajor(event: ToldEvent): event is MajorEvent {
  return event.type.startsWith('MajorIncident') || event.type.startsWith('OnCall')
}

function majorNotices(event: MajorEvent, incident: IncidentAsTold): readonly Notice[] {
  const { majorIncidentManager: manager } = incident
  switch (event.type) {
    case 'MajorIncidentPromoted': {
      const { manager, communications, resolver } = event.data
      const roles = people('major incident role', manager, communications, resolver)
      return [{ kind: 'major-incident-promoted', to: [...roles, ...holders(incident)] }]
    }
    case 'MajorIncidentRoleAssigned': {
      const { role, person } = event.data
      return person === null
        ? []
        : [{ kind: 'major-incident-role', to: people('major incident role', person), detail: role }]
    }
    case 'MajorIncidentUpdatePosted': {
      const { text: detail, visibility } = event.data
      const desk = [...people('major incident role', manager), ...holders(incident)]
      if (visibility === 'internal') return [{ kind: 'major-incident-internal-update', to: desk, detail }]
      const to = [...callers(incident), ...people('watcher', ...incident.watchers), ...desk]
      return [{ kind: 'major-incident-update', to, detail }]
    }
    case 'MajorIncidentUpdateOverdue': {
      const to = people('major incident role', manager)
      return [{ kind: 'major-incident-update-overdue', to, detail: event.data.promisedAt }]
    }
    case 'OnCallPaged': {
      const { person, acknowledgeBy } = event.data
      return [{ kind: 'on-call-paged', to: people('on call', person), detail: acknowledgeBy }]
    }
    case 'OnCallExhausted':
      return [{ kind: 'on-call-exhausted', to: [{ managerOf: event.data.group }] }]
    default:
      return []
  }
}

function callers({ caller, affectedUser }: IncidentAsTold): readonly Addressee[] {
  return [...people('caller', caller), ...people('affected user', affectedUser)]
}

function watched({ watchers }: IncidentAsTold, detail?: string): Notice {
  return { kind: 'watched-record-changed', to: people('watcher', ...watchers), detail }
}
