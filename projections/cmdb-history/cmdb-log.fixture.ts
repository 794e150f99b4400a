import fc from 'fast-check'
import type { RecordedEvent } from '#libs/event-sourcing'
import { EventFactory, FakeClock } from '#libs/testing'
import type {
  CiEvent,
  ConfigurationEvent,
  RelationEvent,
} from '../../src/configuration/domain/configuration.events.js'

/** Instants of a small axis, so that ties are common. */
export const moment = (n: number) => `2026-03-02T08:${String(n).padStart(2, '0')}:00.000Z`
export const MOMENTS = 9

export const CI_STREAMS = ['ci-CI0000001', 'ci-CI0000002'] as const
export const RELATION_STREAMS = ['relation-one', 'relation-two'] as const
const ENDS = {
  type: 'member-of',
  source: { ci: 'CI0000001' },
  target: { name: 'web servers', class: 'group' },
} as const

type Step<E extends ConfigurationEvent = ConfigurationEvent> = E extends ConfigurationEvent
  ? { type: E['type']; data: E['data'] }
  : never

const value = fc.integer({ min: 1, max: 3 })
const until = fc.option(
  fc.integer({ min: 0, max: MOMENTS - 1 }).map((n) => moment(n)),
  { nil: undefined },
)
const attribute = fc.constantFrom('memory', 'cores')

const ciStep: fc.Arbitrary<Step<CiEvent>> = fc.oneof(
  fc.tuple(attribute, fc.option(value)).map(([name, after]) => ({
    type: 'CiChanged' as const,
    data: { changes: { [name]: { before: null, after } } },
  })),
  value.map((n) => ({ type: 'CiRenamed' as const, data: { before: 'it', after: `name ${n}` } })),
  fc.constantFrom('server', 'host').map((after) => ({
    type: 'CiReclassified' as const,
    data: { before: 'server', after },
  })),
  fc.constant({ type: 'CiRetired' as const, data: {} }),
  fc.constant({ type: 'CiObserved' as const, data: {} }),
)
const registration: fc.Arbitrary<Step<CiEvent>> = fc.tuple(value, value).map(([n, memory]) => ({
  type: 'CiRegistered' as const,
  data: { class: 'server', name: `name ${n}`, attributes: { memory } },
}))
const ciCorrection: fc.Arbitrary<Step<CiEvent>> = fc
  .record(
    {
      name: value.map((n) => `name ${n}`),
      status: fc.constantFrom('live' as const, 'retired' as const),
      attributes: fc.dictionary(attribute, fc.option(value), { maxKeys: 2 }),
      until,
    },
    { requiredKeys: [] },
  )
  .map((data) => ({ type: 'CiCorrected' as const, data }))

const relationStep: fc.Arbitrary<Step<RelationEvent>> = fc.oneof(
  value.map((weight) => ({ type: 'CiRelated' as const, data: { ...ENDS, attributes: { weight } } })),
  fc.constant({ type: 'CiUnrelated' as const, data: {} }),
)
const relationCorrection: fc.Arbitrary<Step<RelationEvent>> = fc
  .tuple(fc.boolean(), until)
  .map(([present, end]) => ({
    type: 'RelationCorrected' as const,
    data: { ...ENDS, present, until: end },
  }))

/** Two events in five are corrections, at any time; what opens an item mostly stands first. */
const anyStep = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...CI_STREAMS), ciStep) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...CI_STREAMS), registration) },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...CI_STREAMS), ciCorrection) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...RELATION_STREAMS), relationStep) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...RELATION_STREAMS), relationCorrection) },
)

const anyTime = fc.integer({ min: 0, max: MOMENTS - 1 })

/** A log of events of two items and two relations, whose times repeat and run backwards. */
export const anyCmdbLog: fc.Arbitrary<RecordedEvent<ConfigurationEvent>[]> = fc
  .tuple(
    fc.option(fc.tuple(anyTime, registration), { freq: 9 }),
    fc.array(fc.tuple(anyTime, anyStep), { minLength: 1, maxLength: 14 }),
  )
  .map(([opening, steps]) => {
    const factory = new EventFactory(new FakeClock(moment(0)))
    const log: [number, string, Step][] = opening ? [[opening[0], CI_STREAMS[0], opening[1]]] : []
    for (const [time, [stream, step]] of steps) log.push([time, stream, step as Step])
    return log.map(([time, stream, step]) =>
      factory.event(step as ConfigurationEvent, { occurredAt: moment(time) }, stream),
    )
  })

export const isCorrection = ({ type }: { type: string }) => type.endsWith('Corrected')
