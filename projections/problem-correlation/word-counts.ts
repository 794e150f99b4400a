import type { ViewTransaction } from '#libs/projections-runtime'
import { hashOf } from './digits.js'

/** In how many incidents a stem stands. */
export const WORDS = 'correlation_words'

export interface WordCount {
  /** Up to {@link COUNTED} exactly, then an estimate. */
  count: number
}

/**
 * From here on one incident in {@link SAMPLED} counts for so many: only the logarithm of a count matters, and words that stand everywhere
 * need not be written for each. The standard deviation is some 0.2 bits at 600 and less beyond.
 */
const COUNTED = 256
const SAMPLED = 16

/** Counts stems of an incident up or down. */
export function countWords(
  view: ViewTransaction,
  stems: readonly string[],
  step: 1 | -1,
  number: string,
): void {
  const isSampled = hashOf(number) % SAMPLED === 0
  for (const stem of stems) {
    const count = view.get<WordCount>(WORDS, stem)?.count ?? 0
    const isExact = count < COUNTED
    if (!isExact && !isSampled) continue
    const next = Math.max(0, count + step * (isExact ? 1 : SAMPLED))
    view.put(WORDS, stem, { count: next } satisfies WordCount)
  }
}
