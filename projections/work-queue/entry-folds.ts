import { later, type RecordedEvent } from '#libs/event-sourcing'
import { type Draft, performer } from '../drafts.js'
import type { WorkQueueEntry } from './queue-entry.js'

/** What every kind of record in a queue has to agree on: who has answered whom. */

/** The entry after an update of its record. */
export function updated<Entry extends WorkQueueEntry>(
  draft: Draft<Entry>,
  before: Entry,
  event: RecordedEvent,
): Draft<Entry> {
  const at = event.metadata.occurredAt
  draft.updatedAt = later(before.updatedAt, at)
  if (draft.assignee !== before.assignee) draft.lastActionByAssigneeAt = undefined
  if (draft.assignee !== undefined && performer(event) === draft.assignee) {
    // Whatever the assignee does answers the replies before it
    draft.lastActionByAssigneeAt = at
    draft.callerRepliedAt = undefined
  }
  return draft
}

/** A comment that those may read for whom the record is. */
export function reply(draft: Draft<WorkQueueEntry>, event: RecordedEvent): true {
  const author = performer(event)
  draft.lastPublicReplyAt = event.metadata.occurredAt
  draft.lastReplyBy = author
  if (author !== draft.assignee && draft.visibleTo?.includes(author))
    draft.callerRepliedAt ??= event.metadata.occurredAt
  return true
}
