import { defineProjection } from '#libs/projections-runtime'
import { and, compare } from '#libs/read-store'
import type { IncidentEvent, IncidentState } from '../../src/incidents/domain/incident.events.js'
import { type AccessColumns, accessColumns, audienceColumns, peopleNamed, visibleRows } from '../access.js'
import {
  isTerminal,
  later,
  performer,
  present,
  type RecordedIncidentEvent,
  stateAfter,
  withItem,
  withoutItem,
} from '../incident-lifecycle.js'

/** A record that somebody is to work on. Absent fields are not set; times are ISO 8601 UTC. */
export interface WorkQueueEntry extends AccessColumns {
  /** Problems, changes and tasks join the incidents later. */
  type: 'incident'
  number: string
  title: string
  state: IncidentState
  impact?: number
  urgency?: number
  priority?: number
  caller?: string
  affectedUser?: string
  openedBy?: string
  watchers?: readonly string[]
  openedAt: string
  /** Latest valid time of an event, whoever caused it. */
  updatedAt: string
  holdReason?: string
  /** End of the hold. */
  followUpAt?: string
  /** Absent until service levels exist. */
  dueAt?: string
  reopenCount?: number
  /** Latest public comment, and whose. */
  lastPublicReplyAt?: string
  lastReplyBy?: string
  /** Latest deed of the present assignee. */
  lastActionByAssigneeAt?: string
  /** First reply of the people named in the record that the assignee has not acted upon since. */
  callerRepliedAt?: string
  /** Came by an import, which alone may bring it back when it has left the queue. */
  imported?: true
}

/**
 * An imported record that is closed or canceled: out of every list and count, since it has none of the columns.
 * Live records never come back and are deleted.
 */
interface LeftQueue {
  left: WorkQueueEntry
}

/** Who has what to do: every record that can be assigned, until it is closed or canceled. */
export const workQueue = defineProjection<WorkQueueEntry, IncidentEvent>({
  name: 'work_queue',
  version: 1,
  from: ['incident-'],
  key: (event) => event.stream,
  evolve(document, event) {
    const before = entryIn(document)
    const after = evolveEntry(before, event)
    if (after === before || after === undefined) return document
    if (!isTerminal(after.state)) return after
    return after.imported ? hidden(after) : null
  },
  columns: {
    ...accessColumns,
    type: 'string',
    number: 'string',
    state: 'string',
    priority: 'integer',
    caller: 'string',
    watchers: 'strings',
    openedAt: 'timestamp',
    updatedAt: 'timestamp',
    holdReason: 'string',
    followUpAt: 'timestamp',
    dueAt: 'timestamp',
    callerRepliedAt: 'timestamp',
  },
  indexes: [
    // A group's queue; who is free to take one
    ['assignmentGroup', 'priority', 'openedAt'],
    ['assignmentGroup', 'openedAt'],
    ['assignmentGroup', 'updatedAt'],
    ['assignmentGroup', 'assignee', 'priority', 'openedAt'],
    // A person's queue; new replies first
    ['assignee', 'priority', 'openedAt'],
    ['assignee', 'updatedAt'],
    ['assignee', 'callerRepliedAt'],
    // Everything
    ['priority', 'openedAt'],
    ['openedAt'],
    ['updatedAt'],
    ['state', 'priority', 'openedAt'],
    ['followUpAt', 'holdReason'],
    ['dueAt'],
    ['number', 'type'],
    ['caller'],
    ['audienceKind'],
  ],
  counts: [
    ['audienceKind', 'assignmentGroup', 'state', 'priority', 'openedAt:day'],
    ['audienceKind', 'assignmentGroup', 'assignee', 'state', 'priority'],
  ],
  rows: (principal) => and(compare('state', '!=', null), visibleRows(principal)),
})

function entryIn(document: WorkQueueEntry | undefined): WorkQueueEntry | undefined {
  return document !== undefined && 'left' in document ? (document as unknown as LeftQueue).left : document
}

/** Typed as an entry because the collection is one of entries: nobody but this fold ever sees it. */
function hidden(left: WorkQueueEntry): WorkQueueEntry {
  return { left } satisfies LeftQueue as unknown as WorkQueueEntry
}

function evolveEntry(
  entry: WorkQueueEntry | undefined,
  event: RecordedIncidentEvent,
): WorkQueueEntry | undefined {
  if (event.type === 'IncidentOpened') return opened(event)
  if (entry === undefined) return undefined
  const changes = changesBy(entry, event)
  if (changes === undefined) return entry
  return withDeeds({ ...entry, ...changes, updatedAt: later(entry.updatedAt, event.metadata.occurredAt) }, event)
}

function opened({
  stream,
  data,
  metadata,
}: Extract<RecordedIncidentEvent, { type: 'IncidentOpened' }>): WorkQueueEntry {
  const { title, caller, affectedUser, openedBy } = data
  return {
    type: 'incident',
    number: stream.slice('incident-'.length),
    title,
    state: 'New',
    caller,
    affectedUser,
    openedBy,
    openedAt: data.openedAt ?? metadata.occurredAt,
    updatedAt: metadata.occurredAt,
    visibleTo: peopleNamed(data),
    ...audienceColumns(data.audience),
    imported: metadata.channel === 'import' ? true : undefined,
  }
}

