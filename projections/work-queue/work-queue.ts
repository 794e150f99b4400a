import type { RecordedEvent } from '#libs/event-sourcing'
import { defineProjection } from '#libs/projections-runtime'
import { compare, oneOf } from '#libs/read-store'
import type { ChangeEvent } from '../../src/changes/domain/change.events.js'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import type { ProblemEvent } from '../../src/problems/domain/problem.events.js'
import { accessColumns, among, forEverybody } from '../access.js'
import type { RecordedChangeEvent } from '../change-folds.js'
import { anyState, changeRisk, changeType, majorIncident } from '../closed-columns.js'
import type { RecordedIncidentEvent } from '../incident-folds.js'
import type { RecordedProblemEvent } from '../problem-folds.js'
import { evolveChangeEntry } from './change-entries.js'
import { evolveIncidentEntry } from './incident-entries.js'
import { evolveProblemEntry, problemEntryKeys } from './problem-entries.js'
import type { ChangeEntry, IncidentEntry, ProblemEntry, WorkQueueEntry } from './queue-entry.js'

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
  version: 6,
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
    type: oneOf<WorkQueueEntry['type']>({
      incident: true,
      change: true,
      problem: true,
      'problem-task': true,
    }),
    number: 'string',
    state: anyState,
    priority: 'integer',
    caller: 'string',
    watchers: 'strings',
    openedAt: 'timestamp',
    updatedAt: 'timestamp',
    holdReason: 'string',
    followUpAt: 'timestamp',
    dueAt: 'timestamp',
    callerRepliedAt: 'timestamp',
    major: majorIncident,
    parent: 'string',
    nextUpdateAt: 'timestamp',
    paged: 'string',
    changeType,
    requester: 'string',
    risk: changeRisk,
    plannedStart: 'timestamp',
    plannedEnd: 'timestamp',
    startsAt: 'timestamp',
    problem: 'string',
  },
  // Nobody asks for more than the queue of a group or of a person, so that every index begins with one of them.
  indexes: [
    ['assignmentGroup', 'priority', 'openedAt'],
    ['assignmentGroup', 'openedAt'],
    ['assignmentGroup', 'updatedAt'],
    ['assignmentGroup', 'followUpAt'],
    // What a change manager looks at
    ['assignmentGroup', 'startsAt'],
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
    return evolveChangeEntry(before as ChangeEntry | undefined, event as RecordedChangeEvent)
  if (event.stream.startsWith('problem-'))
    return evolveProblemEntry(before as ProblemEntry | undefined, event as RecordedProblemEvent)
  return evolveIncidentEntry(before as IncidentEntry | undefined, event as RecordedIncidentEvent)
}

function entryIn(document: WorkQueueEntry | undefined): WorkQueueEntry | undefined {
  return document !== undefined && 'left' in document ? (document as unknown as LeftQueue).left : document
}

/** Typed as an entry because the collection is one of entries: nobody but this fold ever sees it. */
function hidden(left: WorkQueueEntry): WorkQueueEntry {
  return { left } satisfies LeftQueue as unknown as WorkQueueEntry
}
