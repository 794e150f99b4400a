import { defineProjection } from '#libs/projections-runtime'
import { and, compare } from '#libs/read-store'
import type { Hold, IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import { accessColumns, visibleRows } from '../access.js'
import {
  headChanges,
  headOf,
  type IncidentHead,
  isTerminal,
  later,
  performer,
  present,
  type RecordedIncident,
  type RecordedIncidentEvent,
} from '../incident-folds.js'

/** A record that somebody is to work on. Absent fields are not set; times are ISO 8601 UTC. */
export interface WorkQueueEntry extends IncidentHead {
  /** Problems, changes and tasks join the incidents later. */
  type: 'incident'
  impact?: number
  urgency?: number
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
  const own = ownChanges(entry, event)
  if (own === undefined) return entry
  const next = { ...entry, ...headChanges(entry, event), ...own }
  next.updatedAt = later(entry.updatedAt, event.metadata.occurredAt)
  if (next.assignee !== entry.assignee) next.lastActionByAssigneeAt = undefined
  if (next.assignee !== undefined && performer(event) === next.assignee) {
    // Whatever the assignee does answers the replies before it
    next.lastActionByAssigneeAt = event.metadata.occurredAt
    next.callerRepliedAt = undefined
  }
  return next
}

function opened(event: RecordedIncident<'IncidentOpened'>): WorkQueueEntry {
  const { occurredAt, channel } = event.metadata
  return {
    type: 'incident',
    ...headOf(event),
    updatedAt: occurredAt,
    imported: channel === 'import' ? true : undefined,
  }
}

const NOTHING: Partial<WorkQueueEntry> = {}

/** What the event changes beyond the head; undefined: it is no update of the record. */
function ownChanges(
  entry: WorkQueueEntry,
  event: RecordedIncidentEvent,
): Partial<WorkQueueEntry> | undefined {
  switch (event.type) {
    case 'PriorityDerived':
    case 'PriorityOverridden':
      return { impact: present(event.data.impact), urgency: present(event.data.urgency) }
    case 'IncidentHeld':
    case 'HoldReasonChanged':
      return heldFor(event.data.hold)
    case 'IncidentReopened':
      return { reopenCount: event.data.count, ...heldFor(event.data.hold) }
    case 'StateObserved':
      return heldFor(event.data.hold)
    case 'WorkStarted':
    case 'IncidentResumed':
    case 'IncidentResolved':
    case 'IncidentClosed':
    case 'IncidentCanceled':
    case 'IncidentMerged':
      return heldFor(undefined)
    case 'CommentAdded':
      return replied(entry, event)
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
      return NOTHING
    default:
      return undefined
  }
}

function heldFor(hold: Hold | undefined): Partial<WorkQueueEntry> {
  return { holdReason: hold?.reason, followUpAt: hold?.until }
}

function replied(entry: WorkQueueEntry, event: RecordedIncidentEvent): Partial<WorkQueueEntry> {
  const author = performer(event)
  const at = event.metadata.occurredAt
  const changes: Partial<WorkQueueEntry> = { lastPublicReplyAt: at, lastReplyBy: author }
  if (author !== entry.assignee && entry.visibleTo?.includes(author))
    changes.callerRepliedAt = entry.callerRepliedAt ?? at
  return changes
}
