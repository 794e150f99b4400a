import { IANAZone } from 'luxon'

export const MINUTE = 60_000
export const DAY = 86_400_000

/** Whether this is a time zone of the IANA database (`Europe/Berlin`), or `UTC`. */
export function isZone(name: string): boolean {
  return IANAZone.isValidZone(name)
}

/**
 * The clock on the wall of a time zone. What it shows is written as milliseconds too: those of the instant at which a clock
 * in UTC shows the same.
 */
export interface ZoneClock {
  /** What it shows at an instant. */
  shown(instant: number): number
  /**
   * The first instant at which it shows this or more. So a time that it skips is the moment at which it is put forward, and
   * a time that it shows twice is the first of the two; a later time is never an earlier instant.
   */
  firstAt(shown: number): number
}

/** No zone is farther from UTC, ever: Kwajalein was 12 hours behind, Kiritimati is 14 ahead. */
const FARTHEST = 15 * 60 * MINUTE

const clocks = new Map<string, ZoneClock>()

/** @throws RangeError for a name that is no zone */
export function zoneClock(zone: string): ZoneClock {
  let clock = clocks.get(zone)
  if (clock === undefined) {
    clock = clockOf(zone)
    clocks.set(zone, clock)
  }
  return clock
}

function clockOf(name: string): ZoneClock {
  if (!isZone(name)) throw new RangeError(`"${name}" is no time zone`)
  const offsetAt = rememberingOffsets(IANAZone.create(name))
  const shown = (instant: number) => instant + offsetAt(instant)
  return {
    shown,
    firstAt(wanted) {
      const earliest = wanted - FARTHEST
      const latest = wanted + FARTHEST
      const before = offsetAt(earliest)
      const after = offsetAt(latest)
      if (before === after) return wanted - before
      const change = changeBetween(earliest, latest, offsetAt)
      if (wanted - before < change) return wanted - before
      return Math.max(change, wanted - after)
    },
  }
}

/**
 * Asking the zone takes microseconds, and the offset is nearly always that of the whole day. No zone has changed its offset
 * twice within a day since 1970.
 */
function rememberingOffsets(zone: IANAZone): (instant: number) => number {
  const asked = (instant: number) => zone.offset(instant) * MINUTE
  const days = new Map<number, { before: number; change: number; after: number }>()
  return (instant) => {
    const day = Math.floor(instant / DAY)
    let known = days.get(day)
    if (known === undefined) {
      const [start, end] = [day * DAY, (day + 1) * DAY]
      const [before, after] = [asked(start), asked(end)]
      known = { before, after, change: before === after ? end : changeBetween(start, end, asked) }
      if (days.size >= MOST_DAYS) days.clear()
      days.set(day, known)
    }
    return instant < known.change ? known.before : known.after
  }
}

/** Some 27 years: beyond them it begins anew. */
const MOST_DAYS = 10_000

/** The first instant, within (start, end], at which the offset is no longer that of `start`. */
function changeBetween(start: number, end: number, offsetAt: (instant: number) => number): number {
  const before = offsetAt(start)
  let [same, changed] = [start, end]
  while (changed - same > 1) {
    const middle = Math.floor((same + changed) / 2)
    if (offsetAt(middle) === before) same = middle
    else changed = middle
  }
  return changed
}
