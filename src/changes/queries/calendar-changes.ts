import type { Principal } from '#libs/access'
import { later, type Position, Refused } from '#libs/event-sourcing'
import type { QueryDependencies } from '#libs/query-handling'
import { and, compare, eq, type Filter, has, isIn, type KeysetCursor } from '#libs/read-store'
import { type ChangeDetails, changes } from '#projections/changes/changes'
import type { ChangeState, Period } from '../domain/change.events.js'

/**
 * A change in the calendar. Times are ISO 8601 UTC, half-open: from its beginning to its end as far as it was begun and has
 * ended, otherwise as it is planned.
 */
export interface CalendarChange extends Period {
  number: string
  type: string
  title: string
  state: ChangeState
  onHold?: true
  risk?: string
  assignmentGroup?: string
  assignee?: string
  affectedCis: readonly string[]
  conflictKinds?: readonly string[]
  /** What was planned, and what was done. */
  plannedStart?: string
  plannedEnd?: string
  startedAt?: string
  endedAt?: string
  outcome?: string
  updatedAt: string
}

/** Whose changes are asked for. */
interface Asked {
  principal: Principal
  ci?: string
  group?: string
  minPosition?: string
}

const MOST_CHANGES = 2_000
const PAGE = 1_000

/**
 * The changes of a stretch of time, by their beginning: what was done in it, what is being done, and what is planned for it,
 * whether it was begun or not.
 * @param now ISO 8601 UTC: what is being done lasts until then at least
 * @throws Refused `CHANGE.CALENDAR_TOO_LONG`
 */
export async function changesInCalendar(
  asked: Asked,
  { start, end }: Period,
  now: string,
  dependencies: QueryDependencies,
): Promise<{ changes: readonly CalendarChange[]; position: Position; lag: number }> {
  const begun = compare('startedAt', '<', end)
  const kinds: readonly [column: string, filter: Filter][] = [
    [
      'plannedStart',
      and(
        isIn('state', ['Authorize', 'Scheduled']),
        compare('plannedStart', '<', end),
        compare('plannedEnd', '>', start),
      ),
    ],
    ['startedAt', and(eq('state', 'Implement'), begun)],
    ['endedAt', and(isIn('state', ['Review', 'Closed']), compare('endedAt', '>=', start), begun)],
    // Given up when it was begun already; that it was canceled is the last that can befall it, but for words
    ['updatedAt', and(eq('state', 'Canceled'), compare('updatedAt', '>=', start), begun)],
  ]
  const found: CalendarChange[] = []
  let fresh: { position: Position; lag: number } | undefined
  for (const [column, filter] of kinds) {
    for await (const { rows, position, lag } of pages(asked, column, filter, dependencies)) {
      // All of it is at least as fresh as the first answer
      fresh ??= { position, lag }
      found.push(...rows.map((change) => inCalendar(change, now)).filter((one) => touches(one, start)))
      if (found.length > MOST_CHANGES)
        throw new Refused(
          'CHANGE.CALENDAR_TOO_LONG',
          `There are more than ${MOST_CHANGES} changes between "from" and "to": ask for less time, one group or one CI.`,
        )
    }
  }
  found.sort((one, other) => (order(one) < order(other) ? -1 : 1))
  return { changes: found, ...fresh! }
}

const order = ({ start, number }: CalendarChange) => `${start} ${number}`

/** What took no time at all counts where it stands. */
function touches({ start, end }: Period, from: string): boolean {
  return end > from || start >= from
}

async function* pages(
  { principal, ci, group, minPosition }: Asked,
  column: string,
  filter: Filter,
  { models, waitMilliseconds }: QueryDependencies,
): AsyncGenerator<{ rows: readonly ChangeDetails[]; position: Position; lag: number }> {
  let after: KeysetCursor | undefined
  do {
    const page = await models.of<ChangeDetails>(changes.name).list({
      principal,
      filter: and(
        filter,
        ...(ci === undefined ? [] : [has('affectedCis', ci)]),
        ...(group === undefined ? [] : [eq('assignmentGroup', group)]),
      ),
      orderBy: [{ column, direction: 'asc' }],
      pageSize: PAGE,
      after,
      minPosition,
      timeoutMilliseconds: waitMilliseconds,
    })
    const { position, lag } = page
    yield { rows: page.rows.map(({ document }) => document), position, lag }
    after = page.next
  } while (after)
}

function inCalendar(change: ChangeDetails, now: string): CalendarChange {
  const { number, type, title, state, onHold, risk, assignmentGroup, assignee, affectedCis } = change
  const { plannedStart, plannedEnd, startedAt, endedAt, outcome, conflictKinds, updatedAt } = change
  return {
    ...{ number, type, title, state, onHold, risk, assignmentGroup, assignee },
    ...timesOf(change, now),
    ...{ affectedCis, conflictKinds, plannedStart, plannedEnd, startedAt, endedAt, outcome, updatedAt },
  }
}

function timesOf(
  { state, entered, plannedStart, plannedEnd, startedAt, endedAt }: ChangeDetails,
  now: string,
) {
  const start = startedAt ?? plannedStart!
  if (startedAt === undefined) return { start, end: plannedEnd! }
  if (state === 'Implement') return { start, end: later(start, later(plannedEnd ?? now, now)) }
  return { start, end: later(start, endedAt ?? entered.Canceled ?? start) }
}
