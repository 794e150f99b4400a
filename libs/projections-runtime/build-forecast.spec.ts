import { FakeClock } from '#libs/testing'
import { BuildForecast, progressInWords } from './build-forecast.js'

const BUILD = { projection: 'tickets', version: 1, build: 1 }
const at = (position: number): string => String(position).padStart(20, '0')

describe('A forecast of a build', () => {
  let clock: FakeClock
  let forecast: BuildForecast
  beforeEach(() => {
    clock = new FakeClock()
    forecast = new BuildForecast(clock)
  })
  const seenAt = (position: number, target = 1_000) => forecast.progress(BUILD, at(position), at(target))

  it('says how much it has, and how long the rest takes at the pace that was seen', () => {
    expect(seenAt(100)).toEqual({ share: 0.1, secondsLeft: undefined })
    clock.advance(10_000)
    expect(seenAt(300)).toEqual({ share: 0.3, secondsLeft: 35 })
    expect(progressInWords(seenAt(300))).toBe('30 %, about 35 s left')
  })

  it('says nothing of the rest when it was seen for too short a time, or stands still', () => {
    seenAt(100)
    clock.advance(900)
    expect(seenAt(300).secondsLeft).toBeUndefined()
    expect(progressInWords(seenAt(300))).toBe('30 %')
    clock.advance(9_000)
    expect(seenAt(100).secondsLeft).toBeUndefined()
    expect(seenAt(300).secondsLeft).toBeGreaterThan(0)
  })

  it('takes no pace from what was seen long ago, or by a clock that was put back', () => {
    seenAt(100)
    clock.advance(61_000)
    expect(seenAt(110).secondsLeft).toBeUndefined()
    clock.advance(10_000)
    expect(seenAt(210).secondsLeft).toBe(79)
    clock.jumpTo('2025-12-31T00:00:00.000Z')
    expect(seenAt(310).secondsLeft).toBeUndefined()
  })

  it('takes the pace at which events come for none of its own: a build that was level is seen anew', () => {
    seenAt(100, 101)
    clock.advance(50_000)
    expect(seenAt(105, 106).secondsLeft).toBeUndefined()
    // On its way to what was wanted last
    clock.advance(1_000)
    expect(seenAt(105, 300).secondsLeft).toBeUndefined()
    clock.advance(1_000)
    expect(seenAt(205, 300).secondsLeft).toBeCloseTo(1.9)
  })

  it('knows builds apart', () => {
    seenAt(100)
    clock.advance(10_000)
    expect(forecast.progress({ ...BUILD, build: 2 }, at(300), at(1_000)).secondsLeft).toBeUndefined()
  })

  it('is never beyond the whole', () => {
    expect(seenAt(2_000).share).toBe(1)
    expect(seenAt(0, 0).share).toBe(0)
  })
})
