import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LOG_START, type RecordedEvent, utcDayOf } from '#libs/event-sourcing'
import { and, compare, type Filter, matches } from '#libs/read-store'
import { EventFactory, viewSpec } from '#libs/testing'
import type { ConfigurationEvent } from '../../src/configuration/domain/configuration.events.js'
import { cmdbHistory } from './cmdb-history.js'
import { latestSightingAt, SIGHTINGS, type Sighting } from './sightings.js'

const SEED = Number(process.env.CMDB_SEED ?? Date.now() % 1_000_000)
const NUMBERS = ['CI0000001', 'CI0000002', 'CI0000003']
const atHour = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString()
const HOURS = 24 * 5

/** Runs of a source and single sightings over five days; a third is told late. */
const anyLog = fc
  .array(
    fc.record({
      seen: fc.oneof(fc.subarray(NUMBERS), fc.constantFrom(...NUMBERS)),
      step: fc.integer({ min: 0, max: 12 }),
      late: fc.constantFrom(0, 0, 30),
    }),
    { maxLength: 20 },
  )
  .map((sightings) => {
    const factory = new EventFactory()
    let hour = 0
    return sightings.map(({ seen, step, late }) => {
      hour += step
      const isRun = typeof seen !== 'string'
      const data = isRun ? { source: 'scan', run: `${hour}`, seen } : { source: 'scan' }
      const type = isRun ? 'DiscoveryRunRecorded' : 'CiObserved'
      const event = factory.event({ type, data } as ConfigurationEvent, {
        occurredAt: atHour(Math.max(0, hour - late)),
      })
      return {
        ...event,
        stream: isRun ? 'discovery-scan' : `ci-${seen}`,
      } as RecordedEvent<ConfigurationEvent>
    })
  })

const seenBy = ({ stream, data }: RecordedEvent<ConfigurationEvent>): readonly string[] =>
  'seen' in data ? data.seen : [stream.slice('ci-'.length)]

/**
 * The law: events of an item count no earlier than what was told of it before; of those that count and are known at a point
 * the last one says the day.
 */
function lastDay(
  log: readonly RecordedEvent<ConfigurationEvent>[],
  number: string,
  validAt: string,
  asOf: string,
) {
  let latest = ''
  let day: string | undefined
  for (const event of log.filter((one) => seenBy(one).includes(number))) {
    if (event.metadata.occurredAt > latest) latest = event.metadata.occurredAt
    if (event.position <= asOf && latest <= validAt) day = utcDayOf(latest)
  }
  return day
}

const lawFor = (latest: typeof latestSightingAt) =>
  fc.property(anyLog, (log) => {
    const rows = [
      ...viewSpec(cmdbHistory)
        .given(...log)
        .collection<Sighting>(SIGHTINGS)
        .all.values(),
    ]
    for (const asOf of [LOG_START, ...log.map(({ position }) => position)])
      for (let hour = 0; hour <= HOURS; hour += 5) {
        const validAt = atHour(hour)
        const standing = rows.filter((row) => matches(latest({ validAt, asOf }), row))
        for (const number of NUMBERS) {
          const days = standing.filter((row) => row.number === number).map(({ seenAt }) => utcDayOf(seenAt))
          const day = lastDay(log, number, validAt, asOf)
          assert.deepEqual(days, day === undefined ? [] : [day])
        }
      }
  })

describe(`Sightings at any point of both time axes (seed ${SEED})`, () => {
  const options = { numRuns: 1_000, seed: SEED }

  it('are one per item that was seen by then: of the last day on which it was', () => {
    fc.assert(lawFor(latestSightingAt), options)
  })

  it('would be another if only valid time ended them: the law is seen to fail', () => {
    const validOnly = ({ validAt, asOf }: { validAt: string; asOf: string }): Filter =>
      and(compare('seenAt', '<=', validAt), compare('knownFrom', '<=', asOf), compare('until', '>', validAt))
    expect(fc.check(lawFor(validOnly), options).failed).toBe(true)
  })
})

describe('Sightings of one day', () => {
  it('are one, the first', () => {
    const factory = new EventFactory(undefined, 'ci-CI0000001')
    const seen = (hour: number) =>
      factory.event({ type: 'CiObserved', data: {} } as ConfigurationEvent, { occurredAt: atHour(hour) })
    const sightings = viewSpec(cmdbHistory).given(seen(1), seen(23), seen(24)).collection<Sighting>(SIGHTINGS)
    expect([...sightings.all.values()].map(({ seenAt }) => seenAt).sort()).toEqual([atHour(1), atHour(24)])
  })
})
