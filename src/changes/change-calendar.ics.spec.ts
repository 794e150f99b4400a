import { asICalendar } from './change-calendar.ics.js'
import type { CalendarChange } from './queries/calendar-changes.js'

const FROM = '2026-03-01T00:00:00.000Z'
const TO = '2026-04-01T00:00:00.000Z'
const PERIOD = { start: '2026-03-02T20:00:00.000Z', end: '2026-03-02T23:00:00.000Z' }
const change: CalendarChange = {
  number: 'CHG0000001',
  type: 'normal',
  title: 'Umlaute äöü; commas, and a line\nbreak',
  state: 'Scheduled',
  affectedCis: ['CI0000001', 'CI0000002'],
  updatedAt: '2026-02-28T08:00:00.000Z',
  ...PERIOD,
}
const window = { name: 'night', appliesTo: {}, periods: [PERIOD], publishedAt: FROM }

function told(parts: { changes?: CalendarChange[]; windows?: boolean }): string[] {
  const windows = parts.windows ? [window] : []
  const calendar = {
    from: FROM,
    to: TO,
    changes: parts.changes ?? [],
    blackouts: windows,
    maintenance: windows,
    position: '',
    lag: 0,
  }
  const text = asICalendar(calendar, 'log-1')
  expect(text).toMatch(/^BEGIN:VCALENDAR\r\nVERSION:2\.0\r\n/)
  // Lines of at most 75 octets (RFC 5545, section 3.1), unfolded for the reader
  for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
  return text.replaceAll('\r\n ', '').split('\r\n')
}

it('tells a change with its times in UTC, and what it is about', () => {
  const lines = told({ changes: [change] })
  for (const line of [
    'UID:CHG0000001.log-1',
    'DTSTAMP:20260228T080000Z',
    'DTSTART:20260302T200000Z',
    'DTEND:20260302T230000Z',
    'SUMMARY:CHG0000001 Umlaute äöü\\; commas\\, and a line\\nbreak',
    'STATUS:CONFIRMED',
  ])
    expect(lines).toContain(line)
  expect(lines.find((line) => line.startsWith('DESCRIPTION:'))).toContain('CI0000001\\, CI0000002')
})

it('has an end only where that is later than the start, in whole seconds', () => {
  const start = '2026-03-02T20:00:00.100Z'
  const lines = told({ changes: [{ ...change, start, end: '2026-03-02T20:00:00.900Z' }] })
  expect(lines).toContain('DTSTART:20260302T200000Z')
  expect(lines.filter((line) => line.startsWith('DTEND'))).toEqual([])
  expect(told({ changes: [{ ...change, start, end: '2026-03-02T20:00:01.000Z' }] })).toContain(
    'DTEND:20260302T200001Z',
  )
})

it('says that what nobody has allowed yet is tentative', () => {
  expect(told({ changes: [{ ...change, state: 'Authorize' }] })).toContain('STATUS:TENTATIVE')
})

it('says of what was done when it was planned, and how it went', () => {
  const done: CalendarChange = {
    ...change,
    state: 'Closed',
    plannedStart: FROM,
    plannedEnd: TO,
    startedAt: PERIOD.start,
    endedAt: PERIOD.end,
    outcome: 'backed out',
  }
  const lines = told({ changes: [done] })
  expect(lines).toContain('STATUS:CONFIRMED')
  const description = lines.find((line) => line.startsWith('DESCRIPTION:'))
  expect(description).toContain('Outcome: backed out')
  expect(description).toContain(`Planned: ${FROM} to ${TO}`)
  expect(told({ changes: [{ ...done, state: 'Canceled' }] })).toContain('STATUS:CANCELLED')
})

it('tells windows, each time with an id of its own, without making anybody busy', () => {
  const lines = told({ windows: true })
  expect(lines).toContain('SUMMARY:Blackout: night')
  expect(lines).toContain('SUMMARY:Maintenance window: night')
  expect(lines.filter((line) => line === 'TRANSP:TRANSPARENT')).toHaveLength(2)
  expect(new Set(lines.filter((line) => line.startsWith('UID:'))).size).toBe(2)
})

it('is the same for the same calendar', () => {
  expect(told({ changes: [change], windows: true })).toEqual(told({ changes: [change], windows: true }))
})
