import fc from 'fast-check'
import { compareBothWays, compareRates } from './rate-comparison.js'

/** What R prints, to its digits. */
const digits = (value: number | null, n: number) => Number((value as number).toPrecision(n))

describe('The comparison of two rates', () => {
  it('gives what R documents for poisson.test(c(11, 6+8+7), c(800, 1083+1050+878))', () => {
    const test = compareRates({ count: 11, exposure: 800 }, { count: 21, exposure: 3011 }, 'higher')
    expect(digits(test.pTwoSided, 4)).toBe(0.07967)
    expect(digits(test.ratio, 7)).toBe(1.971488)
    expect(test.ratioInterval.map((bound) => digits(bound, 7))).toEqual([0.8584264, 4.277266])
  })

  it('gives what R documents for binom.test(682, 682 + 243, p = 3/4), Mendel’s peas', () => {
    const test = compareRates({ count: 682, exposure: 3 }, { count: 243, exposure: 1 }, 'higher')
    expect(digits(test.pTwoSided, 4)).toBe(0.3825)
    // Of the share: its odds over the exposures' are the ratio
    const shares = test.ratioInterval.map((bound) => ((bound as number) * 3) / ((bound as number) * 3 + 1))
    expect(shares.map((share) => digits(share, 7))).toEqual([0.7076683, 0.7654066])
  })

  it('gives tails that can be added up by hand', () => {
    // Half the exposure: 3 of 4 or more is 5/16, 3 or fewer 15/16
    const sides = [
      { count: 3, exposure: 10 },
      { count: 1, exposure: 10 },
    ] as const
    expect(compareRates(...sides, 'higher').pValue).toBeCloseTo(5 / 16, 12)
    expect(compareRates(...sides, 'lower').pValue).toBeCloseTo(15 / 16, 12)
  })

  it('says what was to be expected, and a verdict', () => {
    const before = { count: 20, exposure: 2000 }
    const higher = compareRates({ count: 6, exposure: 100 }, before, 'higher')
    expect(higher).toMatchObject({ expected: 1, ratio: 6, verdict: 'higher' })
    expect(compareRates({ count: 1, exposure: 100 }, before, 'higher').verdict).toBe('no difference shown')
    expect(compareRates({ count: 0, exposure: 2000 }, before, 'lower').verdict).toBe('lower')
  })

  it('says that there is too little to tell, where no outcome could be significant or too few were counted', () => {
    const verdict = (count: number, before: number, exposure = 100) =>
      compareRates({ count, exposure }, { count: before, exposure: 100 }, 'higher').verdict
    // All four of four: 1/16; all five of five: 1/32
    expect(verdict(4, 0)).toBe('too little to tell')
    expect(verdict(5, 0)).toBe('higher')
    // 2 of 2 in a hundredth of the time: p is 0.0001, and yet
    expect(verdict(2, 0, 1)).toBe('too little to tell')
    expect(verdict(3, 0, 1)).toBe('higher')
    expect(verdict(0, 0)).toBe('too little to tell')
  })

  it('has no bound above where nothing was counted before, and none below where nothing was after', () => {
    expect(compareRates({ count: 5, exposure: 1 }, { count: 0, exposure: 1 }, 'higher')).toMatchObject({
      ratio: null,
      ratioInterval: [expect.any(Number), null],
    })
    expect(
      compareRates({ count: 0, exposure: 1 }, { count: 5, exposure: 1 }, 'higher').ratioInterval[0],
    ).toBe(0)
  })

  it('refuses a side that was never watched', () => {
    expect(() => compareRates({ count: 0, exposure: 0 }, { count: 5, exposure: 1 }, 'higher')).toThrow(
      RangeError,
    )
  })

  it('keeps its laws: both tails share what was observed, the interval holds the ratio', () => {
    const side = fc.record({
      count: fc.integer({ min: 0, max: 80 }),
      exposure: fc.integer({ min: 1, max: 5_000 }),
    })
    fc.assert(
      fc.property(side, side, (observed, baseline) => {
        const higher = compareRates(observed, baseline, 'higher')
        const lower = compareRates(observed, baseline, 'lower')
        expect(higher.pValue + lower.pValue).toBeGreaterThanOrEqual(1 - 1e-9)
        expect(higher.pTwoSided).toBeLessThanOrEqual(1)
        const bothWays = compareBothWays(observed, baseline, 'higher')
        const verdict = lower.verdict === 'lower' ? 'lower' : higher.verdict
        expect(bothWays).toEqual({ ...higher, verdict, pOpposite: lower.pValue })
        const { ratio, ratioInterval } = higher
        if (ratio === null) return
        expect(ratioInterval[0]).toBeLessThanOrEqual(ratio * (1 + 1e-9) + 1e-12)
        expect(ratioInterval[1] ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(ratio * (1 - 1e-9))
      }),
      { numRuns: 100 },
    )
  })
})
