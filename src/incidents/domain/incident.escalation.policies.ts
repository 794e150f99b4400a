import { definePolicy, type Reaction } from '#libs/projections-runtime'
import { EscalateByRule, PageNext } from './incident.commands.js'
import type { EscalationsScheduled, IncidentEvent } from './incident.events.js'
import { isAtRest, numberOf, STREAM_PREFIX, streamOf } from './incident.policy-streams.js'

/** The timers that stand, and those that the latest schedule no longer has. */
interface Waiting {
  rulesVersion: number
  rules: readonly string[]
  dropped: readonly string[]
}

const timerOf = (rule: string) => `rule ${rule}`

/** Waits for the times that the schedule names; what a rule does then is decided anew. */
export const escalationRules = definePolicy<Waiting, IncidentEvent>({
  name: 'incident_escalation_rules',
  from: [STREAM_PREFIX],
  key: streamOf,
  initial: { rulesVersion: 0, rules: [], dropped: [] },
  evolve: (state, event) => {
    if (event.type === 'EscalationsScheduled') return scheduled(state, event.data)
    return isAtRest(event) ? null : state
  },
  react: (event, { dropped }) => {
    if (event.type !== 'EscalationsScheduled') return []
    return [
      ...dropped.map((rule): Reaction => ({ kind: 'cancelTimer', name: timerOf(rule) })),
      ...event.data.due.map(({ rule, at }): Reaction => ({ kind: 'setTimer', name: timerOf(rule), at })),
    ]
  },
  onTimer: ({ key, name }, { rulesVersion, rules }) => {
    const rule = rules.find((candidate) => timerOf(candidate) === name)
    if (rule === undefined) return []
    return [
      {
        kind: 'command',
        build: (metadata) =>
          new EscalateByRule(numberOf(key), { rule: { version: rulesVersion, name: rule } }, metadata),
        reason: `Rule "${rule}": its time has come`,
      },
    ]
  },
})

function scheduled(before: Waiting, { rulesVersion, due }: EscalationsScheduled['data']): Waiting | null {
  const rules = due.map(({ rule }) => rule)
  if (rules.length === 0) return null
  return { rulesVersion, rules, dropped: before.rules.filter((rule) => !rules.includes(rule)) }
}

/** Whether somebody is being asked. */
interface Asking {
  asking: boolean
}

/** Asks the next one on call when who was asked has not answered. */
export const onCallPaging = definePolicy<Asking, IncidentEvent>({
  name: 'incident_on_call',
  from: [STREAM_PREFIX],
  key: streamOf,
  initial: { asking: false },
  evolve: (state, event) => {
    switch (event.type) {
      case 'OnCallPaged':
        return { asking: true }
      case 'OnCallAcknowledged':
      case 'OnCallExhausted':
      case 'IncidentAccepted':
        return null
      default:
        return isAtRest(event) ? null : state
    }
  },
  react: (event) =>
    event.type === 'OnCallPaged'
      ? [{ kind: 'setTimer', name: 'page-next', at: event.data.acknowledgeBy }]
      : [],
  onTimer: ({ key }) => [
    {
      kind: 'command',
      build: (metadata) => new PageNext(numberOf(key), {}, metadata),
      reason: 'Who was asked has not answered',
    },
  ],
})
