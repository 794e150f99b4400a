import type { DomainEvent, NewEvent } from '#libs/event-sourcing'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'

export const GROUPS = 50
/** Numbers that the server gives begin at 1: ours must not be in its way. */
export const FIRST_NUMBER = 5_000_000
export const AGENT = 'person-bench-agent'
export const CALLER = 'person-bench-caller'

/** Of the 32-bit numbers that `seed` gives: the same seed, the same log. (mulberry32, public domain) */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
}

export function uuid(random: () => number): string {
  const hex = Array.from({ length: 4 }, () => random().toString(16).padStart(8, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}

const SYMPTOMS = ['does not start', 'is slow', 'forgets its settings', 'prints blank pages', 'drops the line']
const THINGS = ['Mail client', 'Printer', 'Payroll', 'Laptop', 'VPN', 'Telephone', 'Badge reader']

/** A request body with eight fields. */
export function openingBody(random: () => number) {
  const thing = THINGS[random() % THINGS.length]!
  const symptom = SYMPTOMS[random() % SYMPTOMS.length]!
  return {
    title: `${thing} ${symptom}`,
    description: `${thing} on floor ${random() % 40} ${symptom} since this morning; a restart did not help. Others nearby see it too.`,
    caller: CALLER,
    contactType: 'phone',
    category: `category-${random() % 30}`,
    impact: 1 + (random() % 3),
    urgency: 1 + (random() % 3),
    assignmentGroup: `group-${1 + (random() % GROUPS)}`,
  }
}

export type OpeningBody = ReturnType<typeof openingBody>

/** The events that follow from such a body, as the decider makes them. */
export function openingEvents(body: OpeningBody): IncidentEvent[] {
  const { impact, urgency, assignmentGroup, ...fields } = body
  return [
    {
      type: 'IncidentOpened',
      data: { ...fields, openedBy: AGENT, audience: { kind: 'public' } },
    },
    {
      type: 'PriorityDerived',
      data: {
        impact,
        urgency,
        priority: Math.min(4, impact + urgency - 1),
        matrixVersion: 1,
        previous: null,
      },
    },
    { type: 'AssignedToGroup', data: { group: assignmentGroup, previousGroup: null, previousPerson: null } },
  ]
}

/** Gives events what the store asks for, in the sizes that the server writes. */
export function stored(
  events: readonly DomainEvent[],
  { commandId, occurredAt, newId }: { commandId: string; occurredAt: string; newId: () => string },
): NewEvent[] {
  return events.map(({ type, data }) => ({
    id: newId(),
    type,
    data,
    metadata: {
      actor: AGENT,
      grant: commandId,
      channel: 'api',
      occurredAt,
      commandId,
      correlationId: commandId,
      schemaVersion: 1,
    },
  }))
}
