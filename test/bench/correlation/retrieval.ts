import { numberIn } from '#projections/problem-correlation/fingerprints'
import type { CorrelationSettings } from '#projections/problem-correlation/linking'
import { USUAL_SETTINGS } from '#projections/problem-correlation/linking'
import { describedTraits, type Traits } from '#projections/problem-correlation/traits'
import type { LinkedPair, Links, Row } from './incident-log.js'
import { Teaching } from './ranking.js'
import { Replay } from './replay.js'

/** One way to look for incidents of the same problem. */
export const METHODS = {
  correlation: 'the view, parameters from earlier queries',
  untaught: 'the view, parameters as they were before any query',
  sameCategory: 'same category within 14 days, newest first',
  sameKind: 'same category, subcategory and symptom, newest first',
} as const
export type Method = keyof typeof METHODS

export interface Answered {
  query: LinkedPair
  /** Numbers, the best first. */
  rankings: Readonly<Record<Method, readonly string[]>>
  /** Incidents that were known then, and how many of the right ones stood in a list of the view. */
  known: number
  listed: number
}

/** Nothing is linked, and so nothing but lists is kept up. */
const LISTS_ONLY: CorrelationSettings = { ...USUAL_SETTINGS, threshold: Number.POSITIVE_INFINITY }

/** Asks every query at its time, of what rows before it tell. */
export function askAll(rows: readonly Row[], { queries }: Links): readonly Answered[] {
  const replay = new Replay(LISTS_ONLY)
  const teaching = new Teaching()
  const untaught = new Teaching(false).parameters
  const answers: Answered[] = []
  let next = 0
  // Queries of one minute: none of them knows how another one of them came out
  for (let from = 0; from < queries.length; ) {
    const { at } = queries[from] as LinkedPair
    while (next < rows.length && (rows[next] as Row).at < at) replay.add(rows[next++] as Row)
    const together = queries.slice(from).filter((query) => query.at === at)
    const asked = together.map((query) => {
      const traits = askedTraits(replay, query)
      const others = replay.listedWith(traits)
      const rankings = {
        correlation: replay.ranked(traits, others, teaching.parameters),
        untaught: replay.ranked(traits, others, untaught),
        sameCategory: newestFirst(replay, query, isNearInCategory),
        sameKind: newestFirst(replay, query, isOfKind),
      }
      const listed = others.filter((other) => query.knownBefore.has(numberIn(other))).length
      answers.push({ query, rankings, known: replay.rows.size, listed })
      return { query, traits, others }
    })
    for (const { query, traits, others } of asked) teaching.learn(replay, traits, others, query)
    from += together.length
  }
  return answers
}

/** As the incident stood before; one that was not known before, as the row stands, whose link and closing columns nobody sees. */
function askedTraits(replay: Replay, { number, row }: LinkedPair): Traits {
  const known = replay.incident(number)
  if (known) return known.traits
  const described = describedTraits(number, row.openedAt, row)
  return row.group === undefined ? described : { ...described, group: row.group }
}

type IsAlike = (asked: Row, other: Row) => boolean
const FORTNIGHT = 14 * 86_400_000
const isNearInCategory: IsAlike = (asked, other) =>
  asked.category === other.category && Math.abs(asked.openedAt - other.openedAt) <= FORTNIGHT
const isOfKind: IsAlike = (asked, other) =>
  asked.category === other.category &&
  asked.subcategory === other.subcategory &&
  asked.symptom === other.symptom

/** A baseline: whoever is alike, the one that was opened last first. Of all incidents known, not of those in lists alone. */
function newestFirst(replay: Replay, { number, row }: LinkedPair, isAlike: IsAlike): readonly string[] {
  const asked = replay.rows.get(number) ?? row
  return [...replay.rows.values()]
    .filter((other) => other.number !== number && isAlike(asked, other))
    .sort((a, b) => b.openedAt - a.openedAt || (a.number < b.number ? 1 : -1))
    .map((other) => other.number)
}
