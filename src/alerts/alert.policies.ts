import { derivedId, type RecordedEvent } from '#libs/event-sourcing'
import { definePolicy, type Reaction } from '#libs/projections-runtime'
import { AddLink, ObserveAlertCondition, OpenIncident } from '../incidents/domain/incident.commands.js'
import type { IncidentEvent } from '../incidents/domain/incident.events.js'
import { BindAlertIncident, ReplaceAlertIncident } from './domain/alert.commands.js'
import { notAfter } from './domain/alert.decider.js'
import type { AlertCondition, AlertEvent, AlertIncidentRequested } from './domain/alert.events.js'

/**
 * How an alert gets its incident, and the incident learns of its alert. What is to be done stands in the events, so that a
 * storm of repeats writes no state and sends nothing.
 */

const ALERT = 'alert-'
const INCIDENT = 'incident-'
const idOf = (stream: string, prefix: string): string => stream.slice(prefix.length)

/** Nothing has to be remembered. */
type Nothing = Record<never, never>
const NOTHING: Nothing = {}

/** Opens, tells and links the incidents of an alert. */
export const alertIncident = definePolicy<Nothing, AlertEvent>({
  name: 'alert_incident',
  from: [ALERT],
  key: (event) => (event.type === 'AlertRepeated' && !event.data.incident ? undefined : event.stream),
  initial: NOTHING,
  evolve: (state) => state,
  react(event) {
    const alert = idOf(event.stream, ALERT)
    switch (event.type) {
      case 'AlertIncidentRequested':
        return [opening(alert, event.data)]
      case 'AlertIncidentBound':
        return whenBound(alert, event.data)
      case 'AlertRepeated':
      case 'AlertRefired':
        return telling(alert, event.data.incident, 'firing', event.data.count)
      case 'AlertCleared':
        return telling(alert, event.data.incident, 'cleared', event.data.count, event.data.clearedAt)
      default:
        return []
    }
  },
})

/** The id of the command follows from alert and episode: however often it is sent, one incident is opened. */
function opening(alert: string, { episode, incident }: AlertIncidentRequested['data']): Reaction {
  const { group, detectedAt, ...fields } = incident
  return {
    kind: 'command',
    build: (metadata) =>
      new OpenIncident(
        undefined,
        {
          ...fields,
          ...(group !== undefined && { assignmentGroup: group }),
          contactType: 'alert',
          // Clocks differ, and what lies in the future is refused.
          detectedAt: notAfter(detectedAt, metadata.occurredAt),
          alert,
        },
        { ...metadata, commandId: derivedId('alert-incident', alert, episode) },
      ),
    reason: episode === 1 ? 'An alert fires' : 'An alert fires again',
  }
}

function whenBound(
  alert: string,
  { number, previous, condition, count, merged }: Extract<AlertEvent, { type: 'AlertIncidentBound' }>['data'],
): readonly Reaction[] {
  const link: Reaction[] =
    previous === null || merged
      ? []
      : [
          {
            kind: 'command',
            build: (metadata) =>
              new AddLink(
                number,
                { relation: 'related-to', targetType: 'incident', target: previous },
                metadata,
              ),
            reason: 'The alert had this incident before',
          },
        ]
  // That it fires, the incident knows from its opening.
  return condition === 'firing' && !merged ? link : [...link, ...telling(alert, number, condition, count)]
}

function telling(
  alert: string,
  number: string | undefined,
  condition: AlertCondition,
  count: number,
  clearedAt?: string,
): readonly Reaction[] {
  if (number === undefined) return []
  return [
    {
      kind: 'command',
      build: (metadata) =>
        new ObserveAlertCondition(number, { alert, condition, count, clearedAt }, metadata),
      reason: condition === 'firing' ? 'The alert fires again' : 'The alert has cleared',
    },
  ]
}

/** The alerts of an incident. */
interface Bound {
  alerts: readonly string[]
}
const UNBOUND: Bound = { alerts: [] }

/** Tells an alert which incident it has, also after a merge, and asks for another one where it is finished. */
export const alertBinding = definePolicy<Bound, AlertEvent | IncidentEvent>({
  name: 'alert_binding',
  from: [ALERT, INCIDENT],
  key(event) {
    switch (event.type) {
      case 'AlertIncidentBound':
        return INCIDENT + event.data.number
      case 'IncidentOpened':
        return event.data.alert === undefined ? undefined : event.stream
      case 'AlertConditionObserved':
      case 'IncidentMerged':
      case 'IncidentClosed':
        return event.stream
      default:
        return undefined
    }
  },
  initial: UNBOUND,
  evolve(state, event) {
    if (event.type === 'IncidentClosed') return state.alerts.length > 0 ? null : state
    if (event.type !== 'AlertIncidentBound') return state
    const alert = idOf(event.stream, ALERT)
    return state.alerts.includes(alert) ? state : { alerts: [...state.alerts, alert] }
  },
  react(event, { alerts }) {
    switch (event.type) {
      case 'IncidentOpened':
        return openedFor(event)
      case 'AlertConditionObserved':
        return event.data.condition === 'firing' ? [replacing(event)] : []
      case 'IncidentMerged':
        return alerts.map((alert) => following(alert, idOf(event.stream, INCIDENT), event.data.survivor))
      default:
        return []
    }
  },
})

type Recorded<Type extends IncidentEvent['type']> = RecordedEvent<Extract<IncidentEvent, { type: Type }>>

function openedFor({ stream, data: { alert } }: Recorded<'IncidentOpened'>): readonly Reaction[] {
  if (alert === undefined) return []
  const number = idOf(stream, INCIDENT)
  return [{ kind: 'command', build: (metadata) => new BindAlertIncident(alert, { number }, metadata) }]
}

function replacing({ stream, data: { alert } }: Recorded<'AlertConditionObserved'>): Reaction {
  const number = idOf(stream, INCIDENT)
  return { kind: 'command', build: (metadata) => new ReplaceAlertIncident(alert, { number }, metadata) }
}

function following(alert: string, instead: string, number: string): Reaction {
  return {
    kind: 'command',
    build: (metadata) => new BindAlertIncident(alert, { number, instead }, metadata),
    reason: `${instead} was a duplicate`,
  }
}

export const alertPolicies = [alertIncident, alertBinding] as const
