import {
  eventsAt,
  type HistoryEntry,
  type HistoryPoint,
  type RecordedEvent,
  tellHistory,
} from '#libs/event-sourcing'
import type { IncidentEvent, Link } from './incident.events.js'
import { evolve, type Incident, type IncidentRecord, isOpened, NOT_OPENED } from './incident.state.js'

type Recorded = RecordedEvent<IncidentEvent>

/** The record as it was at a time, as it was known at a position. */
export function foldAsOf(events: readonly Recorded[], point: HistoryPoint = {}): IncidentRecord {
  let record: IncidentRecord = NOT_OPENED
  for (const event of eventsAt(events, point)) record = evolve(record, event)
  return record
}

export interface TimelineEntry extends HistoryEntry<IncidentEvent['type']> {
  /** Imports: updates before this one that the source counted but does not tell. */
  updatesMissing?: number
}

/** One entry per event, in log order; before and after by folding. */
export function timeline(events: readonly Recorded[]): TimelineEntry[] {
  return tellHistory(events, { initial: NOT_OPENED as IncidentRecord, evolve, valuesOf, tell })
}

function tell(event: Recorded) {
  const { source, irregular } = event.data ?? {}
  const visibility: TimelineEntry['visibility'] = isPublic(event) ? 'public' : 'internal'
  return {
    what: inWords(event),
    text: textOf(event),
    irregular,
    updatesMissing: source?.updatesMissing,
    sourceFields: source?.fields,
    visibility,
  }
}

/** What lists and people call the fields of a record, flat. */
function valuesOf(record: IncidentRecord): Record<string, unknown> {
  if (!isOpened(record)) return {}
  const { fields, hold, resolution } = record
  return {
    ...fields,
    state: record.state,
    openedAt: record.openedAt,
    audience: record.audience,
    impact: record.impact,
    urgency: record.urgency,
    priority: record.priority,
    group: record.group,
    assignee: record.assignee,
    holdReason: hold?.hold.reason,
    holdComment: hold?.hold.comment,
    holdUntil: hold?.hold.until,
    resolutionCode: resolution?.code,
    resolutionNotes: resolution?.notes,
    resolvedBy: resolution?.resolvedBy,
    serviceRestoredAt: resolution?.serviceRestoredAt,
    reopenCount: record.reopenCount,
    canceledAs: record.canceledAs,
    ...majorValues(record),
  }
}

function majorValues({ major, parent, paging }: Incident): Record<string, unknown> {
  return {
    major: major === null ? undefined : major.status === 'promoted' ? 'yes' : 'candidate',
    majorManager: major?.roles.manager,
    majorCommunications: major?.roles.communications,
    majorResolver: major?.roles.resolver,
    nextUpdateAt: major?.promisedAt,
    parent,
    paged: paging?.person,
  }
}

function textOf(event: Recorded): string | undefined {
  switch (event.type) {
    case 'CommentAdded':
    case 'WorkNoteAdded':
    case 'MajorIncidentUpdatePosted':
      return event.data.text
    case 'MajorIncidentProposed':
      return event.data.reason
    case 'MajorIncidentReviewed':
      return event.data.summary
    case 'IncidentHeld':
    case 'HoldReasonChanged':
      return event.data.awaitsCaller ? event.data.hold.comment : undefined
    case 'IncidentCanceled':
      return event.data.notes ?? undefined
    default:
      return undefined
  }
}

function isPublic(event: Recorded): boolean {
  switch (event.type) {
    case 'WorkNoteAdded':
    case 'AlertConditionObserved':
    case 'IncidentEscalated':
    case 'LinkAdded':
    case 'LinkRemoved':
    case 'KnowledgeApplied':
    case 'KnowledgeWithdrawn':
    case 'WatcherAdded':
    case 'WatcherRemoved':
    case 'AudienceChanged':
    case 'UpdateObserved':
    case 'IncidentActivated':
    case 'EscalationsScheduled':
    case 'MajorIncidentProposed':
    case 'MajorIncidentPromoted':
    case 'MajorIncidentDemoted':
    case 'MajorIncidentRoleAssigned':
    case 'MajorIncidentUpdatePromised':
    case 'MajorIncidentUpdateOverdue':
    case 'MajorIncidentReviewed':
    case 'ParentLinked':
    case 'ParentUnlinked':
    case 'OnCallPaged':
    case 'OnCallAcknowledged':
    case 'OnCallExhausted':
      return false
    case 'AttachmentAdded':
    case 'MajorIncidentUpdatePosted':
      return event.data.visibility === 'public'
    case 'IncidentDetailsChanged':
      return Object.keys(event.data.changes).some((field) => !INTERNAL_FIELDS.has(field))
    default:
      return KNOWN_PUBLIC.has(event.type)
  }
}

