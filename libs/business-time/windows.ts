import { type Interval, within } from './interval.js'
import type { Schedule } from './schedule.js'
import { dayOf, minutesOf, monthOf, shownAt, WEEKDAYS, type Weekday, weekdayOf } from './wall-time.js'
import { DAY, MINUTE, zoneClock } from './zone-clock.js'

/** Once, between two instants (ISO 8601). */
export interface SingleWindow {
  kind: 'single'
  start: string
  end: string
}

/**
 * Again and again, by the clock on the wall of a zone. The names are those of RFC 5545, section 3.3.10; this much of it:
 * every so many weeks on some weekdays, every so many months on a day of the month or the n-th of a weekday.
 */
export interface RecurringWindow {
  kind: 'recurring'
  /** IANA name. */
  zone: string
  frequency: 'weekly' | 'monthly'
  /** Every so many weeks or months, counted from those of `firstDay`; absent: each. */
  interval?: number
  /** Weekly: `SU`. Monthly: with its place in the month, `2TU`; `-1SU` is the last Sunday. */
  byDay?: readonly string[]
  /** Monthly only: 1 to 31, a month that lacks it is left out; -1 is the last day. */
  byMonthDay?: readonly number[]
  /** The first and the last day on which it may begin; no last day: for ever. */
  firstDay: string
  lastDay?: string
  from: string
  /** How long, on the clock on the wall: a window of 02:00 and 120 ends at 04:00 on every day. */
  minutes: number
}

export type TimeWindow = SingleWindow | RecurringWindow

/** A month: what lasts longer is a single window. */
export const MOST_WINDOW_MINUTES = 31 * 1_440

const PLACED_DAY = /^(-1|[1-5])(MO|TU|WE|TH|FR|SA|SU)$/

/** Whether `byDay` of this frequency may say so. */
export function isByDay(frequency: RecurringWindow['frequency'], day: string): boolean {
  return frequency === 'weekly' ? (WEEKDAYS as readonly string[]).includes(day) : PLACED_DAY.test(day)
}

/** The instants in any of these windows. */
export function windowSchedule(windows: readonly TimeWindow[]): Schedule {
  const schedules = windows.map((window) => (window.kind === 'single' ? single(window) : recurring(window)))
  return (span) =>
    within(
      span,
      schedules.flatMap((schedule) => schedule(span)),
    )
}

function single({ start, end }: SingleWindow): Schedule {
  const interval = { start: Date.parse(start), end: Date.parse(end) }
  return (span) => within(span, [interval])
}

function recurring(window: RecurringWindow): Schedule {
  const { zone, from, minutes, firstDay, lastDay } = window
  const clock = zoneClock(zone)
  const begin = minutesOf(from)!
  const recursOn = recurrence(window)
  const first = dayOf(firstDay)!
  const last = lastDay === undefined ? Number.POSITIVE_INFINITY : dayOf(lastDay)!
  return (span) => {
    const found: Interval[] = []
    const until = Math.min(last, Math.floor(clock.shown(span.end) / DAY) + 1)
    const since = Math.floor((clock.shown(span.start) - minutes * MINUTE) / DAY) - 1
    for (let day = Math.max(first, since); day <= until; day++) {
      if (!recursOn(day)) continue
      found.push({
        start: clock.firstAt(shownAt(day, begin)),
        end: clock.firstAt(shownAt(day, begin + minutes)),
      })
    }
    return within(span, found)
  }
}

function recurrence(window: RecurringWindow): (day: number) => boolean {
  const { frequency, interval = 1, byDay = [], byMonthDay = [], firstDay } = window
  const first = dayOf(firstDay)!
  if (frequency === 'weekly') {
    const days = new Set(byDay as readonly Weekday[])
    return (day) => (weekOf(day) - weekOf(first)) % interval === 0 && days.has(weekdayOf(day))
  }
  const [placed, monthDays] = [new Set(byDay), new Set(byMonthDay)]
  const firstMonth = monthOf(first).month
  return (day) => {
    const { month, dayOfMonth, daysInMonth } = monthOf(day)
    if ((month - firstMonth) % interval !== 0) return false
    const weekday = weekdayOf(day)
    const isLast = dayOfMonth + 7 > daysInMonth
    return (
      monthDays.has(dayOfMonth) ||
      (dayOfMonth === daysInMonth && monthDays.has(-1)) ||
      placed.has(`${Math.ceil(dayOfMonth / 7)}${weekday}`) ||
      (isLast && placed.has(`-1${weekday}`))
    )
  }
}

/** Weeks begin on Monday, as RFC 5545 has them by default. */
function weekOf(day: number): number {
  return Math.floor((day + 3) / 7)
}
