/** In what trends are told. Weeks begin on Monday (ISO 8601), all in UTC. */
export const INTERVALS = ['day', 'week', 'month'] as const
export type Interval = (typeof INTERVALS)[number]

const DAY = 86_400_000

/** The UTC day of an instant, in milliseconds since the epoch: `2026-03-01`. */
export function dayOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, '2026-03-01'.length)
}

/** The UTC day so many days after that of an instant, in milliseconds since the epoch; before it, when they are negative. */
export function daysFrom(instant: number, days: number): string {
  return dayOf(instant + days * DAY)
}

/** From one day to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY)
}

/** The first day of the interval that a day lies in. */
export function startOfInterval(day: string, interval: Interval): string {
  if (interval === 'day') return day
  if (interval === 'month') return `${day.slice(0, '2026-03'.length)}-01`
  const date = new Date(day)
  return daysFrom(date.getTime(), -((date.getUTCDay() + 6) % 7))
}

/** The first days of all intervals that a stretch of days, half-open, lies in; the first may begin before it. */
export function intervalsIn(from: string, to: string, interval: Interval): string[] {
  const starts: string[] = []
  for (
    let day = startOfInterval(from, interval);
    day < to;
    day = startOfInterval(nextStart(day, interval), interval)
  )
    starts.push(day)
  return starts
}

/** A day of the interval that follows. */
function nextStart(start: string, interval: Interval): string {
  const days = interval === 'day' ? 1 : interval === 'week' ? 7 : 31
  return daysFrom(Date.parse(start), days)
}
