import type { BusinessCalendar } from './calendar.js'
import type { RecurringWindow, TimeWindow } from './windows.js'

/** Slow and plain: what a person would do who watches the clock for a year, minute by minute, and never lets it go back. */

export const MINUTE = 60_000
export const YEAR_START = Date.UTC(2026, 0, 1)
export const YEAR_MINUTES = 365 * 1_440

/** Zones with both changes in 2026: whole and half hours, both halves of the globe, and one without any. */
export const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'] as const

const watched = new Map<string, Float64Array>()

/** Between two looks at the clock: if it has gone as far as time has, it has not been changed meanwhile. */
const STRIDE = 15

/** For each minute of 2026: the latest minute that the clock has shown so far. Asks ICU, not the library under test. */
export function watchedClock(zone: string): Float64Array {
  let minutes = watched.get(zone)
  if (minutes) return minutes
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  const look = (minute: number) => {
    const shown = format.format(YEAR_START + minute * MINUTE)
    return Date.parse(`${shown.replace(' ', 'T')}Z`) / MINUTE
  }
  minutes = new Float64Array(YEAR_MINUTES)
  let latest = Number.NEGATIVE_INFINITY
  for (let start = 0; start < YEAR_MINUTES; start += STRIDE) {
    const shown = look(start)
    const steady = look(start + STRIDE) === shown + STRIDE
    for (let after = 0; after < STRIDE; after++) {
      latest = Math.max(latest, steady ? shown + after : look(start + after))
      minutes[start + after] = latest
    }
  }
  watched.set(zone, minutes)
  return minutes
}

const DAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'] as const

/** Whether it is open when the clock shows this minute. */
export function watchedCalendar({ hours, holidays }: BusinessCalendar): (shown: number) => boolean {
  const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
  const entries = hours.map(({ day, from, to }) => ({ day, from: minutes(from), to: minutes(to) }))
  const hoursOf = (day: number) => {
    const midnight = new Date(day * 86_400_000)
    const closed = holidays.some(({ date }) => midnight.toISOString().slice(0, 10).endsWith(date))
    return closed ? [] : entries.filter((entry) => entry.day === DAYS[midnight.getUTCDay()])
  }
  let today = Number.NaN
  let open: ReturnType<typeof hoursOf> = []
  return (shown) => {
    const day = Math.floor(shown / 1_440)
    if (day !== today) open = hoursOf(day)
    today = day
    if (open.length === 0) return false
    const minute = shown - day * 1_440
    return open.some(({ from, to }) => from <= minute && minute < to)
  }
}

/** Which minutes of the year the windows hold; each occurrence is written down by itself. */
export function windowMinutes(windows: readonly TimeWindow[]): Uint8Array {
  const open = new Uint8Array(YEAR_MINUTES)
  for (const window of windows) {
    if (window.kind === 'single') {
      const from = Math.max(0, (Date.parse(window.start) - YEAR_START) / MINUTE)
      open.fill(1, from, Math.max(from, (Date.parse(window.end) - YEAR_START) / MINUTE))
      continue
    }
    const shown = watchedClock(window.zone)
    for (const begin of beginnings(window)) {
      const end = begin + window.minutes
      const guess = Math.max(0, begin - YEAR_START / MINUTE - 2 * 1_440)
      for (let minute = guess; minute < YEAR_MINUTES && shown[minute]! < end; minute++) {
        if (shown[minute]! >= begin) open[minute] = 1
      }
    }
  }
  return open
}

/** The minutes, on the clock, at which it begins. */
function beginnings({ firstDay, lastDay, from, ...rule }: RecurringWindow): number[] {
  const [hour, minute] = from.split(':').map(Number)
  const found: number[] = []
  for (let day = Date.parse(firstDay); day < YEAR_START + 366 * 86_400_000; day += 86_400_000) {
    const today = new Date(day).toISOString().slice(0, 10)
    if (lastDay !== undefined && today > lastDay) break
    const falls = rule.frequency === 'weekly' ? weekly(rule, firstDay, day) : monthly(rule, firstDay, day)
    if (falls) found.push(day / MINUTE + hour! * 60 + minute!)
  }
  return found
}

type Rule = Pick<RecurringWindow, 'interval' | 'byDay' | 'byMonthDay'>

function weekly({ interval = 1, byDay = [] }: Rule, firstDay: string, day: number): boolean {
  const monday = (at: number) => at - ((new Date(at).getUTCDay() + 6) % 7) * 86_400_000
  const weeks = (monday(day) - monday(Date.parse(firstDay))) / (7 * 86_400_000)
  return weeks % interval === 0 && byDay.includes(DAYS[new Date(day).getUTCDay()]!)
}

function monthly(
  { interval = 1, byDay = [], byMonthDay = [] }: Rule,
  firstDay: string,
  day: number,
): boolean {
  const today = new Date(day)
  const first = new Date(firstDay)
  const months =
    (today.getUTCFullYear() - first.getUTCFullYear()) * 12 + today.getUTCMonth() - first.getUTCMonth()
  if (months % interval !== 0) return false
  const daysOfMonth = daysOf(today.getUTCFullYear(), today.getUTCMonth())
  const dates = byMonthDay.map((which) => daysOfMonth.at(which < 0 ? which : which - 1))
  const placed = byDay.map((which) => {
    const weekday = DAYS.indexOf(which.slice(-2) as (typeof DAYS)[number])
    const place = Number(which.slice(0, -2))
    return daysOfMonth.filter((other) => other.getUTCDay() === weekday).at(place < 0 ? place : place - 1)
  })
  return [...dates, ...placed].some((found) => found?.getTime() === day)
}

const months = new Map<string, readonly Date[]>()

function daysOf(year: number, month: number): readonly Date[] {
  const known = months.get(`${year}-${month}`)
  if (known) return known
  const days: Date[] = []
  for (
    let day = new Date(Date.UTC(year, month, 1));
    day.getUTCMonth() === month;
    day = new Date(day.getTime() + 86_400_000)
  ) {
    days.push(day)
  }
  months.set(`${year}-${month}`, days)
  return days
}
