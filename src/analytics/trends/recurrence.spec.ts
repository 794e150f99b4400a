import fc from 'fast-check'
import { dayOf, INTERVALS, intervalsIn, startOfInterval } from './intervals.js'
import { recurrenceOf } from './recurrence.js'

const MARCH = { from: '2026-03-01', to: '2026-04-01', interval: 'week' } as const
const march = (...days: number[]) => {
  const perDay = new Map<string, number>()
  for (const day of days) {
    const on = `2026-03-${String(day).padStart(2, '0')}`
    perDay.set(on, (perDay.get(on) ?? 0) + 1)
  }
  return perDay
}

describe('Recurrence', () => {
  it('counts days, for what comes many times on one day has not come back', () => {
    expect(recurrenceOf(march(5, 5, 5, 5), MARCH)).toMatchObject({ incidents: 4, activeDays: 1 })
    expect(recurrenceOf(march(5, 5, 5, 5), MARCH)).not.toHaveProperty('meanDaysBetween')
    expect(recurrenceOf(march(1, 8, 9, 31), MARCH)).toMatchObject({
      activeDays: 4,
      firstOn: '2026-03-01',
      lastOn: '2026-03-31',
      meanDaysBetween: 10,
    })
  })

  it('is told by weeks that begin on Monday, empty ones too', () => {
    expect(recurrenceOf(march(1, 2, 8, 30), MARCH).series).toEqual([
      { start: '2026-02-23', count: 1 },
      { start: '2026-03-02', count: 2 },
      { start: '2026-03-09', count: 0 },
      { start: '2026-03-16', count: 0 },
      { start: '2026-03-23', count: 0 },
      { start: '2026-03-30', count: 1 },
    ])
    expect(recurrenceOf(march(31), { ...MARCH, interval: 'month' }).series).toEqual([
      { start: '2026-03-01', count: 1 },
    ])
  })

  it('has a trend where the halves differ by more than chance, and only there', () => {
    const trend = (...days: number[]) => recurrenceOf(march(...days), MARCH).trend
    expect(trend(20, 21, 22, 23, 24, 25, 26, 27)).toBe('rising')
    expect(trend(1, 2, 3, 4, 5, 6, 7, 8)).toBe('falling')
    expect(trend(1, 5, 9, 13, 17, 21, 25, 29)).toBe('no trend shown')
    expect(trend(20, 21)).toBe('too little to tell')
  })

  it('has no trend because nobody kept records before', () => {
    const days = march(20, 22, 24, 26, 28, 30, 31)
    expect(recurrenceOf(days, MARCH).trend).toBe('rising')
    expect(recurrenceOf(days, { ...MARCH, recordedFrom: '2026-03-20' }).trend).toBe('no trend shown')
    // None at all, and from after the time
    expect(recurrenceOf(march(), { ...MARCH, recordedFrom: '2026-05-01' }).trend).toBe('too little to tell')
  })

  it('has no trend because nobody kept records afterwards', () => {
    const days = march(1, 2, 4, 6, 8, 10, 12)
    expect(recurrenceOf(days, MARCH).trend).toBe('falling')
    expect(recurrenceOf(days, { ...MARCH, recordedTo: '2026-03-13' }).trend).toBe('no trend shown')
  })

  it('loses nothing: each day lies in one interval, and the series sums to all', () => {
    const day = fc.integer({ min: 0, max: 799 }).map((n) => dayOf(Date.UTC(2024, 1, 1) + n * 86_400_000))
    fc.assert(
      fc.property(fc.array(day), day, day, fc.constantFrom(...INTERVALS), (all, one, other, interval) => {
        const [from, to] = [one, other].sort() as [string, string]
        const days = all.filter((on) => on >= from && on < to)
        const starts = intervalsIn(from, to, interval)
        expect(new Set(starts).size).toBe(starts.length)
        for (const on of days) expect(starts).toContain(startOfInterval(on, interval))
        if (from === to) return
        const perDay = new Map(days.map((on) => [on, 2]))
        const { series, incidents } = recurrenceOf(perDay, { from, to, interval })
        expect(series.reduce((sum, { count }) => sum + count, 0)).toBe(incidents)
      }),
      { numRuns: 200 },
    )
  })
})
