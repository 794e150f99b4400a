import type { EventSource } from '#libs/event-sourcing'
import { defineProjection } from '#libs/projections-runtime'
import type {
  Hold,
  Imported,
  IncidentEvent,
  IncidentFields,
  Link,
  Resolution,
} from '../../src/incidents/domain/incident.events.js'
import { accessColumns, seesInternalFields, visibleRows } from '../access.js'
import {
  headChanges,
  headOf,
  type IncidentHead,
  later,
  type Milestones,
  milestoneChanges,
  nonEmpty,
  performer,
  present,
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
    Milestones,
    Omit<IncidentFields, 'title' | 'caller' | 'affectedUser' | 'openedBy'> {
  /** Filterable form of the scalar custom fields: `<name>=<value>`; which may be asked for is configuration. */
  custom?: readonly string[]
  /** Set while On Hold. `awaitsCaller`: its comment is meant for the caller. */
  hold?: Hold & { since: string; awaitsCaller?: boolean }
  impact?: number
  urgency?: number
  /** Version of the matrix that derived the priority; absent when it was overridden. */
  matrixVersion?: number
  priorityOverridden?: true
  /** What the matrix would have given instead. */
  derivedPriority?: number
  /** The assignment rule that chose the group, when no person did. */
  assignmentRule?: { version: number; name: string }
  escalation?: { kind: 'functional' | 'hierarchical'; group?: string; informed?: string; at: string }
  links?: readonly Link[]
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
  /** Imported steps that would have been refused here. */
  irregular?: number
}

type Changes = Partial<IncidentDetails>

/** One document per incident. */
export const incidentDetails = defineProjection<IncidentDetails, IncidentEvent>({
  name: 'incident_details',
  version: 1,
  from: ['incident-'],
  key: (event) => event.stream,
  evolve(incident, event) {
    if (event.type === 'IncidentOpened') return opened(event)
    if (incident === undefined) return undefined
    const { occurredAt } = event.metadata
    const effectiveAt = later(incident.effectiveAt, occurredAt)
    if (event.type === 'IncidentActivated')
      return effectiveAt === incident.effectiveAt ? incident : { ...incident, effectiveAt }
    const own = ownChanges(incident, event)
    if (own === undefined) return incident
    return {
      ...incident,
      ...headChanges(incident, event),
      ...milestoneChanges(incident, event, effectiveAt),
      ...own,
      ...importedChanges(incident, event),
      updatedAt: later(incident.updatedAt, occurredAt),
      effectiveAt,
    }
  },
  columns: {
    ...accessColumns,
    number: 'string',
    state: 'string',
    priority: 'integer',
    impact: 'integer',
    urgency: 'integer',
    caller: 'string',
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
    ['audienceKind'],
  ],
  checked: [
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
  rows: visibleRows,
  fields: (incident, principal) => (seesInternalFields(principal) ? incident : requesterView(incident)),
})

function opened(event: RecordedIncident<'IncidentOpened'>): IncidentDetails {
  const { audience, source, irregular, customFieldsVersion, openedAt, ...fields } = event.data
  const { occurredAt, source: origin } = event.metadata
  return {
    ...fields,
    ...headOf(event),
    custom: customTerms(fields.customFields),
    recordExistsFrom: occurredAt,
    updatedAt: occurredAt,
    effectiveAt: occurredAt,
    source: origin && {
      name: origin.name,
      externalId: origin.externalId,
      fields: withFields({}, source?.fields ?? {}),
      rows: 1,
      updatesMissing: source?.updatesMissing,
    },
    irregular: irregular === undefined ? undefined : 1,
  }
}

const NOTHING: Changes = {}

/** What an event changes beyond head and milestones; undefined: it is not known here. */
function ownChanges(incident: IncidentDetails, event: RecordedIncidentEvent): Changes | undefined {
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
    case 'PriorityDerived': {
      const { impact, urgency, matrixVersion } = event.data
      return { impact, urgency, matrixVersion, priorityOverridden: undefined, derivedPriority: undefined }
    }
    case 'PriorityOverridden': {
      const { impact, urgency, derived } = event.data
      return {
        impact: present(impact),
        urgency: present(urgency),
        matrixVersion: undefined,
        priorityOverridden: true,
        derivedPriority: present(derived),
      }
    }
    case 'AssignedToGroup':
      return { assignmentRule: event.data.rule }
    case 'IncidentEscalated': {
      const { kind, group, informed } = event.data
      return { escalation: { kind, group, informed, at: event.metadata.occurredAt } }
    }
    case 'CommentAdded':
      return { comments: (incident.comments ?? 0) + 1 }
    case 'WorkNoteAdded':
      return { workNotes: (incident.workNotes ?? 0) + 1 }
    case 'AssignedToPerson':
    case 'IncidentAccepted':
    case 'CallerReminded':
    case 'WatcherAdded':
    case 'WatcherRemoved':
    case 'AudienceChanged':
    case 'UpdateObserved':
      return NOTHING
    default:
      return attachedChanges(incident, event) ?? lifecycleChanges(incident, event)
  }
}

function attachedChanges(incident: IncidentDetails, event: RecordedIncidentEvent): Changes | undefined {
  switch (event.type) {
    case 'LinkAdded':
      return { links: [...without(incident.links, event.data.link), event.data.link] }
    case 'LinkRemoved':
      return { links: nonEmpty(without(incident.links, event.data.link)) }
    case 'KnowledgeApplied': {
      const { article, revision } = event.data
      return { knowledge: [...(incident.knowledge ?? []), { article, revision }] }
    }
    case 'KnowledgeWithdrawn': {
      const { article } = event.data
      return { knowledge: nonEmpty((incident.knowledge ?? []).filter((used) => used.article !== article)) }
    }
    case 'AttachmentAdded': {
      const { hash, name, contentType, size, visibility } = event.data
      const addedAt = event.metadata.occurredAt
      const attachment = { hash, name, contentType, size, visibility, addedAt, addedBy: performer(event) }
      return { attachments: [...(incident.attachments ?? []), attachment] }
    }
    default:
      return undefined
  }
}

function without(links: readonly Link[] = [], { relation, targetType, target }: Link): readonly Link[] {
  return links.filter(
    (link) => link.relation !== relation || link.targetType !== targetType || link.target !== target,
  )
}

/** What belongs to a state that was left is gone: a hold, a resolution that did not last, a cancellation. */
const WORKING: Changes = {
  hold: undefined,
  resolution: undefined,
  closeCause: undefined,
  cancellation: undefined,
  mergedInto: undefined,
}

function lifecycleChanges(incident: IncidentDetails, event: RecordedIncidentEvent): Changes | undefined {
  const since = event.metadata.occurredAt
  switch (event.type) {
    case 'WorkStarted':
    case 'IncidentResumed':
      return WORKING
    case 'IncidentHeld':
      return { ...WORKING, hold: { ...event.data.hold, since, awaitsCaller: event.data.awaitsCaller } }
    case 'HoldReasonChanged': {
      const { hold, awaitsCaller } = event.data
      return { hold: { ...hold, since: incident.hold?.since ?? since, awaitsCaller } }
    }
    case 'IncidentReopened':
      return { ...entered(incident, event), reopenCount: event.data.count }
    case 'StateObserved':
      return entered(incident, event)
    case 'IncidentResolved':
      return { ...WORKING, resolution: resolutionOf(event.data) }
    case 'ResolutionRecorded':
      return { resolution: resolutionOf(event.data.resolution) }
    case 'IncidentClosed':
      return { hold: undefined, closeCause: event.data.cause, cancellation: undefined, mergedInto: undefined }
    case 'IncidentCanceled':
      return {
        hold: undefined,
        cancellation: { code: event.data.code, notes: present(event.data.notes) },
      }
    case 'IncidentMerged':
      return { hold: undefined, cancellation: { code: 'duplicate' }, mergedInto: event.data.survivor }
    default:
      return undefined
  }
}

/** A step that only a source takes, or a reopening. */
function entered(
  incident: IncidentDetails,
  event: RecordedIncident<'IncidentReopened' | 'StateObserved'>,
): Changes {
  const { to, hold } = event.data
  const since = event.metadata.occurredAt
  const finished = to === 'Resolved' || to === 'Closed'
  return {
    ...WORKING,
    hold: to === 'On Hold' ? { ...(hold ?? { reason: 'unspecified' }), since } : undefined,
    resolution: finished ? incident.resolution : undefined,
  }
}

function resolutionOf({ code, notes, resolvedBy, serviceRestoredAt }: Resolution): Resolution {
  return { code, notes, resolvedBy, serviceRestoredAt }
}

function descriptionAfter(changes: RecordedIncident<'IncidentDetailsChanged'>['data']['changes']): Changes {
  const { title, caller, affectedUser, openedBy, openedAt, customFields, ...others } = changes
  const after: Record<string, unknown> = {}
  for (const name in others) after[name] = present(others[name as keyof typeof others]?.to)
  if (customFields) {
    after.customFields = present(customFields.to)
    after.custom = customTerms(customFields.to as Record<string, unknown> | null)
  }
  return after
}

/** Longest value that is worth filtering by. */
const MAX_TERM_LENGTH = 200

function customTerms(fields: Record<string, unknown> | null | undefined): readonly string[] | undefined {
  if (!fields) return undefined
  const terms = Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((item) => ['string', 'number', 'boolean'].includes(typeof item))
      .map((item) => `${name}=${item}`)
      .filter((term) => term.length <= MAX_TERM_LENGTH),
  )
  return nonEmpty(terms)
}

/** What every imported event may bring along: columns without a home, and that it was irregular. */
function importedChanges(incident: IncidentDetails, { data }: RecordedIncidentEvent): Changes | undefined {
  const { source: row, irregular } = data as Imported
  if (row === undefined && irregular === undefined) return undefined
  const changes: Changes = {}
  if (irregular !== undefined) changes.irregular = (incident.irregular ?? 0) + 1
  if (row !== undefined && incident.source !== undefined) {
    const { fields, rows, updatesMissing } = incident.source
    changes.source = {
      ...incident.source,
      fields: withFields(fields, row.fields),
      rows: rows + 1,
      updatesMissing: row.updatesMissing ? (updatesMissing ?? 0) + row.updatesMissing : updatesMissing,
    }
  }
  return changes
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
  const view: Record<string, unknown> = {}
  for (const field of REQUESTER_FIELDS) if (incident[field] !== undefined) view[field] = incident[field]
  const { hold, attachments = [] } = incident
  if (hold) {
    const { comment, ...shown } = hold
    view.hold = hold.awaitsCaller ? hold : shown
  }
  const shared = attachments.filter(({ visibility }) => visibility === 'public')
  if (shared.length > 0) view.attachments = shared
  return view
}
