import type { Principal } from '#libs/access'
import { earlier, InvalidInput, later } from '#libs/event-sourcing'
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
  /** What may be named in two ways, by number and by name: counted as one, and told by its number. */
  items?: readonly NamedItem[]
  minPosition?: string
}

/** A configuration item, as far as it has a name. */
export interface NamedItem {
  number: string
  name?: string
}

export interface IncidentTrends {
  by: TrendBy
  interval: Interval
  /** Days, half-open. */
  from: string
  to: string
  /** The days, half-open, between the first incident of all and the last, as far as they lie in the time: trends are told of these. */
  recordedFrom: string
  recordedTo: string
  /** All that were opened in the time; those that have no such value; how many values there are. */
  incidents: number
  unset: number
  values: number
  /** What recurs most: on the most days; of equals the most often. */
  /** `name`: of a configuration item. */
  items: readonly (Recurrence & { value: string; name?: string })[]
  position: string
  lag: number
}

const USUAL_DAYS = 90
/** Three years: of a longer time nothing is asked at once. */
const MOST_DAYS = 1_100
/** Values whose days are looked at: the most frequent. */
const MOST_CANDIDATES = 60

/** The most frequent values in the time, or the one that is asked about: who knows what they name is to be asked next. */
export async function readTrendValues(
  asked: TrendsAsked,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { counts, position } = await countsByValue(asked, dependencies)
  const values = asked.value === undefined ? mostFrequent(counts, 2 * MOST_CANDIDATES) : [asked.value]
  return { json: JSON.stringify(values), position }
}

/**
 * What comes back how often, over time. Counted are incidents by the day on which they were opened, as far as the principal may see
 * them, from counts that are kept while the read model is written: the work grows with days and values, not with incidents.
 * @throws InvalidInput `TRENDS.PERIOD`
 */
export async function readIncidentTrends(
  asked: TrendsAsked,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { by, interval, top, value } = asked
  const {
    facts,
    asking,
    column,
    from,
    to,
    inTime,
    counts: counted,
    position,
    lag,
  } = await countsByValue(asked, dependencies)
  const { under, named } = told(asked.items ?? [])
  const counts = new Map<string | null, number>()
  for (const [key, count] of counted) counts.set(under(key), (counts.get(under(key)) ?? 0) + count)
  const candidates = mostFrequent(counts, MOST_CANDIDATES, value && (under(value) as string))
  const perDay = await countsPerDay(candidates)
  const [first, last] = await Promise.all([dayAtTheEnd('asc'), dayAtTheEnd('desc')])
  const recordedFrom = later(from, first ?? from)
  const recordedTo = earlier(to, last === undefined ? to : daysFrom(Date.parse(last), 1))
  const items = candidates
    .map((one) => ({
      ...{ value: one, name: named.get(one) },
      ...recurrenceOf(perDay.get(one) ?? new Map(), { from, to, interval, recordedFrom, recordedTo }),
    }))
    .sort(
      (one, other) =>
        other.activeDays - one.activeDays || other.incidents - one.incidents || byText(one, other),
    )
  const answer: IncidentTrends = {
    ...{ by, interval, from, to, recordedFrom, recordedTo },
    incidents: [...counts.values()].reduce((sum, count) => sum + count, 0),
    unset: counts.get(null) ?? 0,
    values: counts.size - (counts.has(null) ? 1 : 0),
    items: items.slice(0, top),
    ...{ position, lag },
  }
  return { json: JSON.stringify(answer), position }

  /** When the first incident of all was opened, or the last: before and after nobody kept records. */
  async function dayAtTheEnd(direction: 'asc' | 'desc'): Promise<string | undefined> {
    const orderBy = [{ column: 'openedAt', direction }] as const
    const { rows } = await facts.list({ ...asking, orderBy, pageSize: 1 })
    return rows[0]?.document.openedOn
  }

  async function countsPerDay(values: readonly string[]): Promise<Map<string, Map<string, number>>> {
    const days = new Map(values.map((one) => [one, new Map<string, number>()]))
    if (values.length === 0) return days
    const keys = [...counted.keys()].filter((key): key is string => days.has(under(key) as string))
    const filter = and(inTime, isIn(column, keys))
    const { groups } = await facts.groupCounts([column, 'openedOn'], { ...asking, filter })
    for (const {
      values: [key, day],
      count,
    } of groups) {
      const ofDays = days.get(under(key as string) as string) as Map<string, number>
      ofDays.set(day as string, (ofDays.get(day as string) ?? 0) + count)
    }
    return days
  }
}

/** How many incidents of the time have which value. */
async function countsByValue(asked: TrendsAsked, { models, waitMilliseconds }: QueryDependencies) {
  const { principal, by, minPosition } = asked
  const { from, to } = periodOf(asked)
  const column = TRENDS_BY[by]
  const facts = models.of<IncidentFacts>(incidentFacts.name)
  const asking = { principal, minPosition, timeoutMilliseconds: waitMilliseconds }
  const inTime: Filter = and(compare('openedOn', '>=', from), compare('openedOn', '<', to))
  const { groups, position, lag } = await facts.groupCounts([column], { ...asking, filter: inTime })
  const counts = new Map(groups.map(({ values: [one], count }) => [one as string | null, count]))
  return { facts, asking, column, from, to, inTime, counts, position, lag }
}

/** Under which value a key is told, and the names of those that have one; a name of two items names neither. */
function told(items: readonly NamedItem[]) {
  const named = new Map(
    items.flatMap(({ number, name }) => (name === undefined ? [] : [[number, name] as const])),
  )
  const numbers = new Map<string, string | undefined>()
  for (const [number, name] of named) numbers.set(name, numbers.has(name) ? undefined : number)
  return { named, under: (key: string | null) => (key && numbers.get(key)) ?? key }
}

/** @param value this one alone */
function mostFrequent(counts: ReadonlyMap<string | null, number>, most: number, value?: string): string[] {
  if (value !== undefined) return counts.has(value) ? [value] : []
  const set = [...counts].filter((entry): entry is [string, number] => entry[0] !== null)
  set.sort(([one, many], [other, more]) => more - many || (one < other ? -1 : 1))
  return set.slice(0, most).map(([one]) => one)
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
