import { withListedFields } from '#libs/event-publisher'
import type { RecordedEvent } from '#libs/event-sourcing'
import type { FieldChange, Hold, IncidentEvent } from './domain/incident.events.js'

type Shown<Type extends IncidentEvent['type']> = readonly Exclude<
  keyof Extract<IncidentEvent, { type: Type }>['data'],
  'source' | 'irregular'
>[]

/**
 * What of each event may stand on a topic, whose readers are asked for no rights: what requesters may see of their own
 * records. Fields by name, so that a new field is internal until it is listed; `internal`: the event never leaves. What
 * a source brought along (`source`, `irregular`) and reasons are internal with all of them.
 */
const ON_TOPIC: { readonly [Type in IncidentEvent['type']]: Shown<Type> | 'internal' } = {
  IncidentOpened: [
    'title',
    'description',
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
    // Always public: no other record's events leave.
    'audience',
    'openedAt',
  ],
  IncidentDetailsChanged: ['changes'],
  IncidentCategorized: ['category', 'subcategory', 'symptom'],
  PriorityDerived: ['impact', 'urgency', 'priority', 'matrixVersion', 'previous'],
  PriorityOverridden: ['impact', 'urgency', 'priority', 'derived', 'previous'],
  AssignedToGroup: ['group', 'previousGroup', 'previousPerson'],
  AssignedToPerson: ['person', 'previousPerson'],
  IncidentAccepted: ['person', 'previousPerson'],
  WorkStarted: [],
  IncidentHeld: ['hold', 'listVersion', 'awaitsCaller', 'remindAt', 'settingsVersion'],
  HoldReasonChanged: ['hold', 'previous', 'listVersion', 'awaitsCaller', 'remindAt', 'settingsVersion'],
  IncidentResumed: ['cause'],
  CallerReminded: ['count', 'resolveAt', 'settingsVersion'],
  IncidentEscalated: 'internal',
  EscalationsScheduled: 'internal',
  MajorIncidentProposed: 'internal',
  MajorIncidentPromoted: 'internal',
  MajorIncidentDemoted: 'internal',
  MajorIncidentRoleAssigned: 'internal',
  MajorIncidentUpdatePosted: ['text', 'visibility', 'nextUpdateAt'],
  MajorIncidentUpdatePromised: 'internal',
  MajorIncidentUpdateOverdue: 'internal',
  MajorIncidentReviewed: 'internal',
  ParentLinked: 'internal',
  ParentUnlinked: 'internal',
  OnCallPaged: 'internal',
  OnCallAcknowledged: 'internal',
  OnCallExhausted: 'internal',
  AlertConditionObserved: 'internal',
  // Who is whose parent is internal
  CommentAdded: ['text'],
  WorkNoteAdded: 'internal',
  LinkAdded: 'internal',
  LinkRemoved: 'internal',
  KnowledgeApplied: 'internal',
  KnowledgeWithdrawn: 'internal',
  AttachmentAdded: ['hash', 'name', 'contentType', 'size', 'visibility'],
  WatcherAdded: 'internal',
  WatcherRemoved: 'internal',
  AudienceChanged: 'internal',
  IncidentResolved: [
    'code',
    'notes',
    'resolvedBy',
    'serviceRestoredAt',
    'cause',
    'autoCloseAt',
    'settingsVersion',
  ],
  ResolutionRecorded: ['resolution', 'previous'],
  IncidentReopened: ['from', 'to', 'count', 'hold', 'cause'],
  IncidentClosed: ['cause'],
  IncidentCanceled: ['code', 'notes'],
  // The schema has `watchers` besides, always; readers of the topic must do without.
  IncidentMerged: ['survivor', 'caller'],
  StateObserved: ['from', 'to', 'hold'],
  UpdateObserved: 'internal',
  IncidentActivated: 'internal',
}

/** Of an `IncidentDetailsChanged`: those that requesters see. */
const CHANGES_ON_TOPIC: ReadonlySet<string> = new Set([
  'title',
  'description',
  'caller',
  'affectedUser',
  'openedBy',
  'contactType',
  'service',
  'primaryCi',
  'location',
  'detectedAt',
  'openedAt',
] satisfies (keyof Extract<IncidentEvent, { type: 'IncidentDetailsChanged' }>['data']['changes'])[])

/** The event as it may stand on a topic; undefined: it never leaves. Whether its record may is another question. */
export function incidentEventOnTopic(event: RecordedEvent<IncidentEvent>): RecordedEvent | undefined {
  const shown = withListedFields(event, ON_TOPIC)
  return shown && narrow(event, shown.data as Record<string, unknown>) ? shown : undefined
}

/** What depends on values. @returns whether anything is left to tell */
function narrow({ type, data: given }: IncidentEvent, data: Record<string, unknown>): boolean {
  switch (type) {
    case 'AttachmentAdded':
    case 'MajorIncidentUpdatePosted':
      return given.visibility === 'public'
    case 'IncidentDetailsChanged': {
      const changes = Object.entries(given.changes as Record<string, FieldChange>)
      const shown = changes.filter(([field]) => CHANGES_ON_TOPIC.has(field))
      data.changes = Object.fromEntries(shown)
      return shown.length > 0
    }
    case 'IncidentHeld':
      if (!given.awaitsCaller) data.hold = withoutComment(given.hold)
      return true
    case 'HoldReasonChanged':
      if (!given.awaitsCaller) data.hold = withoutComment(given.hold)
      // For whom the comment before was is not told here.
      data.previous = withoutComment(given.previous)
      return true
    case 'IncidentReopened':
    case 'StateObserved':
      if (given.hold) data.hold = withoutComment(given.hold)
      return true
    default:
      return true
  }
}

function withoutComment({ comment: _, ...hold }: Hold): Hold {
  return hold
}
