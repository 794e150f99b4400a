import { RECORD_NUMBER } from '#libs/event-sourcing'
import { beginningOf } from './candidate-growth.js'
import type { Candidate } from './candidates.js'
import { SUSPECT_HOURS } from './estate.js'
import { type Ground, groundsOf } from './grounds.js'
import type { Agreement, Signal } from './similarity.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** More reasons than these say nothing more. */
const MOST_REASONS = 6

const SAID: Readonly<Record<Exclude<Signal, 'time'>, (value: string) => string>> = {
  ci: (value) => `same item ${value}`,
  upstream: (value) => `both depend on ${value}, or are it`,
  change: (value) => `both came within ${SUSPECT_HOURS} hours after ${value}`,
  words: (value) => `both speak of ${value.split(' ').map(quoted).join(', ')}`,
  category: (value) => `same category ${quoted(value)}`,
  subcategory: (value) => `same subcategory ${quoted(value)}`,
  symptom: (value) => `same symptom ${quoted(value)}`,
  location: (value) => `same location ${quoted(value)}`,
  service: (value) => `same service ${quoted(value)}`,
  group: (value) => `same group ${quoted(value)}`,
  openedBy: (value) => `both opened by ${value}`,
}

/** Why two incidents are alike, the weightiest first. */
export function reasonsOf(agreements: readonly Agreement[]): readonly string[] {
  return [...agreements]
    .sort((a, b) => b.bits - a.bits || (a.signal < b.signal ? -1 : 1))
    .slice(0, MOST_REASONS)
    .map(({ signal, value }) =>
      signal === 'time' ? `${shownSpan(Number(value))} apart` : SAID[signal](value),
    )
}

/** Why its incidents belong together, and how they lie in time. */
export function candidateReasons(candidate: Candidate): readonly string[] {
  const { links, memberCount } = candidate
  if (memberCount === 0) return []
  const grounds = groundsOf(candidate)
    .slice(0, MOST_REASONS)
    .map(({ signal, value, count }) => {
      const said = signal === 'time' ? value : SAID[signal](value)
      return `${count} of ${links} links: ${said}`
    })
  const span = Date.parse(candidate.lastSeenAt) - Date.parse(candidate.firstSeenAt)
  return [...grounds, `${candidate.memberCount} incidents in ${shownSpan(span)}`, ...patternOf(candidate)]
}

/** Bursts and recurrences. */
function patternOf({ members, memberCount }: Candidate): readonly string[] {
  const them = members.length < memberCount ? `the newest ${members.length}` : 'them'
  const times = members.map(({ openedAt }) => Date.parse(openedAt))
  const burst = burstIn(times)
  const period = periodOf(times)
  return [
    ...(burst === undefined
      ? []
      : [`a burst: ${burst.count} of ${them} within 24 hours from ${new Date(burst.from).toISOString()}`]),
    ...(period === undefined ? [] : [`recurring: every ${shownSpan(period)} or so`]),
  ]
}

/** A burst is a day with at least three incidents and half of all. */
const LEAST_IN_BURST = 3

function burstIn(times: readonly number[]): { from: number; count: number } | undefined {
  let best = { from: 0, count: 0 }
  let end = 0
  for (const [start, from] of times.entries()) {
    while (end < times.length && (times[end] as number) < from + DAY) end++
    if (end - start > best.count) best = { from, count: end - start }
  }
  return best.count >= LEAST_IN_BURST && best.count * 2 >= times.length ? best : undefined
}

/** Recurring is what comes four times at least, at gaps whose standard deviation is below a third of their mean. */
const LEAST_TO_RECUR = 4
const MOST_VARIATION = 1 / 3

function periodOf(times: readonly number[]): number | undefined {
  if (times.length < LEAST_TO_RECUR) return undefined
  const gaps = times.slice(1).map((time, i) => time - (times[i] as number))
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
  return mean >= HOUR && Math.sqrt(variance) < mean * MOST_VARIATION ? mean : undefined
}

export const TRENDS = ['rising', 'steady', 'falling', 'faded'] as const
export type Trend = (typeof TRENDS)[number]
const WEEK = 7 * DAY
/** Without a new member for so long it has faded. */
const FADED_AFTER = 30 * DAY

/**
 * The last seven days against the seven before, seen from a time (milliseconds since 1970). Of members that are not listed any more the
 * hour is known in which they came.
 */
export function trendOf(
  { members, unlisted = {}, lastSeenAt }: Pick<Candidate, 'members' | 'unlisted' | 'lastSeenAt'>,
  now: number,
): Trend {
  if (now - Date.parse(lastSeenAt) > FADED_AFTER) return 'faded'
  const times = members.map(({ openedAt }) => [Date.parse(openedAt), 1] as const)
  const hours = Object.entries(unlisted).map(([hour, count]) => [beginningOf(hour), count] as const)
  const all = [...times, ...hours]
  const between = (from: number, to: number) =>
    all.reduce((sum, [time, count]) => (from < time && time <= to ? sum + count : sum), 0)
  const [recent, before] = [between(now - WEEK, now), between(now - 2 * WEEK, now - WEEK)]
  return recent > before ? 'rising' : recent < before ? 'falling' : 'steady'
}

function quoted(text: string): string {
  return `"${text}"`
}

function shownSpan(milliseconds: number): string {
  const [unit, size] =
    milliseconds >= 2 * DAY ? ['days', DAY] : milliseconds >= 2 * HOUR ? ['hours', HOUR] : ['minutes', 60_000]
  return `${Math.round(milliseconds / (size as number))} ${unit}`
}

/** What members are called together by what most links rest on, in this order. */
const TITLE_SIGNALS: readonly Signal[] = ['category', 'subcategory', 'symptom', 'service']
const LONGEST_TITLE = 160

/**
 * Of its first incident; where that says nothing (sources without titles have a number there), what its members have in common; empty:
 * nothing either.
 */
export function candidateTitle(candidate: Candidate): string {
  if (saysSomething(candidate.title)) return candidate.title
  const common = groundsOf(candidate).filter(({ count }) => count * 2 > candidate.links)
  const commonIn = (signal: Signal) => common.find((ground) => ground.signal === signal)?.value
  const kind = TITLE_SIGNALS.map(commonIn).filter((value) => value !== undefined)
  const about = kind.length > 0 ? kind.join(', ') : wordsIn(common)
  const [item, location] = [commonIn('ci') ?? commonIn('upstream'), commonIn('location')]
  return [about, item && `on ${item}`, location && `at ${location}`]
    .filter(Boolean)
    .join(' ')
    .slice(0, LONGEST_TITLE)
}

function wordsIn(grounds: readonly Ground[]): string {
  return grounds.flatMap(({ signal, value }) => (signal === 'words' ? [value] : [])).join(' ')
}

/** Neither empty nor a number, of a record or of anything else. */
function saysSomething(title: string): boolean {
  const isNumber = RECORD_NUMBER.test(title) && /\d/.test(title)
  return /\p{L}/u.test(title) && !isNumber
}
