import type { RecordedEvent } from '#libs/event-sourcing'
import { defineProjection } from '#libs/projections-runtime'
import { compare } from '#libs/read-store'
import type {
  ChangeEvent,
  ChangeOpened,
  ChangeRiskAssessed,
  ChangeState,
  Period,
} from '../../src/changes/domain/change.events.js'
import type { Hold, IncidentEvent, IncidentState } from '../../src/incidents/domain/incident.events.js'
import type { ProblemEvent, ProblemState } from '../../src/problems/domain/problem.events.js'
import { accessColumns, among, audienceOf, forEverybody } from '../access.js'
import type { RecordedChangeEvent } from '../change-folds.js'
import {
  applyAttention,
  applyToHead,
  BLANK_HEAD,
  type Blank,
  type IncidentAttention,
  type IncidentHead,
  NO_ATTENTION,
  openHead,
  present,
  type RecordedIncident,
  type RecordedIncidentEvent,
} from '../incident-folds.js'
import type { RecordedProblemEvent } from '../problem-folds.js'
import { evolveChangeEntry } from './change-entries.js'
import { reply, updated } from './entry-folds.js'
import { evolveProblemEntry, problemEntryKeys } from './problem-entries.js'

/** A record that somebody is to work on. Absent fields are not set; times are ISO 8601 UTC. */
export interface WorkQueueEntry extends Omit<IncidentHead, 'state'>, IncidentAttention {
  /** What only one of them has is absent of the others. */
  type: 'incident' | 'change' | 'problem' | 'problem-task'
  state: IncidentState | ChangeState | ProblemState | 'Open'
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
  /** Whether the alert that it was opened for fires. */
  alertCondition?: 'firing' | 'cleared'
  /** Came by an import, which alone may bring it back when it has left the queue. */
  imported?: true
  /** Whose people are being asked. */
  pagedGroup?: string
  /** Of a change: which path it takes, who asked for it, and when it is to be done. */
  changeType?: ChangeOpened['data']['type']
  requester?: string
  risk?: ChangeRiskAssessed['data']['risk']
  plannedStart?: string
  plannedEnd?: string
  /** Times that were chosen within the window, and the window. */
  planned?: Period
  window?: Period
  /** Of a task: the problem that it belongs to. */
  problem?: string
}
export type IncidentEntry = WorkQueueEntry & { type: 'incident'; state: IncidentState }
export type ChangeEntry = WorkQueueEntry & { type: 'change'; state: ChangeState }
export type ProblemEntry = WorkQueueEntry & { type: 'problem'; state: ProblemState }
/** Its number is that of the problem and its own: `PRB0000001/T1`. */
export type ProblemTaskEntry = WorkQueueEntry & {
  type: 'problem-task'
  state: 'Open' | 'In Progress' | 'Closed'
  problem?: string
}

/**
 * An imported record that is closed or canceled: out of every list and count, since it has none of the columns.
 * Live records never come back and are deleted.
 */
interface LeftQueue {
  left: WorkQueueEntry
}

