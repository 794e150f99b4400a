import fc from 'fast-check'
import type { AppendOutcome, AppendRequest } from '#libs/event-store'
import { InMemoryEventStore } from '#libs/testing'
import type { ImportMapping } from '../../src/imports/mapping.js'
import { importInto, SMALL, SMALL_HEADER, storyOf, temporaryFolder } from './import.fixture.js'

const folder = temporaryFolder()
afterAll(() => folder.dispose())

const LOG_ID = '5f1c7d0e-6d0b-4f44-9a53-0c8d3c1c2f6b'
const newStore = () => new InMemoryEventStore(LOG_ID)

/** Rows of few records, states and minutes, so that equal rows, turns back and ties of time come up; some are no good. */
const row = fc
  .record({
    id: fc.constantFrom('A1', 'A2', 'A3', '?'),
    minute: fc.integer({ min: 10, max: 14 }),
    by: fc.constantFrom('ann', 'bob', '?'),
    state: fc.constantFrom('New', 'Active', 'Waiting', 'Resolved', 'Closed', 'Lost'),
    impact: fc.constantFrom('1', '2'),
    urgency: fc.constantFrom('1', '2'),
    priority: fc.constantFrom('1', '2', '3', '?'),
    group: fc.constantFrom('g1', 'g2', '?'),
    note: fc.constantFrom('x', 'y'),
  })
  .map(
    ({ id, minute, by, state, impact, urgency, priority, group, note }) =>
      `${id},1/3/2026 09:${minute},${by},${state},${impact},${urgency},${priority},${group},${note}`,
  )
const rows = fc.array(row, { minLength: 1, maxLength: 30 })

/** The source fills in its last column later. */
const lines = (some: readonly string[], closed = '?') => [
  SMALL_HEADER,
  ...some.map((line) => `${line},${closed}`),
]

async function atOnce(some: readonly string[]): Promise<Record<string, unknown[]>> {
  const store = newStore()
  await importInto(store, folder.file('whole.csv', lines(some)))
  return storyOf(store)
}

/** Dies before a given append, with the appends of one group before it written. */
class DyingStore extends InMemoryEventStore {
  appendsLeft = Number.POSITIVE_INFINITY

  override async append(request: AppendRequest): Promise<AppendOutcome> {
    if (this.appendsLeft-- <= 0) throw new Error('killed')
    return super.append(request)
  }
}

