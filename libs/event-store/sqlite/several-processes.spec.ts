import { execFile } from 'node:child_process'
import { utimesSync } from 'node:fs'
import { promisify } from 'node:util'
import { LOG_START } from '#libs/event-sourcing'
import type { Acknowledgement, AppendLoad } from '../../testing/append-load.js'
import { compiledAppendLoad } from '../../testing/compiled-copy.js'
import { type TemporaryEventStore, temporaryEventStore } from '../../testing/temporary-event-store.js'
import { newEvent, until } from '../event-store.contract.js'
import { POLL_MS } from './arrivals.js'
import { fakeIntervals } from './faked-intervals.fixture.js'
import { checkLog, openSqliteEventStore, type SqliteEventStore } from './index.js'
import { Turn } from './turn.js'

/** Appends that the busy process has under way, and so may commit together. */
const WRITERS = 64
const MOST_COMMITS_BETWEEN = 10

describe('several processes on one log', () => {
  let compiled: ReturnType<typeof compiledAppendLoad>
  let temporary: TemporaryEventStore
  let store: SqliteEventStore
  beforeAll(() => {
    compiled = compiledAppendLoad()
  })
  afterAll(() => compiled.dispose())
  beforeEach(async () => {
    temporary = await temporaryEventStore()
    store = temporary.store
  })
  afterEach(() => temporary.dispose())

  async function run(load: Omit<AppendLoad, 'file'>): Promise<Acknowledgement[]> {
    const { program } = compiled
    const argument = JSON.stringify({ ...load, file: temporary.file })
    const { stdout } = await promisify(execFile)(process.execPath, [program, argument], {
      maxBuffer: 1e8,
    })
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  }

  it('lose nothing, double nothing and keep the log sound', async () => {
    const load = { prefix: 'incident-', appends: 300, concurrency: 12 }
    const both = (await Promise.all([run(load), run(load)])).flat()
    const won = both.filter(({ kind }) => kind === 'appended')

    expect(both).toHaveLength(600)
    expect(new Set(won.map(({ stream }) => stream)).size).toBe(300)
    expect(won).toHaveLength(300)
    for (const { position, id } of won) expect(await store.eventIdAt(position!)).toBe(id)
    expect((await store.readAll({ after: LOG_START, limit: 1_000 })).events).toHaveLength(600)
    expect(await checkLog(temporary.file)).toEqual([])
  })

  it('take numbers without a gap and never the same', async () => {
    const load = { prefix: 'problem-', appends: 150, concurrency: 8, numbered: true }
    const both = (await Promise.all([run(load), run(load)])).flat()
    const numbers = both.map(({ stream }) => Number(stream.slice('problem-N'.length))).sort((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: 300 }, (_, i) => i + 1))
  })

  it('let a second process commit soon while the first writes without pause', async () => {
    let stop = false
    const busy = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let n = 0; !stop; n++) {
        const events = [newEvent('Loaded', { text: 'x'.repeat(500) })]
        await store.append({ stream: `busy-${writer}-${n}`, expectedRevision: 'noStream', events })
      }
    })
    const acknowledged = await run({ prefix: 'incident-', appends: 60, concurrency: 1 }).finally(() => {
      stop = true
    })
    await Promise.all(busy)

    expect(acknowledged).toHaveLength(60)
    // What the first wrote between two commits of the second, in groups of what all its writers have under way.
    const places = acknowledged.map(({ position }) => Number(position))
    const between = places.slice(1).map((place, n) => (place - places[n]!) / WRITERS)
    expect(between.sort((a, b) => a - b)[between.length >> 1]).toBeLessThan(MOST_COMMITS_BETWEEN)
  })
})

describe('two connections to one log', () => {
  let temporary: TemporaryEventStore
  let other: SqliteEventStore
  beforeEach(async () => {
    temporary = await temporaryEventStore()
    other = await openSqliteEventStore({ file: temporary.file })
  })
  afterEach(async () => {
    await other.close()
    await temporary.dispose()
  })

  const append = (
    store: SqliteEventStore,
    stream: string,
    expectedRevision: number | 'noStream' = 'noStream',
  ) => store.append({ stream, expectedRevision, events: [newEvent('A')] })

  it('each know what the other appended to a stream they remember', async () => {
    const { store } = temporary
    expect((await append(store, 'incident-1')).kind).toBe('appended')
    expect((await append(other, 'incident-1', 0)).kind).toBe('appended')
    expect(await append(store, 'incident-1', 0)).toEqual({ kind: 'conflict', actual: 1 })
    expect((await append(store, 'incident-1', 1)).kind).toBe('appended')
    expect(await append(other, 'incident-1', 1)).toEqual({ kind: 'conflict', actual: 2 })
  })

  it('forget what they remember when a reader of theirs notices the other first', async () => {
    const { store } = temporary
    await append(store, 'incident-1')
    await append(other, 'incident-1', 0)
    await store.head()
    expect(await append(store, 'incident-1', 0)).toEqual({ kind: 'conflict', actual: 1 })
  })

  it('notice each other, by themselves or at once when woken', async () => {
    fakeIntervals()
    const { store } = temporary
    const abort = new AbortController()
    const seen: string[] = []
    const following = (async () => {
      for await (const { events } of store.subscribe({ after: LOG_START, signal: abort.signal })) {
        seen.push(...events.map(({ stream }) => stream))
      }
    })()
    try {
      await until(() => jest.getTimerCount() === 1)
      await append(other, 'incident-noticed')
      await new Promise(setImmediate)
      expect(seen).toEqual([])
      jest.advanceTimersByTime(POLL_MS)
      await until(() => seen.length === 1)
      await until(() => jest.getTimerCount() === 1)
      await append(other, 'incident-woken')
      await new Promise(setImmediate)
      expect(seen).toEqual(['incident-noticed'])
      store.wake()
      await until(() => seen.length === 2)
      expect(seen).toEqual(['incident-noticed', 'incident-woken'])
    } finally {
      abort.abort()
      await following
      jest.useRealTimers()
    }
  })
})

describe('Turn', () => {
  it('makes others stand back for one that waits, for a short time, and not for a dead one', async () => {
    const { file, dispose } = await temporaryEventStore()
    const waiting = new Turn(file)
    const busy = new Turn(file)
    /** Whether it let at least one turn of the loop go by. */
    const stoodBack = async () => {
      let turned = false
      setTimeout(() => {
        turned = true
      })
      await busy.giveWay()
      return turned
    }
    expect(await stoodBack()).toBe(false)
    waiting.announce()
    expect(await stoodBack()).toBe(true)
    waiting.done()
    expect(await stoodBack()).toBe(false)

    waiting.announce()
    const longAgo = new Date(Date.now() - 60_000)
    utimesSync(`${file}-waiting`, longAgo, longAgo)
    expect(await stoodBack()).toBe(false)
    await dispose()
  })
})
