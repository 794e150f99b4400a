import type {
  ChangeOpened,
  ChangeRiskAssessed,
  ChangeState,
  Period,
} from '../../src/changes/domain/change.events.js'
import type { IncidentState } from '../../src/incidents/domain/incident.events.js'
import type { ProblemState } from '../../src/problems/domain/problem.events.js'
import { audienceOf } from '../access.js'
import { type Blank, draftsOf, withoutFields } from '../drafts.js'
import { BLANK_HEAD, type IncidentAttention, type IncidentHead, NO_ATTENTION } from '../incident-folds.js'

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
  /** Of what was begun before approval: when it was begun. */
  plannedStart?: string
  plannedEnd?: string
  /** When it has to be seen to: its planned start; of an emergency that nobody has planned, since it was opened. */
  startsAt?: string
  /** Of what was begun before approval. */
  underway?: Period
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

/** An entry that nothing has been told of yet. */
export const BLANK_ENTRY: Blank<IncidentEntry> = {
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
  startsAt: undefined,
  underway: undefined,
  planned: undefined,
  window: undefined,
  problem: undefined,
}

export const draftOf = draftsOf<WorkQueueEntry>(BLANK_ENTRY)

/** What only serves the row rule, this fold, or other columns. */
const HIDDEN = new Set([
  'audienceKind',
  'audienceGroups',
  'visibleTo',
  'imported',
  'pagedGroup',
  'planned',
  'window',
  'underway',
] as const)

/** An entry as answers show it. */
export function shownEntry(entry: WorkQueueEntry): object {
  return Object.assign(withoutFields(entry, HIDDEN), { audience: audienceOf(entry) })
}
