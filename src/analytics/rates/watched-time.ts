import { earlier, later } from '#libs/event-sourcing'

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

/** Whether nobody kept records then: a count of such a time says nothing. */
export function isUnwatched({ hours }: WatchedTime): boolean {
  return hours === 0
}

/** The time so many milliseconds later. */
export function plus(time: string, milliseconds: number): string {
  return new Date(Date.parse(time) + milliseconds).toISOString()
}

export function hoursBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 3_600_000
}
