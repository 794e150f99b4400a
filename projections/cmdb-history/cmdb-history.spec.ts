import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LOG_START, later, type RecordedEvent } from '#libs/event-sourcing'
import type { ViewTransaction } from '#libs/projections-runtime'
import { matches } from '#libs/read-store'
import { EventFactory, viewSpec } from '#libs/testing'
import type {
  CiEvent,
  ConfigurationEvent,
  RelationEvent,
} from '../../src/configuration/domain/configuration.events.js'
import { UNENDED, UNENDED_POSITION } from '../intervals.js'
import { foldVersions, laterWins, rectanglesOf, type VersionRow, type Wins } from './bitemporal-fold.js'
import {
  CIS,
  type CiVersion,
  cmdbHistory,
  RELATIONS,
  standingAt,
  WALKED_OF_ITEM,
  WALKED_OF_RELATION,
} from './cmdb-history.js'
import {
  anyCmdbLog,
  CI_STREAMS,
  isCorrection,
  MOMENTS,
  moment,
  RELATION_STREAMS,
} from './cmdb-log.fixture.js'
import { ciEffect, relationEffect } from './effects.js'

const SEED = Number(process.env.CMDB_SEED ?? Date.now() % 1_000_000)
const RUNS = 1_000
const STREAMS = [...CI_STREAMS, ...RELATION_STREAMS]

/** The rows after these events, by id. Earlier rows are loaded when the fold asks for them. */
function rowsAfter(events: readonly RecordedEvent<ConfigurationEvent>[]): Map<string, VersionRow> {
  const documents = new Map<string, object>()
  const view: ViewTransaction = {
    get: <Document extends object>(_: string, id: string) => documents.get(id) as Document | undefined,
    getMany: () => assert.fail('it reads one by one'),
    want: () => undefined,
    put: (_, id, document) => documents.set(id, Object.freeze(document)),
    delete: () => assert.fail('versions are never deleted'),
    ahead: () => assert.fail('each event is folded by itself'),
  }
  for (const event of events) cmdbHistory.fold(event, view)
  return documents as Map<string, VersionRow>
}

/** The same by the fold alone, with another rule for who wins. */
const rowsBy = (wins: Wins) => (events: readonly RecordedEvent<ConfigurationEvent>[]) => {
  const documents = new Map<string, VersionRow>()
  const rows = {
    get: (id: string) => documents.get(id),
    put: (id: string, row: VersionRow) => documents.set(id, row),
  }
  for (const event of events) foldVersions(rows, event.stream, {}, effectOf(event), event.position, wins)
  return documents
}

const effectOf = (event: RecordedEvent<ConfigurationEvent>) =>
  event.stream.startsWith('ci-')
    ? ciEffect(event as RecordedEvent<CiEvent>)
    : relationEffect(event as RecordedEvent<RelationEvent>)

/**
 * The law: of the events with position ≤ p and effective time ≤ v (and v before a correction's `until`), ordered by effective
 * time and then position, the last one wins per field.
 */
function stateAt(
  events: readonly RecordedEvent<ConfigurationEvent>[],
  stream: string,
  validAt: string,
  asOf: string,
): Record<string, unknown> {
  let latest = ''
  const counting: { effectiveAt: string; sets: Readonly<Record<string, unknown>> }[] = []
  for (const event of events.filter((one) => one.stream === stream)) {
    const { sets, correction, occurredAt, until = UNENDED } = effectOf(event)
    const effectiveAt = correction ? occurredAt : later(latest, occurredAt)
    latest = later(latest, effectiveAt)
    if (event.position <= asOf && effectiveAt <= validAt && validAt < until)
      counting.push({ effectiveAt, sets })
  }
  // The sort is stable: ties stay in the order of their positions.
  const ordered = counting.sort(
    (a, b) => Number(a.effectiveAt > b.effectiveAt) - Number(a.effectiveAt < b.effectiveAt),
  )
  const state: Record<string, unknown> = {}
  for (const { sets } of ordered) Object.assign(state, sets)
  return present(state)
}

