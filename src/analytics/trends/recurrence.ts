import { earlier, later } from '#libs/event-sourcing'
import { compareRates, SIGNIFICANCE } from '../rates/rate-comparison.js'
import { daysBetween, daysFrom, type Interval, intervalsIn, startOfInterval } from './intervals.js'

/** How often something came back. */
export interface Recurrence {
  incidents: number
  /** Days on which it came: what comes many times on one day comes once. */
  activeDays: number
  firstOn?: string
  lastOn?: string
  /** Days from one on which it came to the next, on average; absent: it came on one only. */
  meanDaysBetween?: number
  /** The later half of the time against the earlier one, as far as records were kept, by the exact test of two rates, two-sided. */
  trend: 'rising' | 'falling' | 'no trend shown' | 'too little to tell'
  pValue: number
  /** By interval; the first and last may lie in the time in part. */
  series: readonly { start: string; count: number }[]
}

/** Days, half-open; `recordedFrom`, `recordedTo`: between which there are records, where that is less. */
export interface RecurrenceTime {
  from: string
  to: string
  interval: Interval
  recordedFrom?: string
  recordedTo?: string
}

/** @param perDay how many, by day; days without any are left out */
export function recurrenceOf(
  perDay: ReadonlyMap<string, number>,
  { from, to, interval, recordedFrom = from, recordedTo = to }: RecurrenceTime,
): Recurrence {
  const days = [...perDay.keys()].sort()
  const incidents = countOf(perDay, days)
  const counts = new Map(intervalsIn(from, to, interval).map((start) => [start, 0]))
  for (const day of days) {
    const start = startOfInterval(day, interval)
    counts.set(start, (counts.get(start) ?? 0) + (perDay.get(day) as number))
  }
  const [firstOn, lastOn] = [days[0], days.at(-1)]
  return {
    incidents,
    activeDays: days.length,
    ...(firstOn !== undefined && { firstOn, lastOn }),
    ...(days.length > 1 && {
      meanDaysBetween: daysBetween(firstOn as string, lastOn as string) / (days.length - 1),
    }),
    ...trendOf(perDay, days, later(from, recordedFrom), earlier(to, recordedTo)),
    series: [...counts].map(([start, count]) => ({ start, count })),
  }
}

function trendOf(
  perDay: ReadonlyMap<string, number>,
  days: readonly string[],
  from: string,
  to: string,
): Pick<Recurrence, 'trend' | 'pValue'> {
  const whole = daysBetween(from, to)
  const half = Math.floor(whole / 2)
  if (half < 1) return { trend: 'too little to tell', pValue: 1 }
  const middle = daysFrom(Date.parse(to), -half)
  const laterHalf = {
    count: countOf(
      perDay,
      days.filter((day) => day >= middle),
    ),
    exposure: half,
  }
  const earlierHalf = {
    count: countOf(
      perDay,
      days.filter((day) => day < middle),
    ),
    exposure: whole - half,
  }
  const { pTwoSided: pValue, verdict } = compareRates(laterHalf, earlierHalf, 'higher')
  const rises = laterHalf.count / laterHalf.exposure > earlierHalf.count / earlierHalf.exposure
  if (verdict === 'too little to tell') return { trend: verdict, pValue }
  return { trend: pValue >= SIGNIFICANCE ? 'no trend shown' : rises ? 'rising' : 'falling', pValue }
}

function countOf(perDay: ReadonlyMap<string, number>, days: readonly string[]): number {
  return days.reduce((sum, day) => sum + (perDay.get(day) as number), 0)
}
