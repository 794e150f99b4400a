import { begun, joined, relinked } from './candidate-growth.js'
import { type Candidate, MOST_MEMBERS } from './candidates.js'
import { candidateReasons, candidateTitle, trendOf } from './reasons.js'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 2, 31)
const numberOf = (n: number) => `INC${String(n).padStart(7, '0')}`

/** Of incidents at these times, each linked to the one before. */
function candidateOf(
  times: readonly number[],
  title = 'Printer',
  grounds: readonly string[] = [],
): Candidate {
  const [first, ...others] = times.map((time, n) => ({ number: numberOf(n), time, title }))
  return others.reduce(
    (candidate, one, n) =>
      relinked(joined(candidate, one), one.number, [], [{ to: numberOf(n), bits: 8, grounds }]),
    begun(first as { number: string; time: number; title: string }),
  )
}

describe('the trend of a candidate', () => {
  const many = (count: number, from: number, to: number) =>
    Array.from({ length: count }, (_, n) => from + ((to - from) * n) / count)

  it('counts also those that it does not list any more', () => {
    // 300 in the week before, 250 in this one: the 200 newest alone would all be of this week
    const times = [...many(300, NOW - 14 * DAY, NOW - 8 * DAY), ...many(250, NOW - 6 * DAY, NOW)]
    const candidate = candidateOf(times)
    expect(candidate).toMatchObject({ memberCount: 550, members: { length: MOST_MEMBERS } })
    expect(trendOf(candidate, NOW)).toBe('falling')
    const { unlisted: _, ...forgetful } = candidate
    expect(trendOf(forgetful, NOW)).toBe('rising')
  })

  it('keeps nothing of those that came weeks before', () => {
    const times = [...many(1_000, NOW - 90 * DAY, NOW - 20 * DAY), ...many(MOST_MEMBERS, NOW - DAY, NOW)]
    expect(candidateOf(times)).toMatchObject({ memberCount: 1_000 + MOST_MEMBERS })
    expect(candidateOf(times)).not.toHaveProperty('unlisted')
  })
})

describe('the title of a candidate', () => {
  const grounds = ['category:Network', 'symptom:No signal', 'ci:CI0000004', 'words:cabl']
  it.each([
    ['Printer is slow', 'Printer is slow'],
    ['Störung 7', 'Störung 7'],
    ['24370', 'Network, No signal on CI0000004'],
    ['INC0000045', 'Network, No signal on CI0000004'],
    ['', 'Network, No signal on CI0000004'],
  ])('of "%s" is "%s"', (title, shown) => {
    expect(candidateTitle(candidateOf([NOW, NOW + 1, NOW + 2], title, grounds))).toBe(shown)
  })

  it('is of what most links rest on, of words where there is nothing else', () => {
    const two = candidateOf([NOW, NOW + 1], '1', ['words:cabl', 'words:red'])
    expect(candidateTitle(two)).toBe('cabl red')
    const one = { number: 'INC0000008', time: NOW + 5, title: '2' }
    const half = relinked(joined(two, one), one.number, [], [{ to: numberOf(0), bits: 8, grounds: [] }])
    expect(candidateTitle(half)).toBe('')
  })
})

it('reasons count links, of which there may be others than members', () => {
  const candidate = candidateOf([NOW, NOW + 1, NOW + 2], 'Printer', ['category:Network'])
  expect(candidateReasons(candidate)[0]).toBe('2 of 2 links: same category "Network"')
  const link = { to: numberOf(0), bits: 8, grounds: [] }
  const unlinked = relinked(candidate, numberOf(2), [{ ...link, grounds: ['category:Network'] }], [])
  expect(candidateReasons(unlinked)[0]).toBe('1 of 1 links: same category "Network"')
  expect(unlinked.score).toBe(8)
})
