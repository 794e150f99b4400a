import { earlier, later } from '#libs/event-sourcing'
import { type Alternative, compareBothWays } from './rate-comparison.js'

/** Incidents that were counted in a stretch of time; ISO 8601, half-open. */
export interface WatchedTime {
  from: string
  to: string
  hours: number
  count: number
  /** Hours as the test of rates takes them, which compares nothing with no time at all: at least a second. */
  exposure: number
}

const LEAST_HOURS = 1 / 3_600

export function watchedTime(from: string, to: string, count: number): WatchedTime {
  const hours = Math.max(hoursBetween(from, to), 0)
  return { from, to, hours, count, exposure: Math.max(hours, LEAST_HOURS) }
}

/** From when on the time before a point counts: records may have begun later than it is asked for; empty when they begin after it. */
export function watchedSince(asked: string, recordsSince: string | undefined, until: string): string {
  return earlier(later(asked, recordsSince ?? until), until)
}

/** As {@link compareBothWays}; but against a time of which nobody kept records nothing can be told. */
export function compareWatched(
  observed: WatchedTime,
  baseline: WatchedTime,
  alternative: Alternative,
): ReturnType<typeof compareBothWays> {
  const told = compareBothWays(observed, baseline, alternative)
  return isUnwatched(baseline) ? { ...told, verdict: 'too little to tell' } : told
}

/** Why a count stands alone; undefined: there is something to compare it with. */
export function whyNotCompared(baseline: WatchedTime): string | undefined {
  return isUnwatched(baseline)
    ? 'there is nothing to compare them with, since no incident was recorded before'
    : undefined
}

/** Whether nobody kept records then: a count of such a time says nothing. */
function isUnwatched({ hours }: WatchedTime): boolean {
  return hours === 0
}

/** The time so many milliseconds later. */
export function plus(time: string, milliseconds: number): string {
  return new Date(Date.parse(time) + milliseconds).toISOString()
}

export function hoursBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 3_600_000
}
