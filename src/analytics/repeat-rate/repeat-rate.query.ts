import type { Principal } from '#libs/access'
import { earlier } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, compare } from '#libs/read-store'
import type { IncidentDetails } from '#projections/incident-details/incident-details'
import type { Reach } from '../forensics/estate.js'
import { IncidentsOfItems } from '../forensics/incidents-of-items.js'
import { CountedIncidents, onsetOf } from '../rates/counted-incidents.js'
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
import type { FixedProblem, Kind } from './problem-fix.query.js'

export interface RepeatRateAsked {
  principal: Principal
  problem: FixedProblem
  /** Of its items; absent: its incidents are known by something else. */
  reach?: Pick<Reach, 'items' | 'unknown'>
  /** Before the fix and after it, at most. */
  days: number
  pageSize: number
  minPosition?: string
}

/** An incident of the problem's kind after its fix. */
export interface RepeatedIncident {
  number: string
  title: string
  openedAt: string
  detectedAt?: string
  priority?: number
  state: string
  primaryCi?: string
  /** From the end of the fix to when it was detected, or else opened. */
  hoursAfter: number
  /** It says that this problem is behind it: told, and counted as any other. */
  linked?: true
}

export interface RepeatRate extends FixedProblem {
  /** Items of the problem that the configuration does not know. */
  unknownCis: readonly string[]
  after: WatchedTime
  before: WatchedTime
  /** While it was being fixed: counted on neither side. */
  during: number
  /** `pValue`: of fewer than before; `pMore`: of more. */
  statistic: Omit<RateTest, 'verdict'> & { test: string; pMore: number }
  verdict: 'fewer than before' | 'more than before' | 'no difference shown' | 'too little to tell'
  summary: string
  /** The earliest first; `after.count` counts them all. */
  items: readonly RepeatedIncident[]
  position: string
  lag: number
}

const DAY = 24 * 3_600_000

/** The incidents of a problem's kind since its fix, against how many there were before. */
export async function readRepeatRate(
  asked: RepeatRateAsked,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { problem, reach, days, pageSize } = asked
  const { startedAt, endedAt } = problem.fix
  const incidents = incidentsOf(asked, dependencies)
  const now = new Date().toISOString()
  const recordsSince = await incidents.recordsSince()
  const since = watchedSince(plus(startedAt, -days * DAY), recordsSince, startedAt)
  const until = earlier(plus(endedAt, days * DAY), now)
  const { incidents: opened, more } = await incidents.opened(startedAt, until)
  // What had begun before the fix is no repetition, whenever it was written down
  const after = opened.filter((incident) => onsetOf(incident) >= endedAt)
  const begunBefore = opened.filter((incident) => onsetOf(incident) < startedAt).length
  const during = opened.length - after.length - begunBefore
  const counted = more ? (await incidents.count(startedAt, until)) - begunBefore - during : after.length
  const afterFix = watchedTime(endedAt, until, counted)
  const beforeFix = watchedTime(since, startedAt, (await incidents.count(since, startedAt)) + begunBefore)
  const { verdict: way, pOpposite: pMore, ...statistic } = compareWatched(afterFix, beforeFix, 'lower')
  const verdict = VERDICTS[way]
  const { position, lag } = incidents.freshness!
  const answer: RepeatRate = {
    ...problem,
    unknownCis: reach?.unknown ?? [],
    after: afterFix,
    before: beforeFix,
    during,
    statistic: { test: RATE_TEST_NAME, ...statistic, pMore },
    verdict,
    summary: summaryOf(verdict, afterFix, beforeFix, { ...statistic, pMore }),
    items: after.slice(0, pageSize).map((incident) => shown(incident, problem)),
    position,
    lag,
  }
  return { json: JSON.stringify(answer), position }
}

function incidentsOf(
  { principal, minPosition, problem: { kind }, reach }: RepeatRateAsked,
  dependencies: QueryDependencies,
): CountedIncidents {
  const asking = { principal, minPosition }
  if (kind.by === 'description') return new CountedIncidents(asking, and(...describedAs(kind)), dependencies)
  const items = reach ?? { items: [], unknown: kind.cis }
  return new IncidentsOfItems(asking, items, dependencies)
}

function describedAs(kind: Extract<Kind, { by: 'description' }>) {
  return (['service', 'category', 'subcategory'] as const).flatMap((column) => {
    const value = kind[column]
    return value === undefined ? [] : [compare(column, '=', value)]
  })
}

const VERDICTS = {
  lower: 'fewer than before',
  higher: 'more than before',
  'no difference shown': 'no difference shown',
  'too little to tell': 'too little to tell',
} as const satisfies Record<RateTest['verdict'], RepeatRate['verdict']>

function shown(incident: IncidentDetails, { number: problem, fix }: FixedProblem): RepeatedIncident {
  const { number, title, openedAt, detectedAt, priority, state, primaryCi, problems = [] } = incident
  const hoursAfter = rounded(hoursBetween(fix.endedAt, onsetOf(incident)))
  const linked = problems.includes(problem) && { linked: true as const }
  return { number, title, openedAt, detectedAt, priority, state, primaryCi, hoursAfter, ...linked }
}

function summaryOf(
  verdict: RepeatRate['verdict'],
  after: WatchedTime,
  before: WatchedTime,
  { expected, ratio, pValue, pMore }: Pick<RateTest, 'expected' | 'ratio' | 'pValue'> & { pMore: number },
): string {
  const seen = `${after.count} in the ${daysOf(after)} days since the fix`
  const alone = whyNotCompared(before)
  if (alone) return `${seen}; ${alone}: ${verdict}`
  const counted = `${seen}; ${rounded(expected)} were to be expected from ${before.count} in the ${daysOf(before)} days before`
  const p = verdict === 'more than before' ? pMore : pValue
  return verdictInWords(counted, verdict, { ratio, rate: 'the rate before', p })
}

const daysOf = ({ hours }: WatchedTime) => rounded(hours / 24)