/** What the event changes, apart from times and deeds; undefined: it is no update of the record. */
function changesBy(
  entry: WorkQueueEntry,
  event: RecordedIncidentEvent,
): Partial<WorkQueueEntry> | undefined {
  switch (event.type) {
    case 'IncidentDetailsChanged':
      return detailsAfter(entry, event.data.changes)
    case 'PriorityDerived':
    case 'PriorityOverridden': {
      const { impact, urgency, priority } = event.data
      return { impact: present(impact), urgency: present(urgency), priority: present(priority) }
    }
    case 'AssignedToGroup':
      return { assignmentGroup: present(event.data.group), ...assignedTo(entry, undefined) }
    case 'AssignedToPerson':
      return assignedTo(entry, present(event.data.person))
    case 'IncidentAccepted':
      return { state: stateAfter(entry.state, event), ...assignedTo(entry, event.data.person) }
    case 'IncidentHeld':
      return { state: 'On Hold', holdReason: event.data.hold.reason, followUpAt: event.data.hold.until }
    case 'HoldReasonChanged':
      return { holdReason: event.data.hold.reason, followUpAt: event.data.hold.until }
    case 'IncidentReopened':
      return { reopenCount: event.data.count, ...entered(event.data.to, event.data.hold) }
    case 'StateObserved':
      return entered(event.data.to, event.data.hold)
    case 'WorkStarted':
    case 'IncidentResumed':
    case 'IncidentResolved':
    case 'IncidentClosed':
    case 'IncidentCanceled':
    case 'IncidentMerged':
      return entered(stateAfter(entry.state, event), undefined)
    case 'WatcherAdded':
      return named(entry, { watchers: withItem(entry.watchers, event.data.person) })
    case 'WatcherRemoved':
      return named(entry, { watchers: withoutItem(entry.watchers, event.data.person) })
    case 'AudienceChanged':
      return audienceColumns(event.data.audience)
    case 'CommentAdded':
      return replied(entry, event)
    case 'IncidentCategorized':
    case 'CallerReminded':
    case 'IncidentEscalated':
    case 'WorkNoteAdded':
    case 'LinkAdded':
    case 'LinkRemoved':
    case 'KnowledgeApplied':
    case 'KnowledgeWithdrawn':
    case 'AttachmentAdded':
    case 'ResolutionRecorded':
    case 'UpdateObserved':
      return {}
    default:
      return undefined
  }
}

function detailsAfter(
  entry: WorkQueueEntry,
  changes: Extract<IncidentEvent, { type: 'IncidentDetailsChanged' }>['data']['changes'],
): Partial<WorkQueueEntry> {
  const after: Partial<WorkQueueEntry> = {}
  if (changes.title) after.title = (changes.title.to as string | null) ?? ''
  if (changes.openedAt) after.openedAt = (changes.openedAt.to as string | null) ?? entry.openedAt
  if (!changes.caller && !changes.affectedUser && !changes.openedBy) return after
  if (changes.caller) after.caller = present(changes.caller.to as string | null)
  if (changes.affectedUser) after.affectedUser = present(changes.affectedUser.to as string | null)
  if (changes.openedBy) after.openedBy = present(changes.openedBy.to as string | null)
  return named(entry, after)
}

function named(entry: WorkQueueEntry, changes: Partial<WorkQueueEntry>): Partial<WorkQueueEntry> {
  return { ...changes, visibleTo: peopleNamed({ ...entry, ...changes }) }
}

/** Another assignee has not acted yet; a reply that waits goes on waiting for her. */
function assignedTo(entry: WorkQueueEntry, assignee: string | undefined): Partial<WorkQueueEntry> {
  return assignee === entry.assignee ? {} : { assignee, lastActionByAssigneeAt: undefined }
}

function entered(
  state: IncidentState,
  hold: { reason: string; until?: string } | undefined,
): Partial<WorkQueueEntry> {
  return { state, holdReason: hold?.reason, followUpAt: hold?.until }
}

function replied(entry: WorkQueueEntry, event: RecordedIncidentEvent): Partial<WorkQueueEntry> {
  const author = performer(event)
  const at = event.metadata.occurredAt
  const changes: Partial<WorkQueueEntry> = { lastPublicReplyAt: at, lastReplyBy: author }
  if (author !== entry.assignee && entry.visibleTo?.includes(author))
    changes.callerRepliedAt = entry.callerRepliedAt ?? at
  return changes
}

/** Whatever the assignee does answers the replies before it. `entry` is this event's own copy. */
function withDeeds(entry: WorkQueueEntry, event: RecordedIncidentEvent): WorkQueueEntry {
  if (entry.assignee === undefined || performer(event) !== entry.assignee) return entry
  entry.lastActionByAssigneeAt = event.metadata.occurredAt
  entry.callerRepliedAt = undefined
  return entry
}
