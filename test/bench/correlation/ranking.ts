import type { Fingerprint } from '#projections/problem-correlation/fingerprints'
import type { Parameters } from '#projections/problem-correlation/similarity'
import { FIELD_SIGNALS, type FieldSignal, type Traits } from '#projections/problem-correlation/traits'
import type { LinkedPair } from './incident-log.js'
import type { Replay } from './replay.js'

/** Signals that a choice may be made of, from what earlier queries showed. */
const ISSUE_SIGNALS: readonly FieldSignal[] = ['category', 'subcategory', 'symptom', 'location', 'service']
const SIGNAL_SETS: readonly (readonly FieldSignal[])[] = [
  ISSUE_SIGNALS,
  [...ISSUE_SIGNALS, 'group'],
  [...ISSUE_SIGNALS, 'group', 'openedBy'],
]
const MOMENTS = [15, 60, 360].map((minutes) => minutes * 60_000)
const TIME_WEIGHTS = [0.5, 1, 1.5]

/** How often a signal agrees is believed to be this, and weighs as much as so many queries. */
const PRIOR_AGREEMENT = 0.5
const PRIOR_QUERIES = 4
/** Before so many queries nothing is chosen: the first of the list holds. */
const QUERIES_BEFORE_CHOICE = 5

export const UNTAUGHT: Parameters = {
  agreement: Object.fromEntries(FIELD_SIGNALS.map((signal) => [signal, PRIOR_AGREEMENT])),
  ciAgreement: PRIOR_AGREEMENT,
  momentMilliseconds: MOMENTS[1] as number,
  timeWeight: 1,
}

interface Choice {
  signals: readonly FieldSignal[]
  momentMilliseconds: number
  timeWeight: number
  /** Sum of reciprocal ranks that it would have had. */
  won: number
}

/** Parameters as they follow from the queries before: shares of agreement by counting, all else by what would have ranked best. */
export class Teaching {
  readonly #choices: Choice[]
  readonly #agreed = new Map<FieldSignal, number>()
  readonly #compared = new Map<FieldSignal, number>()
  #queries = 0

  /** @param chosen false: signals and times stay as they are in {@link UNTAUGHT} */
  constructor(private readonly chosen = true) {
    const every = SIGNAL_SETS.toReversed().flatMap((signals) =>
      MOMENTS.flatMap((momentMilliseconds) =>
        TIME_WEIGHTS.map((timeWeight) => ({ signals, momentMilliseconds, timeWeight, won: 0 })),
      ),
    )
    const usual = every.findIndex((one) => one.momentMilliseconds === MOMENTS[1] && one.timeWeight === 1)
    this.#choices = chosen ? [...every.splice(usual, 1), ...every] : every.slice(usual, usual + 1)
  }

  get parameters(): Parameters {
    const best = this.#choices.reduce((a, b) => (b.won > a.won ? b : a))
    const choice = this.#queries < QUERIES_BEFORE_CHOICE ? (this.#choices[0] as Choice) : best
    return this.#parametersOf(choice)
  }

  #parametersOf({ signals, momentMilliseconds, timeWeight }: Choice): Parameters {
    const share = (signal: FieldSignal) =>
      ((this.#agreed.get(signal) ?? 0) + PRIOR_AGREEMENT * PRIOR_QUERIES) /
      ((this.#compared.get(signal) ?? 0) + PRIOR_QUERIES)
    const agreement = Object.fromEntries(signals.map((signal) => [signal, share(signal)]))
    return { ...UNTAUGHT, agreement, momentMilliseconds, timeWeight }
  }

  /** Learns from a query that has been answered, by the links that there were by then. */
  learn(replay: Replay, asked: Traits, others: readonly Fingerprint[], { linkedBefore }: LinkedPair): void {
    if (this.chosen)
      for (const choice of this.#choices)
        choice.won += reciprocalRank(replay.ranked(asked, others, this.#parametersOf(choice)), linkedBefore)
    for (const number of linkedBefore) {
      const right = replay.incident(number)?.traits
      for (const signal of FIELD_SIGNALS) {
        if (right?.[signal] === undefined || asked[signal] === undefined) continue
        const part = 1 / linkedBefore.size
        this.#compared.set(signal, (this.#compared.get(signal) ?? 0) + part)
        if (right[signal] === asked[signal]) this.#agreed.set(signal, (this.#agreed.get(signal) ?? 0) + part)
      }
    }
    this.#queries++
  }
}

export function reciprocalRank(ranking: readonly string[], right: ReadonlySet<string>): number {
  const place = ranking.findIndex((number) => right.has(number))
  return place < 0 ? 0 : 1 / (place + 1)
}
