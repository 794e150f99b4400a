import { LOG_START, type Position, type RecordedEvent } from '#libs/event-sourcing'
import { type TemporaryEventStore, temporaryEventStore } from '../../testing/temporary-event-store.js'
import { newEvent, until } from '../event-store.contract.js'
import type { LogBatch } from '../event-store.js'
import { POLL_MS } from './arrivals.js'
import { fakeIntervals } from './faked-intervals.fixture.js'
import { openSqliteEventStore, type SqliteEventStore } from './index.js'
import { filteredQuery } from './log-filter.js'
import { OwnWrites } from './own-writes.js'

jest.mock('./log-filter.js', () => {
  const actual = jest.requireActual('./log-filter.js')
  return { ...actual, filteredQuery: jest.fn(actual.filteredQuery) }
})
const queries = jest.mocked(filteredQuery)

const CATEGORIES = ['incident', 'person', 'group']
const PREFIXES = ['person-', 'group-a']

describe('Who follows some categories', () => {
  let temporary: TemporaryEventStore
  let ours: SqliteEventStore
  let theirs: SqliteEventStore
  beforeEach(async () => {
    temporary = await temporaryEventStore()
    ours = temporary.store
    theirs = await openSqliteEventStore({ file: temporary.file })
  })
  afterEach(async () => {
    jest.restoreAllMocks()
    await theirs.close()
    await temporary.dispose()
  })

  const append = (store: SqliteEventStore, stream: string) =>
    store.append({ stream, expectedRevision: 'noStream', events: [newEvent('A')] })
  const readOn = (after: Position) => ours.readAll({ prefixes: PREFIXES, after, limit: 100 })

  /** Both write in turn, at times several streams before we read on. @returns what was found, and what should be */
  async function foundAmongOthers(): Promise<{ found: string[]; written: string[] }> {
    let position = LOG_START
    const found: RecordedEvent[] = []
    const written: string[] = []
    for (let n = 0; n < 120; n++) {
      const stream = `${CATEGORIES[n % 3]}-${n % 4 === 0 ? 'b' : 'a'}${n}`
      await append(n % 5 < 2 ? theirs : ours, stream)
      if (PREFIXES.some((prefix) => stream.startsWith(prefix))) written.push(stream)
      if (n % 7 > 3) continue
      const page = await readOn(position)
      found.push(...page.events)
      position = page.position
      expect(position).toBe(await ours.head())
    }
    found.push(...(await readOn(position)).events)
    return { found: found.map(({ stream }) => stream), written }
  }

  it('finds all events of them, whoever wrote, and moves on over the others', async () => {
    const { found, written } = await foundAmongOthers()
    expect(found).toEqual(written)
  })

  it('would miss some of another connection, if that one’s writing went unnoticed (counter-proof)', async () => {
    jest.spyOn(OwnWrites.prototype, 'interrupted').mockImplementation(() => {})
    const { found, written } = await foundAmongOthers()
    expect(found.length).toBeLessThan(written.length)
  })

  it('moves on without a query while this connection alone writes, and none of them', async () => {
    await append(ours, 'person-1')
    const { position } = await readOn(LOG_START)
    await append(ours, 'incident-1')
    queries.mockClear()
    expect(await readOn(position)).toEqual({ events: [], position: await ours.head(), end: true })
    expect(queries).not.toHaveBeenCalled()

    await append(ours, 'person-2')
    expect((await readOn(position)).events.map(({ stream }) => stream)).toEqual(['person-2'])
    expect(queries).toHaveBeenCalledTimes(1)
  })

  it('is woken at once by what this connection writes of them, and not by the others', async () => {
    fakeIntervals()
    const abort = new AbortController()
    const seen: LogBatch[] = []
    const following = (async () => {
      for await (const batch of ours.subscribe({
        prefixes: PREFIXES,
        after: LOG_START,
        signal: abort.signal,
      }))
        seen.push(batch)
    })()
    try {
      await until(() => jest.getTimerCount() === 1)
      await append(ours, 'incident-1')
      await new Promise(setImmediate)
      expect(seen).toHaveLength(1)
      await append(ours, 'person-1')
      await until(() => seen.length === 2)
      expect(seen[1]!.events.map(({ stream }) => stream)).toEqual(['person-1'])

      await until(() => jest.getTimerCount() === 1)
      await append(ours, 'incident-2')
      jest.advanceTimersByTime(POLL_MS)
      await until(() => seen.length === 3)
      expect(seen[2]).toMatchObject({ events: [], position: await ours.head(), end: true })
    } finally {
      abort.abort()
      await following
      jest.useRealTimers()
    }
  })
})
