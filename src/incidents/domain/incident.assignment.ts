import { InvalidInput, Refused } from '#libs/event-sourcing'
import type { AssignmentRule } from '../../settings/domain/settings.events.js'
import type { Accept, AssignToGroup, AssignToPerson, Escalate } from './incident.commands.js'
import type { AssignedToGroup, IncidentEvent, IncidentFields } from './incident.events.js'
import type { IncidentFacts } from './incident.facts.js'
import { requireGroup, requireOpen, requirePerson } from './incident.guards.js'
import type { Incident } from './incident.state.js'

type Holders = Pick<Incident, 'group' | 'assignee'>
const NOBODY: Holders = { group: null, assignee: null }

export function toGroup(group: string | null, from: Holders = NOBODY): AssignedToGroup {
  return {
    type: 'AssignedToGroup',
    data: { group, previousGroup: from.group, previousPerson: from.assignee },
  }
}

/** What the first assignment rule that fits says; nothing when none fits or the incident is in that group already. */
export function assignedByRule(
  fields: Partial<IncidentFields>,
  { rules: { value } }: Pick<IncidentFacts, 'rules'>,
  from: Holders = NOBODY,
): readonly AssignedToGroup[] {
  const rule = value.rules.find(({ when }) => fits(when, fields))
  if (rule === undefined || rule.group === from.group) return []
  const { type, data } = toGroup(rule.group, from)
  return [{ type, data: { ...data, rule: { version: value.version, name: rule.name } } }]
}

function fits(when: AssignmentRule['when'], fields: Partial<IncidentFields>): boolean {
  return (
    (when.category === undefined || when.category === fields.category) &&
    (when.subcategory === undefined || when.subcategory === fields.subcategory) &&
    (when.ci === undefined || when.ci === fields.primaryCi) &&
    (when.service === undefined || when.service === fields.service)
  )
}

export function assignToGroup(
  { data: { group } }: AssignToGroup,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  requireOpen(incident)
  if (group !== null) requireGroup(facts.group.value, group, '/group')
  return group === incident.group ? [] : [toGroup(group, incident)]
}

export function assignToPerson(
  { data }: AssignToPerson,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  requireOpen(incident)
  const { person } = data
  const group = data.group ?? incident.group
  if (data.group !== undefined) requireGroup(facts.group.value, data.group, '/group')
  if (person !== null) {
    requirePerson(facts.person.value, person, '/person')
    if (group !== null) requireMember(facts, person, group)
  }
  const moved = group !== incident.group
  const events: IncidentEvent[] = moved ? [toGroup(group, incident)] : []
  const previousPerson = moved ? null : incident.assignee
  if (person !== previousPerson) events.push({ type: 'AssignedToPerson', data: { person, previousPerson } })
  return events
}

function requireMember({ group }: IncidentFacts, person: string, id: string): void {
  if (group.value.members.has(person)) return
  throw new Refused(
    'INCIDENT.NOT_A_MEMBER',
    `"${person}" is no member of group "${id}": make her one, choose a member, or assign the incident to her group too.`,
  )
}

/** Taking on what a colleague has is refused: of two who accept at once, one learns that she was second. */
export function accept(
  { data: { queue }, metadata: { actor } }: Accept,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  requireOpen(incident)
  const { assignee, accepted, group } = incident
  if (assignee !== null && assignee !== actor) {
    throw new Refused(
      'INCIDENT.ALREADY_ASSIGNED',
      `"${assignee}" has it already: take another incident, or have this one assigned to you.`,
      { assignee },
    )
  }
  if (accepted) return []
  if (queue !== undefined) requireWaiting(incident, queue)
  if (group !== null) requireMember(facts, actor, group)
  return [{ type: 'IncidentAccepted', data: { person: actor, previousPerson: assignee } }]
}

/** What a queue showed a moment ago may have been moved or put on hold since: then it is not its next one. */
function requireWaiting({ group, state }: Incident, queue: string): void {
  if (group === queue && state !== 'On Hold') return
  const message = `It no longer waits in the queue of "${queue}": take the next one.`
  throw new Refused('INCIDENT.NOT_WAITING', message, { state })
}

export function escalate(
  { data }: Escalate,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  requireOpen(incident)
  if (data.kind === 'functional') {
    const { kind, group } = data
    if (group === undefined) {
      throw new InvalidInput(
        'INCIDENT.GROUP_NEEDED',
        'Functional escalation is to another group: say which.',
        [{ pointer: '/group', message: 'is needed here' }],
      )
    }
    requireGroup(facts.group.value, group, '/group')
    if (group === incident.group) return []
    return [{ type: 'IncidentEscalated', data: { kind, group } }, toGroup(group, incident)]
  }
  const informed = data.informed ?? managerOf(incident, facts)
  if (data.informed !== undefined) requirePerson(facts.person.value, informed, '/informed')
  return [{ type: 'IncidentEscalated', data: { kind: 'hierarchical', informed } }]
}

function managerOf({ group }: Incident, facts: IncidentFacts): string {
  const manager = group === null ? null : facts.group.value.manager
  if (manager !== null) return manager
  throw new InvalidInput('INCIDENT.MANAGER_UNKNOWN', 'No group with a manager has it: say whom to inform.', [
    { pointer: '/informed', message: 'is needed here' },
  ])
}
