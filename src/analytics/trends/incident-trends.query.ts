import type { Principal } from '#libs/access'
import { InvalidInput } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, compare, type Filter, isIn } from '#libs/read-store'
import {
  type IncidentFacts,
  incidentFacts,
  type TREND_COLUMNS,
} from '#projections/incident-facts/incident-facts'
import { dayOf, daysBetween, daysFrom, type Interval } from './intervals.js'
import { type Recurrence, recurrenceOf } from './recurrence.js'

/** What recurrence is told by, and the column that has it. */
export const TRENDS_BY = {
  ci: 'primaryCi',
  category: 'category',
  service: 'service',
  group: 'assignmentGroup',
} as const satisfies Record<string, (typeof TREND_COLUMNS)[number]>
export type TrendBy = keyof typeof TRENDS_BY

export interface TrendsAsked {
  principal: Principal
  by: TrendBy
  interval: Interval
  /** ISO 8601; whole UTC days are counted, that of `to` excluded. Default: the last 90 days, today included. */
  from?: string
  to?: string
  /** Of these alone. */
  value?: string
  top: number
  minPosition?: string
}

export interface IncidentTrends {
  by: TrendBy
  interval: Interval
  /** Days, half-open. */
  from: string
  to: string
  /** All that were opened in the time; those that have no such value; how many values there are. */
  incidents: number
  unset: number
  values: number
  /** What recurs most: on the most days; of equals the most often. */
  items: readonly (Recurrence & { value: string })[]
  position: string
  lag: number
}

const USUAL_DAYS = 90
/** Three years: of a longer time nothing is asked at once. */
const MOST_DAYS = 1_100
/** Values whose days are looked at: the most frequent. */
const MOST_CANDIDATES = 60

/**
 * What comes back how often, over time. Counted are incidents by the day on which they were opened, as far as the principal may see
 * them, from counts that are kept while the read model is written: the work grows with days and values, not with incidents.
 * @throws InvalidInput `TRENDS.PERIOD`
 */
export async function readIncidentTrends(
  asked: TrendsAsked,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { principal, by, interval, value, top, minPosition } = asked
  const { from, to } = periodOf(asked)
  const column = TRENDS_BY[by]
  const facts = dependencies.models.of<IncidentFacts>(incidentFacts.name)
  const asking = { principal, minPosition, timeoutMilliseconds: dependencies.waitMilliseconds }
  const inTime = and(compare('openedOn', '>=', from), compare('openedOn', '<', to))
  const totals = await facts.groupCounts([column], { ...asking, filter: inTime })
  const counts = new Map(totals.groups.map(({ values: [one], count }) => [one as string | null, count]))
  const candidates = mostFrequent(counts, value)
  const perDay = await countsPerDay(candidates, and(inTime, isIn(column, candidates)))
  const items = candidates
    .map((one) => ({ value: one, ...recurrenceOf(perDay.get(one) ?? new Map(), { from, to, interval }) }))
    .sort(
      (one, other) =>
        other.activeDays - one.activeDays || other.incidents - one.incidents || byText(one, other),
    )
  const answer: IncidentTrends = {
    ...{ by, interval, from, to },
    incidents: totals.groups.reduce((sum, { count }) => sum + count, 0),
    unset: counts.get(null) ?? 0,
    values: counts.size - (counts.has(null) ? 1 : 0),
    items: items.slice(0, top),
    position: totals.position,
    lag: totals.lag,
  }
  return { json: JSON.stringify(answer), position: totals.position }

  async function countsPerDay(
    values: readonly string[],
    filter: Filter,
  ): Promise<Map<string, Map<string, number>>> {
    const days = new Map(values.map((one) => [one, new Map<string, number>()]))
    if (values.length === 0) return days
    const { groups } = await facts.groupCounts([column, 'openedOn'], { ...asking, filter })
    for (const {
      values: [one, day],
      count,
    } of groups)
      days.get(one as string)?.set(day as string, count)
    return days
  }
}

function mostFrequent(counts: ReadonlyMap<string | null, number>, value: string | undefined): string[] {
  if (value !== undefined) return counts.has(value) ? [value] : []
  const set = [...counts].filter((entry): entry is [string, number] => entry[0] !== null)
  set.sort(([one, many], [other, more]) => more - many || (one < other ? -1 : 1))
  return set.slice(0, MOST_CANDIDATES).map(([one]) => one)
}

function byText({ value: one }: { value: string }, { value: other }: { value: string }): number {
  return one < other ? -1 : 1
}

function periodOf({ from, to }: TrendsAsked): { from: string; to: string } {
  const tomorrow = daysFrom(Date.now(), 1)
  const end = to === undefined ? tomorrow : dayOf(Date.parse(to))
  const start = from === undefined ? daysFrom(Date.parse(end), -USUAL_DAYS) : dayOf(Date.parse(from))
  const days = daysBetween(start, end)
  if (days >= 1 && days <= MOST_DAYS) return { from: start, to: end }
  const message = `give a time of 1 to ${MOST_DAYS} days`
  throw new InvalidInput('TRENDS.PERIOD', `From ${start} to ${end}: ${message}`, [
    { pointer: 'from', message },
    { pointer: 'to', message },
  ])
}
