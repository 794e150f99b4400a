import type { Role } from '#libs/access'
import type { Channel } from '#libs/event-sourcing'
import { defineProjection } from '#libs/projections-runtime'
import type {
  Imported,
  IncidentEvent,
  IncidentFields,
  IncidentState,
} from '../../src/incidents/domain/incident.events.js'
import { accessColumns, peopleNamed, visibleRowsFor } from '../access.js'
import {
  headChanges,
  headOf,
  type IncidentHead,
  isOpen,
  isTerminal,
  later,
  type Milestones,
  milestoneChanges,
  performer,
  present,
  type RecordedIncident,
  type RecordedIncidentEvent,
} from '../incident-folds.js'

/**
 * One incident as analysts count it. Times are effective times, ISO 8601 UTC; durations are seconds of the clock, to
 * the millisecond. Absent: not set, never happened, or 0.
 */
export interface IncidentFacts
  extends Omit<IncidentHead, 'title'>,
    Milestones,
    Pick<
      IncidentFields,
      | 'contactType'
      | 'service'
      | 'primaryCi'
      | 'category'
      | 'subcategory'
      | 'symptom'
      | 'location'
      | 'vendor'
      | 'customFields'
    > {
  /** When the record began to exist; `openedAt` may be earlier when a source says so. */
  firstRowAt: string
  /** Valid time up to which the record is told: of its latest event. */
  effectiveAt: string
  /** How it was opened. */
  channel: Channel
  /** First public comment of somebody else than the caller, or when it left New. */
  firstResponseAt?: string
  /** `resolved_at` of the source, which may know it only afterwards. */
  resolvedAtSource?: string
  impact?: number
  urgency?: number
  priorityOverridden: boolean
  resolver?: string
  resolutionCode?: string
  /** From `openedAt` to `resolvedAt`, and to `resolvedAtSource`. */
  resolveSeconds?: number
  resolveSecondsSource?: number
  /** Ended intervals only, see `withOpenInterval`; from `firstRowAt` on, they sum to the elapsed time. */
  secondsPerState?: Readonly<Partial<Record<IncidentState, number>>>
  /** While there was something to do (New, In Progress, On Hold), by group; `''`: in no group's queue. */
  secondsPerGroup?: Readonly<Record<string, number>>
  /** Where the interval that lasts began: the latest change of state or group. */
  since: string
  /** Moves from one group to another, and from one person to another. */
  groupHops?: number
  personHops?: number
  /** Reopened, but not from Closed. */
  reopens?: number
  /** Only in imports: Closed is terminal here. */
  reopensFromClosed?: number
  /** Imported steps that would have been refused here, by code of the rule. */
  irregular?: readonly { code: string; count: number }[]
  /** Rows of the source, and those that it counted but does not tell. */
  updates?: number
  updatesMissing?: number
  /** The source's own word for the state, and its rows by that. */
  sourceState?: string
  rowsBySourceState?: Readonly<Record<string, number>>
  /** The source's verdict on its service level. */
  madeSla?: boolean
}

type Changes = Partial<IncidentFacts>

const READERS: readonly Role[] = ['analyst', 'auditor', 'administrator', 'team-lead']

/** One row per incident, for analysts. */
export const incidentFacts = defineProjection<IncidentFacts, IncidentEvent>({
  name: 'incident_facts',
  version: 1,
  from: ['incident-'],
  key: (event) => event.stream,
  evolve(facts, event) {
    if (event.type === 'IncidentOpened') return opened(event)
    if (facts === undefined) return undefined
    const effectiveAt = later(facts.effectiveAt, event.metadata.occurredAt)
    if (event.type === 'IncidentActivated')
      return effectiveAt === facts.effectiveAt ? facts : { ...facts, effectiveAt }
    const own = ownChanges(facts, event)
    if (own === undefined) return facts
    const next: IncidentFacts = {
      ...facts,
      ...ownHeadChanges(facts, event),
      ...milestoneChanges(facts, event, effectiveAt),
      ...own,
      ...importedChanges(facts, event),
      effectiveAt,
    }
    derive(next, facts, event)
    return next
  },
  columns: {
    ...accessColumns,
    number: 'string',
    state: 'string',
    priority: 'integer',
    impact: 'integer',
    urgency: 'integer',
    priorityOverridden: 'boolean',
    caller: 'string',
    openedBy: 'string',
    resolver: 'string',
    resolutionCode: 'string',
    contactType: 'string',
    category: 'string',
    subcategory: 'string',
    symptom: 'string',
    location: 'string',
    service: 'string',
    primaryCi: 'string',
    channel: 'string',
    openedAt: 'timestamp',
    firstResponseAt: 'timestamp',
    acknowledgedAt: 'timestamp',
    resolvedAt: 'timestamp',
    closedAt: 'timestamp',
    resolveSeconds: 'number',
    reopens: 'integer',
    reopensFromClosed: 'integer',
    groupHops: 'integer',
    madeSla: 'boolean',
  },
  // Analysts read long ranges and let the machine look at each row; what everybody asks for is counted ahead.
  indexes: [
    ['openedAt'],
    ['resolvedAt'],
    ['closedAt'],
    ['assignmentGroup', 'openedAt'],
    ['category', 'openedAt'],
    ['number'],
    ['audienceKind'],
  ],
  checked: [
    'state',
    'priority',
    'impact',
    'urgency',
    'priorityOverridden',
    'caller',
    'openedBy',
    'assignee',
    'resolver',
    'resolutionCode',
    'contactType',
    'subcategory',
    'symptom',
    'location',
    'service',
    'primaryCi',
    'channel',
    'firstResponseAt',
    'acknowledgedAt',
    'resolveSeconds',
    'reopens',
    'reopensFromClosed',
    'groupHops',
    'madeSla',
  ],
  counts: [
    ['audienceKind', 'state', 'priority', 'priorityOverridden', 'madeSla'],
    ['audienceKind', 'state', 'priority', 'openedAt:day'],
  ],
  rows: visibleRowsFor(READERS),
})

