import type { Principal } from '#libs/access'
import { laterPosition, NotFound } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, compare, eq, type Filter, type GroupCount, isIn } from '#libs/read-store'
import { approvals, approvalToAnswer, awaitingAnswerOf } from '#projections/approvals/approvals'
import { inForceAt } from '#projections/intervals'
import { type QueueInterval, queueHistory, shownInterval } from '#projections/queue-history/queue-history'
import type { WorkQueueEntry } from '#projections/work-queue/queue-entry'
import { workQueue } from '#projections/work-queue/work-queue'
import {
  type ListArguments,
  listPage,
  listSections,
  type Section,
  type SectionsArguments,
} from '../http/listing.js'
import { withSavedFilter } from '../http/saved-filters.js'
import { seenNow } from '../http/seen-now.js'
import { type AskedTimePoint, isPast, settleTimePoint } from '../http/time-point.js'
import { renderEntry } from './live/queue-scope.js'

/** States in which an incident stands in a queue. */
const QUEUED = ['New', 'In Progress', 'On Hold', 'Resolved'] as const
/** States in which somebody has to do something, of incidents, of changes, and of problems and their tasks. */
const OPEN = [
  'New',
  'In Progress',
  'On Hold',
  'Assess',
  'Authorize',
  'Scheduled',
  'Implement',
  'Review',
  'Root Cause Analysis',
  'Fix in Progress',
  'Open',
] as const
/** Days since opening at which the age classes begin. */
const AGE_CLASSES = [0, 1, 3, 7, 14, 30] as const
const DAY_MS = 86_400_000

export interface Overview extends AskedTimePoint {
  principal: Principal
  minPosition?: string
}

interface QueueCounts {
  /** Null: in no group's queue. */
  group: string | null
  total: number
  byState: Record<string, number>
  byPriority: Record<string, number>
  byAge: Record<string, number>
}

/** Every queue with its number of records by state, priority and age; now, or at a past point. */
export async function queuesOverview(args: Overview, dependencies: QueryDependencies): Promise<QueryAnswer> {
  const { models, eventStore, waitMilliseconds } = dependencies
  const { principal, minPosition } = args
  const past = isPast(args)
  const point = await settleTimePoint(eventStore, args)
  const asking = {
    principal,
    timeoutMilliseconds: waitMilliseconds,
    minPosition: past ? laterPosition(point.asOf, minPosition) : minPosition,
  }
  const dimensions = ['assignmentGroup', 'state', 'priority', 'openedAt:day']
  const { groups, position, lag } = past
    ? await models.of<QueueInterval>(queueHistory.name).groupCounts(dimensions, {
        ...asking,
        filter: and(
          inForce(args, point),
          isIn('state', QUEUED),
          await seenNow(dependencies, principal, minPosition),
        ),
      })
    : await models.of<WorkQueueEntry>(workQueue.name).groupCounts(dimensions, asking)
  const answer = { items: tally(groups, Date.parse(point.validAt)), position, lag, ...(past && point) }
  return { json: JSON.stringify(answer), position }
}

/** The queue of one group, most urgent first; now, or at a past point. */
export async function groupQueue(
  asked: ListArguments & { group: string },
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const args = await withSavedFilter(asked, 'queues', dependencies.eventStore)
  const inGroup = eq('assignmentGroup', args.group)
  const ifEmpty = () => requireGroup(dependencies.eventStore, args.group)
  if (!isPast(args)) {
    return listPage<WorkQueueEntry>(dependencies, args, {
      definition: workQueue,
      scope: inGroup,
      usualOrder: BY_URGENCY,
      ifEmpty,
      render: renderEntry,
    })
  }
  const point = await settleTimePoint(dependencies.eventStore, args)
  return listPage<QueueInterval>(
    dependencies,
    args,
    {
      definition: queueHistory,
      scope: and(
        inGroup,
        isIn('state', QUEUED),
        inForce(args, point),
        await seenNow(dependencies, args.principal, args.minPosition),
      ),
      scopeName: `queue ${args.group}`,
      usualOrder: BY_URGENCY,
      ifEmpty,
      render: shownInterval,
    },
    point,
  )
}

/**
 * What an agent looks at in the morning: her own, what waits in her groups, new replies, follow-ups that are due, and what
 * awaits her approval.
 * @param args `delegators`: who lets her answer for them now, as the directory of the caller's thread knows
 */
