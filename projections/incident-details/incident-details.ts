import { type EventSource, later } from '#libs/event-sourcing'
import { defineProjection } from '#libs/projections-runtime'
import { oneOf } from '#libs/read-store'
import type {
  Hold,
  Imported,
  IncidentEvent,
  IncidentFields,
  Link,
  MajorIncidentReview,
  MajorIncidentRole,
  Resolution,
} from '../../src/incidents/domain/incident.events.js'
import { accessColumns, audienceOf, forEverybody, seesInternalFields } from '../access.js'
import { incidentState, majorIncident } from '../closed-columns.js'
import { customTerms } from '../custom-terms.js'
import {
  type Blank,
  changeTexts,
  draftsOf,
  nonEmpty,
  onlyFields,
  performer,
  present,
  withoutFields,
} from '../drafts.js'
import {
  applyAttention,
  applyMilestones,
  applyToHead,
  BLANK_HEAD,
  type IncidentAttention,
  type IncidentHead,
  type Milestones,
  NO_ATTENTION,
  openHead,
  type RecordedIncident,
  type RecordedIncidentEvent,
} from '../incident-folds.js'

/** An attached file; its content is in the blob store under the hash. */
export interface Attachment {
  /** SHA-256, hex. */
  hash: string
  name: string
  contentType: string
  /** Bytes. */
  size: number
  visibility: 'public' | 'internal'
  addedAt: string
  addedBy: string
}

/** Where an imported incident comes from, and what of it has no field here. */
export interface IncidentSource extends Pick<EventSource, 'name' | 'externalId'> {
  /** Latest value by the source's own column name; columns that are not set are left out. */
  fields: Readonly<Record<string, string>>
  /** Rows read, and updates that the source counted but does not tell. */
  rows: number
  updatesMissing?: number
}

/** All that a list or a record page shows of an incident, save the texts of its stream: comments, notes, history. */
export interface IncidentDetails
  extends IncidentHead,
    IncidentAttention,
    Milestones,
    Omit<IncidentFields, 'title' | 'caller' | 'affectedUser' | 'openedBy'> {
  /** Filterable form of the scalar custom fields: `<name>=<value>`; which may be asked for is configuration. */
  custom?: readonly string[]
  /** Set while On Hold. `awaitsCaller`: its comment is meant for the caller. */
  hold?: Hold & { since: string; awaitsCaller?: boolean }
  /** Filterable form of `hold.awaitsCaller`. */
  awaitsCaller?: true
  impact?: number
  urgency?: number
  /** Version of the matrix that derived the priority; absent when it was overridden. */
  matrixVersion?: number
  priorityOverridden?: true
  /** What the matrix would have given instead. */
  derivedPriority?: number
  /** The assignment rule that chose the group, when no person did. */
  assignmentRule?: { version: number; name: string }
  /** The latest. */
  escalation?: {
    kind: 'functional' | 'hierarchical'
    group?: string
    informed?: string
    at: string
    rule?: { version: number; name: string }
  }
  escalations?: number
  majorRoles?: Readonly<Partial<Record<MajorIncidentRole, string>>>
  majorProposal?: { reason: string; rule?: 'priority' | 'children' }
  /** Of a major incident: what was learned from it is still to be said once it is resolved, or has been. */
  review?: 'missing' | 'done'
  majorReview?: MajorIncidentReview & { at: string; by: string }
  /** Whose people are being asked. */
  pagedGroup?: string
  /** By when who is being asked is to answer. */
  acknowledgeBy?: string
  links?: readonly Link[]
  /** Filterable form of those that lead to problems: their numbers, or names that are not resolved. */
  problems?: readonly string[]
  knowledge?: readonly { article: string | null; revision: number | null }[]
  attachments?: readonly Attachment[]
  comments?: number
  workNotes?: number
  reopenCount?: number
  resolution?: Resolution
  closeCause?: string
  cancellation?: { code: string; notes?: string }
  /** Number of the incident that goes on instead. */
  mergedInto?: string
  /** Valid time of the first event; `openedAt` may be earlier when a source says so. */
  recordExistsFrom: string
  /** Latest valid time of an update. */
  updatedAt: string
  /** Valid time up to which the record is told: later events count no earlier. */
  effectiveAt: string
  source?: IncidentSource
  /** Id of the alert that it was opened for, or was told of last, and whether that fires. */
  alert?: string
  alertCondition?: 'firing' | 'cleared'
  /** Imported steps that would have been refused here. */
  irregular?: number
}

