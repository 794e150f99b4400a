/** Events that were counted over a time. */
export interface Counted {
  count: number
  /** Any unit, the same on both sides; above 0. */
  exposure: number
}

export type Alternative = 'higher' | 'lower'

export interface RateTest {
  /** What the baseline's rate gives over the exposure of the observed side. */
  expected: number
  /** Observed rate over the baseline's; null: nothing was counted in the baseline. */
  ratio: number | null
  /** 95 % Clopper-Pearson interval of the ratio; null: without a bound. */
  ratioInterval: readonly [low: number, high: number | null]
  /** Of the alternative, if both rates were the same. */
  pValue: number
  /** The same for `two-sided`. */
  pTwoSided: number
  verdict: Alternative | 'no difference shown' | 'too little to tell'
}

export const RATE_TEST_NAME =
  'exact conditional binomial test of two Poisson rates (Przyborowski and Wilenski 1940), one-sided'

/**
 * A verdict in words, behind what was counted.
 * @param rate what the ratio is of: `the usual rate`
 * @param p of the alternative that the verdict speaks for
 */
export function verdictInWords(
  counted: string,
  verdict: string,
  { ratio, rate, p }: { ratio: number | null; rate: string; p: number },
): string {
  if (verdict === 'too little to tell') return `${counted}: ${verdict}`
  const times = ratio === null ? '' : `${rounded(ratio)} times ${rate}, `
  return `${counted}: ${verdict} (${times}p = ${p.toPrecision(2)})`
}

/** To a hundredth. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100
}

/** A verdict needs a p-value below this. */
export const SIGNIFICANCE = 0.05
/** Fewer events on both sides together tell nothing, whatever the p-value: incidents are seldom wholly independent. */
export const FEWEST_EVENTS = 3

/**
 * Whether two Poisson rates differ: given how many events there are in all, those of one side are binomial with that side's share
 * of the exposure. Przyborowski and Wilenski, Biometrika 31 (1940) 313-323; the two-sided p-value adds up what is no likelier than
 * what was observed, and the interval is Clopper and Pearson's (1934), both as in R's `poisson.test`.
 *
 * Too little to tell: even if all events lay on one side, the test could not come out significant, or {@link FEWEST_EVENTS} are not reached.
 *
 * @throws RangeError when an exposure is not above 0
 */
export function compareRates(observed: Counted, baseline: Counted, alternative: Alternative): RateTest {
  const { told, tested } = comparison(observed, baseline)
  return { ...told, ...tested(alternative) }
}

/**
 * The same for whom the opposite matters, too: it is the verdict where the test comes out significant that way.
 * @throws RangeError when an exposure is not above 0
 */
export function compareBothWays(
  observed: Counted,
  baseline: Counted,
  alternative: Alternative,
): RateTest & {
  /** Of the opposite alternative. */
  pOpposite: number
} {
  const { told, tested } = comparison(observed, baseline)
  const opposite = alternative === 'higher' ? 'lower' : 'higher'
  const [asked, other] = [tested(alternative), tested(opposite)]
  const verdict = other.verdict === opposite ? opposite : asked.verdict
  return { ...told, ...asked, verdict, pOpposite: other.pValue }
}

function comparison(observed: Counted, baseline: Counted) {
  if (!(observed.exposure > 0 && baseline.exposure > 0)) throw new RangeError('Exposures must be above 0')
  const trials = observed.count + baseline.count
  const share = observed.exposure / (observed.exposure + baseline.exposure)
  const binomial = new Binomial(trials)
  const x = observed.count
  const rateBefore = baseline.count / baseline.exposure
  const told = {
    expected: rateBefore * observed.exposure,
    ratio: baseline.count === 0 ? null : x / observed.exposure / rateBefore,
    ratioInterval: ratioInterval(binomial, x, observed.exposure / baseline.exposure),
    pTwoSided: binomial.noLikelierThan(x, share),
  }
  const tested = (alternative: Alternative) => {
    const isHigher = alternative === 'higher'
    const pValue = isHigher ? binomial.atLeast(x, share) : binomial.atMost(x, share)
    return { pValue, verdict: verdictOf(pValue, trials, isHigher ? share : 1 - share, alternative) }
  }
  return { told, tested }
}

function verdictOf(
  pValue: number,
  trials: number,
  shareOfSide: number,
  alternative: Alternative,
): RateTest['verdict'] {
  if (trials < FEWEST_EVENTS || shareOfSide ** trials >= SIGNIFICANCE) return 'too little to tell'
  return pValue < SIGNIFICANCE ? alternative : 'no difference shown'
}

/** The bounds of the share, as bounds of the ratio of the rates. */
function ratioInterval(
  binomial: Binomial,
  x: number,
  exposureRatio: number,
): readonly [number, number | null] {
  const tail = SIGNIFICANCE / 2
  const low = x === 0 ? 0 : shareWhere((share) => binomial.atLeast(x, share) > tail)
  const high = x === binomial.trials ? 1 : shareWhere((share) => binomial.atMost(x, share) <= tail)
  const ratioOf = (share: number) => share / (1 - share) / exposureRatio
  return [ratioOf(low), high >= 1 ? null : ratioOf(high)]
}

/** The least share for which something holds that holds for all greater ones, to the precision of doubles. */
function shareWhere(holds: (share: number) => boolean): number {
  let low = 0
  let high = 1
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}

/** Two probabilities that differ by less are taken for equal, as in R. */
const RELATIVE_ERROR = 1 + 1e-7

/** What adds less than this share to a sum is left out: it is below the precision of doubles. */
const NEGLIGIBLE = 1e-18

/** Binomial probabilities of so many trials, by logarithms of factorials. Sums cost as many steps as have any weight. */
class Binomial {
  private readonly logFactorial: Float64Array

  constructor(readonly trials: number) {
    this.logFactorial = new Float64Array(trials + 1)
    for (let n = 2; n <= trials; n++) this.logFactorial[n] = this.logFactorial[n - 1]! + Math.log(n)
  }

  /** Of `x` or more. */
  atLeast(x: number, share: number): number {
    return x <= this.trials * share ? 1 - this.tail(x - 1, -1, share) : this.tail(x, 1, share)
  }

  /** Of `x` or fewer. */
  atMost(x: number, share: number): number {
    return x >= this.trials * share ? 1 - this.tail(x + 1, 1, share) : this.tail(x, -1, share)
  }

  /** Of everything that is no likelier than `x`. */
  noLikelierThan(x: number, share: number): number {
    const limit = this.probability(x, share) * RELATIVE_ERROR
    let sum = 0
    for (let k = 0; k <= this.trials; k++) {
      const probability = this.probability(k, share)
      if (probability <= limit) sum += probability
    }
    return Math.min(sum, 1)
  }

  /** From `x` away from the mean, where each is less likely than the one before. */
  private tail(x: number, step: 1 | -1, share: number): number {
    let sum = 0
    for (let k = x; k >= 0 && k <= this.trials; k += step) {
      const probability = this.probability(k, share)
      sum += probability
      if (probability <= sum * NEGLIGIBLE) break
    }
    return Math.min(sum, 1)
  }

  private probability(k: number, share: number): number {
    const { trials, logFactorial } = this
    if (share <= 0) return k === 0 ? 1 : 0
    if (share >= 1) return k === trials ? 1 : 0
    const ways = logFactorial[trials]! - logFactorial[k]! - logFactorial[trials - k]!
    return Math.exp(ways + k * Math.log(share) + (trials - k) * Math.log1p(-share))
  }
}
