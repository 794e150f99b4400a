import fc from 'fast-check'
import { toPosition } from '#libs/event-sourcing'
import { EarlierPositions } from './earlier-positions.js'
import { UnreadableEvent } from './server-errors.js'

const risingPositions = fc.array(fc.bigInt({ min: 1n, max: 2n ** 40n }), { maxLength: 200 }).map((steps) => {
  let position = 0n
  return steps.map((step) => {
    position += step
    return toPosition(position)
  })
})

it('gives every position back, after encoding too', () => {
  fc.assert(
    fc.property(risingPositions, (positions) => {
      const decoded = EarlierPositions.decode(EarlierPositions.of(positions).encode(), positions.length)
      expect(positions.map((_, index) => decoded.toCurrent(toPosition(index + 1)))).toEqual(positions)
    }),
  )
})

it('knows only what the earlier log gave', () => {
  const positions = EarlierPositions.of([toPosition(500), toPosition(2n ** 62n)])
  expect(positions.toCurrent(toPosition(2))).toBe(toPosition(2n ** 62n))
  expect([0, 3, 500].map((n) => positions.toCurrent(toPosition(n)))).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

it('takes a few bytes an event', () => {
  const positions = Array.from({ length: 10_000 }, (_, i) => toPosition(5_000 + 550 * i + ((i * 7919) % 300)))
  expect(EarlierPositions.of(positions).encode().length).toBeLessThan(25_000)
})

it('refuses bytes that are not all of it', () => {
  const encoded = EarlierPositions.of([toPosition(500), toPosition(900)]).encode()
  expect(() => EarlierPositions.decode(encoded, 3)).toThrow('damaged: it has 2 of 3')
  expect(() => EarlierPositions.decode(encoded.subarray(0, -3), 2)).toThrow(UnreadableEvent)
})
