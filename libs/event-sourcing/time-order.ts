/** The later of two times, ISO 8601 in UTC with milliseconds: as texts they stand in the order of time. */
export function later(a: string, b: string): string {
  return a < b ? b : a
}

/** The earlier of two such times. */
export function earlier(a: string, b: string): string {
  return a < b ? a : b
}

/** The UTC day of such a time: `2026-03-01`. */
export function utcDayOf(time: string): string {
  return time.slice(0, 'YYYY-MM-DD'.length)
}