/** One document per incident. */
export const incidentDetails = defineProjection<IncidentDetails, IncidentEvent>({
  name: 'incident_details',
  version: 3,
  from: ['incident-'],
  key: (event) => event.stream,
  evolve(incident, event) {
    if (event.type === 'IncidentOpened') return opened(event)
    if (incident === undefined) return undefined
    const { occurredAt } = event.metadata
    const draft = draftOf(incident)
    draft.effectiveAt = later(incident.effectiveAt, occurredAt)
    // Activation is no update: what people see is what it was.
    if (event.type === 'IncidentActivated' || event.type === 'EscalationsScheduled') return draft
    const about = applyAttention(draft, event)
    applyMajor(draft, event)
    if (!about && !apply(draft, event)) return incident
    draft.awaitsCaller = draft.hold?.awaitsCaller ? true : undefined
    applyToHead(draft, event)
    applyMilestones(draft, incident.state, event, draft.effectiveAt)
    draft.review = reviewOf(draft)
    applyImported(draft, event)
    draft.updatedAt = later(incident.updatedAt, occurredAt)
    return draft
  },
  columns: {
    ...accessColumns,
    number: 'string',
    state: incidentState,
    priority: 'integer',
    impact: 'integer',
    urgency: 'integer',
    caller: 'string',
    affectedUser: 'string',
    awaitsCaller: 'boolean',
    watchers: 'strings',
    category: 'string',
    subcategory: 'string',
    symptom: 'string',
    contactType: 'string',
    location: 'string',
    service: 'string',
    primaryCi: 'string',
    custom: 'strings',
    openedAt: 'timestamp',
    resolvedAt: 'timestamp',
    closedAt: 'timestamp',
    updatedAt: 'timestamp',
    major: majorIncident,
    review: oneOf<NonNullable<IncidentDetails['review']>>({ missing: true, done: true }),
    parent: 'string',
    nextUpdateAt: 'timestamp',
    paged: 'string',
    escalations: 'integer',
    problems: 'strings',
  },
  // Save for `updatedAt`, none changes with every event; `openedAt` makes any of them a list in a stable order.
  indexes: [
    ['openedAt'],
    ['updatedAt'],
    ['number'],
    ['state', 'openedAt'],
    ['priority', 'openedAt'],
    ['assignmentGroup', 'openedAt'],
    ['assignee', 'openedAt'],
    ['caller', 'openedAt'],
    ['category', 'openedAt'],
    ['service', 'openedAt'],
    ['primaryCi', 'openedAt'],
    // Few have any of these
    ['major', 'openedAt'],
    ['parent', 'openedAt'],
    ['audienceKind'],
  ],
  checked: [
    'affectedUser',
    'awaitsCaller',
    'review',
    'nextUpdateAt',
    'paged',
    'escalations',
    'impact',
    'urgency',
    'subcategory',
    'symptom',
    'contactType',
    'location',
    'resolvedAt',
    'closedAt',
  ],
  counts: [['audienceKind', 'state', 'priority', 'assignmentGroup']],
  ...forEverybody,
  fields: (incident, principal) => (seesInternalFields(principal) ? incident : requesterView(incident)),
})

/** A record's events up to the first that can't be folded: what follows it waits, as it does in the read model. */
export interface FoldedIncident {
  readonly events: readonly RecordedIncidentEvent[]
  readonly details: IncidentDetails | undefined
  readonly stale: boolean
}

/** The details of one incident from its whole stream. */
export function foldIncidentDetails(events: readonly RecordedIncidentEvent[]): FoldedIncident {
  let details: IncidentDetails | undefined
  for (const [index, event] of events.entries()) {
    try {
      details = incidentDetails.evolve(details, event) ?? undefined
    } catch {
      return { events: events.slice(0, index), details, stale: true }
    }
  }
  return { events, details, stale: false }
}

