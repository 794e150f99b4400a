import fc from 'fast-check'
import { type BusinessCalendar, calendarSchedule } from './calendar.js'
import type { Interval } from './interval.js'
import {
  MINUTE,
  watchedCalendar,
  watchedClock,
  windowMinutes,
  YEAR_MINUTES,
  YEAR_START,
  ZONES,
} from './oracle.fixture.js'
import { afterOpenTime, covers, isWithin, nextOpening, openTime, type Schedule } from './schedule.js'
import { WEEKDAYS } from './wall-time.js'
import { type RecurringWindow, type TimeWindow, windowSchedule } from './windows.js'

const RUNS = 1_000
const seed = 20_260_329
const parameters = { numRuns: RUNS, seed }

const zone = fc.constantFrom(...ZONES)
const timeOfDay = (max = 1_439) =>
  fc.oneof(
    fc.integer({ min: 0, max }),
    // Around the changes of the clock
    fc.integer({ min: 60, max: 200 }),
  )
const written = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
const day2026 = fc
  .integer({ min: 0, max: 364 })
  .map((day) => new Date(YEAR_START + day * 86_400_000).toISOString().slice(0, 10))

const opening = fc
  .tuple(fc.constantFrom(...WEEKDAYS), timeOfDay(), timeOfDay(1_440))
  .filter(([, from, to]) => from < to)
  .map(([day, from, to]) => ({ day, from: written(from), to: written(to) }))
const holiday = fc.record({
  date: fc.oneof(
    day2026,
    day2026.map((date) => date.slice(5)),
  ),
  name: fc.constant('closed'),
})
const calendar: fc.Arbitrary<BusinessCalendar> = fc.record({
  zone,
  hours: fc.array(opening, { maxLength: 10 }),
  holidays: fc.array(holiday, { maxLength: 6 }),
})

const placedDay = fc
  .tuple(fc.constantFrom('-1', '1', '2', '3', '4', '5'), fc.constantFrom(...WEEKDAYS))
  .map(([place, day]) => place + day)
const recurring: fc.Arbitrary<RecurringWindow> = fc
  .record({
    zone,
    frequency: fc.constantFrom('weekly' as const, 'monthly' as const),
    interval: fc.constantFrom(undefined, 1, 2, 3),
    weekdays: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1, maxLength: 3 }),
    placedDays: fc.uniqueArray(placedDay, { minLength: 1, maxLength: 3 }),
    byMonthDay: fc.constantFrom(undefined, [-1], [31], [1, 15]),
    firstDay: fc.constantFrom('2025-11-30', '2026-01-01', '2026-03-20', '2026-10-31'),
    lastDay: fc.constantFrom(undefined, '2026-06-30', '2026-12-31'),
    from: timeOfDay().map(written),
    minutes: fc.constantFrom(30, 60, 240, 1_440, 3_600, 10_080),
  })
  .map(({ weekdays, placedDays, byMonthDay, ...rest }) => ({
    kind: 'recurring',
    ...rest,
    byDay: rest.frequency === 'weekly' ? weekdays : placedDays,
    byMonthDay: rest.frequency === 'weekly' ? undefined : byMonthDay,
  }))
const single: fc.Arbitrary<TimeWindow> = fc
  .tuple(fc.integer({ min: 0, max: YEAR_MINUTES - 50_000 }), fc.integer({ min: 1, max: 40_000 }))
  .map(([start, minutes]) => ({
    kind: 'single',
    start: new Date(YEAR_START + start * MINUTE).toISOString(),
    end: new Date(YEAR_START + (start + minutes) * MINUTE).toISOString(),
  }))
const windows = fc.array(fc.oneof({ weight: 3, arbitrary: recurring }, single), { maxLength: 3 })

/** Begins somewhere, often shortly before a change of the clock in one of the zones; some last for most of the year. */
const span = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 10_000, max: YEAR_MINUTES - 1 }),
      ...['2026-03-08', '2026-03-29', '2026-04-04', '2026-10-03', '2026-10-25', '2026-11-01'].map((change) =>
        fc
          .integer({ min: -3_000, max: 1_440 })
          .map((before) => (Date.parse(change) - YEAR_START) / MINUTE + before),
      ),
    ),
    fc.oneof({ weight: 50, arbitrary: fc.integer({ min: 1, max: 15_000 }) }, fc.constant(360_000)),
  )
  .map(([start, minutes]) => ({ start, end: Math.min(start + minutes, YEAR_MINUTES - 2_000) }))
  .filter(({ start, end }) => start < end)

const instants = ({ start, end }: Interval): Interval => ({
  start: YEAR_START + start * MINUTE,
  end: YEAR_START + end * MINUTE,
})

