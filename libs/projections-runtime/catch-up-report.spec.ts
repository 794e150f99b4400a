import { FakeClock } from '#libs/testing'
import { CatchUpReport } from './catch-up-report.js'

const at = (position: number): string => String(position).padStart(20, '0')
const behind = (positions: Readonly<Record<string, number>>) =>
  Object.entries(positions).map(([projection, position]) => ({
    name: { projection, version: 1, build: 1 },
    position: at(position),
  }))

describe('What is said of builds that catch up', () => {
  let clock: FakeClock
  let report: CatchUpReport
  beforeEach(() => {
    clock = new FakeClock()
    report = new CatchUpReport(clock)
  })
  const said = (positions: Readonly<Record<string, number>>) => report.next(behind(positions), at(1_000))

  it('is how far they are and how long it takes, every ten seconds, the slowest first', () => {
    expect(said({ fast: 0, slow: 0 })).toBeUndefined()
    clock.advance(9_000)
    expect(said({ fast: 450, slow: 90 })).toBeUndefined()
    clock.advance(1_000)
    expect(said({ fast: 500, slow: 100 })).toBe(
      'Read models catch up with the log: slow 10 %, about 90 s left; fast 50 %, about 10 s left',
    )
    clock.advance(1_000)
    expect(said({ slow: 110 })).toBeUndefined()
    clock.advance(9_000)
    expect(said({ slow: 200 })).toBe('Read models catch up with the log: slow 20 %, about 80 s left')
  })

  it('is that they are level, once they are', () => {
    said({ slow: 0 })
    clock.advance(10_000)
    said({ slow: 500 })
    expect(said({})).toBe('Read models are level with the log')
    expect(said({})).toBeUndefined()
  })

  it('is nothing where that takes no longer than seconds', () => {
    said({ quick: 0 })
    clock.advance(9_000)
    expect(said({})).toBeUndefined()
    // Begun anew
    clock.advance(9_000)
    expect(said({ quick: 0 })).toBeUndefined()
  })

  it('names a few of many', () => {
    const many = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`model${n}`, 0]))
    said(many)
    clock.advance(10_000)
    expect(said(many)).toMatch(/model4 0 %; and 3 more$/)
  })
})
