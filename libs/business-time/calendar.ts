import { type Interval, within } from './interval.js'
import type { Schedule } from './schedule.js'
import { dateOf, minutesOf, shownAt, WEEKDAYS, type Weekday, weekdayOf } from './wall-time.js'
import { DAY, zoneClock } from './zone-clock.js'

/** When an organisation works: opening hours of the week on the wall's clock of a zone, save on holidays. */
export interface BusinessCalendar {
  /** IANA name. */
  zone: string
  /** `to` may be `24:00`; hours over midnight are two entries. Entries that overlap count once. */
  hours: readonly { day: Weekday; from: string; to: string }[]
  /** Closed from midnight to midnight. `12-25` is every year's, `2026-04-03` that year's. */
  holidays: readonly { date: string; name: string }[]
}

/**
 * The opening hours of a calendar. A clock that is put forward or back at night makes no difference to them; one that is
 * changed within them makes that day's hours shorter or longer.
 */
export function calendarSchedule({ zone, hours, holidays }: BusinessCalendar): Schedule {
  const clock = zoneClock(zone)
  const hoursOf = (weekday: Weekday) => hours.filter(({ day }) => day === weekday)
  const byDay = new Map(WEEKDAYS.map((weekday) => [weekday, hoursOf(weekday)]))
  const closed = new Set(holidays.map(({ date }) => date))
  const isHoliday = (date: string) => closed.has(date) || closed.has(date.slice('2026-'.length))
  return (span) => {
    const open: Interval[] = []
    const last = Math.floor(clock.shown(span.end) / DAY) + 1
    for (let day = Math.floor(clock.shown(span.start) / DAY) - 1; day <= last; day++) {
      const today = byDay.get(weekdayOf(day))!
      if (today.length === 0 || isHoliday(dateOf(day))) continue
      for (const { from, to } of today) {
        open.push({
          start: clock.firstAt(shownAt(day, minutesOf(from)!)),
          end: clock.firstAt(shownAt(day, minutesOf(to)!)),
        })
      }
    }
    return within(span, open)
  }
}