/** The open parts of the span, one minute after the other. */
function watched({ start, end }: Interval, isOpen: (minute: number) => boolean): Interval[] {
  const found: { start: number; end: number }[] = []
  for (let minute = start; minute < end; minute++) {
    if (!isOpen(minute)) continue
    const last = found.at(-1)
    if (last?.end === minute) last.end++
    else found.push({ start: minute, end: minute + 1 })
  }
  return found.map(instants)
}

function expectAnswers(schedule: Schedule, span: Interval, open: readonly Interval[]): void {
  const { start, end } = instants(span)
  expect(schedule({ start, end })).toEqual(open)
  const total = open.reduce((sum, part) => sum + part.end - part.start, 0)
  expect(openTime(schedule, start, end)).toBe(total)
  expect(covers(schedule, { start, end })).toBe(total === end - start)
  expect(isWithin(schedule, start)).toBe(open[0]?.start === start)
  if (open.length === 0) return
  expect(nextOpening(schedule, start)).toBe(open[0]!.start)
  expect(afterOpenTime(schedule, start, total)).toBe(open.at(-1)!.end)
}

describe('against a watch that is looked at every minute of a year with two changes of the clock', () => {
  it(`calendars (${RUNS} runs, seed ${seed})`, () => {
    fc.assert(
      fc.property(calendar, span, (calendar, span) => {
        const shown = watchedClock(calendar.zone)
        const isOpen = watchedCalendar(calendar)
        const open = watched(span, (minute) => isOpen(shown[minute]!))
        expectAnswers(calendarSchedule(calendar), span, open)
      }),
      parameters,
    )
  })

  it(`windows (${RUNS} runs, seed ${seed})`, () => {
    fc.assert(
      fc.property(windows, span, (windows, span) => {
        const open = windowMinutes(windows)
        expectAnswers(
          windowSchedule(windows),
          span,
          watched(span, (minute) => open[minute] === 1),
        )
      }),
      parameters,
    )
  })
})

it(`open time adds up, wherever it is cut (${RUNS} runs, seed ${seed})`, () => {
  fc.assert(
    fc.property(calendar, span, fc.double({ min: 0, max: 1, noNaN: true }), (calendar, span, share) => {
      const schedule = calendarSchedule(calendar)
      const { start, end } = instants(span)
      const cut = Math.floor(start + (end - start) * share)
      const sum = openTime(schedule, start, cut) + openTime(schedule, cut, end)
      expect(openTime(schedule, start, end)).toBe(sum)
    }),
    parameters,
  )
})

describe('when the clock changes', () => {
  const at = (text: string) => Date.parse(text)
  const night = (from: string, minutes: number): TimeWindow => ({
    kind: 'recurring',
    zone: 'Europe/Berlin',
    frequency: 'weekly',
    byDay: ['SU'],
    firstDay: '2026-01-01',
    from,
    minutes,
  })
  const on = (window: TimeWindow, date: string) =>
    windowSchedule([window])({ start: at(`${date}T00:00:00Z`), end: at(`${date}T12:00:00Z`) }).map(
      ({ start, end }) => [
        new Date(start).toISOString().slice(11, 16),
        new Date(end).toISOString().slice(11, 16),
      ],
    )

  it('a night of 23 hours shortens the window that it goes through, and takes away the one it skips', () => {
    expect(on(night('01:30', 120), '2026-03-29')).toEqual([['00:30', '01:30']])
    expect(on(night('02:30', 60), '2026-03-29')).toEqual([['01:00', '01:30']])
    expect(on(night('02:00', 60), '2026-03-29')).toEqual([])
  })

  it('a night of 25 hours lengthens it; a time that is shown twice is the first of the two', () => {
    // From midnight UTC on: the window has been open since 23:30
    expect(on(night('01:30', 120), '2026-10-25')).toEqual([['00:00', '02:30']])
    expect(on(night('02:00', 30), '2026-10-25')).toEqual([['00:00', '00:30']])
    expect(on(night('02:30', 60), '2026-10-25')).toEqual([['00:30', '02:30']])
  })
})

it('of a schedule that never opens, nothing is said', () => {
  const never = calendarSchedule({ zone: 'UTC', hours: [], holidays: [] })
  expect([nextOpening(never, 0), afterOpenTime(never, 0, 1), afterOpenTime(never, 7, 0)]).toEqual([
    undefined,
    undefined,
    7,
  ])
})

it('a window every 29 February is found years ahead', () => {
  const leap: TimeWindow = {
    kind: 'recurring',
    zone: 'UTC',
    frequency: 'monthly',
    interval: 12,
    byMonthDay: [29],
    firstDay: '2024-02-01',
    from: '00:00',
    minutes: 60,
  }
  expect(nextOpening(windowSchedule([leap]), Date.UTC(2024, 2, 1))).toBe(Date.UTC(2028, 1, 29))
})

it('a zone that nobody knows is refused', () => {
  expect(() => calendarSchedule({ zone: 'Europe/Nowhere', hours: [], holidays: [] })).toThrow(RangeError)
})
