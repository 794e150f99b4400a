import type { RecordedEvent } from '#libs/event-sourcing'
import { policySpec, recorded } from '#libs/testing'
import { conflictWatch, windowsMoved } from './change.calendar.policies.js'

const hours = (start: number, end: number) => ({
  start: `2026-03-02T${String(start).padStart(2, '0')}:00:00.000Z`,
  end: `2026-03-02T${String(end).padStart(2, '0')}:00:00.000Z`,
})
const reserved = (change: string, start: number, end: number) => ({
  type: 'CiReserved',
  data: { change, period: hours(start, end) },
})
const released = (change: string) => ({ type: 'CiReleased', data: { change } })

function events(stream: string, told: readonly object[]): RecordedEvent<never>[] {
  return recorded(stream, told as never)
}

describe('in one calendar', () => {
  const told = (...story: readonly object[]) => {
    const all = events('cischedule-CI1', story)
    return policySpec(conflictWatch)
      .given(...all.slice(0, -1))
      .when(all.at(-1)!)
      .commands.map(({ type, id }) => `${type} ${id}`)
  }

  it('those are told whom another overlaps, and no others', () => {
    expect(told(reserved('A', 1, 3))).toEqual([])
    expect(told(reserved('A', 1, 3), reserved('C', 4, 5), reserved('B', 2, 4))).toEqual([
      'RecheckConflicts A',
    ])
  })

  it('those too that it overlapped before it moved, or went', () => {
    const both = [reserved('A', 1, 3), reserved('B', 2, 4)]
    expect(told(...both, reserved('B', 5, 6))).toEqual(['RecheckConflicts A'])
    expect(told(...both, released('B'))).toEqual(['RecheckConflicts A'])
    expect(told(...both, reserved('B', 5, 6), released('B'))).toEqual([])
  })
})

describe('what is busy looks again', () => {
  const busy = [
    ...events('cischedule-CI1', [reserved('A', 1, 3), reserved('B', 1, 3), released('B')]),
    ...events('cischedule-CI2', [reserved('C', 1, 3)]),
  ]
  const told = (stream: string, event: object) =>
    policySpec(windowsMoved)
      .given(...busy)
      .when(events(stream, [event])[0]!)
      .commands.map(({ id }) => id)

  it('when windows are published', () => {
    for (const type of ['MaintenanceWindowsPublished', 'BlackoutWindowsPublished'])
      expect(told('settings-blackout-windows', { type, data: { version: 1, windows: [] } })).toEqual([
        'A',
        'C',
      ])
  })

  it('when an item is related: those that are busy at it, or all where it does not say which', () => {
    const related = (target: object) => ({
      type: 'CiRelated',
      data: { type: 'runs-on', source: { ci: 'CI1' }, target },
    })
    expect(told('relation-r', related({ ci: 'CI9' }))).toEqual(['A'])
    expect(told('relation-r', related({ name: 'esx-1' }))).toEqual(['A', 'C'])
    expect(told('relation-r', { type: 'CiUnrelated', data: {} })).toEqual(['A', 'C'])
  })
})
