import { LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import { eventually } from '../../testing/eventually.js'
import { type TemporaryEventStoreDb, temporaryEventStoreDb } from '../../testing/temporary-eventstoredb.js'
import { newEvent } from '../event-store.contract.js'
import type { AppendRequest, EventStore, LogBatch } from '../event-store.js'

const opened = (stream: string): AppendRequest => ({
  stream,
  expectedRevision: 'noStream',
  events: [newEvent('IncidentOpened', { stream })],
})

/** Repeats until the outcome is known, as callers do. */
async function settled(store: EventStore, request: AppendRequest) {
  return eventually(
    `an answer for ${request.stream}`,
    async () => {
      const outcome = await store.append(request)
      return outcome.kind !== 'unknown' && outcome
    },
    20_000,
  )
}

describe.each(['23.10', '26.1'] as const)('a server of %s in trouble', (profile) => {
  let log: TemporaryEventStoreDb
  let store: EventStore
  beforeEach(async () => {
    log = await temporaryEventStoreDb({ profile }, { timeoutMs: 700, patienceMs: 700 })
    store = log.store
  })
  afterEach(() => log.dispose())

  /** Everything that a follower is given, until told to stop. */
  function following(batchSize?: number, perBatch?: (batch: LogBatch) => Promise<void>) {
    const abort = new AbortController()
    const seen: RecordedEvent[] = []
    const done = (async () => {
      for await (const batch of store.subscribe({ after: LOG_START, batchSize, signal: abort.signal })) {
        seen.push(...batch.events)
        await perBatch?.(batch)
      }
    })()
    const stop = () => {
      abort.abort()
      return done
    }
    return { seen, stop }
  }
  const streams = (events: readonly RecordedEvent[]) => events.map(({ stream }) => stream)

  it('frozen: says in its own time that it does not know, and the repeat tells', async () => {
    await settled(store, opened('incident-1'))
    log.double.faults.freeze()
    const request = opened('incident-2')
    // It answers while the server still says nothing: who waited for that would wait for ever
    expect((await store.append(request)).kind).toBe('unknown')
    await expect(store.readStream('incident-1')).rejects.toMatchObject({
      name: 'Unavailable',
      code: 'EVENT_STORE.UNAVAILABLE',
      retryAfter: 1,
    })
    log.double.faults.thaw()
    expect((await settled(store, request)).kind).toMatch(/appended/i)
    expect(streams((await store.readAll({ after: LOG_START, limit: 10 })).events)).toEqual([
      'incident-1',
      'incident-2',
    ])
  })

  it('killed with appends in flight: none is lost or doubled when all are repeated', async () => {
    const requests = Array.from({ length: 40 }, (_, n) => opened(`incident-${n}`))
    const killed = log.double.faults.killWithAppendsInFlight({ inFlight: 40, written: 17 })
    const outcomes = await Promise.all(requests.map((request) => store.append(request)))
    await killed
    expect(outcomes.map(({ kind }) => kind)).toEqual(requests.map(() => 'unknown'))

    await log.double.faults.restart()
    expect((await store.readAll({ after: LOG_START, limit: 100 })).events).toHaveLength(17)
    const repeated = await Promise.all(requests.map((request) => settled(store, request)))
    expect(repeated.filter(({ kind }) => kind === 'conflict')).toEqual([])
    const { events } = await store.readAll({ after: LOG_START, limit: 100 })
    expect(streams(events).sort()).toEqual(requests.map(({ stream }) => stream).sort())
    // What had been there before the repeat is known for what it is.
    expect(repeated.filter(({ kind }) => kind === 'alreadyAppended').length).toBeGreaterThanOrEqual(17)
  })

  it('killed: appends in flight to another server are not touched by it', async () => {
    // With the client's one call for all appends of a process these were rejected, and their answer ended the process.
    const other = await temporaryEventStoreDb({ profile })
    other.double.faults.freeze()
    const pending = other.store.append(opened('incident-1'))
    const killed = log.double.faults.killWithAppendsInFlight({ inFlight: 1, written: 0 })
    expect((await store.append(opened('incident-1'))).kind).toBe('unknown')
    await killed
    other.double.faults.thaw()
    expect((await pending).kind).toBe('appended')
    await other.dispose()
  })

  it('down: answers while it is, that it is away, and works again by itself', async () => {
    await settled(store, opened('incident-1'))
    await log.double.faults.refuseConnections()
    // Nothing brings it back before all have answered: who waited for it would wait for ever
    expect((await store.append(opened('incident-2'))).kind).toBe('unknown')
    await expect(store.head()).rejects.toMatchObject({ name: 'Unavailable' })
    await expect(
      store.appendNumbered({
        series: { streamPrefix: 'incident-', format: (n) => `N${n}` },
        events: () => [newEvent('IncidentOpened')],
      }),
    ).rejects.toMatchObject({ name: 'Unavailable' })
    await log.double.faults.restart()
    expect((await settled(store, opened('incident-3'))).kind).toBe('appended')
  })

  it.each<[string, () => void | Promise<void>]>([
    ['ended quietly', () => log.double.faults.endSubscriptions()],
    ['cut off', () => log.double.faults.cutOffSubscribers()],
    ['broken in the middle', () => log.double.faults.dropMidStream(7)],
    ['restarted', () => log.double.faults.restart()],
  ])('subscriptions %s go on without loss or double', async (_what, trouble) => {
    const follower = following(3)
    const requests = Array.from({ length: 60 }, (_, n) => opened(`incident-${n}`))
    for (const [n, request] of requests.entries()) {
      await settled(store, request)
      if (n % 20 === 10) await trouble()
    }
    await eventually('all events', () => follower.seen.length >= 60, 20_000)
    await follower.stop()
    expect(streams(follower.seen)).toEqual(requests.map(({ stream }) => stream))
  })

  it('subscriptions cut off say at the true end, and only there, that nothing more is recorded', async () => {
    let writing = true
    let head = LOG_START
    const ends: { told: string; head: string }[] = []
    const follower = following(3, async ({ end, position }) => {
      // A batch handed out while there was writing may have been the last then.
      if (end && !writing) ends.push({ told: position, head })
      await eventually('the writer is done', () => !writing, 20_000)
    })
    for (let round = 0; round < 5; round++) {
      writing = true
      for (let n = 0; n < 8; n++) {
        await settled(store, opened(`incident-${round}-${n}`))
        if (n === 3) log.double.faults.cutOffSubscribers()
      }
      head = await store.head()
      writing = false
      await eventually('the end', () => ends.some(({ told }) => told === head), 20_000)
    }
    await follower.stop()
    expect(follower.seen).toHaveLength(40)
    expect(ends.filter((end) => end.told !== end.head)).toEqual([])
  })

  it('ends a subscription when its signal aborts, though the server stays away', async () => {
    const follower = following()
    await log.double.faults.refuseConnections()
    await expect(follower.stop()).resolves.toBeUndefined()
  })
})

it('a subscriber that is cut off for its slowness loses and doubles nothing', async () => {
  const dropped: unknown[] = []
  const log = await temporaryEventStoreDb(
    { profile: '23.10', slowConsumerLimit: 20 },
    { onDropped: (error) => dropped.push(error) },
  )
  const writer = await log.open()
  const abort = new AbortController()
  const seen: number[] = []
  /** Where it was said that nothing more is recorded, and what was the last then. */
  const ends: { position: string; head: string }[] = []
  let writing = true
  const following = (async () => {
    const subscription = log.store.subscribe({ after: LOG_START, batchSize: 50, signal: abort.signal })
    for await (const { events, position, end } of subscription) {
      if (end && !writing) ends.push({ position, head: await writer.head() })
      // More is written meanwhile than its queue holds.
      if (events.length > 0) await eventually('the writer is done', () => !writing, 40_000)
      seen.push(...events.map(({ data }) => (data as { n: number }).n))
    }
  })()
  const text = 'x'.repeat(8_000)
  const events = Array.from({ length: 1_600 }, (_, n) => newEvent('Counted', { n, text }))
  for (let n = 0; n < events.length; n += 8) {
    const expectedRevision = n === 0 ? ('noStream' as const) : n - 1
    await writer.append({ stream: 'incident-1', expectedRevision, events: events.slice(n, n + 8) })
  }
  writing = false
  await eventually('all events', () => seen.length >= events.length, 40_000)
  await eventually('the end', () => ends.length > 0, 40_000)
  abort.abort()
  await following
  expect(seen).toEqual(events.map((_, n) => n))
  expect(ends.filter(({ position, head }) => position < head)).toEqual([])
  expect(dropped.map((error) => (error as { code?: number }).code)).toContain(10)
  await log.dispose()
})
