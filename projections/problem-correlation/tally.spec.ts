import fc from 'fast-check'
import { Tally } from './tally.js'

describe('A tally of who stands in how many lists', () => {
  const tally = new Tally()
  const told = (...ordinals: number[]) => {
    tally.clear()
    for (const ordinal of ordinals) tally.add(ordinal, ordinal * 10)
  }

  it('gives all when there are no more than asked for, each once', () => {
    told(3, 1, 3, 2)
    expect([...tally.first(3)].sort()).toEqual([1, 2, 3])
  })

  it('gives those in most lists first, then the nearest in time', () => {
    told(3, 1, 3, 2)
    expect(tally.first(2)).toEqual([3, 1])
  })

  it('keeps those in enough lists, with their number, and takes nobody new in whom it is only to count', () => {
    told(1, 2, 2, 3, 3)
    tally.addKnown(3)
    tally.addKnown(9)
    tally.keep(2)
    expect([...tally.first(5)].sort()).toEqual([2, 3])
    expect(tally.first(1)).toEqual([3])
    tally.add(1, 0)
    expect([...tally.first(5)].sort()).toEqual([1, 2, 3])
  })

  it('counts as a map of numbers does, whatever was counted before', () => {
    const lists = fc.array(
      fc.integer({ min: 0, max: 2 ** 30 - 1 }).map((n) => (n % 3 === 0 ? n % 64 : n)),
      { maxLength: 400 },
    )
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 3 }), (ordinals, least) => {
        told(...ordinals)
        tally.keep(least)
        const counts = new Map<number, number>()
        for (const ordinal of ordinals) counts.set(ordinal, (counts.get(ordinal) ?? 0) + 1)
        const kept = [...counts].filter(([, lists]) => lists >= least).map(([ordinal]) => ordinal)
        expect(new Set(tally.first(1_000))).toEqual(new Set(kept))
      }),
    )
  })
})
