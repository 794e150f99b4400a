import type { Role } from '#libs/access'
import { type Channel, later, utcDayOf } from '#libs/event-sourcing'
import { defineProjection } from '#libs/projections-runtime'
import { oneOf } from '#libs/read-store'
import type {
  Imported,
  IncidentEvent,
  IncidentFields,
  IncidentState,
} from '../../src/incidents/domain/incident.events.js'
import { accessColumns, forReaders, peopleNamed } from '../access.js'
import { incidentState } from '../closed-columns.js'
import { type Blank, changeTexts, draftsOf, performer, present } from '../drafts.js'
import {
  applyMilestones,
  applyToHead,
  BLANK_HEAD,
  type IncidentHead,
  isOpen,
  isTerminal,
  type Milestones,
  openHead,
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
  /** Free text, which analysts need not read: never kept. */
  title?: undefined
  /** When the record began to exist; `openedAt` may be earlier when a source says so. */
  firstRowAt: string
  /** UTC day of `openedAt`: `2026-03-01`. Trends are counted by it. */
  openedOn: string
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
  /** Escalations to another group or a manager, by people and by rules. */
  escalations?: number
  /** Was promoted to a major incident, and not demoted. */
  major?: boolean
  /** The incident that it follows, and how many follow it. */
  parent?: string
  children?: number
  /** Only in imports: Closed is terminal here. */
  reopensFromClosed?: number
  /** How often the source says that it was reopened and passed on, when or to whom it may not tell. */
  reopensSource?: number
  reassignmentsSource?: number
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

/** By what recurrence is told. */
export const TREND_COLUMNS = ['primaryCi', 'category', 'service', 'assignmentGroup'] as const

/** Who reads facts, and what is counted of them. */
export const FACT_READERS: readonly Role[] = ['analyst', 'auditor', 'administrator', 'team-lead']

/** One row per incident, for analysts. */
export const incidentFacts = defineProjection<IncidentFacts, IncidentEvent>({
  name: 'incident_facts',
  version: 3,
  pace: 'unhurried',
  from: ['incident-'],
  // A link stands in the child's stream and is counted for its parent too.
  key: (event) =>
    event.type === 'ParentLinked' || event.type === 'ParentUnlinked'
      ? [event.stream, `incident-${event.data.parent}`]
      : event.stream,
  evolve(facts, event) {
    if (event.type === 'IncidentOpened') return opened(event)
    if (facts === undefined) return undefined
    if (event.stream !== `incident-${facts.number}`) return withChild(facts, event)
    const draft = draftOf(facts)
    draft.effectiveAt = later(facts.effectiveAt, event.metadata.occurredAt)
    // Activation is no update of the record, nor a response to anybody.
    if (event.type === 'IncidentActivated' || event.type === 'EscalationsScheduled') return draft
    if (!apply(draft, event)) return facts
    applyToHead(draft, event)
    draft.title = undefined
    if (event.type === 'AudienceChanged' || draft.visibleTo !== facts.visibleTo)
      draft.visibleTo = namedIfRestricted(draft)
    applyMilestones(draft, facts.state, event, draft.effectiveAt)
    applyImported(draft, event)
    derive(draft, facts, event)
    return draft
  },
  columns: {
    ...accessColumns,
    number: 'string',
    state: incidentState,
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
    channel: oneOf<Channel>({ api: true, import: true, policy: true, alert: true, email: true }),
    openedAt: 'timestamp',
    openedOn: 'string',
    firstResponseAt: 'timestamp',
    acknowledgedAt: 'timestamp',
    resolvedAt: 'timestamp',
    closedAt: 'timestamp',
    resolveSeconds: 'number',
    reopens: 'integer',
    reopensFromClosed: 'integer',
    groupHops: 'integer',
    madeSla: 'boolean',
    escalations: 'integer',
    major: 'boolean',
    parent: 'string',
    children: 'integer',
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
    'openedOn',
    'firstResponseAt',
    'acknowledgedAt',
    'resolveSeconds',
    'reopens',
    'reopensFromClosed',
    'groupHops',
    'madeSla',
    'escalations',
    'major',
    'parent',
    'children',
  ],
  counts: [
    ['audienceKind', 'state', 'priority', 'priorityOverridden', 'madeSla'],
    ['audienceKind', 'state', 'priority', 'openedAt:day'],
    // Trends: how often each comes back. By a column of its own, since a filter on a time is never answered by days.
    ...TREND_COLUMNS.map((column) => ['audienceKind', column, 'openedOn']),
  ],
  ...forReaders(FACT_READERS),
})

/** The facts with the interval that lasts counted up to `now` (ISO 8601); a closed or canceled incident has none. */
export function withOpenInterval(facts: IncidentFacts, now: string): IncidentFacts {
  const counted = { ...facts }
  if (!isTerminal(facts.state)) endInterval(counted, facts, later(facts.since, now))
  return counted
}

const BLANK: Blank<IncidentFacts> = {
  ...BLANK_HEAD,
  title: undefined,
  contactType: undefined,
  service: undefined,
  primaryCi: undefined,
  category: undefined,
  subcategory: undefined,
  symptom: undefined,
  location: undefined,
  vendor: undefined,
  customFields: undefined,
  channel: 'api',
  impact: undefined,
  urgency: undefined,
  priorityOverridden: false,
  resolver: undefined,
  resolutionCode: undefined,
  firstRowAt: '',
  openedOn: '',
  effectiveAt: '',
  acknowledgedAt: undefined,
  firstResponseAt: undefined,
  resolvedAt: undefined,
  resolvedAtSource: undefined,
  closedAt: undefined,
  canceledAt: undefined,
  resolveSeconds: undefined,
  resolveSecondsSource: undefined,
  since: '',
  secondsPerState: undefined,
  secondsPerGroup: undefined,
  groupHops: undefined,
  personHops: undefined,
  reopens: undefined,
  reopensFromClosed: undefined,
  reopensSource: undefined,
  reassignmentsSource: undefined,
  escalations: undefined,
  major: undefined,
  parent: undefined,
  children: undefined,
  irregular: undefined,
  updates: undefined,
  updatesMissing: undefined,
  sourceState: undefined,
  rowsBySourceState: undefined,
  madeSla: undefined,
}

const draftOf = draftsOf(BLANK)

const OPENED_WITH = [
  'contactType',
  'service',
  'primaryCi',
  'category',
  'subcategory',
  'symptom',
  'location',
  'vendor',
] as const

function opened(event: RecordedIncident<'IncidentOpened'>): IncidentFacts {
  const { data, metadata } = event
  const draft = draftOf(BLANK)
  openHead(draft, event)
  for (const field of OPENED_WITH) draft[field] = data[field]
  draft.customFields = data.customFields
  draft.channel = metadata.channel
  draft.firstRowAt = metadata.occurredAt
  draft.openedOn = utcDayOf(draft.openedAt)
  draft.effectiveAt = metadata.occurredAt
  draft.since = metadata.occurredAt
  draft.visibleTo = namedIfRestricted(draft)
  applyImported(draft, event)
  draft.resolveSecondsSource = secondsBetween(draft.openedAt, draft.resolvedAtSource)
  return draft
}

/** Readers need no name to see public records, so that these are spared the list. */
function namedIfRestricted(facts: IncidentFacts): readonly string[] | undefined {
  return facts.audienceKind === 'public' ? undefined : peopleNamed(facts)
}

/** Changes what the row has beyond head, milestones and durations; false: the event is not known here. */
function apply(draft: IncidentFacts, event: RecordedIncidentEvent): boolean {
  switch (event.type) {
    case 'IncidentDetailsChanged':
      return describe(draft, event.data.changes)
    case 'IncidentCategorized':
      draft.category = present(event.data.category.to)
      draft.subcategory = present(event.data.subcategory.to)
      draft.symptom = present(event.data.symptom.to)
      return true
    case 'PriorityDerived':
    case 'PriorityOverridden':
      draft.impact = present(event.data.impact)
      draft.urgency = present(event.data.urgency)
      draft.priorityOverridden = event.type === 'PriorityOverridden'
      return true
    case 'AssignedToGroup':
      if (isHop(draft.assignmentGroup, event.data.group)) draft.groupHops = (draft.groupHops ?? 0) + 1
      return true
    case 'AssignedToPerson':
    case 'IncidentAccepted':
      if (isHop(draft.assignee, event.data.person)) draft.personHops = (draft.personHops ?? 0) + 1
      return true
    case 'IncidentResolved':
      draft.resolver = event.data.resolvedBy ?? resolverOf(event)
      draft.resolutionCode = present(event.data.code)
      return true
    case 'ResolutionRecorded':
      draft.resolver = event.data.resolution.resolvedBy ?? draft.resolver
      draft.resolutionCode = present(event.data.resolution.code)
      return true
    case 'IncidentReopened':
      draft.resolver = undefined
      draft.resolutionCode = undefined
      if (event.data.from === 'Closed') draft.reopensFromClosed = (draft.reopensFromClosed ?? 0) + 1
      else draft.reopens = (draft.reopens ?? 0) + 1
      return true
    case 'IncidentEscalated':
      draft.escalations = (draft.escalations ?? 0) + 1
      return true
    case 'MajorIncidentPromoted':
      draft.major = true
      return true
    case 'MajorIncidentDemoted':
      draft.major = undefined
      return true
    case 'ParentLinked':
      draft.parent = event.data.parent
      return true
    case 'ParentUnlinked':
      draft.parent = undefined
      return true
    case 'MajorIncidentProposed':
    case 'MajorIncidentRoleAssigned':
    case 'MajorIncidentUpdatePosted':
    case 'MajorIncidentUpdatePromised':
    case 'MajorIncidentUpdateOverdue':
    case 'MajorIncidentReviewed':
    case 'OnCallPaged':
    case 'OnCallAcknowledged':
    case 'OnCallExhausted':
    case 'WorkStarted':
    case 'IncidentHeld':
    case 'HoldReasonChanged':
    case 'IncidentResumed':
    case 'CallerReminded':
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
      return true
    default:
      return false
  }
}

/** Whoever imports has resolved nothing: where the source does not say who did, nobody knows. */
function resolverOf(event: RecordedIncidentEvent): string | undefined {
  return event.metadata.channel === 'import' ? event.metadata.attributedTo : performer(event)
}

/** Another incident follows this one, or no longer does: no update of this one. */
function withChild(facts: IncidentFacts, { type }: RecordedIncidentEvent): IncidentFacts {
  const children = (facts.children ?? 0) + (type === 'ParentLinked' ? 1 : -1)
  return { ...facts, children: children > 0 ? children : undefined }
}

function isHop(before: string | undefined, after: string | null): boolean {
  return before !== undefined && after !== null && after !== before
}

const DESCRIPTION = ['contactType', 'service', 'primaryCi', 'location', 'vendor'] as const

function describe(
  draft: IncidentFacts,
  changes: RecordedIncident<'IncidentDetailsChanged'>['data']['changes'],
): true {
  changeTexts(draft, DESCRIPTION, changes)
  if (changes.customFields)
    draft.customFields = present(changes.customFields.to as Record<string, unknown> | null)
  return true
}

/**
 * Rows of the source, and what it alone knows. Its columns are the names that ServiceNow's table of incidents uses,
 * which a mapping may give to another source's columns (`told`).
 */
function applyImported(draft: IncidentFacts, { data }: RecordedIncidentEvent): void {
  const { source: row, irregular } = data as Imported
  if (irregular !== undefined) draft.irregular = counted(draft.irregular, irregular)
  if (row === undefined) return
  const { made_sla, resolved_at, incident_state, state, reopen_count, reassignment_count } = row.fields
  draft.updates = (draft.updates ?? 0) + 1
  if (row.updatesMissing) draft.updatesMissing = (draft.updatesMissing ?? 0) + row.updatesMissing
  if (made_sla !== undefined) draft.madeSla = made_sla === null ? undefined : made_sla === 'true'
  if (resolved_at !== undefined) draft.resolvedAtSource = present(resolved_at)
  if (reopen_count !== undefined) draft.reopensSource = countOf(reopen_count)
  if (reassignment_count !== undefined) draft.reassignmentsSource = countOf(reassignment_count)
  draft.sourceState = incident_state ?? state ?? draft.sourceState
  if (draft.sourceState === undefined) return
  const rows = { ...draft.rowsBySourceState }
  rows[draft.sourceState] = (rows[draft.sourceState] ?? 0) + 1
  draft.rowsBySourceState = rows
}

/** A source may count in words; what is no count is not counted. */
function countOf(told: string | null): number | undefined {
  return told !== null && /^\d{1,9}$/.test(told) ? Number(told) || undefined : undefined
}

function counted(list: IncidentFacts['irregular'] = [], code: string): IncidentFacts['irregular'] {
  return list.some((entry) => entry.code === code)
    ? list.map((entry) => (entry.code === code ? { code, count: entry.count + 1 } : entry))
    : [...list, { code, count: 1 }]
}

/** Durations and first times that follow from what changed. */
function derive(draft: IncidentFacts, before: IncidentFacts, event: RecordedIncidentEvent): void {
  const at = draft.effectiveAt
  if (draft.state !== before.state || draft.assignmentGroup !== before.assignmentGroup) {
    endInterval(draft, before, at)
    draft.since = at
  }
  if (draft.firstResponseAt === undefined && isResponse(draft, before, event)) draft.firstResponseAt = at
  const opening = draft.openedAt !== before.openedAt
  if (opening) draft.openedOn = utcDayOf(draft.openedAt)
  if (opening || draft.resolvedAt !== before.resolvedAt)
    draft.resolveSeconds = secondsBetween(draft.openedAt, draft.resolvedAt)
  if (opening || draft.resolvedAtSource !== before.resolvedAtSource)
    draft.resolveSecondsSource = secondsBetween(draft.openedAt, draft.resolvedAtSource)
}

function isResponse(next: IncidentFacts, before: IncidentFacts, event: RecordedIncidentEvent): boolean {
  if (event.type === 'CommentAdded') return performer(event) !== before.caller
  return before.state === 'New' && next.state !== 'New'
}

/** Adds the interval that lasted before to the durations. */
function endInterval(
  draft: IncidentFacts,
  { state, assignmentGroup = '', since }: IncidentFacts,
  end: string,
): void {
  const elapsed = secondsBetween(since, end) ?? 0
  if (elapsed === 0) return
  const perState = { ...draft.secondsPerState }
  perState[state] = sum(perState[state], elapsed)
  draft.secondsPerState = perState
  if (!isOpen(state)) return
  const perGroup = { ...draft.secondsPerGroup }
  perGroup[assignmentGroup] = sum(perGroup[assignmentGroup], elapsed)
  draft.secondsPerGroup = perGroup
}

function secondsBetween(start: string, end: string | undefined): number | undefined {
  return end === undefined ? undefined : (Date.parse(end) - Date.parse(start)) / 1000
}

/** Sums of milliseconds stay whole milliseconds. */
function sum(a = 0, b: number): number {
  return Math.round((a + b) * 1000) / 1000
}
