import type { Interval } from './interval.js'
import { DAY } from './zone-clock.js'

/** When something is open: the open parts of a span, in order, none touching the next. */
export type Schedule = (span: Interval) => Interval[]

/** Ten years: a schedule that opens later than that counts as one that never does. */
const HORIZON = 3_653 * DAY
/** How much of it is looked at at a time. */
const STRIDE = 31 * DAY

export function isWithin(schedule: Schedule, instant: number): boolean {
  return schedule({ start: instant, end: instant + 1 }).length > 0
}

/** Whether it is open all the time from start to end; an empty interval is covered by every schedule. */
export function covers(schedule: Schedule, span: Interval): boolean {
  if (span.start >= span.end) return true
  const [first] = schedule(span)
  return first !== undefined && first.start === span.start && first.end === span.end
}

/** The first instant, not before `from`, at which it is open; undefined: not within ten years. */
export function nextOpening(schedule: Schedule, from: number): number | undefined {
  for (const { start } of openings(schedule, from)) return start
  return undefined
}

/** How long it is open between two instants, in milliseconds; 0 when `to` is not after `from`. */
export function openTime(schedule: Schedule, from: number, to: number): number {
  if (to <= from) return 0
  return schedule({ start: from, end: to }).reduce((sum, { start, end }) => sum + end - start, 0)
}

/**
 * The first instant by which it has been open for so long since `from`: what `openTime` counts, the other way round.
 * Undefined: not within ten years.
 */
export function afterOpenTime(schedule: Schedule, from: number, duration: number): number | undefined {
  if (duration <= 0) return from
  let left = duration
  for (const { start, end } of openings(schedule, from)) {
    if (end - start >= left) return start + left
    left -= end - start
  }
  return undefined
}

function* openings(schedule: Schedule, from: number): Generator<Interval> {
  for (let start = from; start < from + HORIZON; start += STRIDE) {
    yield* schedule({ start, end: start + STRIDE })
  }
}