/** Types without anything to hide; one that is not known here is internal until somebody decides. */
const KNOWN_PUBLIC: ReadonlySet<IncidentEvent['type']> = new Set([
  'IncidentOpened',
  'IncidentCategorized',
  'PriorityDerived',
  'PriorityOverridden',
  'AssignedToGroup',
  'AssignedToPerson',
  'IncidentAccepted',
  'WorkStarted',
  'IncidentHeld',
  'HoldReasonChanged',
  'IncidentResumed',
  'CallerReminded',
  'CommentAdded',
  'IncidentResolved',
  'ResolutionRecorded',
  'IncidentReopened',
  'IncidentClosed',
  'IncidentCanceled',
  'IncidentMerged',
  'StateObserved',
])

/** Not for requesters: a hold's comment reaches them as the entry's text when it is meant for them. */
const INTERNAL_FIELDS: ReadonlySet<string> = new Set([
  'vendor',
  'customFields',
  'audience',
  'holdComment',
  'major',
  'majorManager',
  'majorCommunications',
  'majorResolver',
  'nextUpdateAt',
  'parent',
  'paged',
])

/**
 * A timeline as a requester may see it: public entries, without internal fields and the import's remarks; of reasons only
 * those that she gave herself.
 */
export function requesterTimeline(entries: readonly TimelineEntry[], requester: string): TimelineEntry[] {
  return entries
    .filter(({ visibility }) => visibility === 'public')
    .map(({ reason, irregular, updatesMissing, sourceFields, ...entry }) => ({
      ...entry,
      reason: entry.who.actor === requester ? reason : undefined,
      changes: entry.changes.filter(({ field }) => !INTERNAL_FIELDS.has(field)),
    }))
}

/** What happened, in a few words; who and when stand beside it. */
function inWords(event: Recorded): string {
  switch (event.type) {
    case 'IncidentOpened':
      return 'Opened'
    case 'IncidentDetailsChanged':
      return 'Details changed'
    case 'IncidentCategorized':
      return 'Categorized'
    case 'PriorityDerived':
      return `Priority ${event.data.priority} from impact ${event.data.impact} and urgency ${event.data.urgency}`
    case 'PriorityOverridden':
      return `Priority set to ${event.data.priority ?? 'nothing'} instead of ${event.data.derived ?? 'nothing'}`
    case 'AssignedToGroup':
      return groupInWords(event.data)
    case 'AssignedToPerson':
      return event.data.person === null
        ? "Put back into the group's queue"
        : `Assigned to ${event.data.person}`
    case 'IncidentAccepted':
      return `Accepted by ${event.data.person}`
    case 'WorkStarted':
      return 'Work started'
    case 'IncidentHeld':
      return `Put on hold: ${event.data.hold.reason}`
    case 'HoldReasonChanged':
      return `Hold changed: ${event.data.hold.reason}`
    case 'IncidentResumed':
      return RESUMED[event.data.cause]
    case 'CallerReminded':
      return 'Caller reminded'
    case 'IncidentEscalated':
      return escalationInWords(event.data)
    case 'CommentAdded':
      return event.data.ofParent === undefined ? 'Comment' : `Comment on ${event.data.ofParent}`
    case 'WorkNoteAdded':
      return event.data.workaroundOf === undefined
        ? 'Work note'
        : `Workaround of ${event.data.workaroundOf.problem}`
    case 'AlertConditionObserved':
      return event.data.condition === 'firing' ? 'The alert fires again' : 'The alert has cleared'
    case 'LinkAdded':
      return `Linked: ${linkInWords(event.data.link)}`
    case 'LinkRemoved':
      return event.data.relinkedTo === undefined
        ? `Link removed: ${linkInWords(event.data.link)}`
        : `${event.data.link.target} was a duplicate of ${event.data.relinkedTo}`
    case 'KnowledgeApplied':
      return event.data.article === null
        ? 'Knowledge applied'
        : `Knowledge applied: ${event.data.article}, revision ${event.data.revision}`
    case 'KnowledgeWithdrawn':
      return 'Knowledge not applied after all'
    case 'AttachmentAdded':
      return `Attached ${event.data.name}`
    case 'WatcherAdded':
      return `${event.data.person} watches`
    case 'WatcherRemoved':
      return `${event.data.person} watches no longer`
    case 'AudienceChanged':
      return 'Audience changed'
    case 'IncidentResolved':
      return event.data.cause === undefined ? 'Resolved' : RESOLVED[event.data.cause]
    case 'ResolutionRecorded':
      return 'Resolution told by the source'
    case 'IncidentReopened':
      return `Reopened from ${event.data.from}, time ${event.data.count}`
    case 'IncidentClosed':
      return CLOSED[event.data.cause]
    case 'IncidentCanceled':
      return `Canceled: ${event.data.code}`
    case 'IncidentMerged':
      return `Merged into ${event.data.survivor} as a duplicate`
    case 'StateObserved':
      return `From ${event.data.from} to ${event.data.to} in the source`
    case 'UpdateObserved':
      return 'Updated in the source'
    case 'IncidentActivated':
      return 'Timers armed after the import'
    default:
      return majorInWords(event) ?? familyInWords(event) ?? onCallInWords(event) ?? (event as Recorded).type
  }
}

