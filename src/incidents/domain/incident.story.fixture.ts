import { commandMetadata, deciderSpec, type ToldEvent } from '#libs/testing'
import type { EscalationRule, MajorIncidentSettings } from '../../settings/domain/settings.events.js'
import { incidentDecider } from './incident.decider.js'
import type { IncidentEvent } from './incident.events.js'

/** Stories about an incident of the group `network`, opened at 08:00 and acted upon from 09:00 on. */

export const NUMBER = 'INC0000001'
export const PARENT = 'INC0000002'
export const OPENED_AT = '2026-01-05T08:00:00.000Z'
export const NOW = '2026-01-05T09:00:00.000Z'
/** The same day, at this time. */
export const at = (time: string) => `2026-01-05T${time}:00.000Z`

export const by = (actor: string, occurredAt = NOW) => commandMetadata({ actor, occurredAt })
export const byPolicy = (occurredAt = NOW) =>
  commandMetadata({ actor: 'system:spec', channel: 'policy', occurredAt })

export const opened: ToldEvent<IncidentEvent> = {
  type: 'IncidentOpened',
  data: { title: 'Mail is slow', caller: 'carl', openedBy: 'agnes', audience: { kind: 'public' } },
}
export const ofPriority = (priority: number, previous: number | null = null): IncidentEvent => ({
  type: 'PriorityDerived',
  data: { impact: priority, urgency: 1, priority, matrixVersion: 0, previous },
})
export const inGroup = (group: string): IncidentEvent => ({
  type: 'AssignedToGroup',
  data: { group, previousGroup: null, previousPerson: null },
})
export const accepted = (person: string): IncidentEvent => ({
  type: 'IncidentAccepted',
  data: { person, previousPerson: null },
})
export const started: IncidentEvent = { type: 'WorkStarted', data: {} }
export const held: IncidentEvent = {
  type: 'IncidentHeld',
  data: { hold: { reason: 'awaiting-vendor' }, listVersion: 0, awaitsCaller: false },
}
export const resolved: IncidentEvent = {
  type: 'IncidentResolved',
  data: { code: 'fixed', notes: 'Restarted', resolvedBy: 'agnes' },
}
export const closed: IncidentEvent = { type: 'IncidentClosed', data: { cause: 'agent' } }
export const canceled: IncidentEvent = { type: 'IncidentCanceled', data: { code: 'withdrawn', notes: null } }

/** The same event, at another time or by somebody else. */
export function told<E extends IncidentEvent>(event: E, occurredAt: string, actor = 'agnes'): ToldEvent<E> {
  return { ...event, metadata: { occurredAt, actor } }
}

const person = (name: string): ToldEvent => ({ type: 'PersonRegistered', data: { kind: 'person', name } })
const agent: ToldEvent = { type: 'RoleGranted', data: { role: 'agent', source: 'administrator' } }
const requester: ToldEvent = { type: 'RoleGranted', data: { role: 'requester', source: 'administrator' } }
const left: ToldEvent = { type: 'PersonDeactivated', data: {} }

/** Opened, in `network`; agnes, bob and mia work at the desk, rita does not, lea has left. On call for network: lea, bob, agnes; twice. */
export function given(...events: ToldEvent<IncidentEvent>[]) {
  return deciderSpec(incidentDecider)
    .given(opened, ofPriority(3), inGroup('network'), ...events)
    .and('person-agnes', person('Agnes'), agent)
    .and('person-bob', person('Bob'), agent)
    .and('person-mia', person('Mia'), agent)
    .and('person-rita', person('Rita'), requester)
    .and('person-lea', person('Lea'), left)
    .and(
      'group-network',
      { type: 'GroupRegistered', data: { name: 'Network', manager: 'mia' } },
      { type: 'MemberAdded', data: { person: 'agnes' } },
      { type: 'MemberAdded', data: { person: 'bob' } },
      {
        type: 'OnCallContactsSet',
        data: { contacts: ['lea', 'bob', 'agnes'], acknowledgeWithinMinutes: 10, rounds: 2 },
      },
    )
    .and('group-database', { type: 'GroupRegistered', data: { name: 'Database' } })
}

export function rulesPublished(version: number, ...rules: EscalationRule[]): ToldEvent {
  return { type: 'EscalationRulesPublished', data: { version, rules } }
}

export function majorSettings(settings: Partial<MajorIncidentSettings>): ToldEvent {
  const never = {
    proposeAtPriority: null,
    proposeAboveChildren: null,
    updateEveryMinutes: null,
    remindEveryMinutes: null,
  }
  return { type: 'MajorIncidentSettingsPublished', data: { version: 1, settings: { ...never, ...settings } } }
}
