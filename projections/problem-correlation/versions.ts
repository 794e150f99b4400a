import { digitsOf, numberAt, WIDTH } from './digits.js'
import type { Fingerprint } from './fingerprints.js'

/**
 * An incident as it was compared at any time: its fingerprint as it was opened, then, each behind the time from which on it held, those
 * after changes. Of most incidents there is one alone, and that is all of the text: the first character says so, without the others
 * having to be read.
 */
export type Versions = string

/** First where there is more than one. */
const SEVERAL = '+'
const SEVERAL_CODE = SEVERAL.charCodeAt(0)
const NEXT = '\n'
/** First of an incident that takes part in nothing for now. */
const ASIDE = '!'
const ASIDE_CODE = ASIDE.charCodeAt(0)
/** As it was opened, and the last ones. */
const MOST_VERSIONS = 5

/** Milliseconds since 1970 in units of 2^30, and the rest. */
const TIME_WIDTH = 2 * WIDTH
const TIME_UNIT = 2 ** 30
const timeDigits = (time: number) => digitsOf(Math.floor(time / TIME_UNIT)) + digitsOf(time % TIME_UNIT)
const timeAt = (text: string, at: number) => numberAt(text, at) * TIME_UNIT + numberAt(text, at + WIDTH)

/** As it was at a time (milliseconds since 1970), which is not before it was opened; undefined: it takes part in nothing. */
export function versionAt(versions: Versions, time: number): Fingerprint | undefined {
  const code = versions.charCodeAt(0)
  if (code === ASIDE_CODE) return undefined
  if (code !== SEVERAL_CODE) return versions
  let [from, to] = [SEVERAL.length, versions.indexOf(NEXT)]
  while (to < versions.length) {
    const next = to + NEXT.length
    if (timeAt(versions, next) > time) break
    from = next + TIME_WIDTH
    const end = versions.indexOf(NEXT, from)
    to = end < 0 ? versions.length : end
  }
  return versions.slice(from, to)
}

/** As it was opened; undefined: it takes part in nothing. */
export function firstVersion(versions: Versions): Fingerprint | undefined {
  return versionAt(versions, Number.NEGATIVE_INFINITY)
}

/** As it is since its last change, whether or not it takes part. */
export function newestVersion(versions: Versions): Fingerprint {
  return versionAt(broughtBack(versions), Number.POSITIVE_INFINITY) as Fingerprint
}

/** From when on it is as it is, if it has changed (milliseconds since 1970). */
export function newestFrom(versions: Versions): number | undefined {
  const last = versions.lastIndexOf(NEXT)
  return last < 0 ? undefined : timeAt(versions, last + NEXT.length)
}

/** With another version from a time on, never earlier than those before it. */
export function withVersion(versions: Versions, fingerprint: Fingerprint, from: number): Versions {
  const aside = versions.startsWith(ASIDE) ? ASIDE : ''
  const parts = partsOf(versions)
  const last = parts.length > 1 ? timeAt(parts.at(-1) as string, 0) : Number.NEGATIVE_INFINITY
  const time = Math.max(last, from)
  const kept = time === last ? parts.slice(0, -1) : parts
  const [first, ...rest] = [...kept, timeDigits(time) + fingerprint]
  return aside + SEVERAL + [first, ...rest.slice(1 - MOST_VERSIONS)].join(NEXT)
}

/** With another one in place of the first: it was not told at once all that it was opened with. */
export function withFirst(versions: Versions, fingerprint: Fingerprint): Versions {
  const aside = versions.startsWith(ASIDE) ? ASIDE : ''
  const first = versions.indexOf(NEXT)
  return aside + (first < 0 ? fingerprint : SEVERAL + fingerprint + versions.slice(first))
}

/** The first fingerprint, and the others behind their times. */
function partsOf(versions: Versions): string[] {
  const shown = broughtBack(versions)
  return (shown.startsWith(SEVERAL) ? shown.slice(SEVERAL.length) : shown).split(NEXT)
}

export const setAside = (versions: Versions): Versions =>
  versions.startsWith(ASIDE) ? versions : ASIDE + versions
export const broughtBack = (versions: Versions): Versions =>
  versions.startsWith(ASIDE) ? versions.slice(ASIDE.length) : versions
