import { canonicalJson } from '#libs/event-sourcing'
import type { AttributeValue, MovedValues } from './configuration.events.js'

/** What service configuration and those who propose values to it share. */

type Values = Readonly<Record<string, AttributeValue | null>>

/** Of attributes whose values were taken once, those that are otherwise now; null and absent: not set. */
export function movedSince(base: Values, now: Values): MovedValues {
  const pairs = Object.entries(base).map(
    ([name, value]) =>
      [name, { base: value, now: (Object.hasOwn(now, name) ? now[name] : null) ?? null }] as const,
  )
  return Object.fromEntries(pairs.filter(([, one]) => canonicalJson(one.base) !== canonicalJson(one.now)))
}