export function myQueue(
  args: SectionsArguments & { delegators: readonly string[] },
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { principal, delegators } = args
  const mine = eq('assignee', principal.id)
  const open = isIn('state', OPEN)
  const by = (column: string) => [{ column, direction: 'asc' as const }]
  const records = (filter: Filter, orderBy: Section['orderBy']): Section<WorkQueueEntry> => ({
    definition: workQueue,
    filter,
    orderBy,
    render: renderEntry,
  })
  return listSections(dependencies, args, {
    mine: records(mine, BY_URGENCY),
    unassigned: records(
      and(isIn('assignmentGroup', [...principal.groups]), eq('assignee', null), open),
      BY_URGENCY,
    ),
    newReplies: records(and(mine, compare('callerRepliedAt', '!=', null)), by('callerRepliedAt')),
    followUpsDue: records(and(mine, compare('followUpAt', '<=', new Date().toISOString())), by('followUpAt')),
    awaitingMyApproval: {
      definition: approvals,
      filter: awaitingAnswerOf(principal.id, delegators),
      orderBy: by('askedAt'),
      render: approvalToAnswer(principal.id, delegators),
    },
  })
}

/**
 * Numbers of the records to take next from a group's queue: nobody's, not waiting for anything, most urgent first. Incidents
 * only: changes and problems are planned work, and given to somebody.
 */
export async function nextInQueue(
  {
    principal,
    group,
    limit,
    minPosition,
  }: { principal: Principal; group: string; limit: number; minPosition?: string },
  { models, waitMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const free = and(
    eq('assignmentGroup', group),
    eq('assignee', null),
    eq('type', 'incident'),
    isIn('state', ['New', 'In Progress']),
  )
  const { rows } = await models.of<WorkQueueEntry>(workQueue.name).list({
    principal,
    filter: free,
    orderBy: BY_URGENCY,
    pageSize: limit,
    minPosition,
    timeoutMilliseconds: waitMilliseconds,
  })
  return { json: JSON.stringify(rows.map(({ document }) => document.number)) }
}

/** @throws NotFound `QUEUE.UNKNOWN`: a name that was mistyped must not look like a queue that is empty */
export async function requireGroup(eventStore: EventStore, group: string): Promise<void> {
  const [registered] = await eventStore.readStream(`group-${group}`, { limit: 1 })
  if (!registered) throw new NotFound('QUEUE.UNKNOWN', `There is no group "${group}"`)
}

/** The usual order of a queue. */
export const BY_URGENCY = [
  { column: 'priority', direction: 'asc' },
  { column: 'openedAt', direction: 'asc' },
] as const

function inForce({ asOf }: AskedTimePoint, point: { validAt: string; asOf: string }): Filter {
  return inForceAt(point.validAt, asOf === undefined ? undefined : point.asOf)
}

function tally(counts: readonly GroupCount[], now: number): QueueCounts[] {
  const queues = new Map<string | null, QueueCounts>()
  for (const { values, count } of counts) {
    const [group, state, priority, day] = values as [string | null, string, number | null, string | null]
    let queue = queues.get(group)
    if (!queue) {
      queue = { group, total: 0, byState: {}, byPriority: {}, byAge: {} }
      queues.set(group, queue)
    }
    queue.total += count
    add(queue.byState, state, count)
    add(queue.byPriority, String(priority ?? 'none'), count)
    add(queue.byAge, ageClass(day, now), count)
  }
  return [...queues.values()].sort((a, b) => ((a.group ?? '') < (b.group ?? '') ? -1 : 1))
}

function add(counts: Record<string, number>, key: string, count: number): void {
  counts[key] = (counts[key] ?? 0) + count
}

/** `0-1`, `1-3`, ... `30+`: days since the record was opened, by UTC day. */
function ageClass(day: string | null, now: number): string {
  const days = day === null ? 0 : Math.floor((now - Date.parse(day)) / DAY_MS)
  const index = AGE_CLASSES.findLastIndex((from) => days >= from)
  const from = AGE_CLASSES[Math.max(index, 0)]
  const to = AGE_CLASSES[Math.max(index, 0) + 1]
  return to === undefined ? `${from}+` : `${from}-${to}`
}
