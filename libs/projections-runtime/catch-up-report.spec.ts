import { FakeClock } from '#libs/testing'
import { CatchUpReport } from './catch-up-report.js'

const at = (position: number): string => String(position).padStart(20, '0')
const build = (projection: string) => ({ projection, version: 1, build: 1 })
const behind = (positions: Readonly<Record<string, number>>) =>
  Object.entries(positions).map(([projection, position]) => ({
    name: build(projection),
    position: at(position),
  }))

describe('What is said of builds that catch up', () => {
  let clock: FakeClock
  let report: CatchUpReport
  beforeEach(() => {
    clock = new FakeClock()
    report = new CatchUpReport(clock)
  })
  const said = (positions: Readonly<Record<string, number>>) =>
    report.catchingUp(behind(positions), at(1_000))
  const level = (...projections: string[]) => report.arrived(projections.map(build))

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

  it('is that they are level, once they are, and only of those of which something was said', () => {
    said({ slow: 0, slower: 0 })
    clock.advance(10_000)
    said({ slow: 500, slower: 100 })
    expect(level('quick', 'slow', 'slower')).toBe('Read models are level with the log: slow; slower')
    expect(level('quick', 'slow', 'slower')).toBeUndefined()
  })

  it('is not that they are level while one stands still before the end, but when it gets there', () => {
    said({ fast: 0, stopped: 0 })
    clock.advance(10_000)
    said({ fast: 500, stopped: 100 })
    expect(level('fast')).toBe('Read models are level with the log: fast')
    expect(level('fast')).toBeUndefined()
    expect(said({ stopped: 100 })).toBeUndefined()
    expect(level('fast', 'stopped')).toBe('Read models are level with the log: stopped')
  })

  it('is nothing where that takes no longer than seconds', () => {
    said({ quick: 0 })
    clock.advance(9_000)
    expect(level('quick')).toBeUndefined()
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
