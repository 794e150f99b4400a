import { InvalidInput, Refused } from '#libs/event-sourcing'
import type {
  AssignMajorIncidentRole,
  DemoteMajorIncident,
  PostMajorIncidentUpdate,
  PromoteMajorIncident,
  ProposeMajorIncident,
  RemindOfUpdate,
  ReviewMajorIncident,
} from './incident.commands.js'
import type { IncidentEvent, MajorIncidentProposed, MajorIncidentReview } from './incident.events.js'
import type { IncidentFacts } from './incident.facts.js'
import {
  instant,
  minutesAfter,
  requireAtDesk,
  requireDue,
  requireOpen,
  requireText,
  requireUnfinished,
} from './incident.guards.js'
import type { Incident, MajorIncident } from './incident.state.js'

/**
 * An incident that needs other hands than the usual: candidate → promoted, or turned down. While it is promoted people are
 * told of it by updates, each of which promises the next; afterwards it is reviewed.
 */

export function proposeMajorIncident(
  { data }: ProposeMajorIncident,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  if ('children' in data) return proposedByChildren(data.children, incident, facts)
  requireText({ reason: data.reason })
  if (incident.major !== null) return []
  requireOpen(incident)
  return [{ type: 'MajorIncidentProposed', data: { reason: data.reason } }]
}

/** Rules propose what is open and was never turned down by people. */
function mayBeProposed({ major, majorTurnedDown, state }: Incident): boolean {
  const open = state === 'New' || state === 'In Progress' || state === 'On Hold'
  return open && major === null && !majorTurnedDown
}

function proposedByChildren(
  children: number,
  incident: Incident,
  { majorSettings: { value } }: IncidentFacts,
): readonly IncidentEvent[] {
  const { proposeAboveChildren } = value.settings
  if (proposeAboveChildren === null || children <= proposeAboveChildren || !mayBeProposed(incident)) return []
  return [proposal(`${children} incidents are children of it`, 'children', value.version)]
}

/** What the settings in force say of the priority that an incident has got; none: nothing. */
export function proposedByPriority(
  incident: Incident,
  { majorSettings: { value } }: Pick<IncidentFacts, 'majorSettings'>,
): readonly IncidentEvent[] {
  const { proposeAtPriority } = value.settings
  const { priority } = incident
  if (proposeAtPriority === null || priority === null || priority > proposeAtPriority) return []
  return mayBeProposed(incident) ? [proposal(`Its priority is ${priority}`, 'priority', value.version)] : []
}

function proposal(
  reason: string,
  rule: NonNullable<MajorIncidentProposed['data']['rule']>,
  settingsVersion: number,
): MajorIncidentProposed {
  return { type: 'MajorIncidentProposed', data: { reason, rule, settingsVersion } }
}

export function promoteMajorIncident(
  { data, metadata: { occurredAt } }: PromoteMajorIncident,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  const { manager, communications, resolver } = data
  requireAtDesk(facts.person.value, manager, '/manager')
  if (communications !== undefined)
    requireAtDesk(facts.communications.value, communications, '/communications')
  if (resolver !== undefined) requireAtDesk(facts.resolver.value, resolver, '/resolver')
  if (incident.major?.status === 'promoted') {
    const { roles } = incident.major
    const same =
      roles.manager === manager && roles.communications === communications && roles.resolver === resolver
    if (same) return []
    throw new Refused(
      'INCIDENT.ALREADY_MAJOR',
      'It is a major incident already: assign its roles one by one.',
      {
        roles,
      },
    )
  }
  requireOpen(incident)
  const nextUpdateAt = promisedAt(data.nextUpdateAt, occurredAt, facts)
  const settingsVersion = facts.majorSettings.value.version
  return [
    {
      type: 'MajorIncidentPromoted',
      data: { manager, communications, resolver, nextUpdateAt, settingsVersion },
    },
  ]
}

/** By when the next update is promised: as it is said (null: none is), otherwise as the settings say. */
function promisedAt(
  said: string | null | undefined,
  now: string,
  { majorSettings }: IncidentFacts,
): string | undefined {
  if (said === undefined) return minutesAfter(now, majorSettings.value.settings.updateEveryMinutes)
  if (said === null) return undefined
  const at = instant(said, '/nextUpdateAt')
  if (at > now) return at
  throw new InvalidInput(
    'INCIDENT.NEXT_UPDATE_PAST',
    'The next update is later than now: give a time to come.',
    [{ pointer: '/nextUpdateAt', message: 'must be in the future' }],
  )
}