const BLANK: Blank<IncidentDetails> = {
  ...BLANK_HEAD,
  description: undefined,
  contactType: undefined,
  service: undefined,
  primaryCi: undefined,
  category: undefined,
  subcategory: undefined,
  symptom: undefined,
  location: undefined,
  vendor: undefined,
  detectedAt: undefined,
  customFields: undefined,
  custom: undefined,
  hold: undefined,
  awaitsCaller: undefined,
  impact: undefined,
  urgency: undefined,
  matrixVersion: undefined,
  priorityOverridden: undefined,
  derivedPriority: undefined,
  assignmentRule: undefined,
  escalation: undefined,
  escalations: undefined,
  ...NO_ATTENTION,
  majorRoles: undefined,
  majorProposal: undefined,
  review: undefined,
  majorReview: undefined,
  pagedGroup: undefined,
  acknowledgeBy: undefined,
  links: undefined,
  problems: undefined,
  knowledge: undefined,
  attachments: undefined,
  comments: undefined,
  workNotes: undefined,
  reopenCount: undefined,
  resolution: undefined,
  closeCause: undefined,
  cancellation: undefined,
  mergedInto: undefined,
  acknowledgedAt: undefined,
  resolvedAt: undefined,
  closedAt: undefined,
  canceledAt: undefined,
  recordExistsFrom: '',
  updatedAt: '',
  effectiveAt: '',
  source: undefined,
  alert: undefined,
  alertCondition: undefined,
  irregular: undefined,
}

const draftOf = draftsOf(BLANK)

const OPENED_WITH = [
  'description',
  'contactType',
  'service',
  'primaryCi',
  'category',
  'subcategory',
  'symptom',
  'location',
  'vendor',
  'detectedAt',
] as const

function opened(event: RecordedIncident<'IncidentOpened'>): IncidentDetails {
  const { data, metadata } = event
  const { occurredAt, source: origin } = metadata
  const draft = draftOf(BLANK)
  openHead(draft, event)
  draft.title = data.title
  for (const field of OPENED_WITH) draft[field] = data[field]
  draft.customFields = data.customFields
  draft.custom = customTerms(data.customFields)
  draft.recordExistsFrom = occurredAt
  draft.updatedAt = occurredAt
  draft.effectiveAt = occurredAt
  if (data.alert !== undefined) {
    draft.alert = data.alert
    draft.alertCondition = 'firing'
  }
  if (origin) draft.source = { name: origin.name, externalId: origin.externalId, fields: {}, rows: 0 }
  applyImported(draft, event)
  return draft
}

/** Changes what the document has beyond head and milestones; false: the event is not known here. */
function apply(draft: IncidentDetails, event: RecordedIncidentEvent): boolean {
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
      return prioritize(draft, event)
    case 'AssignedToGroup':
      draft.assignmentRule = event.data.rule
      return true
    case 'IncidentEscalated': {
      const { kind, group, informed, rule } = event.data
      draft.escalation = { kind, group, informed, at: event.metadata.occurredAt, rule }
      draft.escalations = (draft.escalations ?? 0) + 1
      return true
    }
    case 'CommentAdded':
      draft.comments = (draft.comments ?? 0) + 1
      return true
    case 'AlertConditionObserved':
      draft.alert = event.data.alert
      draft.alertCondition = event.data.condition
      return true
    case 'WorkNoteAdded':
      draft.workNotes = (draft.workNotes ?? 0) + 1
      return true
    case 'AssignedToPerson':
    case 'IncidentAccepted':
    case 'CallerReminded':
    case 'WatcherAdded':
    case 'WatcherRemoved':
    case 'AudienceChanged':
    case 'UpdateObserved':
      return true
    default:
      return attach(draft, event) || move(draft, event)
  }
}

/** What a record page shows of a major incident and of a call, beyond what lists do. */
function applyMajor(draft: IncidentDetails, event: RecordedIncidentEvent): void {
  switch (event.type) {
    case 'MajorIncidentProposed': {
      const { reason, rule } = event.data
      draft.majorProposal = { reason, rule }
      break
    }
    case 'MajorIncidentPromoted': {
      const { manager, communications, resolver } = event.data
      draft.majorRoles = { manager, communications, resolver }
      break
    }
    case 'MajorIncidentDemoted':
      draft.majorRoles = undefined
      draft.majorProposal = undefined
      draft.majorReview = undefined
      break
    case 'MajorIncidentRoleAssigned':
      draft.majorRoles = { ...draft.majorRoles, [event.data.role]: event.data.person }
      break
    case 'MajorIncidentReviewed': {
      const { summary, wentWell, wentBadly, rootCause, actions } = event.data
      const { occurredAt: at } = event.metadata
      draft.majorReview = { summary, wentWell, wentBadly, rootCause, actions, at, by: performer(event) }
      break
    }
    case 'OnCallPaged':
      draft.acknowledgeBy = event.data.acknowledgeBy
  }
  if (draft.paged === undefined) draft.acknowledgeBy = undefined
}

