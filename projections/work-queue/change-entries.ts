import type { Period } from '../../src/changes/domain/change.events.js'
import {
  applyToChangeHead,
  editWindow,
  openChangeHead,
  plan,
  type RecordedChange,
  type RecordedChangeEvent,
} from '../change-folds.js'
import { type Draft, present } from '../drafts.js'
import { reply, updated } from './entry-folds.js'
import { BLANK_ENTRY, type ChangeEntry, draftOf } from './queue-entry.js'

/** A change as a queue shows it, after an event; the same when the event is no update of it. */
export function evolveChangeEntry(
  entry: ChangeEntry | undefined,
  event: RecordedChangeEvent,
): ChangeEntry | undefined {
  if (event.type === 'ChangeOpened') {
    // A commit of a source's configuration is done when it is told: nobody is to work on it, and it is counted nowhere
    return event.data.type === 'configuration-commit' ? undefined : opened(event)
  }
  if (entry === undefined) return undefined
  const draft = draftOf(entry)
  if (!apply(draft, event)) return entry
  applyToChangeHead(draft, event)
  draft.startsAt = startOf(draft)
  return updated(draft, entry, event)
}

function opened(event: RecordedChange<'ChangeOpened'>): ChangeEntry {
  const draft: Draft<ChangeEntry> = { ...BLANK_ENTRY, type: 'change', state: 'New' }
  openChangeHead(draft, event)
  draft.changeType = event.data.type
  draft.updatedAt = event.metadata.occurredAt
  draft.window = event.data.window
  plan(draft)
  draft.startsAt = startOf(draft)
  if (event.metadata.channel === 'import') draft.imported = true
  return draft
}

/** Changes what the entry has beyond the head; false: the event is no update of the record. */
function apply(draft: Draft<ChangeEntry>, event: RecordedChangeEvent): boolean {
  switch (event.type) {
    case 'ChangePlanEdited': {
      const { type, window } = event.data.changes
      if (type) draft.changeType = type.to as ChangeEntry['changeType']
      if (window) editWindow(draft, window.to as Period | null)
      return plan(draft)
    }
    case 'PlannedTimesMoved':
      draft.planned = present(event.data.planned)
      return plan(draft)
    case 'ImplementedBeforeApproval':
      draft.underway = event.data.period
      return plan(draft)
    case 'ChangeRiskAssessed':
      draft.risk = event.data.risk
      return true
    case 'ChangeHeld':
      draft.holdReason = event.data.reason
      return true
    case 'ChangeResumed':
      draft.holdReason = undefined
      return true
    case 'ChangeCommentAdded':
      return reply(draft, event)
    default:
      return UPDATES.has(event.type)
  }
}

/** An emergency that nobody has planned cannot wait: it comes before what is planned for later. */
function startOf({ plannedStart, changeType, openedAt }: ChangeEntry): string | undefined {
  return plannedStart ?? (changeType === 'emergency' ? openedAt : undefined)
}

/** What else is news of a change; what the program finds out and keeps beside it is none. */
const UPDATES: ReadonlySet<RecordedChangeEvent['type']> = new Set([
  'ChangeAssigned',
  'ChangeWorkNoteAdded',
  'ChangeCustomFieldsChanged',
  'ChangeFileAttached',
  'ChangeWatcherAdded',
  'ChangeWatcherRemoved',
  'ChangeAudienceChanged',
  'ChangeLinked',
  'ChangeUnlinked',
  'ChangeAssessmentStarted',
  'ChangeSubmitted',
  'ChangeApprovalAsked',
  'ChangeApproved',
  'ChangeApprovedOnHold',
  'ChangeRejected',
  'ChangeApprovalLapsed',
  'ChangeApprovalVoided',
  'ChangeApprovalWithdrawn',
  'ChangeApprovalRenewed',
  'ChangeScheduled',
  'ChangeReturned',
  'BlackoutOverridden',
  'ChangeTaskAdded',
  'ChangeTaskStarted',
  'ChangeTaskFinished',
  'ChangeTaskRemoved',
  'ImplementationStarted',
  'ChangeRatified',
  'RatificationRefused',
  'RatificationOverdue',
  'PlanDeviated',
  'ImplementationEnded',
  'ChangeReviewed',
  'ChangeClosed',
  'ChangeCanceled',
  'ChangeStateObserved',
])