const present = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))

/** The fields of a row, as the law names them. */
function fieldsOf(row: VersionRow): Record<string, unknown> {
  const {
    name,
    class: ofClass,
    status,
    present: there,
    attributes = {},
  } = row as CiVersion & { present?: boolean }
  const named = Object.entries(attributes).map(([key, value]) => [`attributes.${key}`, value])
  return present({ name, class: ofClass, status, present: there, ...Object.fromEntries(named) })
}

/** The rows of a record in force at a point. */
function shownAt(rows: ReadonlyMap<string, VersionRow>, stream: string, validAt: string, asOf: string) {
  const inForce = standingAt({ validAt, asOf })
  return rowsOf(rows, stream).filter((row) => matches(inForce, row))
}

const rowsOf = (rows: ReadonlyMap<string, VersionRow>, stream: string) =>
  [...rows].flatMap(([id, row]) => (id === stream || id.startsWith(`${stream}@`) ? [row] : []))

/** What rows say, if they say anything. */
const knownIn = (rows: readonly VersionRow[]) =>
  rows.map(fieldsOf).filter((fields) => Object.keys(fields).length > 0)

const positionsOf = (events: readonly RecordedEvent[]) => [
  LOG_START,
  ...events.map(({ position }) => position),
]
const times = Array.from({ length: MOMENTS + 1 }, (_, n) => moment(n))

const lawFor = (fold: typeof rowsAfter) =>
  fc.property(anyCmdbLog, (events) => {
    const rows = fold(events)
    for (const stream of STREAMS) {
      const ofRecord = rowsOf(rows, stream)
      for (const asOf of positionsOf(events))
        for (const validAt of times) {
          const [shown] = ofRecord.filter((row) => matches(standingAt({ validAt, asOf }), row))
          assert.deepEqual(shown ? fieldsOf(shown) : {}, stateAt(events, stream, validAt, asOf))
        }
    }
  })

