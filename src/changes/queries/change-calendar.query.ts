import type { Principal } from '#libs/access'
import { type Interval, windowSchedule } from '#libs/business-time'
import { InvalidInput, Refused } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, compare, eq, has, isIn, type KeysetCursor } from '#libs/read-store'
import { type ChangeDetails, changes } from '#projections/changes/changes'
import { toUtc } from '../../http/instants.js'
import type {
  BlackoutWindowsPublished,
  CiWindow,
  MaintenanceWindowsPublished,
} from '../../settings/domain/settings.events.js'
import { intervalOf, periodOf } from '../domain/change.conflicts.js'
import type { Period } from '../domain/change.events.js'
import { BUSY_STATES } from '../domain/change.state.js'

const DAY_MS = 86_400_000
/** Days that are shown when nothing else is asked, and at most. */
const USUAL_DAYS = 31
const MOST_DAYS = 366
const MOST_CHANGES = 2_000
const PAGE = 1_000

export interface CalendarAsked {
  principal: Principal
  from?: string
  to?: string
  ci?: string
  group?: string
  minPosition?: string
}

/** A change in the calendar. Times are ISO 8601 UTC, half-open. */
export interface CalendarChange extends Period {
  number: string
  type: string
  title: string
  state: (typeof BUSY_STATES)[number]
  onHold?: true
  risk?: string
  assignmentGroup?: string
  assignee?: string
  affectedCis: readonly string[]
  conflictKinds?: readonly string[]
  updatedAt: string
}
/** A window with its times in the stretch that was asked for. */
export interface CalendarWindow {
  name: string
  appliesTo: CiWindow['appliesTo']
  periods: readonly Period[]
  publishedAt: string
}
export interface ChangeCalendar {
  from: string
  to: string
  changes: readonly CalendarChange[]
  blackouts: readonly CalendarWindow[]
  maintenance: readonly CalendarWindow[]
  position: string
  lag: number
}

/** What is done to the estate in a stretch of time, and when something may be done or may not. */
export async function readChangeCalendar(
  args: CalendarAsked,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const period = periodAsked(args)
  const { eventStore } = dependencies
  const [due, blackouts, maintenance] = await Promise.all([
    changesDue(args, period, dependencies),
    windowsIn(eventStore, 'settings-blackout-windows', period, args.ci),
    windowsIn(eventStore, 'settings-maintenance-windows', period, args.ci),
  ])
  const { rows, position, lag } = due
  const calendar: ChangeCalendar = {
    from: period.start,
    to: period.end,
    changes: rows.map(inCalendar),
    blackouts,
    maintenance,
    position,
    lag,
  }
  return { json: JSON.stringify(calendar), position }
}

/** @throws InvalidInput `CHANGE.CALENDAR_RANGE` */
function periodAsked({ from, to }: CalendarAsked): Period {
  const start = from === undefined ? new Date().toISOString() : toUtc(from)
  const end = to === undefined ? new Date(Date.parse(start) + USUAL_DAYS * DAY_MS).toISOString() : toUtc(to)
  const length = Date.parse(end) - Date.parse(start)
  if (length > 0 && length <= MOST_DAYS * DAY_MS) return { start, end }
  const message = `must be later than "from", by at most ${MOST_DAYS} days`
  throw new InvalidInput('CHANGE.CALENDAR_RANGE', `"to" ${message}.`, [{ pointer: 'to', message }])
}

/** @throws Refused `CHANGE.CALENDAR_TOO_LONG` */
async function changesDue(
  { principal, ci, group, minPosition }: CalendarAsked,
  { start, end }: Period,
  { models, waitMilliseconds }: QueryDependencies,
): Promise<{ rows: readonly ChangeDetails[]; position: string; lag: number }> {
  const filter = and(
    isIn('state', BUSY_STATES),
    compare('plannedStart', '<', end),
    compare('plannedEnd', '>', start),
    ...(ci === undefined ? [] : [has('affectedCis', ci)]),
    ...(group === undefined ? [] : [eq('assignmentGroup', group)]),
  )
  const found: ChangeDetails[] = []
  let after: KeysetCursor | undefined
  for (;;) {
    const { rows, next, position, lag } = await models.of<ChangeDetails>(changes.name).list({
      principal,
      filter,
      orderBy: [{ column: 'plannedStart', direction: 'asc' }],
      pageSize: PAGE,
      after,
      minPosition,
      timeoutMilliseconds: waitMilliseconds,
    })
    found.push(...rows.map(({ document }) => document))
    if (next === undefined) return { rows: found, position, lag }
    if (found.length >= MOST_CHANGES)
      throw new Refused(
        'CHANGE.CALENDAR_TOO_LONG',
        `More than ${MOST_CHANGES} changes are due between "from" and "to": ask for less time, one group or one CI.`,
      )
    after = next
  }
}

function inCalendar(change: ChangeDetails): CalendarChange {
  const { number, type, title, state, onHold, risk, assignmentGroup, assignee, affectedCis } = change
  const { plannedStart, plannedEnd, conflictKinds, updatedAt } = change
  return {
    number,
    type,
    title,
    state: state as CalendarChange['state'],
    onHold,
    risk,
    assignmentGroup,
    assignee,
    start: plannedStart as string,
    end: plannedEnd as string,
    affectedCis,
    conflictKinds,
    updatedAt,
  }
}

/** The windows in force now that fall into the period. Those for classes are shown for any CI. */
async function windowsIn(
  eventStore: EventStore,
  stream: string,
  period: Period,
  ci: string | undefined,
): Promise<CalendarWindow[]> {
  const [latest] = await eventStore.readStream(stream, { direction: 'backwards', limit: 1 })
  if (latest === undefined) return []
  const { windows } = latest.data as (BlackoutWindowsPublished | MaintenanceWindowsPublished)['data']
  const span: Interval = intervalOf(period)
  return windows
    .filter(({ appliesTo }) => mayConcern(appliesTo, ci))
    .map(({ name, appliesTo, window }) => ({
      name,
      appliesTo,
      periods: windowSchedule([window])(span).map(periodOf),
      publishedAt: latest.metadata.occurredAt,
    }))
    .filter(({ periods }) => periods.length > 0)
}

function mayConcern({ cis, classes }: CiWindow['appliesTo'], ci: string | undefined): boolean {
  return ci === undefined || classes !== undefined || cis === undefined || cis.includes(ci)
}
