import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Acknowledgement, AppendLoad } from '../../testing/append-load.js'
import { compiledAppendLoad } from '../../testing/compiled-copy.js'
import { type TemporaryEventStoreDb, temporaryEventStoreDb } from '../../testing/temporary-eventstoredb.js'
import { newEvent } from '../event-store.contract.js'
import type { EventStore, NumberedOutcome } from '../event-store.js'
import type { NumberBlockReserved } from './index.js'

const series = { streamPrefix: 'incident-', format: (n: number) => `N${n}` }

describe('numbers on EventStoreDB', () => {
  let log: TemporaryEventStoreDb
  let store: EventStore
  beforeEach(async () => {
    log = await temporaryEventStoreDb({ profile: '23.10' })
    store = log.store
  })
  afterEach(() => log.dispose())

  const open = (target = store) =>
    target.appendNumbered({ series, events: (number) => [newEvent('IncidentOpened', { number })] })
  const numberOf = (outcome: NumberedOutcome) => {
    if (outcome.kind === 'unknown') throw outcome.cause
    return Number(outcome.number.slice(1))
  }
  const blocks = async () =>
    (await store.readStream('numbers-incident')).map(({ data }) => data as NumberBlockReserved['data'])

  it('come from blocks, so that every gap is explained', async () => {
    const other = await log.open()
    const numbers: number[] = []
    for (let n = 0; n < 30; n++) numbers.push(numberOf(await open(n % 2 === 0 ? store : other)))
    expect(new Set(numbers).size).toBe(30)
    expect(await blocks()).toEqual([
      { series: 'incident-', first: 1, last: 50 },
      { series: 'incident-', first: 51, last: 100 },
    ])
    // Each counts through its own block.
    expect(numbers.filter((n) => n <= 50).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 15 }, (_, i) => i + 1),
    )
  })

  it('skip those that records brought along, with few looks and an explanation', async () => {
    const request = (n: number) => ({
      stream: `incident-N${n}`,
      expectedRevision: 'noStream' as const,
      events: [newEvent('Imported')],
    })
    await store.appendMany(Array.from({ length: 700 }, (_, index) => request(index + 1)))
    expect(numberOf(await open())).toBe(701)
    expect(await blocks()).toEqual([
      { series: 'incident-', first: 701, last: 750, skipped: { first: 1, last: 700 } },
    ])
  })

  it('are claimed anew when the claimed one turns out to be taken, and the last claim holds', async () => {
    // The block is reserved, then somebody brings a record with the next number.
    expect(numberOf(await open())).toBe(1)
    await store.append({
      stream: 'incident-N2',
      expectedRevision: 'noStream',
      events: [newEvent('Imported')],
    })
    const claimed = () =>
      store.appendNumbered({
        series,
        claim: { stream: 'key-1', event: (number) => newEvent('NumberClaimed', { number }) },
        events: (number) => [newEvent('IncidentOpened', { number })],
      })
    expect(await claimed()).toMatchObject({ kind: 'appended', number: 'N3' })
    expect(await claimed()).toEqual({ kind: 'alreadyClaimed', number: 'N3' })
    expect((await store.readStream('key-1')).map(({ data }) => data)).toEqual([
      { number: 'N2' },
      { number: 'N3' },
    ])
  })
})

describe('two processes on one log of EventStoreDB', () => {
  let compiled: ReturnType<typeof compiledAppendLoad>
  let log: TemporaryEventStoreDb
  beforeAll(() => {
    compiled = compiledAppendLoad()
  })
  afterAll(() => compiled.dispose())
  beforeEach(async () => {
    log = await temporaryEventStoreDb({ profile: '23.10' })
  })
  afterEach(() => log.dispose())

  async function run(load: Omit<AppendLoad, 'file'>): Promise<Acknowledgement[]> {
    const { program } = compiled
    const server = { url: log.double.url, namespace: log.namespace }
    const { stdout } = await promisify(execFile)(process.execPath, [
      program,
      JSON.stringify({ ...load, server }),
    ])
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  }

  it('never take the same number, and every number lies in a block', async () => {
    const load = { prefix: 'problem-', appends: 120, concurrency: 8, numbered: true }
    const both = (await Promise.all([run(load), run(load)])).flat()
    const numbers = both.map(({ stream }) => Number(stream.slice('problem-N'.length)))
    expect(new Set(numbers).size).toBe(240)
    const blocks = (await log.store.readStream('numbers-problem')).map(
      ({ data }) => data as NumberBlockReserved['data'],
    )
    for (const n of numbers)
      expect(blocks.filter(({ first, last }) => first <= n && n <= last)).toHaveLength(1)
  })

  it('compete for streams, and exactly one wins each', async () => {
    const load = { prefix: 'incident-', appends: 100, concurrency: 8 }
    const both = (await Promise.all([run(load), run(load)])).flat()
    const won = both.filter(({ kind }) => kind === 'appended')
    expect(both).toHaveLength(200)
    expect(new Set(won.map(({ stream }) => stream)).size).toBe(100)
    expect(won).toHaveLength(100)
    for (const { position, id } of won) expect(await log.store.eventIdAt(position!)).toBe(id)
  })
})