describe(`The configuration at any point of both time axes (seed ${SEED})`, () => {
  const options = { numRuns: RUNS, seed: SEED }

  it('is the fold of the events that count there, in the order in which they count', () => {
    fc.assert(lawFor(rowsAfter), options)
  })

  it('is known before later events as it was known then', () => {
    fc.assert(
      fc.property(anyCmdbLog, fc.nat(), (events, n) => {
        const known = events.slice(0, n % (events.length + 1))
        const asOf = known.at(-1)?.position ?? LOG_START
        const then = rowsAfter(known)
        const now = rowsAfter(events)
        for (const validAt of times)
          for (const stream of STREAMS)
            assert.deepEqual(
              knownIn(shownAt(now, stream, validAt, asOf)),
              knownIn(shownAt(then, stream, validAt, UNENDED_POSITION.replace(/9$/, '8'))),
            )
      }),
      options,
    )
  })

  it('stands in rows that never overlap and leave no gap where something is known', () => {
    fc.assert(
      fc.property(anyCmdbLog, (events) => {
        const rows = rowsAfter(events)
        for (const stream of STREAMS)
          for (const asOf of positionsOf(events)) {
            for (const validAt of times) {
              const { length } = shownAt(rows, stream, validAt, asOf)
              const isKnown = Object.keys(stateAt(events, stream, validAt, asOf)).length > 0
              assert.ok(length === 1 || (length === 0 && !isKnown))
            }
          }
      }),
      options,
    )
  })

  it('stands in rows that are rectangles, which hold the same points', () => {
    const holds = ({ validFrom, validTo, systemFrom, systemTo }: VersionRow, validAt: string, asOf: string) =>
      validFrom <= validAt && validAt < validTo && systemFrom <= asOf && asOf < systemTo
    fc.assert(
      fc.property(anyCmdbLog, (events) => {
        for (const row of rowsAfter(events).values())
          for (const asOf of positionsOf(events))
            for (const validAt of times) {
              const isWithin = rectanglesOf(row).some((rectangle) => holds(rectangle, validAt, asOf))
              assert.equal(isWithin, matches(standingAt({ validAt, asOf }), row))
            }
      }),
      { ...options, numRuns: 100 },
    )
  })

  it('stands in rows of which no two begin at the same point, which one axis alone would not tell', () => {
    const toldApartBy = (columns: readonly string[]) =>
      fc.property(anyCmdbLog, (events) => {
        const all = rowsAfter(events)
        const rows = STREAMS.flatMap((stream) => rowsOf(all, stream)) as unknown as Record<string, string>[]
        const beginnings = rows.map((row) => columns.map((column) => row[column]).join())
        assert.equal(new Set(beginnings).size, rows.length)
      })
    for (const collection of [CIS, RELATIONS])
      fc.assert(toldApartBy(cmdbHistory.collections[collection]?.unique as readonly string[]), options)
    expect(fc.check(toldApartBy(['systemFrom']), options).failed).toBe(true)
  })

  it('is asked of logs of which a third is back-dated, and ties and ends are common', () => {
    const logs = fc.sample(anyCmdbLog, { numRuns: RUNS, seed: SEED })
    const events = logs.flat()
    const corrections = events.filter(isCorrection)
    expect(corrections.length / events.length).toBeGreaterThan(0.3)
    expect(corrections.filter(({ data }) => 'until' in data && data.until).length).toBeGreaterThan(RUNS / 2)
    const withTies = logs.filter(
      (log) => new Set(log.map(({ metadata }) => metadata.occurredAt)).size < log.length,
    )
    expect(withTies.length).toBeGreaterThan(RUNS / 2)
  })

  it('would be another if of events of one time the earlier won: the law is seen to fail', () => {
    const earlierWins: Wins = (since, effectiveAt) => since === undefined || since < effectiveAt
    expect(fc.check(lawFor(rowsBy(earlierWins)), options).failed).toBe(true)
    expect(fc.check(lawFor(rowsBy(laterWins)), { ...options, numRuns: 100 }).failed).toBe(false)
  })
})

describe('A correction', () => {
  const factory = new EventFactory(undefined, 'ci-CI0000001')
  const memory = (after: number) => ({ changes: { memory: { before: null, after } } })
  const at = (n: number) => ({ occurredAt: moment(n) })
  const events = [
    factory.event(
      { type: 'CiRegistered', data: { class: 'server', name: 'mail', attributes: { memory: 8 } } },
      at(1),
    ),
    factory.event({ type: 'CiChanged', data: memory(16) }, at(3)),
    factory.event({ type: 'CiCorrected', data: { attributes: { memory: 12 } } }, at(2)),
  ] as RecordedEvent<ConfigurationEvent>[]
  const memoryAt = (validAt: number, asOf: number) =>
    shownAt(rowsAfter(events), 'ci-CI0000001', moment(validAt), events[asOf - 1]!.position)[0]?.attributes
      ?.memory

  it('counts from its time on, until what was effective later', () => {
    expect([1, 2, 3, 4].map((v) => memoryAt(v, 3))).toEqual([8, 12, 16, 16])
  })

  it('changes nothing of what was known before it', () => {
    expect([1, 2, 3, 4].map((v) => memoryAt(v, 2))).toEqual([8, 8, 16, 16])
  })
})