function escalationInWords({
  kind,
  group,
  informed,
  rule,
}: Extract<IncidentEvent, { type: 'IncidentEscalated' }>['data']): string {
  const what = kind === 'functional' ? `Escalated to group ${group}` : `Escalated: ${informed} informed`
  return rule === undefined ? what : `${what}, by rule "${rule.name}" (version ${rule.version})`
}

function majorInWords(event: Recorded): string | undefined {
  switch (event.type) {
    case 'MajorIncidentProposed':
      return 'Proposed as a major incident'
    case 'MajorIncidentPromoted':
      return `Major incident, managed by ${event.data.manager}`
    case 'MajorIncidentDemoted':
      return 'No major incident'
    case 'MajorIncidentRoleAssigned':
      return `${event.data.person} is its ${MAJOR_ROLES[event.data.role]}`
    case 'MajorIncidentUpdatePosted':
      return event.data.nextUpdateAt === undefined
        ? 'Update'
        : `Update; the next one is promised by ${event.data.nextUpdateAt}`
    case 'MajorIncidentUpdatePromised':
      return `An update is promised by ${event.data.nextUpdateAt}`
    case 'MajorIncidentUpdateOverdue':
      return `The update promised by ${event.data.promisedAt} is missing, reminder ${event.data.count}`
    case 'MajorIncidentReviewed':
      return 'Reviewed'
    default:
      return undefined
  }
}

const LINE_FAULTS = {
  cycle: 'it had become its own descendant',
  'too-deep': 'too many stood above it',
} as const

function familyInWords(event: Recorded): string | undefined {
  switch (event.type) {
    case 'ParentLinked':
      return `Follows ${event.data.parent}`
    case 'ParentUnlinked':
      return `Follows ${event.data.parent} no longer${event.data.cause ? `: ${LINE_FAULTS[event.data.cause]}` : ''}`
    default:
      return undefined
  }
}

function onCallInWords(event: Recorded): string | undefined {
  switch (event.type) {
    case 'EscalationsScheduled': {
      const { due } = event.data
      if (due.length === 0) return 'No escalation rule waits'
      return `Escalation rules wait: ${due.map(({ rule, at }) => `"${rule}" until ${at}`).join(', ')}`
    }
    case 'OnCallPaged': {
      const { group, person, round, skipped, acknowledgeBy, rule } = event.data
      const by = rule === undefined ? '' : `, by rule "${rule.name}" (version ${rule.version})`
      return `${person}, on call for group ${group}, asked to answer by ${acknowledgeBy}, round ${round}${by}${skippedInWords(skipped)}`
    }
    case 'OnCallAcknowledged':
      return `${event.data.person} answered the call`
    case 'OnCallExhausted':
      return `Nobody on call for group ${event.data.group} answered${skippedInWords(event.data.skipped)}`
    default:
      return undefined
  }
}

function skippedInWords(skipped: readonly string[] | undefined): string {
  return skipped === undefined ? '' : `; ${skipped.join(', ')} skipped: left`
}

const MAJOR_ROLES = {
  manager: 'manager',
  communications: 'lead of communications',
  resolver: 'lead of the resolution',
} as const

const RESOLVED = {
  'silent-caller': 'Resolved: the caller did not answer',
  'parent-resolved': 'Resolved together with its parent',
  'alert-cleared': 'Resolved: the alert has cleared',
  'problem-resolved': 'Resolved: the fix of its problem was applied',
} as const

function groupInWords({ group, rule }: Extract<IncidentEvent, { type: 'AssignedToGroup' }>['data']): string {
  if (group === null) return 'Taken out of the queue'
  return rule === undefined
    ? `Assigned to group ${group}`
    : `Assigned to group ${group} by rule "${rule.name}" (version ${rule.version})`
}

function linkInWords({ relation, targetType, target }: Link): string {
  return `${relation} ${targetType} ${target}`
}

const RESUMED = {
  agent: 'Resumed',
  'caller-replied': 'Resumed: the caller replied',
  'hold-expired': 'Resumed: the hold ended',
  'parent-resumed': 'Resumed: no longer waits for its parent',
  'problem-ended': 'Resumed: no longer waits for its problem',
} as const

const CLOSED = {
  caller: 'Closed: the caller confirmed',
  agent: 'Closed',
  'auto-close': 'Closed: its time after the resolution is over',
  source: 'Closed in the source',
} as const