function reviewOf({ major, state, majorReview }: IncidentDetails): IncidentDetails['review'] {
  if (major !== 'yes') return undefined
  if (majorReview !== undefined) return 'done'
  return state === 'Resolved' || state === 'Closed' ? 'missing' : undefined
}

const DESCRIPTION = [
  'description',
  'contactType',
  'service',
  'primaryCi',
  'location',
  'vendor',
  'detectedAt',
] as const

function describe(
  draft: IncidentDetails,
  changes: RecordedIncident<'IncidentDetailsChanged'>['data']['changes'],
): true {
  changeTexts(draft, DESCRIPTION, changes)
  if (changes.customFields) {
    draft.customFields = present(changes.customFields.to as Record<string, unknown> | null)
    draft.custom = customTerms(draft.customFields)
  }
  return true
}

function prioritize(
  draft: IncidentDetails,
  { type, data }: RecordedIncident<'PriorityDerived' | 'PriorityOverridden'>,
): true {
  draft.impact = present(data.impact)
  draft.urgency = present(data.urgency)
  draft.matrixVersion = type === 'PriorityDerived' ? data.matrixVersion : undefined
  draft.priorityOverridden = type === 'PriorityOverridden' ? true : undefined
  draft.derivedPriority = type === 'PriorityOverridden' ? present(data.derived) : undefined
  return true
}

function link(draft: IncidentDetails, links: readonly Link[]): true {
  draft.links = nonEmpty(links)
  const behind = links.filter(
    ({ relation, targetType }) => relation === 'has-problem' && targetType === 'problem',
  )
  draft.problems = nonEmpty(behind.map(({ target }) => target))
  return true
}

function attach(draft: IncidentDetails, event: RecordedIncidentEvent): boolean {
  switch (event.type) {
    case 'LinkAdded':
      return link(draft, [...without(draft.links, event.data.link), event.data.link])
    case 'LinkRemoved':
      return link(draft, without(draft.links, event.data.link))
    case 'KnowledgeApplied': {
      const { article, revision } = event.data
      draft.knowledge = [...(draft.knowledge ?? []), { article, revision }]
      return true
    }
    case 'KnowledgeWithdrawn': {
      const { article } = event.data
      draft.knowledge = nonEmpty((draft.knowledge ?? []).filter((used) => used.article !== article))
      return true
    }
    case 'AttachmentAdded': {
      const { hash, name, contentType, size, visibility } = event.data
      const addedAt = event.metadata.occurredAt
      const attachment = { hash, name, contentType, size, visibility, addedAt, addedBy: performer(event) }
      draft.attachments = [...(draft.attachments ?? []), attachment]
      return true
    }
    default:
      return false
  }
}

function without(links: readonly Link[] = [], { relation, targetType, target }: Link): readonly Link[] {
  return links.filter(
    (link) => link.relation !== relation || link.targetType !== targetType || link.target !== target,
  )
}

function move(draft: IncidentDetails, event: RecordedIncidentEvent): boolean {
  const since = event.metadata.occurredAt
  switch (event.type) {
    case 'HoldReasonChanged': {
      const { hold, awaitsCaller } = event.data
      draft.hold = { ...hold, since: draft.hold?.since ?? since, awaitsCaller }
      return true
    }
    case 'ResolutionRecorded':
      draft.resolution = resolutionOf(event.data.resolution)
      return true
    case 'IncidentHeld':
      leave(draft)
      draft.hold = { ...event.data.hold, since, awaitsCaller: event.data.awaitsCaller }
      return true
    case 'IncidentReopened':
    case 'StateObserved':
      return enter(draft, event)
    case 'WorkStarted':
    case 'IncidentResumed':
    case 'IncidentResolved':
    case 'IncidentClosed':
    case 'IncidentCanceled':
    case 'IncidentMerged':
      return end(draft, event)
    default:
      return false
  }
}

/** What belongs to a state that is left goes with it, the resolution only when work begins again. */
function leave(draft: IncidentDetails, resolution?: Resolution): void {
  draft.hold = undefined
  draft.resolution = resolution
  draft.closeCause = undefined
  draft.cancellation = undefined
  draft.mergedInto = undefined
}

