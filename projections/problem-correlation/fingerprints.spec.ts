import { fingerprintOf, kinByGroup, kinOfGroup, numberIn, timeIn, withGroup } from './fingerprints.js'
import { COMPARED_NO_MORE } from './pages.js'
import { type Background, Comparer, USUAL_PARAMETERS } from './similarity.js'
import type { Traits } from './traits.js'

const TIME = Date.UTC(2026, 0, 5, 12, 30, 1, 234)
const full: Traits = {
  number: 'INC0000007',
  time: TIME,
  category: 'hardware',
  symptom: 'does not start',
  group: 'Field services',
  ci: 'CI0000001',
  upstream: ['CI0000002', 'CI0000003'],
  changes: ['CHG0000001'],
  words: ['printer', 'toner'],
}
const background: Background = {
  incidents: 1_000,
  span: 90 * 86_400_000,
  count: () => 5,
  countWord: () => 5,
  chance: () => 0.1,
}
const agreements = (one: Traits, other: Traits) =>
  new Comparer(one, background, USUAL_PARAMETERS)
    .compare(fingerprintOf(other))
    .agreements.map(({ signal, value }) => [signal, value])

describe('a fingerprint', () => {
  it('tells time and number as they are', () => {
    for (const traits of [full, { number: 'INC1', time: 0 }]) {
      const fingerprint = fingerprintOf(traits)
      expect([timeIn(fingerprint), numberIn(fingerprint)]).toEqual([traits.time, traits.number])
    }
  })

  it('tells which traits another one has as well, by the names that the one has for them', () => {
    expect(agreements(full, { ...full, number: 'INC0000008', time: TIME + 60_000 })).toEqual([
      ['category', 'hardware'],
      ['symptom', 'does not start'],
      ['group', 'Field services'],
      ['ci', 'CI0000001'],
      ['change', 'CHG0000001'],
      ['time', '60000'],
      ['words', 'printer toner'],
    ])
    const upstream = { number: 'INC0000009', time: TIME, ci: 'CI0000009', upstream: ['CI0000003'] }
    expect(agreements(full, upstream)).toEqual([
      ['upstream', 'CI0000003'],
      ['time', '0'],
    ])
  })

  it('has nothing in common with one whose traits are others (counter-proof)', () => {
    const other: Traits = {
      number: 'INC0000010',
      time: TIME + 80 * 86_400_000,
      category: 'software',
      symptom: 'is slow',
      group: 'Network',
      ci: 'CI0000004',
      changes: ['CHG0000002'],
      words: ['mail'],
    }
    expect(agreements(full, other)).toEqual([])
  })

  it('with another group is that of the incident with another group', () => {
    for (const group of ['Network', undefined])
      expect(withGroup(fingerprintOf(full), group)).toBe(fingerprintOf({ ...full, group }))
  })
})

it('of those that an incident was compared with, the ones of a group are told', () => {
  const ofGroup = (group?: string) => fingerprintOf({ ...full, group })
  const kin = kinByGroup([3, 5, 8, 9], [ofGroup('A'), ofGroup('B'), COMPARED_NO_MORE, ofGroup()])
  expect([kinOfGroup(kin, 'A'), kinOfGroup(kin, 'B'), kinOfGroup(kin, 'C')]).toEqual([[3], [5], []])
})

it('bits that cannot reach what is asked for may leave out words, others are exact', () => {
  const comparer = new Comparer(full, background, USUAL_PARAMETERS)
  const other = fingerprintOf({ number: 'INC2', time: TIME, words: ['printer', 'toner'] })
  const bits = comparer.bits(other)
  expect(comparer.bits(other, bits)).toBe(bits)
  expect(comparer.bits(other, 1_000)).toBeLessThan(bits)
})
