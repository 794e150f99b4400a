import { definePolicy, type Reaction } from '#libs/projections-runtime'
import { AddWatcher, Close, RemindCaller, Resolve, Resume } from './incident.commands.js'
import { escalationRules, onCallPaging } from './incident.escalation.policies.js'
import type { IncidentEvent } from './incident.events.js'
import { childrenFollow } from './incident.family.policies.js'
import { overdueUpdates, proposeParents } from './incident.major.policies.js'
import { numberOf, STREAM_PREFIX, streamOf } from './incident.policy-streams.js'
import { catchUpWithProblems, followProblems, linkNamedIncidents } from './incident.problem.policies.js'

/**
 * What happens to incidents by itself. The times are in the events, put there by the settings then in force; imported events
 * carry none, so that they arm nothing until `IncidentActivated`. What a timer asks for is checked again by the decider,
 * so one that was overtaken does no harm.
 */

/** Whether something is armed for an incident; most have nothing and leave no trace. */
interface Armed {
  armed: boolean
}
const NOT_ARMED: Armed = { armed: false }

const armedBy = (at: string | undefined): Armed | null => (at === undefined ? null : { armed: true })
const timer = (name: string, at: string | undefined): readonly Reaction[] =>
  at === undefined ? [] : [{ kind: 'setTimer', name, at }]

/** Steps after which nothing that a hold had armed is wanted any more. */
function endsHold({ type }: IncidentEvent): boolean {
  switch (type) {
    case 'IncidentResumed':
    case 'IncidentResolved':
    case 'IncidentReopened':
    case 'IncidentClosed':
    case 'IncidentCanceled':
    case 'IncidentMerged':
    case 'StateObserved':
      return true
    default:
      return false
  }
}

/** Closes what has been Resolved for as long as the settings said when it was resolved. */
export const autoClose = definePolicy<Armed, IncidentEvent>({
  name: 'incident_auto_close',
  from: [STREAM_PREFIX],
  key: streamOf,
  initial: NOT_ARMED,
  evolve: (state, event) => {
    switch (event.type) {
      case 'IncidentResolved':
      case 'IncidentActivated':
        return armedBy(event.data.autoCloseAt)
      case 'IncidentReopened':
      case 'IncidentClosed':
      case 'IncidentCanceled':
      case 'StateObserved':
        return null
      default:
        return state
    }
  },
  react: (event) =>
    event.type === 'IncidentResolved' || event.type === 'IncidentActivated'
      ? timer('auto-close', event.data.autoCloseAt)
      : [],
  onTimer: ({ key }) => [
    {
      kind: 'command',
      build: (metadata) => new Close(numberOf(key), { cause: 'auto-close' }, metadata),
      reason: 'Resolved for as long as the settings allow',
    },
  ],
})

function holdUntil(event: IncidentEvent): string | undefined {
  switch (event.type) {
    case 'IncidentHeld':
    case 'HoldReasonChanged':
      return event.data.hold.until
    case 'IncidentActivated':
      return event.data.until
    default:
      return undefined
  }
}

function isHold({ type }: IncidentEvent): boolean {
  return type === 'IncidentHeld' || type === 'HoldReasonChanged' || type === 'IncidentActivated'
}

/** Wakes up what was held until a time. */
export const holdExpiry = definePolicy<Armed, IncidentEvent>({
  name: 'incident_hold_expiry',
  from: [STREAM_PREFIX],
  key: streamOf,
  initial: NOT_ARMED,
  evolve: (state, event) => {
    if (isHold(event)) return armedBy(holdUntil(event))
    return endsHold(event) ? null : state
  },
  react: (event) => timer('hold-expired', holdUntil(event)),
  onTimer: ({ key }) => [
    {
      kind: 'command',
      build: (metadata) => new Resume(numberOf(key), { cause: 'hold-expired' }, metadata),
      reason: 'The hold has ended',
    },
  ],
})

function remindAt(event: IncidentEvent): string | undefined {
  switch (event.type) {
    case 'IncidentHeld':
    case 'HoldReasonChanged':
    case 'IncidentActivated':
      return event.data.remindAt
    default:
      return undefined
  }
}

/** Closing code of incidents whose caller stayed silent. */
export const NO_ANSWER = 'no-answer'

/** Reminds a caller who does not answer, and resolves the incident when he stays silent. */
export const silentCaller = definePolicy<Armed, IncidentEvent>({
  name: 'incident_silent_caller',
  from: [STREAM_PREFIX],
  key: streamOf,
  initial: NOT_ARMED,
  evolve: (state, event) => {
    if (isHold(event)) return armedBy(remindAt(event))
    if (event.type === 'CallerReminded') return armedBy(event.data.resolveAt)
    return endsHold(event) ? null : state
  },
  react: (event) =>
    event.type === 'CallerReminded'
      ? timer('resolve-silent', event.data.resolveAt)
      : timer('remind-caller', remindAt(event)),
  onTimer: ({ key, name }) => [
    {
      kind: 'command',
      build: (metadata) =>
        name === 'remind-caller'
          ? new RemindCaller(numberOf(key), {}, metadata)
          : new Resolve(
              numberOf(key),
              {
                code: NO_ANSWER,
                notes: 'Resolved because the caller did not answer, also not after a reminder.',
                cause: 'silent-caller',
              },
              metadata,
            ),
      reason: 'The caller has not answered',
    },
  ],
})

/** Whoever wanted to know of a duplicate watches the incident that goes on. */
export const watchSurvivor = definePolicy<Armed, IncidentEvent>({
  name: 'incident_watch_survivor',
  from: [STREAM_PREFIX],
  key: (event) => (event.type === 'IncidentMerged' ? event.stream : undefined),
  initial: NOT_ARMED,
  evolve: (state) => state,
  react: (event) => {
    if (event.type !== 'IncidentMerged') return []
    const { survivor, caller, watchers } = event.data
    const people = new Set(caller === null ? watchers : [caller, ...watchers])
    return [...people].map((person) => ({
      kind: 'command',
      build: (metadata) => new AddWatcher(survivor, { person }, metadata),
      reason: `${numberOf(event.stream)} was a duplicate`,
    }))
  },
})

export const incidentPolicies = [
  autoClose,
  holdExpiry,
  silentCaller,
  watchSurvivor,
  escalationRules,
  onCallPaging,
  overdueUpdates,
  proposeParents,
  childrenFollow,
  followProblems,
  catchUpWithProblems,
  linkNamedIncidents,
] as const