describe('the law of imports', () => {
  it('two pieces, the second under another name and by another administrator, are one import', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.nat(), fc.integer({ min: 1, max: 7 }), async (some, cut, batchRows) => {
        const store = newStore()
        const first = folder.file('first.csv', lines(some.slice(0, cut % (some.length + 1))))
        await importInto(store, first, { batchRows })
        const whole = folder.file('longer export.csv', lines(some))
        const second = await importInto(store, whole, { batchRows, actor: { id: 'berta' } })
        expect(await storyOf(store)).toEqual(await atOnce(some))
        expect(second.rows).toBe(some.length)
      }),
    )
  })

  it('what is imported already adds nothing, whatever the source filled in meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (some) => {
        const store = newStore()
        const first = await importInto(store, folder.file('once.csv', lines(some)))
        const before = await storyOf(store)
        const again = await importInto(store, folder.file('again.csv', lines(some, 'code 5')), {
          actor: { id: 'berta' },
        })
        expect(await storyOf(store)).toEqual(before)
        expect(again).toMatchObject({ applied: 0, known: first.applied, events: 0, rejected: first.rejected })
      }),
    )
  })

  it('killed anywhere and started again, it is one import', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.nat(40), fc.integer({ min: 1, max: 7 }), async (some, appends, batchRows) => {
        const store = new DyingStore(LOG_ID)
        store.appendsLeft = appends
        const file = folder.file('killed.csv', lines(some))
        const killed = await importInto(store, file, { batchRows }).then(
          () => false,
          () => true,
        )
        store.appendsLeft = Number.POSITIVE_INFINITY
        const second = await importInto(store, file, { batchRows })
        expect(await storyOf(store)).toEqual(await atOnce(some))
        expect(second.applied === 0 || killed).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  it('up to a time, then all, is one import of the records', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 9, max: 14 }), async (some, minute) => {
        const store = newStore()
        const file = folder.file('until.csv', lines(some))
        const until = `2026-03-01T09:${String(minute).padStart(2, '0')}:00Z`
        const first = await importInto(store, file, { until })
        expect(first.applied + first.later + first.rejected).toBe(some.length)
        for (const [stream, told] of Object.entries(await storyOf(store, ['incident-']))) {
          for (const [, , occurredAt] of told as [unknown, unknown, string][]) {
            expect([stream, Date.parse(occurredAt) <= Date.parse(until)]).toEqual([stream, true])
          }
        }
        await importInto(store, file)
        const whole = newStore()
        await importInto(whole, file)
        expect(await storyOf(store, ['incident-'])).toEqual(await storyOf(whole, ['incident-']))
      }),
    )
  })

  it('the size of batches and of what is kept in memory plays no part', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 7 }), async (some, batchRows) => {
        const store = newStore()
        await importInto(store, folder.file('small.csv', lines(some)), { batchRows, keptRecords: 1 })
        expect(await storyOf(store)).toEqual(await atOnce(some))
      }),
    )
  })

  it('a record that comes up again in a batch, when it is not kept any more, is the same', async () => {
    const row = (id: string, group = 'g1', state = 'New') =>
      `${id},1/3/2026 09:10,ann,${state},1,1,1,${group},x`
    const some = [
      row('A3'),
      row('A1'),
      row('A3', 'g1', 'Lost'),
      row('?'),
      row('A3'),
      row('A1'),
      row('A3', '?'),
    ]
    const store = newStore()
    await importInto(store, folder.file('small.csv', lines(some)), { batchRows: 4, keptRecords: 1 })
    expect(await storyOf(store)).toEqual(await atOnce(some))
  })

  it('a dry run foretells what happens and writes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.nat(), async (some, cut) => {
        const store = newStore()
        await importInto(store, folder.file('first.csv', lines(some.slice(0, cut % some.length))))
        const before = await store.head()
        const file = folder.file('dry.csv', lines(some))
        const { people: _, groups: __, ...foretold } = await importInto(store, file, { dryRun: true })
        expect(await store.head()).toBe(before)
        const happened = await importInto(store, file)
        const { applied, known, rejected, records, irregular, prioritiesNotDerived, emptyCells } = foretold
        expect(happened).toMatchObject({
          applied,
          known,
          rejected,
          records,
          irregular,
          prioritiesNotDerived,
          emptyCells,
        })
      }),
    )
  })

  describe('where each row is a record, equal ones too', () => {
    const mapping: ImportMapping = { ...SMALL, externalId: { from: 'row' }, number: { policy: 'allot' } }
    /** What became of rows, by their external ids: numbers are given in the order in which records come to be. */
    async function recordsOf(store: InMemoryEventStore): Promise<Record<string, unknown>> {
      const story = await storyOf(store, ['incident-', 'external-'])
      const claims = Object.entries(story).filter(([stream]) => stream.startsWith('external-'))
      return Object.fromEntries(
        claims.map(([stream, told]) => {
          const [[, { number }]] = told as [[string, { number: string }]]
          return [stream, story[`incident-${number}`]]
        }),
      )
    }

    it('two pieces, killed or not, are one import; each good row is one record', async () => {
      await fc.assert(
        fc.asyncProperty(rows, fc.nat(), fc.nat(60), async (some, cut, appends) => {
          const atOnce = newStore()
          const whole = folder.file('whole.csv', lines(some))
          const { applied, rejected, records } = await importInto(atOnce, whole, { mapping })
          expect([applied, applied + rejected]).toEqual([records, some.length])
          const store = new DyingStore(LOG_ID)
          const first = folder.file('first.csv', lines(some.slice(0, cut % (some.length + 1))))
          await importInto(store, first, { mapping, batchRows: 3 })
          store.appendsLeft = appends
          await importInto(store, whole, { mapping, batchRows: 4 }).catch(() => {})
          store.appendsLeft = Number.POSITIVE_INFINITY
          await importInto(store, whole, { mapping, actor: { id: 'berta' } })
          expect(await recordsOf(store)).toEqual(await recordsOf(atOnce))
          const again = await importInto(store, whole, { mapping })
          expect(again).toMatchObject({ applied: 0, events: 0, known: applied })
        }),
      )
    })
  })

  it('would not hold if rows were known by their place (counter-proof)', async () => {
    const some = ['A1,1/3/2026 09:10,ann,New,1,1,1,g1,x', 'A1,1/3/2026 09:10,ann,New,1,1,1,g1,x']
    const story = await atOnce(some)
    expect(story['incident-A1']).toHaveLength(4)
    expect(story).not.toEqual(await atOnce(some.slice(1)))
  })
})
