import type { Hold } from '../../src/incidents/domain/incident.events.js'
import { type Draft, present } from '../drafts.js'
import {
  applyAttention,
  applyToHead,
  openHead,
  type RecordedIncident,
  type RecordedIncidentEvent,
} from '../incident-folds.js'
import { reply, updated } from './entry-folds.js'
import { BLANK_ENTRY, draftOf, type IncidentEntry } from './queue-entry.js'

/** An incident as a queue shows it, after an event; the same when the event is no update of it. */
export function evolveIncidentEntry(
  entry: IncidentEntry | undefined,
  event: RecordedIncidentEvent,
): IncidentEntry | undefined {
  if (event.type === 'IncidentOpened') return opened(event)
  if (entry === undefined) return undefined
  const draft = draftOf(entry)
  // Rules that wait are no update of the record.
  if (event.type === 'EscalationsScheduled') return entry
  if (!applyAttention(draft, event) && !apply(draft, event)) return entry
  applyToHead(draft, event)
  return updated(draft, entry, event)
}

function opened(event: RecordedIncident<'IncidentOpened'>): IncidentEntry {
  const draft = draftOf(BLANK_ENTRY)
  openHead(draft, event)
  draft.title = event.data.title
  draft.updatedAt = event.metadata.occurredAt
  if (event.data.alert !== undefined) draft.alertCondition = 'firing'
  if (event.metadata.channel === 'import') draft.imported = true
  return draft
}

/** Changes what the entry has beyond the head; false: the event is no update of the record. */
function apply(draft: IncidentEntry, event: RecordedIncidentEvent): boolean {
  switch (event.type) {
    case 'PriorityDerived':
    case 'PriorityOverridden':
      draft.impact = present(event.data.impact)
      draft.urgency = present(event.data.urgency)
      return true
    case 'IncidentReopened':
      draft.reopenCount = event.data.count
      return hold(draft, event.data.hold)
    case 'IncidentHeld':
    case 'HoldReasonChanged':
    case 'StateObserved':
      return hold(draft, event.data.hold)
    case 'WorkStarted':
    case 'IncidentResumed':
    case 'IncidentResolved':
    case 'IncidentClosed':
    case 'IncidentCanceled':
    case 'IncidentMerged':
      return hold(draft, undefined)
    case 'AlertConditionObserved':
      draft.alertCondition = event.data.condition
      return true
    case 'CommentAdded':
      return reply(draft, event)
    case 'IncidentAccepted':
    case 'IncidentDetailsChanged':
    case 'IncidentCategorized':
    case 'AssignedToGroup':
    case 'AssignedToPerson':
    case 'CallerReminded':
    case 'IncidentEscalated':
    case 'WorkNoteAdded':
    case 'LinkAdded':
    case 'LinkRemoved':
    case 'KnowledgeApplied':
    case 'KnowledgeWithdrawn':
    case 'AttachmentAdded':
    case 'WatcherAdded':
    case 'WatcherRemoved':
    case 'AudienceChanged':
    case 'ResolutionRecorded':
    case 'UpdateObserved':
      return true
    default:
      return false
  }
}

function hold(draft: Draft<IncidentEntry>, why: Hold | undefined): true {
  draft.holdReason = why?.reason
  draft.followUpAt = why?.until
  return true
}
