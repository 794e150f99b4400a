import { digitsOf, numberAt, WIDTH } from './digits.js'

/**
 * The newest incidents of a list, as one text: the minute when each was opened and its ordinal (`pages.ts`), the latest last. So it is
 * short where it is stored, and most often nothing has to be done with it but to add to its end.
 */
export type Newest = string

export const NOBODY: Newest = ''
const ENTRY = 2 * WIDTH
const MINUTE = 60_000

/** @param time milliseconds since 1970, of which lists know the minute */
export function entryOf(time: number, ordinal: number): string {
  return digitsOf(Math.floor(time / MINUTE)) + digitsOf(ordinal)
}

/** How many there are. */
export const lengthOf = (newest: Newest): number => newest.length / ENTRY

/** With an incident in its place; of the same minute the one that was entered later is the later one. */
export function withEntry(newest: Newest, entry: string, most: number): Newest {
  const minute = entry.slice(0, WIDTH)
  let place = newest.length
  while (place > 0 && newest.slice(place - ENTRY, place - WIDTH) > minute) place -= ENTRY
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

/** Tells each of the newest, the latest first. @param tell with the time in milliseconds since 1970 */
export function forNewest(newest: Newest, most: number, tell: (ordinal: number, time: number) => void): void {
  const last = Math.max(0, newest.length - most * ENTRY)
  for (let at = newest.length - ENTRY; at >= last; at -= ENTRY)
    tell(numberAt(newest, at + WIDTH), numberAt(newest, at) * MINUTE)
}
