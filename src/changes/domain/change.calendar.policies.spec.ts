import type { RecordedEvent } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec, policySpec, recorded } from '#libs/testing'
import { conflictWatch, windowsMoved } from './change.calendar.policies.js'
import { ciScheduleDecider, ReserveCi } from './schedule.decider.js'

const hours = (start: number, end: number) => ({
  start: `2026-03-02T${String(start).padStart(2, '0')}:00:00.000Z`,
  end: `2026-03-02T${String(end).padStart(2, '0')}:00:00.000Z`,
})
const reserved = (change: string, start: number, end: number, names?: string[]) => ({
  type: 'CiReserved',
  data: { change, period: hours(start, end), ...(names && { names }) },
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
    ...events('cischedule-CI1', [reserved('A', 1, 3, ['db-1']), reserved('B', 1, 3), released('B')]),
    ...events('cischedule-CI2', [reserved('C', 1, 3, ['web-1', 'www'])]),
    ...events('cischedule-CI3', [reserved('D', 1, 3, ['esx-9']), released('D')]),
  ]
  const old = events('cischedule-CI4', [reserved('E', 1, 3)])
  const told = (stream: string, event: object, given = busy) =>
    policySpec(windowsMoved)
      .given(...given)
      .when(events(stream, [event])[0]!)
      .commands.map(({ id }) => id)
  const ends = (source: object, target: object) => ({ type: 'runs-on', source, target })
  /** However it is said: that it is, that it was, that it is no longer. */
  const said = (source: object, target: object) => [
    { type: 'CiRelated', data: ends(source, target) },
    { type: 'RelationCorrected', data: { ...ends(source, target), present: true } },
    { type: 'CiUnrelated', data: ends(source, target) },
  ]

  it.each([
    ['settings-maintenance-windows', 'MaintenanceWindowsPublished'],
    ['settings-blackout-windows', 'BlackoutWindowsPublished'],
    ['settings-ci-classes', 'CiClassesPublished'],
    ['settings-ci-relation-types', 'CiRelationTypesPublished'],
  ])('all of it when %s are published', (stream, type) => {
    expect(windowsMoved.from.some((prefix) => stream.startsWith(prefix))).toBe(true)
    expect(told(stream, { type, data: { version: 1 } })).toEqual(['A', 'C'])
  })

  it.each([
    { type: 'CiRetired', data: {} },
    { type: 'CiCorrected', data: { status: 'retired' } },
    { type: 'CiCorrected', data: { name: 'db-0' } },
  ])('all of it when an item in use is said to be gone, or to have been otherwise: $type, $data', (event) => {
    expect(told('ci-CI2', event)).toEqual(['A', 'C'])
    expect(told('ci-CI9', event)).toEqual([])
  })

  it('an item of whose attributes alone something is said moves nobody', () => {
    for (const event of [
      { type: 'CiChanged', data: { changes: {} } },
      { type: 'CiCorrected', data: { attributes: { ramGigabytes: 8 } } },
    ])
      expect(windowsMoved.key(events('ci-CI1', [event])[0]!)).toBeUndefined()
  })

  it('when items are related or are no longer: those alone that are busy at one of them', () => {
    for (const event of said({ ci: 'CI1' }, { ci: 'CI9' })) expect(told('relation-r', event)).toEqual(['A'])
    for (const event of said({ ci: 'CI2' }, { ci: 'CI1' }))
      expect(told('relation-r', event)).toEqual(['A', 'C'])
    for (const event of said({ ci: 'CI8' }, { ci: 'CI9' })) expect(told('relation-r', event)).toEqual([])
  })

  it('when an end is a name: those that are busy at an item which bears it, or may', () => {
    for (const event of said({ ci: 'CI1' }, { name: 'esx-1' }))
      expect(told('relation-r', event)).toEqual(['A'])
    for (const event of said({ name: 'www' }, { ci: 'CI9' })) expect(told('relation-r', event)).toEqual(['C'])
    for (const event of said({ name: 'esx-9' }, { ci: 'CI9' })) expect(told('relation-r', event)).toEqual([])
    for (const event of said({ ci: 'CI9' }, { name: 'esx-1' })) {
      const renamed = events('ci-CI1', [{ type: 'CiRenamed', data: { before: 'db-1', after: 'esx-1' } }])
      expect(told('relation-r', event)).toEqual([])
      expect(told('relation-r', event, [...busy, ...renamed])).toEqual(['A'])
      // Reserved before names were told
      expect(told('relation-r', event, [...busy, ...old])).toEqual(['E'])
    }
  })

  it('all where an end does not say which', () => {
    expect(told('relation-r', { type: 'CiUnrelated', data: {} })).toEqual(['A', 'C'])
  })

  it('when an item that it affects is of another class, which windows may be for', () => {
    const reclassified = { type: 'CiReclassified', data: { before: 'server', after: 'hypervisor' } }
    expect(told('ci-CI1', reclassified)).toEqual(['A'])
    expect(told('ci-CI9', reclassified)).toEqual([])
  })

  it('when an item that it affects is renamed', () => {
    const renamed = { type: 'CiRenamed', data: { before: 'db-1', after: 'esx-1' } }
    expect(told('ci-CI1', renamed)).toEqual(['A'])
    expect(told('ci-CI9', renamed)).toEqual([])
  })
})

it('a reservation tells by which names relations may mean the item', () => {
  const registered = { type: 'CiRegistered', data: { class: 'server', name: 'db-1', attributes: {} } }
  const renamed = { type: 'CiRenamed', data: { before: 'db-1', after: 'db-2' } }
  const entry = { change: 'A', period: hours(1, 3) }
  deciderSpec(ciScheduleDecider)
    .given()
    .and(
      'ci-CI1',
      ...([registered, renamed, { ...renamed, data: { before: 'db-2', after: 'db-1' } }] as never[]),
    )
    .when(new ReserveCi('CI1', entry, commandMetadata()))
    .thenEvents({ type: 'CiReserved', data: { ...entry, names: ['db-1', 'db-2'] } })
})