/** The facts with the interval that lasts counted up to `now` (ISO 8601); a closed or canceled incident has none. */
export function withOpenInterval(facts: IncidentFacts, now: string): IncidentFacts {
  return isTerminal(facts.state) ? facts : { ...facts, ...clockAfter(facts, later(facts.since, now)) }
}

function opened(event: RecordedIncident<'IncidentOpened'>): IncidentFacts {
  const { contactType, service, primaryCi, category, subcategory, symptom, location, vendor, customFields } =
    event.data
  const { occurredAt, channel } = event.metadata
  const { title: _, ...head } = headOf(event)
  const facts: IncidentFacts = {
    ...head,
    contactType,
    service,
    primaryCi,
    category,
    subcategory,
    symptom,
    location,
    vendor,
    customFields,
    channel,
    priorityOverridden: false,
    firstRowAt: occurredAt,
    effectiveAt: occurredAt,
    since: occurredAt,
  }
  const whole = { ...facts, ...importedChanges(facts, event), visibleTo: namedIfRestricted(facts) }
  whole.resolveSecondsSource = secondsBetween(whole.openedAt, whole.resolvedAtSource)
  return whole
}

/** Readers need no name to see public records, so that these are spared the list. */
function namedIfRestricted(facts: IncidentFacts): readonly string[] | undefined {
  return facts.audienceKind === 'public' ? undefined : peopleNamed(facts)
}

function ownHeadChanges(facts: IncidentFacts, event: RecordedIncidentEvent): Changes | undefined {
  const changes = headChanges(facts, event)
  switch (event.type) {
    case 'IncidentDetailsChanged':
    case 'WatcherAdded':
    case 'WatcherRemoved':
    case 'AudienceChanged': {
      const { title: _, ...kept } = changes ?? {}
      return { ...kept, visibleTo: namedIfRestricted({ ...facts, ...kept }) }
    }
    default:
      return changes
  }
}

const NOTHING: Changes = {}

/** What an event changes beyond head, milestones and durations; undefined: it is not known here. */
function ownChanges(facts: IncidentFacts, event: RecordedIncidentEvent): Changes | undefined {
  switch (event.type) {
    case 'IncidentDetailsChanged':
      return descriptionAfter(event.data.changes)
    case 'IncidentCategorized': {
      const { category, subcategory, symptom } = event.data
      return {
        category: present(category.to),
        subcategory: present(subcategory.to),
        symptom: present(symptom.to),
      }
    }
    case 'PriorityDerived':
    case 'PriorityOverridden': {
      const { impact, urgency } = event.data
      const priorityOverridden = event.type === 'PriorityOverridden'
      return { impact: present(impact), urgency: present(urgency), priorityOverridden }
    }
    case 'AssignedToGroup':
      return isHop(facts.assignmentGroup, event.data.group)
        ? { groupHops: (facts.groupHops ?? 0) + 1 }
        : NOTHING
    case 'AssignedToPerson':
    case 'IncidentAccepted':
      return isHop(facts.assignee, event.data.person) ? { personHops: (facts.personHops ?? 0) + 1 } : NOTHING
    case 'IncidentResolved':
      return {
        resolver: event.data.resolvedBy ?? performer(event),
        resolutionCode: present(event.data.code),
      }
    case 'ResolutionRecorded': {
      const { code, resolvedBy } = event.data.resolution
      return { resolver: resolvedBy ?? facts.resolver, resolutionCode: present(code) }
    }
    case 'IncidentReopened': {
      const unresolved = { resolver: undefined, resolutionCode: undefined }
      return event.data.from === 'Closed'
        ? { ...unresolved, reopensFromClosed: (facts.reopensFromClosed ?? 0) + 1 }
        : { ...unresolved, reopens: (facts.reopens ?? 0) + 1 }
    }
    case 'WorkStarted':
    case 'IncidentHeld':
    case 'HoldReasonChanged':
    case 'IncidentResumed':
    case 'CallerReminded':
    case 'IncidentEscalated':
    case 'CommentAdded':
    case 'WorkNoteAdded':
    case 'LinkAdded':
    case 'LinkRemoved':
    case 'KnowledgeApplied':
    case 'KnowledgeWithdrawn':
    case 'AttachmentAdded':
    case 'WatcherAdded':
    case 'WatcherRemoved':
    case 'AudienceChanged':
    case 'IncidentClosed':
    case 'IncidentCanceled':
    case 'IncidentMerged':
    case 'StateObserved':
    case 'UpdateObserved':
      return NOTHING
    default:
      return undefined
  }
}

