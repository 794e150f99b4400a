/** A stretch of time, half-open: `start` belongs to it, `end` does not. Milliseconds since 1970 (UTC). */
export interface Interval {
  readonly start: number
  readonly end: number
}

/** What both have; undefined when they only touch, or not even that. */
export function overlap(one: Interval, other: Interval): Interval | undefined {
  const start = Math.max(one.start, other.start)
  const end = Math.min(one.end, other.end)
  return start < end ? { start, end } : undefined
}

/** The same instants in as few intervals as possible: in order, none touching the next. Empty ones are dropped. */
export function merged(intervals: readonly Interval[]): Interval[] {
  const sorted = intervals
    .filter(({ start, end }) => start < end)
    .sort((one, other) => one.start - other.start || one.end - other.end)
  const result: Interval[] = []
  for (const interval of sorted) {
    const last = result.at(-1)
    if (last === undefined || interval.start > last.end) result.push(interval)
    else if (interval.end > last.end) result[result.length - 1] = { start: last.start, end: interval.end }
  }
  return result
}

/** The parts of `span` that lie in any of the intervals, merged. */
export function within(span: Interval, intervals: readonly Interval[]): Interval[] {
  return merged(intervals.flatMap((interval) => overlap(span, interval) ?? []))
}
