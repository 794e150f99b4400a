import type { RecordedEvent } from '#libs/event-sourcing'
import { defineProjection } from '#libs/projections-runtime'
import { oneOf } from '#libs/read-store'
import type {
  AlertCondition,
  AlertEvent,
  AlertKeyKind,
  Labels,
} from '../../src/alerts/domain/alert.events.js'
import { DESK_READERS, wholeFor } from '../access.js'
import { present } from '../drafts.js'

/** An alert as it is. Absent fields are not set; times are ISO 8601 UTC. */
export interface AlertEntry {
  id: string
  source: string
  key: string
  keyedBy: AlertKeyKind
  condition: AlertCondition
  labels: Labels
  annotations: Labels
  /** By the source's clock: when it began to fire last. */
  startsAt: string
  clearedAt?: string
  firstSeenAt: string
  lastSeenAt: string
  /** Notifications that it fires, retries aside. */
  count: number
  /** How often it began to fire: what flaps has many. */
  firings: number
  /** How many alerts of the group fire. */
  firing: number
  truncated?: number
  /** The incident of the latest episode; absent: it is not opened yet. */
  incident?: string
  /** Incidents so far. */
  episodes: number
}

/** One document per alert: whether it fires, how often it was told, and its incident. */
export const alerts = defineProjection<AlertEntry, AlertEvent>({
  name: 'alerts',
  version: 1,
  from: ['alert-'],
  key: (event) => event.stream,
  evolve(alert, event) {
    if (event.type === 'AlertFired') return fired(event)
    return alert === undefined ? undefined : applied(alert, event)
  },
  columns: {
    id: 'string',
    source: 'string',
    key: 'string',
    condition: oneOf<AlertCondition>({ firing: true, cleared: true }),
    incident: 'string',
    count: 'integer',
    firings: 'integer',
    episodes: 'integer',
    firstSeenAt: 'timestamp',
    lastSeenAt: 'timestamp',
    clearedAt: 'timestamp',
  },
  // `lastSeenAt` changes with every notification, so that it is not in any that others share.
  indexes: [['firstSeenAt'], ['lastSeenAt'], ['condition', 'firstSeenAt'], ['incident']],
  checked: ['id', 'source', 'key', 'count', 'firings', 'episodes', 'clearedAt'],
  // Requesters know nothing of alerts
  ...wholeFor(DESK_READERS),
})

function fired(event: RecordedEvent<Extract<AlertEvent, { type: 'AlertFired' }>>): AlertEntry {
  const { source, key, keyedBy, labels, annotations, startsAt, firing, truncated } = event.data
  const { occurredAt } = event.metadata
  return {
    id: event.stream.slice('alert-'.length),
    source,
    key,
    keyedBy,
    condition: 'firing',
    labels,
    annotations,
    startsAt,
    clearedAt: undefined,
    firstSeenAt: occurredAt,
    lastSeenAt: occurredAt,
    count: 1,
    firings: 1,
    firing,
    truncated,
    incident: undefined,
    episodes: 0,
  }
}

function applied(alert: AlertEntry, event: RecordedEvent<AlertEvent>): AlertEntry {
  const lastSeenAt = event.metadata.occurredAt
  switch (event.type) {
    case 'AlertRepeated': {
      const { count, firing } = event.data
      return { ...alert, count, firing, lastSeenAt }
    }
    case 'AlertCleared':
      return { ...alert, condition: 'cleared', clearedAt: event.data.clearedAt, firing: 0, lastSeenAt }
    case 'AlertRefired': {
      const { count, firings, labels, annotations, startsAt, firing, truncated } = event.data
      return {
        ...alert,
        condition: 'firing',
        clearedAt: undefined,
        count,
        firings,
        labels,
        annotations,
        startsAt,
        firing,
        truncated,
        lastSeenAt,
      }
    }
    case 'AlertIncidentRequested':
      return { ...alert, episodes: event.data.episode, incident: undefined }
    case 'AlertIncidentBound':
      return { ...alert, incident: present(event.data.number) }
    default:
      return alert
  }
}
