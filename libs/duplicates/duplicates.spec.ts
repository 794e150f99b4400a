import fc from 'fast-check'
import { type Named, namedBefore } from './duplicates.js'

const NOW = '2026-03-02T08:01:00.000Z'
const named = (position: number, recordedAt = NOW): Named => ({
  position: String(position).padStart(20, '0'),
  recordedAt,
})

describe('Of records that are named duplicates of one another', () => {
  it('the one that came later is refused', () => {
    expect(namedBefore(named(1), named(2), NOW)).toBe(true)
    expect(namedBefore(named(2), named(1), NOW)).toBe(false)
    expect(namedBefore(named(1), null, NOW)).toBe(true)
    expect(namedBefore(null, named(2), NOW)).toBe(false)
  })

  it('one that was named long ago holds up nobody', () => {
    expect(namedBefore(named(1, '2026-03-02T08:00:00.000Z'), named(2), NOW)).toBe(true)
    expect(namedBefore(named(1, '2026-03-02T07:59:59.999Z'), named(2), NOW)).toBe(false)
  })

  it('in whatever circle they meet, at least one is refused', () => {
    const circle = fc.uniqueArray(fc.nat(1_000), { minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(circle, (positions) => {
        const refused = positions.filter((own, index) =>
          namedBefore(named(positions[(index + 1) % positions.length]!), named(own), NOW),
        )
        expect(refused.length).toBeGreaterThan(0)
        expect(refused.length).toBeLessThan(positions.length)
      }),
    )
  })
})
