import { digitsOf, numberAt, WIDTH } from './digits.js'

/**
 * The newest incidents of a list, as one text: the minute when each was opened and its ordinal (`pages.ts`), the latest last. So it is
 * short where it is stored, and most often nothing has to be done with it but to add to its end.
 */
export type Newest = string

export const NOBODY: Newest = ''
const ENTRY = 2 * WIDTH
export const MINUTE = 60_000

/** @param time milliseconds since 1970, of which lists know the minute */
export function entryOf(time: number, ordinal: number): string {
  return digitsOf(Math.floor(time / MINUTE)) + digitsOf(ordinal)
}

/** How many there are. */
export const lengthOf = (newest: Newest): number => newest.length / ENTRY

/** With an incident in its place; of the same minute the one that was entered later is the later one. */
export function withEntry(newest: Newest, entry: string, most: number): Newest {
  const minute = numberAt(entry, 0)
  let place = newest.length
  while (place > 0 && numberAt(newest, place - ENTRY) > minute) place -= ENTRY
  const isFull = newest.length >= most * ENTRY
  if (isFull && place === 0) return newest
  const longer =
    place === newest.length ? newest + entry : newest.slice(0, place) + entry + newest.slice(place)
  return isFull ? longer.slice(ENTRY) : longer
}

export function withoutEntry(newest: Newest, entry: string): Newest {
  for (let at = 0; at < newest.length; at += ENTRY)
    if (newest.startsWith(entry, at)) return newest.slice(0, at) + newest.slice(at + ENTRY)
  return newest
}

/** Tells each of the newest, the latest first. */
export function forNewest(newest: Newest, most: number, tell: (ordinal: number) => void): void {
  const last = Math.max(0, newest.length - most * ENTRY)
  for (let at = newest.length - ENTRY; at >= last; at -= ENTRY) tell(numberAt(newest, at + WIDTH))
}

/** Tells those nearest to a time, and where each stands: so many up to its minute, and so many of later ones, who are mostly none. */
export function forNearest(
  newest: Newest,
  time: number,
  most: number,
  tell: (ordinal: number, newest: Newest, at: number) => void,
): void {
  const minute = Math.floor(time / MINUTE)
  let end = newest.length
  while (end > 0 && numberAt(newest, end - ENTRY) > minute) end -= ENTRY
  const last = Math.max(0, end - most * ENTRY)
  for (let at = end - ENTRY; at >= last; at -= ENTRY) tell(numberAt(newest, at + WIDTH), newest, at)
  const latest = Math.min(newest.length, end + most * ENTRY)
  for (let at = end; at < latest; at += ENTRY) tell(numberAt(newest, at + WIDTH), newest, at)
}

/** The minute of the one that stands at a place. */
export const minuteAt = (newest: Newest, at: number): number => numberAt(newest, at)

/** Tells those whose entry is of this minute or later. */
export function forSince(newest: Newest, time: number, tell: (ordinal: number) => void): void {
  const minute = Math.floor(time / MINUTE)
  for (let at = newest.length - ENTRY; at >= 0 && numberAt(newest, at) >= minute; at -= ENTRY)
    tell(numberAt(newest, at + WIDTH))
}