describe('Events that come in order', () => {
  const stream = 'ci-CI0000001'
  const factory = new EventFactory(undefined, stream)
  const events = [8, 16, 32].map((memory, n) => {
    const changes = { memory: { before: null, after: memory } }
    return factory.event({ type: 'CiChanged', data: { changes } } as ConfigurationEvent, {
      occurredAt: moment(n),
    })
  })

  it('make one row each, which had no end until the next was known', () => {
    const rows = [...rowsAfter(events).values()].sort((a, b) => (a.validFrom < b.validFrom ? -1 : 1))
    const [first, second, third] = events.map(({ position }) => position)
    expect(rows.map(({ validTo, endKnownFrom }) => [validTo, endKnownFrom])).toEqual([
      [moment(1), second],
      [moment(2), third],
      [UNENDED, LOG_START],
    ])
    expect(shownAt(rowsAfter(events), stream, moment(2), first!)[0]?.attributes).toEqual({ memory: 8 })
  })
})

describe('An event of which nothing is to be seen', () => {
  const factory = new EventFactory(undefined, 'ci-CI0000001')
  const registered = factory.event({
    type: 'CiRegistered',
    data: { class: 'server', name: 'mail', attributes: { os: 'Fedora', tags: ['a', 'b'] } },
  } as ConfigurationEvent)
  const observed = factory.event({ type: 'CiObserved', data: {} } as ConfigurationEvent)
  const rows = viewSpec(cmdbHistory).given(registered, observed).collection<CiVersion>(CIS)

  it('makes no version', () => {
    expect([...rows.all.keys()]).toEqual(['ci-CI0000001'])
  })

  it('moves the time on before which only corrections fall', () => {
    expect(rows.document('ci-CI0000001').effectiveAt).toBe(observed.metadata.occurredAt)
  })

  it('leaves attributes to be filtered by, lists by what they hold', () => {
    expect(rows.document('ci-CI0000001').attribute).toEqual(['os=Fedora', 'tags=a', 'tags=b'])
  })
})

describe('A relation', () => {
  const factory = new EventFactory(undefined, 'relation-one')
  const ends = { type: 'member-of', source: { ci: 'CI0000001' }, target: { name: 'web', class: 'group' } }
  const related = factory.event({ type: 'CiRelated', data: ends } as ConfigurationEvent)
  const unrelated = factory.event({ type: 'CiUnrelated', data: {} } as ConfigurationEvent)

  it('keeps its ends, whether it is there or not', () => {
    const rows = viewSpec(cmdbHistory).given(related, unrelated).collection(RELATIONS)
    const columns = { type: 'member-of', sourceCi: 'CI0000001', targetName: 'web', targetClass: 'group' }
    rows.thenDocumentLike('relation-one', { ...columns, present: false })
    const began = Date.parse(related.metadata.occurredAt).toString(36)
    rows.thenDocumentLike(`relation-one@${began}`, { ...columns, present: true })
  })
})

describe('Streams of other things whose names begin alike', () => {
  it('leave nothing', () => {
    const claimed = new EventFactory(undefined, 'ci-name-1').event({
      type: 'CiNameClaimed',
      data: {},
    } as never)
    expect(viewSpec(cmdbHistory).given(claimed).collection(CIS).all.size).toBe(0)
  })
})

describe('What walks need of the configuration', () => {
  const { collections } = cmdbHistory
  const BOUNDS = ['validFrom', 'validTo', 'systemFrom', 'systemTo', 'endKnownFrom']
  const indexFrom = (collection: string, first: string) =>
    collections[collection]?.indexes.find((columns) => columns[0] === first)

  it.each([
    [CIS, 'number', WALKED_OF_ITEM],
    [RELATIONS, 'sourceCi', [...WALKED_OF_RELATION, 'present']],
    [RELATIONS, 'targetCi', [...WALKED_OF_RELATION, 'present']],
  ])('stands whole in the index by which %s are found by %s', (collection, first, needed) => {
    expect(indexFrom(collection, first)).toEqual(expect.arrayContaining([...BOUNDS, ...needed]))
  })

  it('does not stand in all of them, so that a document is read where ends are named', () => {
    expect(indexFrom(RELATIONS, 'sourceName')).not.toEqual(expect.arrayContaining([...WALKED_OF_RELATION]))
  })
})
