import type { RecordedEvent } from '#libs/event-sourcing'
import { LONGEST_RETRY_WINDOW_SECONDS } from '../../settings/domain/defaults.js'
import type { AlertCondition, AlertEndHeard, AlertEvent, Labels } from './alert.events.js'

/** What decisions need to know of an alert. Times are ISO 8601. */
export interface Alert {
  readonly condition: AlertCondition
  readonly source: string
  readonly key: string
  readonly labels: Labels
  readonly annotations: Labels
  readonly startsAt: string
  readonly firing: number
  readonly truncated: number
  /** Notifications that it fires, retries aside. */
  readonly count: number
  /** How often it began to fire; 0: only its end was heard so far. */
  readonly firings: number
  /** Incidents asked for. */
  readonly episode: number
  /** The incident of the latest episode; null: it is asked for, and not known yet. */
  readonly incident: string | null
  /** The one before, while the latest is not known yet. */
  readonly previous: string | null
  /** Its latest end, by the source's clock, and when that was heard; null: it has not cleared yet. */
  readonly cleared: { readonly at: string; readonly heardAt: string } | null
  /** The latest notifications that were no retries, oldest first: as many as may still be told again, and never none. */
  readonly heard: readonly Heard[]
}

/** A notification, by what it said. */
export interface Heard {
  readonly hash: string
  readonly at: string
}

/**
 * An alert that flaps, or whose group changes, says something else each time; senders wait for each other's answers, so a
 * retry is of one of the last few. More would only make the record of a storm grow.
 */
export const MOST_HEARD = 16

/** Null: nothing was ever heard of it. */
export type AlertRecord = Alert | null

/** Folds one event. Event types that are not known leave the record as it was. */
export function evolve(record: AlertRecord, event: RecordedEvent<AlertEvent>): AlertRecord {
  const at = event.metadata.occurredAt
  if (event.type === 'AlertFired') {
    const { source, key, labels, annotations, startsAt, firing, truncated = 0, hash } = event.data
    return {
      condition: 'firing',
      source,
      key,
      labels,
      annotations,
      startsAt,
      firing,
      truncated,
      count: 1,
      firings: 1,
      episode: 0,
      incident: null,
      previous: null,
      cleared: null,
      heard: [{ hash, at }],
    }
  }
  if (event.type === 'AlertEndHeard') return record ?? endOnly(event.data, at)
  return record === null ? record : applied(record, event, at)
}

function endOnly({ source, key, hash, clearedAt }: AlertEndHeard['data'], at: string): Alert {
  return {
    condition: 'cleared',
    source,
    key,
    labels: {},
    annotations: {},
    startsAt: clearedAt,
    firing: 0,
    truncated: 0,
    count: 0,
    firings: 0,
    episode: 0,
    incident: null,
    previous: null,
    cleared: { at: clearedAt, heardAt: at },
    heard: [{ hash, at }],
  }
}

function applied(alert: Alert, event: RecordedEvent<AlertEvent>, at: string): Alert {
  switch (event.type) {
    case 'AlertRepeated': {
      const { count, firing, hash } = event.data
      return { ...alert, count, firing, heard: heardNow(alert, hash, at) }
    }
    case 'AlertCleared':
      return {
        ...alert,
        condition: 'cleared',
        cleared: { at: event.data.clearedAt, heardAt: at },
        firing: 0,
        heard: heardNow(alert, event.data.hash, at),
      }
    case 'AlertRefired': {
      const { count, firings, labels, annotations, startsAt, firing, truncated = 0, hash } = event.data
      return {
        ...alert,
        condition: 'firing',
        count,
        firings,
        labels,
        annotations,
        startsAt,
        firing,
        truncated,
        heard: heardNow(alert, hash, at),
      }
    }
    case 'AlertIncidentRequested': {
      const { episode, previous } = event.data
      return { ...alert, episode, previous, incident: null }
    }
    case 'AlertIncidentBound':
      return { ...alert, incident: event.data.number, previous: null }
    default:
      return alert
  }
}

/** Bounded by time and by number, so that an alert of years is as small as one of today. */
function heardNow({ heard }: Alert, hash: string, at: string): readonly Heard[] {
  const since = Date.parse(at) - LONGEST_RETRY_WINDOW_SECONDS * 1_000
  const still = heard.filter((one) => one.hash !== hash && Date.parse(one.at) > since)
  return [...still.slice(1 - MOST_HEARD), { hash, at }]
}
