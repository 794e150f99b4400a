import type { ObserveAlertCondition } from './incident.commands.js'
import type { AlertConditionObserved, IncidentEvent } from './incident.events.js'
import type { IncidentFacts } from './incident.facts.js'
import { daysAfter } from './incident.guards.js'
import type { Incident } from './incident.state.js'

/** Code of the resolution of what went by itself before anybody looked. */
export const SELF_RECOVERED = 'self-recovered'

/**
 * An alert that fires again reopens what was Resolved; one that has cleared resolves what nobody has touched or merged with
 * anything, and leaves a work note otherwise, unless another alert of the incident still fires. Never refused: of a finished incident, a firing is recorded, whereupon the alert gets another one.
 */
export function observeAlertCondition(
  command: ObserveAlertCondition,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  return command.data.condition === 'firing'
    ? observedFiring(command, incident)
    : observedCleared(command, incident, facts)
}

function observed({ data: { alert, condition, count } }: ObserveAlertCondition): AlertConditionObserved {
  return { type: 'AlertConditionObserved', data: { alert, condition, count } }
}

function observedFiring(command: ObserveAlertCondition, incident: Incident): readonly IncidentEvent[] {
  const { state, alerts, reopenCount } = incident
  switch (state) {
    case 'Resolved':
      return [
        { type: 'IncidentReopened', data: { from: state, to: 'In Progress', count: reopenCount + 1 } },
        observed(command),
      ]
    case 'Closed':
    case 'Canceled':
      return [observed(command)]
    default:
      return alerts?.[command.data.alert] === 'firing' ? [] : [observed(command)]
  }
}

function observedCleared(
  command: ObserveAlertCondition,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  const { state, alerts, untouched, watchers } = incident
  const finished = state === 'Closed' || state === 'Canceled'
  if (finished || alerts?.[command.data.alert] === 'cleared') return []
  const others = othersOf(command.data.alert, incident)
  // What still fires is not over; the last one to clear says what is to be said.
  if (state === 'Resolved' || others.includes('firing')) return [observed(command)]
  // It was opened for one alert and for nobody: others, and watchers, come from what people have merged into it.
  const merged = others.length > 0 || watchers.length > 0
  if (state === 'New' && untouched && !merged)
    return [observed(command), selfRecovered(command, incident, facts)]
  return [
    observed(command),
    {
      type: 'WorkNoteAdded',
      data: { text: 'The alert has cleared. Resolve the incident when nothing is left to do.' },
    },
  ]
}

/** Conditions of the incident's alerts but this one. */
function othersOf(alert: string, { alerts }: Incident): readonly ('firing' | 'cleared')[] {
  return Object.entries(alerts ?? {}).flatMap(([id, condition]) => (id === alert ? [] : [condition]))
}

function selfRecovered(
  { data: { clearedAt }, metadata: { actor, occurredAt } }: ObserveAlertCondition,
  incident: Incident,
  { settings: { value } }: IncidentFacts,
): IncidentEvent {
  const began = incident.fields.detectedAt ?? incident.openedAt
  const plausible = clearedAt !== undefined && clearedAt >= began && clearedAt <= occurredAt
  return {
    type: 'IncidentResolved',
    data: {
      code: SELF_RECOVERED,
      notes: 'The alert cleared before anybody took the incident on.',
      resolvedBy: actor,
      serviceRestoredAt: plausible ? clearedAt : undefined,
      cause: 'alert-cleared',
      autoCloseAt: daysAfter(occurredAt, value.settings.autoCloseAfterDays),
      settingsVersion: value.version,
    },
  }
}
