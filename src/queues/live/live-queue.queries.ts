import { type Principal, systemPrincipal } from '#libs/access'
import { LOG_START, type Position, type RecordedEvent, Refused } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, eq, type Filter, type KeysetCursor, parseOrderBy } from '#libs/read-store'
import type { WorkQueueEntry } from '#projections/work-queue/queue-entry'
import { workQueue } from '#projections/work-queue/work-queue'
import { columnsOf } from '../../http/listing.js'
import { filterOf, withSavedFilter } from '../../http/saved-filters.js'
import { BY_URGENCY, requireGroup } from '../queue.queries.js'
import { keysOf, numberOf, type QueueScope, renderEntry, rowTest } from './queue-scope.js'

/** What the thread that holds the streams asks; it reads nothing itself. */

/** Rows of a page while a stream begins. */
const PAGE = 200
/** A stream remembers which rows its client has: a longer queue must be narrowed by a filter. */
export const MOST_ROWS = 5_000
/** So many records may have been touched since the client's last event; after more it begins anew. */
const MOST_TOUCHED = 500
/** Pages of the log that are read for that. */
const MOST_PAGES = 5
const LOG_PAGE = 1_000

export interface ScopeAsked {
  principal: Principal
  group: string
  filter?: string
  savedFilter?: string
}

/**
 * The scope that a request means.
 * @throws NotFound `QUEUE.UNKNOWN`, Refused `QUEUE.TOO_LONG`, and what the filter is refused for
 */
export async function liveQueueScope(
  args: ScopeAsked,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { eventStore, models, waitMilliseconds } = dependencies
  const { principal, group, filter, savedFilterText } = await withSavedFilter(args, 'queues', eventStore)
  const parsed = filterOf({ filter, savedFilterText }, columnsOf(workQueue, workQueue.name))
  await requireGroup(eventStore, group)
  const { count } = await models.of<WorkQueueEntry>(workQueue.name).count({
    principal,
    filter: inGroup(group, parsed),
    timeoutMilliseconds: waitMilliseconds,
  })
  if (count > MOST_ROWS) {
    throw new Refused(
      'QUEUE.TOO_LONG',
      `This queue has ${count} rows, of which at most ${MOST_ROWS} can be followed: narrow it down by a filter.`,
      { count },
    )
  }
  return { json: JSON.stringify({ group, filter: parsed } satisfies QueueScope) }
}

export interface LivePageAsked extends QueueScope {
  principal: Principal
  orderBy?: string
  cursor?: KeysetCursor
  minPosition: Position
}

/** Some rows with which a stream begins, each with its number and its text as events carry it. */
export interface LivePage {
  rows: [number: string, data: string][]
  next?: KeysetCursor
}

/** One page of the rows there are. */
export async function liveQueuePage(
  { principal, group, filter, orderBy = '', cursor, minPosition }: LivePageAsked,
  { models, waitMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const columns = columnsOf(workQueue, workQueue.name)
  const { rows, next } = await models.of<WorkQueueEntry>(workQueue.name).list({
    principal,
    filter: inGroup(group, filter),
    orderBy: orderBy.trim() === '' ? BY_URGENCY : parseOrderBy(orderBy, columns),
    pageSize: PAGE,
    after: cursor,
    minPosition,
    timeoutMilliseconds: waitMilliseconds,
  })
  const page: LivePage = {
    rows: rows.map(({ document, stale }) => [document.number, JSON.stringify(renderEntry(document, stale))]),
    next,
  }
  return { json: JSON.stringify(page) }
}

/** A record that changed, as the read model has it now; without an entry: in no queue any more. */
export interface ChangedEntry {
  number: string
  entry?: WorkQueueEntry
  stale?: boolean
}

/** Each of these entries as it is at a position, whoever may see it: the thread that holds the streams applies the rules. */
export async function changedEntries(
  { keys, minPosition }: { keys: readonly string[]; minPosition: Position },
  { models, waitMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const { rows } = await models.of<WorkQueueEntry>(workQueue.name).getMany(keys, {
    principal: systemPrincipal('live-queues'),
    minPosition,
    timeoutMilliseconds: waitMilliseconds,
  })
  const found = new Map(rows.map(({ id, document, stale }) => [id, { entry: document, stale }]))
  const changed: ChangedEntry[] = keys.map((key) => ({ number: numberOf(key), ...found.get(key) }))
  return { json: JSON.stringify(changed) }
}

export interface ChangesAsked extends QueueScope {
  principal: Principal
  since: Position
}

/** Whether a record was a row where the client left off, and whether it has been one at any time since. */
export interface RowSince {
  before: boolean
  later: boolean
}

/** By number, the records touched since. Null: too much happened, or nobody can tell. */
export type ChangesSince = Record<string, RowSince> | null

/**
 * What a client that comes back may have missed. Which records were rows of hers is told by their streams, so that no number
 * of a record leaves the server that she never saw. Since counts as well as then: what came after her last id, but
 * before the connection was cut, she may have.
 */
export async function queueChangesSince(
  { principal, since, ...scope }: ChangesAsked,
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const touched = await touchedSince(principal, since, eventStore)
  if (touched === undefined) return { json: 'null' }
  const isRow = rowTest(principal, scope)
  const changes: Record<string, RowSince> = {}
  for (const [key, stream] of touched) {
    const events = await eventStore.readStream(stream)
    const own = events.filter((event) => keysOf(event).includes(key))
    changes[numberOf(key)] = rowSince(own, since, isRow)
  }
  return { json: JSON.stringify(changes satisfies ChangesSince) }
}

/** The entries touched since, each with the stream that tells of it. */
async function touchedSince(
  principal: Principal,
  since: Position,
  eventStore: EventStore,
): Promise<Map<string, string> | undefined> {
  // A position of another log, or of one that was restored since
  const known =
    since === LOG_START || (await eventStore.eventIdAt(since).catch(() => undefined)) !== undefined
  if (!known) return undefined
  const prefixes = [...workQueue.from, `person-${principal.id}`, 'group-']
  const touched = new Map<string, string>()
  let position = since
  for (let page = 0; page < MOST_PAGES; page++) {
    const read = await eventStore.readAll({ after: position, prefixes, limit: LOG_PAGE })
    for (const event of read.events) {
      if (changesRightsOf(principal, event)) return undefined
      if (workQueue.from.some((prefix) => event.stream.startsWith(prefix)))
        for (const key of keysOf(event)) touched.set(key, event.stream)
      if (touched.size > MOST_TOUCHED) return undefined
    }
    if (read.end) return touched
    position = read.position
  }
  return undefined
}

/** With other rights she saw other rows, also among those that nobody has touched. */
function changesRightsOf({ id }: Principal, { stream, data }: RecordedEvent): boolean {
  if (stream === `person-${id}`) return true
  return stream.startsWith('group-') && (data as { person?: string } | undefined)?.person === id
}

function rowSince(
  events: readonly RecordedEvent[],
  position: Position,
  isRow: (entry: object) => boolean,
): RowSince {
  let entry: WorkQueueEntry | undefined
  const row: RowSince = { before: false, later: false }
  for (const event of events) {
    try {
      entry = workQueue.evolve(entry, event as never) ?? undefined
    } catch {
      // What follows waits in the read model as well
      break
    }
    const isNow = entry !== undefined && isRow(entry)
    if (event.position <= position) row.before = isNow
    else row.later ||= isNow
  }
  return row
}

function inGroup(group: string, filter: Filter | undefined): Filter {
  const rows = eq('assignmentGroup', group)
  return filter === undefined ? rows : and(rows, filter)
}
