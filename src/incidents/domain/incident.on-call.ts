import { isAtDesk } from '#libs/access'
import { InvalidInput, Refused } from '#libs/event-sourcing'
import type { AcknowledgePage, PageNext, PageOnCall } from './incident.commands.js'
import type { AppliedRule, IncidentEvent } from './incident.events.js'
import { contact, type IncidentFacts } from './incident.facts.js'
import { minutesAfter, requireDue, requireGroup, requireOpen } from './incident.guards.js'
import type { Incident } from './incident.state.js'

/**
 * Whoever is on call for a group is asked, in the group's order and as many rounds as it says, until somebody answers or
 * takes the incident on. Those who have left, or see no incidents any more, are skipped, and named in the event.
 */

export function pageOnCall(
  { data, metadata: { occurredAt } }: PageOnCall,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  requireOpen(incident)
  const group = data.group ?? incident.group
  if (group === null) {
    throw new InvalidInput('INCIDENT.GROUP_NEEDED', 'No group has it: say whose people are to be asked.', [
      { pointer: '/group', message: 'is needed here' },
    ])
  }
  requireGroup(facts.group.value, group, '/group')
  if (incident.paging?.group === group) return []
  if (incident.paging !== null) {
    throw new Refused(
      'INCIDENT.PAGING',
      `"${incident.paging.person}" is being asked for group "${incident.paging.group}": have that answered first.`,
    )
  }
  const events = firstPage(group, occurredAt, facts)
  if (events[0]?.type === 'OnCallPaged') return events
  throw new Refused('INCIDENT.NO_ON_CALL', `Nobody is on call for group "${group}": set its contacts.`)
}

/** The first call; an `OnCallExhausted` when nobody is there to answer it. */
export function firstPage(
  group: string,
  now: string,
  facts: IncidentFacts,
  rule?: AppliedRule,
): readonly IncidentEvent[] {
  return pageFrom({ group, order: 0, round: 1 }, now, facts, rule)
}

/** Calls whoever comes after a place in the list. */
function pageFrom(
  { group, order, round }: { group: string; order: number; round: number },
  now: string,
  facts: IncidentFacts,
  rule?: AppliedRule,
): readonly IncidentEvent[] {
  const { onCall, manager } = facts.group.value
  const skipped: string[] = []
  if (onCall !== null) {
    const { contacts, rounds, acknowledgeWithinMinutes } = onCall
    const places = contacts.length
    for (let place = (round - 1) * places + order; place < rounds * places; place++) {
      const person = contacts[place % places] as string
      const standing = facts[contact(person)]?.value
      if (standing?.active && isAtDesk(standing.roles)) {
        const data = {
          group,
          person,
          order: (place % places) + 1,
          round: Math.floor(place / places) + 1,
          acknowledgeBy: minutesAfter(now, acknowledgeWithinMinutes) as string,
          skipped: skipped.length > 0 ? skipped : undefined,
          rule,
        }
        return [{ type: 'OnCallPaged', data }]
      }
      if (!skipped.includes(person)) skipped.push(person)
    }
  }
  const exhausted: IncidentEvent = {
    type: 'OnCallExhausted',
    data: { group, skipped: skipped.length > 0 ? skipped : undefined, rule },
  }
  return manager === null
    ? [exhausted]
    : [exhausted, { type: 'IncidentEscalated', data: { kind: 'hierarchical', informed: manager } }]
}

export function pageNext(
  { metadata: { occurredAt } }: PageNext,
  { paging }: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  requireDue(paging?.acknowledgeBy, occurredAt)
  return pageFrom(paging as NonNullable<typeof paging>, occurredAt, facts)
}

export function acknowledgePage(
  { metadata: { actor } }: AcknowledgePage,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  const { paging, pageAcknowledgedBy } = incident
  if (paging === null) {
    if (pageAcknowledgedBy === actor) return []
    throw new Refused('INCIDENT.NOT_PAGED', 'Nobody is being asked: it was answered, or given up.')
  }
  const contacts = facts.group.value.onCall?.contacts ?? []
  if (actor !== paging.person && !contacts.includes(actor)) {
    throw new Refused(
      'INCIDENT.NOT_ON_CALL',
      `You are not on call for group "${paging.group}": accept the incident if you take it on.`,
    )
  }
  return [{ type: 'OnCallAcknowledged', data: { person: actor } }]
}
