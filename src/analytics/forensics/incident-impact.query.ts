import type { Principal } from '#libs/access'
import { earlier } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import type { IncidentDetails } from '#projections/incident-details/incident-details'
import { onsetOf } from '../rates/counted-incidents.js'
import { RATE_TEST_NAME, type RateTest, rounded, verdictInWords } from '../rates/rate-comparison.js'
import {
  compareWatched,
  hoursBetween,
  plus,
  type WatchedTime,
  watchedSince,
  watchedTime,
  whyNotCompared,
} from '../rates/watched-time.js'
import type { Reach } from './estate.js'
import type { Implementation } from './implementation.query.js'
import { IncidentsOfItems } from './incidents-of-items.js'

export interface ImpactAsked {
  principal: Principal
  implementation: Implementation
  /** The change's items and what stands downstream of them. */
  reach: Reach
  /** After the end of the implementation. */
  hours: number
  /** Before its beginning. */
  baselineDays: number
  pageSize: number
  minPosition?: string
}

/** An incident after the change, on an item of it or downstream. */
export interface ImpactIncident {
  number: string
  title: string
  openedAt: string
  detectedAt?: string
  priority?: number
  state: string
  ci: string
  /** Steps downstream of the change's items. */
  level: number
  /** From the beginning of the implementation to when it was detected, or else opened. */
  minutesAfter: number
  /** People say that the change has caused it: told, and counted as any other. */
  declared?: true
}

export interface IncidentImpact extends Omit<Implementation, 'declared'> {
  itemsInScope: number
  observed: WatchedTime
  baseline: WatchedTime
  /** `pValue`: of more than usual; `pFewer`: of fewer. */
  statistic: Omit<RateTest, 'verdict'> & { test: string; pFewer: number }
  verdict: 'more than usual' | 'fewer than usual' | 'no difference shown' | 'too little to tell'
  summary: string
  /** The earliest first; `observed.count` counts them all. */
  items: readonly ImpactIncident[]
  /** More items are downstream than were looked at. */
  truncated: boolean
  /** Of the configuration. */
  validAt: string
  asOf: string
  position: string
  lag: number
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The incidents from the beginning of a change on, on its items and downstream, against how many these had before. */
export async function readIncidentImpact(
  asked: ImpactAsked,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { principal, minPosition, implementation, reach, hours, baselineDays, pageSize } = asked
  const { startedAt, endedAt } = implementation
  const incidents = new IncidentsOfItems({ principal, minPosition }, reach, dependencies)
  const now = new Date().toISOString()
  const until = earlier(plus(endedAt ?? now, hours * HOUR), now)
  const recordsSince = await incidents.recordsSince()
  const since = watchedSince(plus(startedAt, -baselineDays * DAY), recordsSince, startedAt)
  const { incidents: opened, more } = await incidents.opened(startedAt, until)
  // What had begun before the change did is none of its doing, whenever it was written down
  const after = opened.filter((incident) => onsetOf(incident) >= startedAt)
  const begunBefore = opened.length - after.length
  const counted = more ? (await incidents.count(startedAt, until)) - begunBefore : after.length
  const observed = watchedTime(startedAt, until, counted)
  const baseline = watchedTime(since, startedAt, (await incidents.count(since, startedAt)) + begunBefore)
  const { verdict: way, pOpposite: pFewer, ...statistic } = compareWatched(observed, baseline, 'higher')
  const verdict = VERDICTS[way]
  const { declared, ...change } = implementation
  const { position, lag } = incidents.freshness ?? reach
  const answer: IncidentImpact = {
    ...change,
    itemsInScope: reach.items.length + reach.unknown.length,
    observed,
    baseline,
    statistic: { test: RATE_TEST_NAME, ...statistic, pFewer },
    verdict,
    summary: summaryOf(verdict, observed, baseline, { ...statistic, pFewer }),
    items: after
      .slice(0, pageSize)
      .map((incident) => shown(incident, incidents, { startedAt, declaredOf: isDeclared(asked) })),
    truncated: reach.truncated || incidents.isCut,
    validAt: reach.validAt,
    asOf: reach.asOf,
    position,
    lag,
  }
  return { json: JSON.stringify(answer), position }
}

const VERDICTS = {
  higher: 'more than usual',
  lower: 'fewer than usual',
  'no difference shown': 'no difference shown',
  'too little to tell': 'too little to tell',
} as const satisfies Record<RateTest['verdict'], IncidentImpact['verdict']>

function isDeclared({ implementation: { number, declared } }: ImpactAsked) {
  return (incident: IncidentDetails) =>
    declared.includes(incident.number) ||
    (incident.links ?? []).some((link) => link.relation === 'caused-by-change' && link.target === number)
}

function shown(
  incident: IncidentDetails,
  incidents: IncidentsOfItems,
  { startedAt, declaredOf }: { startedAt: string; declaredOf: (incident: IncidentDetails) => boolean },
): ImpactIncident {
  const { number, title, openedAt, detectedAt, priority, state } = incident
  const { number: ci, level } = incidents.itemOf(incident)
  const minutesAfter = Math.round(hoursBetween(startedAt, onsetOf(incident)) * 60)
  const declared = declaredOf(incident) && { declared: true as const }
  return { number, title, openedAt, detectedAt, priority, state, ci, level, minutesAfter, ...declared }
}

function summaryOf(
  verdict: IncidentImpact['verdict'],
  observed: WatchedTime,
  baseline: WatchedTime,
  { expected, ratio, pValue, pFewer }: Pick<RateTest, 'expected' | 'ratio' | 'pValue'> & { pFewer: number },
): string {
  const seen = `${observed.count} in ${rounded(observed.hours)} h from its beginning on`
  const alone = whyNotCompared(baseline)
  if (alone) return `${seen}; ${alone}: ${verdict}`
  const counted = `${seen}; ${rounded(expected)} were to be expected from ${baseline.count} in the ${rounded(baseline.hours)} h before`
  const p = verdict === 'fewer than usual' ? pFewer : pValue
  return verdictInWords(counted, verdict, { ratio, rate: 'the usual rate', p })
}