/** What the settings in force promise of a major incident that goes on after it was at rest; none: nothing. */
export function promisedAgain(
  before: Incident,
  after: Incident,
  now: string,
  { majorSettings: { value } }: Pick<IncidentFacts, 'majorSettings'>,
): readonly IncidentEvent[] {
  const goesOn = isAtRest(before) && !isAtRest(after)
  if (!goesOn || after.major?.status !== 'promoted') return []
  const nextUpdateAt = minutesAfter(now, value.settings.updateEveryMinutes)
  if (nextUpdateAt === undefined) return []
  return [{ type: 'MajorIncidentUpdatePromised', data: { nextUpdateAt, settingsVersion: value.version } }]
}

function isAtRest({ state }: Incident): boolean {
  return state === 'Resolved' || state === 'Closed' || state === 'Canceled'
}

export function demoteMajorIncident(
  { metadata: { reason } }: DemoteMajorIncident,
  incident: Incident,
): readonly IncidentEvent[] {
  if (incident.major === null) return []
  requireUnfinished(incident)
  if (reason?.trim()) return [{ type: 'MajorIncidentDemoted', data: {} }]
  throw new InvalidInput('INCIDENT.REASON_REQUIRED', 'Say why it is no major incident.', [
    { pointer: '/reason', message: 'must not be empty' },
  ])
}

/** @throws Refused `INCIDENT.NOT_MAJOR` */
function requireMajor({ major }: Incident): MajorIncident {
  if (major?.status === 'promoted') return major
  throw new Refused('INCIDENT.NOT_MAJOR', 'It is no major incident: promote it first.')
}

export function assignMajorIncidentRole(
  { data: { role, person } }: AssignMajorIncidentRole,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  const major = requireMajor(incident)
  requireUnfinished(incident)
  requireAtDesk(facts.person.value, person, '/person')
  const previous = major.roles[role] ?? null
  return previous === person ? [] : [{ type: 'MajorIncidentRoleAssigned', data: { role, person, previous } }]
}

/** Once it is resolved nothing more is promised, but what was learned since may be told. */
export function postMajorIncidentUpdate(
  { data, metadata: { occurredAt } }: PostMajorIncidentUpdate,
  incident: Incident,
  facts: IncidentFacts,
): readonly IncidentEvent[] {
  const { text, visibility } = data
  requireMajor(incident)
  requireUnfinished(incident)
  requireText({ text })
  const resolved = incident.state === 'Resolved'
  const said = resolved && data.nextUpdateAt === undefined ? null : data.nextUpdateAt
  const nextUpdateAt = promisedAt(said, occurredAt, facts)
  const settingsVersion = facts.majorSettings.value.version
  return [{ type: 'MajorIncidentUpdatePosted', data: { text, visibility, nextUpdateAt, settingsVersion } }]
}

export function remindOfUpdate(
  { metadata: { occurredAt } }: RemindOfUpdate,
  incident: Incident,
  { majorSettings: { value } }: IncidentFacts,
): readonly IncidentEvent[] {
  const { promisedAt: promised, remindAt, reminders } = requireMajor(incident)
  requireDue(promised === null ? null : remindAt, occurredAt)
  return [
    {
      type: 'MajorIncidentUpdateOverdue',
      data: {
        promisedAt: promised as string,
        count: reminders + 1,
        remindAt: minutesAfter(occurredAt, value.settings.remindEveryMinutes),
        settingsVersion: value.version,
      },
    },
  ]
}

export function reviewMajorIncident(
  { data }: ReviewMajorIncident,
  incident: Incident,
): readonly IncidentEvent[] {
  const { review } = requireMajor(incident)
  if (incident.state !== 'Resolved' && incident.state !== 'Closed') {
    throw new Refused('INCIDENT.NOT_RESOLVED', 'A review looks back: resolve the incident first.', {
      state: incident.state,
    })
  }
  requireText({ summary: data.summary })
  const { summary, wentWell, wentBadly, rootCause, actions } = data
  const wanted: MajorIncidentReview = { summary, wentWell, wentBadly, rootCause, actions }
  return review !== null && sameReview(review, wanted)
    ? []
    : [{ type: 'MajorIncidentReviewed', data: wanted }]
}

function sameReview(a: MajorIncidentReview, b: MajorIncidentReview): boolean {
  return (
    a.summary === b.summary &&
    a.wentWell === b.wentWell &&
    a.wentBadly === b.wentBadly &&
    a.rootCause === b.rootCause &&
    JSON.stringify(a.actions ?? []) === JSON.stringify(b.actions ?? [])
  )
}
