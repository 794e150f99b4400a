import { definePolicy } from '#libs/projections-runtime'
import { ProposeMajorIncident, RemindOfUpdate } from './incident.commands.js'
import type { IncidentEvent } from './incident.events.js'
import { isAtRest, numberOf, STREAM_PREFIX, streamOf } from './incident.policy-streams.js'

/** Whether an update is promised, or reminded of. */
interface Promised {
  promised: boolean
}

function awaitedAt(event: IncidentEvent): string | undefined {
  switch (event.type) {
    case 'MajorIncidentPromoted':
    case 'MajorIncidentUpdatePosted':
    case 'MajorIncidentUpdatePromised':
      return event.data.nextUpdateAt
    case 'MajorIncidentUpdateOverdue':
      return event.data.remindAt
    default:
      return undefined
  }
}

/** Reminds of an update that was promised and has not come, again and again as the settings said. */
export const overdueUpdates = definePolicy<Promised, IncidentEvent>({
  name: 'incident_overdue_updates',
  from: [STREAM_PREFIX],
  key: streamOf,
  initial: { promised: false },
  evolve: (state, event) => {
    switch (event.type) {
      case 'MajorIncidentPromoted':
      case 'MajorIncidentUpdatePosted':
      case 'MajorIncidentUpdatePromised':
      case 'MajorIncidentUpdateOverdue':
        return awaitedAt(event) === undefined ? null : { promised: true }
      case 'MajorIncidentDemoted':
        return null
      default:
        return isAtRest(event) ? null : state
    }
  },
  react: (event) => {
    const at = awaitedAt(event)
    return at === undefined ? [] : [{ kind: 'setTimer', name: 'update-overdue', at }]
  },
  onTimer: ({ key }) => [
    {
      kind: 'command',
      build: (metadata) => new RemindOfUpdate(numberOf(key), {}, metadata),
      reason: 'The promised update is missing',
    },
  ],
})

/** How many children an incident has. */
interface Children {
  children: readonly string[]
}

/** Proposes a parent of many children as a major incident, if the settings in force say so. */
export const proposeParents = definePolicy<Children, IncidentEvent>({
  name: 'incident_major_parents',
  from: [STREAM_PREFIX],
  key: (event) =>
    event.type === 'ParentLinked' || event.type === 'ParentUnlinked'
      ? STREAM_PREFIX + event.data.parent
      : undefined,
  initial: { children: [] },
  evolve: ({ children }, { type, stream }) => {
    const others = children.filter((child) => child !== stream)
    return { children: type === 'ParentLinked' ? [...others, stream] : others }
  },
  react: ({ type, data }, { children }) =>
    type === 'ParentLinked'
      ? [
          {
            kind: 'command',
            build: (metadata) =>
              new ProposeMajorIncident(data.parent, { children: children.length }, metadata),
            reason: 'It has got another child',
          },
        ]
      : [],
})