function end(
  draft: IncidentDetails,
  event: RecordedIncident<
    | 'WorkStarted'
    | 'IncidentResumed'
    | 'IncidentResolved'
    | 'IncidentClosed'
    | 'IncidentCanceled'
    | 'IncidentMerged'
  >,
): true {
  const working = event.type === 'WorkStarted' || event.type === 'IncidentResumed'
  leave(draft, working ? undefined : draft.resolution)
  if (event.type === 'IncidentResolved') draft.resolution = resolutionOf(event.data)
  if (event.type === 'IncidentClosed') draft.closeCause = event.data.cause
  if (event.type === 'IncidentCanceled')
    draft.cancellation = { code: event.data.code, notes: present(event.data.notes) }
  if (event.type === 'IncidentMerged') {
    draft.cancellation = { code: 'duplicate' }
    draft.mergedInto = event.data.survivor
  }
  return true
}

/** A reopening, or a step that only a source takes. */
function enter(draft: IncidentDetails, event: RecordedIncident<'IncidentReopened' | 'StateObserved'>): true {
  const { to, hold = { reason: 'unspecified' } } = event.data
  leave(draft, to === 'Resolved' || to === 'Closed' ? draft.resolution : undefined)
  if (to === 'On Hold') draft.hold = { ...hold, since: event.metadata.occurredAt }
  if (event.type === 'IncidentReopened') draft.reopenCount = event.data.count
  return true
}

function resolutionOf({ code, notes, resolvedBy, serviceRestoredAt }: Resolution): Resolution {
  return { code, notes, resolvedBy, serviceRestoredAt }
}

/** What every imported event may bring along: columns without a home, and that it was irregular. */
function applyImported(draft: IncidentDetails, { data }: RecordedIncidentEvent): void {
  const { source: row, irregular } = data as Imported
  if (irregular !== undefined) draft.irregular = (draft.irregular ?? 0) + 1
  if (row === undefined || draft.source === undefined) return
  const { name, externalId, fields, rows, updatesMissing = 0 } = draft.source
  draft.source = {
    name,
    externalId,
    fields: withFields(fields, row.fields),
    rows: rows + 1,
    updatesMissing: updatesMissing + (row.updatesMissing ?? 0) || undefined,
  }
}

function withFields(
  fields: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> {
  let after: Record<string, string> | undefined
  for (const name in changes) {
    after ??= { ...fields }
    const value = changes[name]
    if (value === null || value === undefined) delete after[name]
    else after[name] = value
  }
  return after ?? fields
}

/** What people see of their own records, by name: a new field is internal until it is listed here. */
const REQUESTER_FIELDS = [
  'number',
  'title',
  'description',
  'state',
  'impact',
  'urgency',
  'priority',
  'caller',
  'affectedUser',
  'openedBy',
  'contactType',
  'service',
  'primaryCi',
  'category',
  'subcategory',
  'symptom',
  'location',
  'detectedAt',
  'assignmentGroup',
  'assignee',
  'comments',
  'reopenCount',
  'resolution',
  'closeCause',
  'cancellation',
  'mergedInto',
  'openedAt',
  'recordExistsFrom',
  'acknowledgedAt',
  'resolvedAt',
  'closedAt',
  'canceledAt',
  'updatedAt',
] as const satisfies readonly (keyof IncidentDetails)[]

function requesterView(incident: IncidentDetails): Partial<IncidentDetails> {
  const view: Record<string, unknown> = onlyFields(incident, REQUESTER_FIELDS)
  const { hold, attachments = [] } = incident
  if (hold) {
    const { comment, ...shown } = hold
    view.hold = hold.awaitsCaller ? hold : shown
  }
  const shared = attachments.filter(({ visibility }) => visibility === 'public')
  if (shared.length > 0) view.attachments = shared
  return view
}

/** What only serves the row rule and filters. */
const HIDDEN = new Set([
  'audienceKind',
  'audienceGroups',
  'visibleTo',
  'custom',
  'awaitsCaller',
  'problems',
] as const)

/** An incident as answers show it. */
export function shownIncident(incident: IncidentDetails): object {
  return Object.assign(withoutFields(incident, HIDDEN), { audience: audienceOf(incident) })
}
