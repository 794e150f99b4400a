import type { Principal } from '#libs/access'
import { type Interval, windowSchedule } from '#libs/business-time'
import { InvalidInput } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { toUtc } from '../../http/instants.js'
import type {
  BlackoutWindowsPublished,
  CiWindow,
  MaintenanceWindowsPublished,
} from '../../settings/domain/settings.events.js'
import { intervalOf, periodOf } from '../domain/change.conflicts.js'
import type { Period } from '../domain/change.events.js'
import { type CalendarChange, changesInCalendar } from './calendar-changes.js'

const DAY_MS = 86_400_000
/** Days that are shown when nothing else is asked, and at most. */
const USUAL_DAYS = 31
const MOST_DAYS = 366

export interface CalendarAsked {
  principal: Principal
  from?: string
  to?: string
  ci?: string
  group?: string
  minPosition?: string
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

/** What was done to the estate in a stretch of time, is being done or is due, and when something may be done or may not. */
export async function readChangeCalendar(
  args: CalendarAsked,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const period = periodAsked(args)
  const { eventStore } = dependencies
  const [{ changes, position, lag }, blackouts, maintenance] = await Promise.all([
    changesInCalendar(args, period, new Date().toISOString(), dependencies),
    windowsIn(eventStore, 'settings-blackout-windows', period, args.ci),
    windowsIn(eventStore, 'settings-maintenance-windows', period, args.ci),
  ])
  const calendar: ChangeCalendar = {
    from: period.start,
    to: period.end,
    changes,
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
