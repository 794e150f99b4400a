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

/** The time so many milliseconds later. */
export function plus(time: string, milliseconds: number): string {
  return new Date(Date.parse(time) + milliseconds).toISOString()
}

export function hoursBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 3_600_000
}
