import type { Audience } from '#libs/access'
import type { StreamFold } from '#libs/event-sourcing'
import type { IncidentEvent } from '../../incidents/domain/incident.events.js'

/** What a problem needs to know of an incident: that it is there, and who may know of it. */
export interface IncidentStanding {
  readonly exists: boolean
  readonly audience: Audience
  readonly people: {
    readonly caller?: string
    readonly affectedUser?: string
    readonly openedBy?: string
    readonly watchers: readonly string[]
  }
  readonly group?: string
  readonly assignee?: string
}

export const incidentStanding: StreamFold<IncidentStanding, IncidentEvent> = {
  initial: { exists: false, audience: { kind: 'public' }, people: { watchers: [] } },
  evolve(known, event) {
    const { people } = known
    switch (event.type) {
      case 'IncidentOpened': {
        const { audience, caller, affectedUser, openedBy } = event.data
        return { ...known, exists: true, audience, people: { caller, affectedUser, openedBy, watchers: [] } }
      }
      case 'IncidentDetailsChanged': {
        const { caller, affectedUser, openedBy } = event.data.changes
        return {
          ...known,
          people: {
            ...people,
            ...(caller && { caller: idOf(caller.to) }),
            ...(affectedUser && { affectedUser: idOf(affectedUser.to) }),
            ...(openedBy && { openedBy: idOf(openedBy.to) }),
          },
        }
      }
      case 'AudienceChanged':
        return { ...known, audience: event.data.audience }
      case 'AssignedToGroup':
        return { ...known, group: event.data.group ?? undefined, assignee: undefined }
      case 'AssignedToPerson':
      case 'IncidentAccepted':
        return { ...known, assignee: event.data.person ?? undefined }
      case 'WatcherAdded':
        return { ...known, people: { ...people, watchers: [...people.watchers, event.data.person] } }
      case 'WatcherRemoved': {
        const watchers = people.watchers.filter((person) => person !== event.data.person)
        return { ...known, people: { ...people, watchers } }
      }
      default:
        return known
    }
  },
}

const idOf = (value: unknown): string | undefined => (value as string | null) ?? undefined
