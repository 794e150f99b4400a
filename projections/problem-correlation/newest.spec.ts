import fc from 'fast-check'
import { digitsOf, numberAt } from './digits.js'
import { entryOf, forNearest, forNewest, minuteAt, NOBODY, withEntry, withoutEntry } from './newest.js'

const MINUTE = 60_000
const whole = (max: number) => fc.integer({ min: 0, max })

function told(newest: string, most = 1_000): number[] {
  const ordinals: number[] = []
  forNewest(newest, most, (ordinal) => ordinals.push(ordinal))
  return ordinals
}

it('digits are read as they were written, and their order is that of the numbers', () => {
  const any = whole(2 ** 30 - 1)
  fc.assert(
    fc.property(any, any, (a, b) => {
      expect(numberAt(digitsOf(a), 0)).toBe(a)
      expect(digitsOf(a) < digitsOf(b)).toBe(a < b)
    }),
  )
  expect([numberAt(digitsOf(-1), 0), numberAt(digitsOf(2 ** 40), 0)]).toEqual([0, 2 ** 30 - 1])
})

it('the newest are the last by when they were opened, then by when they were entered, however they come', () => {
  const minutes = fc.array(whole(6), { maxLength: 20 })
  fc.assert(
    fc.property(minutes, whole(8), (times, most) => {
      const entries = times.map((minute, ordinal) => ({ minute, ordinal }))
      const newest = entries.reduce(
        (list, { minute, ordinal }) => withEntry(list, entryOf(minute * MINUTE, ordinal), most + 1),
        NOBODY,
      )
      const latestFirst = entries.sort((a, b) => b.minute - a.minute || b.ordinal - a.ordinal)
      expect(told(newest)).toEqual(latestFirst.slice(0, most + 1).map(({ ordinal }) => ordinal))
      expect(told(newest, 2)).toEqual(told(newest).slice(0, 2))
    }),
  )
})

it('one that leaves is gone, the others stay', () => {
  const entries = [1, 2, 3].map((ordinal) => entryOf(ordinal * MINUTE, ordinal))
  const all = entries.reduce((list, entry) => withEntry(list, entry, 8), NOBODY)
  expect(told(withoutEntry(all, entries[1] as string))).toEqual([3, 1])
  expect(withoutEntry(all, entryOf(9 * MINUTE, 9))).toBe(all)
})

it('the nearest to a time are the last up to its minute and the first after it, each in its place', () => {
  fc.assert(
    fc.property(fc.array(whole(9), { maxLength: 20 }), whole(9), whole(4), (times, minute, most) => {
      const minutes = times.sort((a, b) => a - b)
      const newest = minutes.map((one, ordinal) => entryOf(one * MINUTE, ordinal)).join('')
      const told: [ordinal: number, minute: number][] = []
      forNearest(newest, minute * MINUTE + 1, most, (ordinal, list, at) =>
        told.push([ordinal, minuteAt(list, at)]),
      )
      const all = minutes.map((one, ordinal): [number, number] => [ordinal, one])
      const until = all.filter(([, one]) => one <= minute).reverse()
      const since = all.filter(([, one]) => one > minute)
      expect(told).toEqual([...until.slice(0, most), ...since.slice(0, most)])
    }),
  )
})