/** Who has what to do: every record that can be assigned, until it is closed or canceled. */
export const workQueue = defineProjection<WorkQueueEntry, IncidentEvent | ChangeEvent | ProblemEvent>({
  name: 'work_queue',
  version: 4,
  from: ['incident-', 'change-', 'problem-'],
  key: (event) =>
    event.stream.startsWith('problem-') ? problemEntryKeys(event as RecordedProblemEvent) : event.stream,
  evolve(document, event) {
    const before = entryIn(document)
    const after = evolved(before, event)
    if (after === before || after === undefined) return document
    if (after.state !== 'Closed' && after.state !== 'Canceled') return after
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
    major: 'string',
    parent: 'string',
    nextUpdateAt: 'timestamp',
    paged: 'string',
    changeType: 'string',
    requester: 'string',
    risk: 'string',
    plannedStart: 'timestamp',
    plannedEnd: 'timestamp',
    problem: 'string',
  },
  // Nobody asks for more than the queue of a group or of a person, so that every index begins with one of them.
  indexes: [
    ['assignmentGroup', 'priority', 'openedAt'],
    ['assignmentGroup', 'openedAt'],
    ['assignmentGroup', 'updatedAt'],
    ['assignmentGroup', 'followUpAt'],
    // Who is free to take one
    ['assignmentGroup', 'assignee', 'priority', 'openedAt'],
    ['assignee', 'priority', 'openedAt'],
    ['assignee', 'callerRepliedAt'],
    ['assignee', 'followUpAt'],
    // The few restricted ones, to be counted apart
    ['audienceKind'],
  ],
  // Few states and types: whoever asks for one meets it soon in any order
  checked: [
    'state',
    'type',
    'number',
    'caller',
    'holdReason',
    'dueAt',
    'major',
    'parent',
    'nextUpdateAt',
    'paged',
    'changeType',
    'requester',
    'risk',
    'plannedStart',
    'plannedEnd',
    'problem',
  ],
  counts: [
    ['audienceKind', 'assignmentGroup', 'state', 'priority', 'openedAt:day'],
    ['audienceKind', 'assignmentGroup', 'assignee', 'state', 'priority'],
  ],
  ...among(compare('state', '!=', null), forEverybody),
})

function evolved(
  before: WorkQueueEntry | undefined,
  event: RecordedEvent<IncidentEvent | ChangeEvent | ProblemEvent>,
): WorkQueueEntry | undefined {
  if (event.stream.startsWith('change-'))
    return evolveChangeEntry(before as ChangeEntry | undefined, event as RecordedChangeEvent, BLANK)
  if (event.stream.startsWith('problem-'))
    return evolveProblemEntry(before as ProblemEntry | undefined, event as RecordedProblemEvent, BLANK)
  return evolveEntry(before as IncidentEntry | undefined, event as RecordedIncidentEvent)
}

function entryIn(document: WorkQueueEntry | undefined): WorkQueueEntry | undefined {
  return document !== undefined && 'left' in document ? (document as unknown as LeftQueue).left : document
}

/** Typed as an entry because the collection is one of entries: nobody but this fold ever sees it. */
function hidden(left: WorkQueueEntry): WorkQueueEntry {
  return { left } satisfies LeftQueue as unknown as WorkQueueEntry
}

function evolveEntry(
  entry: IncidentEntry | undefined,
  event: RecordedIncidentEvent,
): IncidentEntry | undefined {
  if (event.type === 'IncidentOpened') return opened(event)
  if (entry === undefined) return undefined
  const draft = { ...entry }
  // Rules that wait are no update of the record.
  if (event.type === 'EscalationsScheduled') return entry
  if (!applyAttention(draft, event) && !apply(draft, event)) return entry
  applyToHead(draft, event)
  return updated(draft, entry, event)
}

const BLANK: Blank<IncidentEntry> = {
  type: 'incident',
  ...BLANK_HEAD,
  impact: undefined,
  urgency: undefined,
  updatedAt: '',
  holdReason: undefined,
  followUpAt: undefined,
  dueAt: undefined,
  reopenCount: undefined,
  lastPublicReplyAt: undefined,
  lastReplyBy: undefined,
  lastActionByAssigneeAt: undefined,
  callerRepliedAt: undefined,
  alertCondition: undefined,
  imported: undefined,
  ...NO_ATTENTION,
  pagedGroup: undefined,
  changeType: undefined,
  requester: undefined,
  risk: undefined,
  plannedStart: undefined,
  plannedEnd: undefined,
  planned: undefined,
  window: undefined,
  problem: undefined,
}

function opened(event: RecordedIncident<'IncidentOpened'>): IncidentEntry {
  const draft = { ...BLANK }
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

function hold(draft: WorkQueueEntry, why: Hold | undefined): true {
  draft.holdReason = why?.reason
  draft.followUpAt = why?.until
  return true
}

/** An entry as answers show it: without the columns that only serve the row rule. */
export function shownEntry(entry: WorkQueueEntry): object {
  const { audienceKind, audienceGroups, visibleTo, imported, pagedGroup, planned, window, ...shown } = entry
  return { ...shown, audience: audienceOf(entry) }
}