function isHop(before: string | undefined, after: string | null): boolean {
  return before !== undefined && after !== null && after !== before
}

const DESCRIPTION = ['contactType', 'service', 'primaryCi', 'location', 'vendor', 'customFields'] as const

function descriptionAfter(changes: RecordedIncident<'IncidentDetailsChanged'>['data']['changes']): Changes {
  const after: Record<string, unknown> = {}
  for (const name of DESCRIPTION) if (changes[name]) after[name] = present(changes[name].to)
  return after
}

/** Rows of the source, and what it alone knows. Its columns are the names that ServiceNow's table of incidents uses. */
function importedChanges(facts: IncidentFacts, { data }: RecordedIncidentEvent): Changes | undefined {
  const { source: row, irregular } = data as Imported
  if (row === undefined && irregular === undefined) return undefined
  const changes: Changes = {}
  if (irregular !== undefined) changes.irregular = counted(facts.irregular, irregular)
  if (row === undefined) return changes
  const { fields, updatesMissing } = row
  changes.updates = (facts.updates ?? 0) + 1
  if (updatesMissing) changes.updatesMissing = (facts.updatesMissing ?? 0) + updatesMissing
  if ('made_sla' in fields)
    changes.madeSla = present(fields.made_sla) === undefined ? undefined : fields.made_sla === 'true'
  if ('resolved_at' in fields) changes.resolvedAtSource = present(fields.resolved_at)
  const state = fields.incident_state ?? fields.state ?? facts.sourceState
  if (state === undefined) return changes
  changes.sourceState = state
  changes.rowsBySourceState = {
    ...facts.rowsBySourceState,
    [state]: (facts.rowsBySourceState?.[state] ?? 0) + 1,
  }
  return changes
}

function counted(list: IncidentFacts['irregular'] = [], code: string): IncidentFacts['irregular'] {
  return list.some((entry) => entry.code === code)
    ? list.map((entry) => (entry.code === code ? { code, count: entry.count + 1 } : entry))
    : [...list, { code, count: 1 }]
}

/** Durations and first times that follow from what changed. `next` is this event's own copy. */
function derive(next: IncidentFacts, before: IncidentFacts, event: RecordedIncidentEvent): void {
  const at = next.effectiveAt
  if (next.state !== before.state || next.assignmentGroup !== before.assignmentGroup) {
    Object.assign(next, clockAfter(before, at))
    next.since = at
  }
  if (next.firstResponseAt === undefined && isResponse(next, before, event)) next.firstResponseAt = at
  const opening = next.openedAt !== before.openedAt
  if (opening || next.resolvedAt !== before.resolvedAt)
    next.resolveSeconds = secondsBetween(next.openedAt, next.resolvedAt)
  if (opening || next.resolvedAtSource !== before.resolvedAtSource)
    next.resolveSecondsSource = secondsBetween(next.openedAt, next.resolvedAtSource)
}

function isResponse(next: IncidentFacts, before: IncidentFacts, event: RecordedIncidentEvent): boolean {
  if (event.type === 'CommentAdded') return performer(event) !== before.caller
  return before.state === 'New' && next.state !== 'New'
}

/** The durations once the interval that lasts has ended. */
function clockAfter(
  { state, assignmentGroup = '', since, secondsPerState, secondsPerGroup }: IncidentFacts,
  end: string,
): Pick<IncidentFacts, 'secondsPerState' | 'secondsPerGroup'> {
  const elapsed = secondsBetween(since, end) ?? 0
  if (elapsed === 0) return { secondsPerState, secondsPerGroup }
  return {
    secondsPerState: { ...secondsPerState, [state]: sum(secondsPerState?.[state], elapsed) },
    secondsPerGroup: isOpen(state)
      ? { ...secondsPerGroup, [assignmentGroup]: sum(secondsPerGroup?.[assignmentGroup], elapsed) }
      : secondsPerGroup,
  }
}

function secondsBetween(start: string, end: string | undefined): number | undefined {
  return end === undefined ? undefined : (Date.parse(end) - Date.parse(start)) / 1000
}

/** Sums of milliseconds stay whole milliseconds. */
function sum(a = 0, b: number): number {
  return Math.round((a + b) * 1000) / 1000
}
