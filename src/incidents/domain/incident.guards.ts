import { type GroupStanding, isAtDesk, type PersonStanding } from '#libs/access'
import { InvalidInput, NotFound, Refused } from '#libs/event-sourcing'
import type { Incident, IncidentRecord } from './incident.state.js'
import { isOpened } from './incident.state.js'

/** Steps of the lifecycle: from where they may be taken, and what to tell whoever tries from elsewhere. */
const STEPS = {
  startWork: {
    from: ['New'],
    code: 'INCIDENT.NOT_NEW',
    mend: 'Work can be started on a New incident only; resume one that is On Hold, reopen one that is Resolved.',
  },
  hold: {
    from: ['New', 'In Progress'],
    code: 'INCIDENT.NOT_OPEN',
    mend: 'Only an open incident can be put on hold; reopen it first.',
  },
  resume: {
    from: ['On Hold'],
    code: 'INCIDENT.NOT_ON_HOLD',
    mend: 'Only an incident that is On Hold can be resumed.',
  },
  resolve: {
    from: ['New', 'In Progress', 'On Hold'],
    code: 'INCIDENT.NOT_OPEN',
    mend: 'It is resolved already; reopen it first to resolve it otherwise.',
  },
  reopen: {
    from: ['Resolved'],
    code: 'INCIDENT.NOT_RESOLVED',
    mend: 'Only a Resolved incident can be reopened.',
  },
  close: { from: ['Resolved'], code: 'INCIDENT.NOT_RESOLVED', mend: 'Resolve it before closing it.' },
  cancel: {
    from: ['New', 'In Progress', 'On Hold'],
    code: 'INCIDENT.NOT_OPEN',
    mend: 'Only an open incident can be canceled; close this one instead.',
  },
} as const satisfies Record<string, { from: readonly Incident['state'][]; code: string; mend: string }>

export type LifecycleStep = keyof typeof STEPS

const FINISHED: Partial<Record<Incident['state'], { code: string; mend: string }>> = {
  Closed: { code: 'INCIDENT.CLOSED', mend: 'It is Closed for good: open a new incident and link it.' },
  Canceled: { code: 'INCIDENT.CANCELED', mend: 'It was Canceled: open a new incident and link it.' },
}

/** Code of the refusal of a step; undefined: the step may be taken. */
export function refusalOf(step: LifecycleStep, from: Incident['state']): string | undefined {
  const { from: allowed, code } = STEPS[step]
  if ((allowed as readonly string[]).includes(from)) return undefined
  return FINISHED[from]?.code ?? code
}

/** @throws Refused with the step's code when it may not be taken from the incident's state. */
export function requireStep(step: LifecycleStep, incident: Incident): void {
  const code = refusalOf(step, incident.state)
  if (code === undefined) return
  throw new Refused(code, (FINISHED[incident.state] ?? STEPS[step]).mend, { state: incident.state })
}

/** @throws NotFound `INCIDENT.UNKNOWN` */
export function requireOpened(record: IncidentRecord): Incident {
  if (isOpened(record)) return record
  throw new NotFound('INCIDENT.UNKNOWN', 'There is no incident with this number: check the number.')
}

/** @throws Refused `INCIDENT.CLOSED` or `INCIDENT.CANCELED` */
export function requireUnfinished(incident: Incident): void {
  const finished = FINISHED[incident.state]
  if (finished) throw new Refused(finished.code, finished.mend, { state: incident.state })
}

/** @throws Refused `INCIDENT.NOT_OPEN` when Resolved; as {@link requireUnfinished} */
export function requireOpen(incident: Incident): void {
  requireUnfinished(incident)
  if (incident.state !== 'Resolved') return
  throw new Refused('INCIDENT.NOT_OPEN', 'It is Resolved: reopen it first.', { state: incident.state })
}

/** @throws InvalidInput `INCIDENT.TEXT_REQUIRED`, naming the fields that say nothing */
export function requireText(texts: Record<string, string | null | undefined>): void {
  const missing = Object.keys(texts).filter((name) => !texts[name]?.trim())
  if (missing.length === 0) return
  throw new InvalidInput(
    'INCIDENT.TEXT_REQUIRED',
    `Say something in ${missing.join(' and ')}.`,
    missing.map((name) => ({ pointer: `/${name}`, message: 'must not be empty' })),
  )
}

/** @throws InvalidInput `INCIDENT.GROUP_UNKNOWN` */
export function requireGroup(group: GroupStanding, id: string, pointer: string): void {
  if (group.exists) return
  throw new InvalidInput('INCIDENT.GROUP_UNKNOWN', `There is no group "${id}": register it first.`, [
    { pointer, message: 'is no group' },
  ])
}

/** @throws InvalidInput `INCIDENT.PERSON_UNKNOWN`; Refused `INCIDENT.PERSON_INACTIVE` */
export function requirePerson(person: PersonStanding, id: string, pointer: string): void {
  if (!person.exists) {
    throw new InvalidInput('INCIDENT.PERSON_UNKNOWN', `There is no person "${id}": register her first.`, [
      { pointer, message: 'is no person' },
    ])
  }
  if (!person.active) {
    throw new Refused('INCIDENT.PERSON_INACTIVE', `"${id}" has left: choose somebody who is active.`)
  }
}

/**
 * Whoever is given something to do with any incident must be able to see it, and be told of it.
 * @throws as {@link requirePerson}; Refused `INCIDENT.PERSON_NOT_AT_DESK`
 */
export function requireAtDesk(person: PersonStanding, id: string, pointer: string): void {
  requirePerson(person, id, pointer)
  if (isAtDesk(person.roles)) return
  throw new Refused(
    'INCIDENT.PERSON_NOT_AT_DESK',
    `"${id}" sees no incidents but her own: choose somebody who works at the desk, or grant her a role.`,
    { errors: [{ pointer, message: 'has no role at the desk' }] },
  )
}

/**
 * Reads a time a caller gave; canonical form, so that times compare as text.
 * @throws InvalidInput `INCIDENT.TIME_MALFORMED`
 */
export function instant(text: string, pointer: string): string {
  const milliseconds = Date.parse(text)
  if (Number.isNaN(milliseconds)) {
    throw new InvalidInput('INCIDENT.TIME_MALFORMED', `"${text}" is no time: give ISO 8601 with a zone.`, [
      { pointer, message: 'must be an ISO 8601 time' },
    ])
  }
  return new Date(milliseconds).toISOString()
}

const DAY = 86_400_000

/** Days of 24 hours after a time; undefined when there are none to wait for. */
export function daysAfter(time: string, days: number | null): string | undefined {
  return days === null ? undefined : new Date(Date.parse(time) + days * DAY).toISOString()
}

const MINUTE = 60_000

/** Minutes of the clock after a time; undefined when there are none to wait for. */
export function minutesAfter(time: string, minutes: number | null): string | undefined {
  return minutes === null ? undefined : new Date(Date.parse(time) + minutes * MINUTE).toISOString()
}

/**
 * What a timer wants may have been overtaken: by another hold, a reopening, a reply.
 * @throws Refused `INCIDENT.NOT_DUE`
 */
export function requireDue(at: string | null | undefined, now: string): void {
  if (at != null && at <= now) return
  throw new Refused(
    'INCIDENT.NOT_DUE',
    'The record has moved on since this timer was set: nothing needs to be done.',
  )
}
