import { once } from 'node:events'
import {
  EventStoreDBClient,
  excludeSystemEvents,
  jsonEvent,
  START,
  streamNameFilter,
  UnavailableError,
} from '@eventstore/db-client'
import { eventually } from '../eventually.js'
import { ANY } from './event-log.js'
import {
  type EventStoreDouble,
  type EventStoreDoubleOptions,
  type Profile,
  startEventStoreDouble,
} from './index.js'
import { shared, streams } from './protocol.js'
import { WireClient } from './wire-client.js'

const PROFILES: Profile[] = ['23.10', '26.1']
const UNAVAILABLE = 14

/** What the client of 6.2.1 does not show, seen on the wire. */
it('says in 26.1 that a slow live subscriber fell behind, and caught up again', async () => {
  const double = await startEventStoreDouble({ profile: '26.1', slowConsumerLimit: 32 })
  const wire = new WireClient(`127.0.0.1:${double.port}`)
  try {
    const call = wire.open('/event_store.client.streams.Streams/Read')
    call.send(subscriptionToAll())
    call.endRequests()
    const CONFIRMATION_FIRST_EVENT_AND_CAUGHT_UP = 3
    await call.answers(CONFIRMATION_FIRST_EVENT_AND_CAUGHT_UP)
    call.pause()
    for (let n = 0; n < 400; n += 1) {
      const data = Buffer.alloc(2000, n)
      double.log.append('i-1', ANY, [{ id: `${n}`, type: 'Opened', contentType: '', data, metadata: data }])
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    call.resume()
    await call.answers(CONFIRMATION_FIRST_EVENT_AND_CAUGHT_UP + 400 + 2)
    const kinds = call.responses.map((bytes) => streams.ReadResp.deserializeBinary(bytes).getContentCase())
    const { FELL_BEHIND, CAUGHT_UP } = streams.ReadResp.ContentCase
    const told = kinds.filter((kind) => kind === FELL_BEHIND || kind === CAUGHT_UP)
    expect(told.slice(0, 3)).toEqual([CAUGHT_UP, FELL_BEHIND, CAUGHT_UP])
    call.cancel()
  } finally {
    wire.close()
    await double.stop()
  }
})

function subscriptionToAll(): Buffer {
  const all = new streams.ReadReq.Options.AllOptions()
  all.setStart(new shared.Empty())
  const uuidOption = new streams.ReadReq.Options.UUIDOption()
  uuidOption.setString(new shared.Empty())
  const options = new streams.ReadReq.Options()
  options.setAll(all)
  options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions())
  options.setNoFilter(new shared.Empty())
  options.setUuidOption(uuidOption)
  const request = new streams.ReadReq()
  request.setOptions(options)
  return Buffer.from(request.serializeBinary())
}

describe.each(PROFILES)('faults of the double %s, through the real client', (profile) => {
  let double: EventStoreDouble
  let client: EventStoreDBClient

  const start = async (options: Partial<EventStoreDoubleOptions> = {}, parameters = '') => {
    double = await startEventStoreDouble({ profile, ...options })
    client = EventStoreDBClient.connectionString(`${double.url}${parameters}`)
  }

  afterEach(async () => {
    await client.dispose()
    await double.stop()
  })

  const opened = (n: number, text = '') => jsonEvent({ type: 'Opened', data: { n, text } })
  const numberOf = (event?: { data: unknown }) => (event?.data as { n: number } | undefined)?.n
  const numbersOf = async (stream: string) => {
    const found: unknown[] = []
    for await (const { event } of client.readStream(stream)) found.push(numberOf(event))
    return found
  }
  const subscribe = () => {
    const seen: unknown[] = []
    const errors: { code?: number; message: string }[] = []
    let ended = false
    const subscription = client.subscribeToAll({
      fromPosition: START,
      filter: streamNameFilter({ prefixes: ['i-'] }),
    })
    subscription.on('data', ({ event }) => seen.push(numberOf(event)))
    subscription.on('error', (error) => errors.push(error as never))
    subscription.on('end', () => {
      ended = true
    })
    return { subscription, seen, errors, ended: () => ended }
  }

  it('refuses connections while down, and serves the same client object once it is back', async () => {
    await start()
    await client.appendToStream('i-1', opened(1))
    await double.faults.refuseConnections()
    await expect(client.appendToStream('i-1', opened(2))).rejects.toMatchObject({ code: UNAVAILABLE })
    await expect(numbersOf('i-1')).rejects.toThrow(UnavailableError)
    await double.faults.restart()
    const appended = await eventually('an append after the restart', () =>
      client.appendToStream('i-1', opened(3)).catch(() => false as const),
    )
    expect(appended.nextExpectedRevision).toBe(1n)
    expect(await numbersOf('i-1')).toEqual([1, 3])
  })

  it('accepts connections and never answers in a black hole, until it is thawed', async () => {
    await start({}, '&defaultDeadline=300')
    double.faults.blackHole()
    await expect(
      client.appendToStream('i-1', opened(1), { credentials: { username: 'u', password: 'p' } }),
    ).rejects.toMatchObject({ type: 'deadline-exceeded' })
    double.faults.thaw()
    const appended = await eventually('an append after the thaw', () =>
      client.appendToStream('i-1', opened(1)).catch(() => false as const),
    )
    expect(appended.success).toBe(true)
  })

  it('keeps an append pending while frozen, and answers it when thawed', async () => {
    await start()
    await client.appendToStream('i-1', opened(1))
    double.faults.freeze()
    let answered = false
    const pending = client.appendToStream('i-1', opened(2)).finally(() => {
      answered = true
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(answered).toBe(false)
    expect(double.log.written('i-1')).toHaveLength(1)
    double.faults.thaw()
    expect((await pending).nextExpectedRevision).toBe(1n)
  })

  it('answers not even a ping while frozen: the client gives the connection up by itself', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined)
    await start({}, '&keepAliveInterval=200&keepAliveTimeout=200')
    await client.appendToStream('i-1', opened(1))
    double.faults.freeze()
    const begun = performance.now()
    await expect(client.appendToStream('i-1', opened(2))).rejects.toMatchObject({ type: 'unavailable' })
    expect(performance.now() - begun).toBeGreaterThan(200)
    warn.mockRestore()
  })

  it('drops the connection in the middle of a subscription', async () => {
    await start()
    for (let n = 0; n < 200; n += 1) await client.appendToStream('i-1', opened(n))
    double.faults.dropMidStream(100)
    const { seen, errors } = subscribe()
    await eventually('the error', () => errors.length > 0, 20_000)
    expect(seen.length).toBeLessThan(200)
    expect(errors[0]).toMatchObject({ type: 'unavailable' })
    const again = subscribe()
    await eventually('all events by a new subscription', () => again.seen.length === 200, 20_000)
    await again.subscription.unsubscribe()
  })

  it('ends subscriptions without an error', async () => {
    await start()
    await client.appendToStream('i-1', opened(1))
    const { subscription, seen, errors, ended } = subscribe()
    await once(subscription, 'caughtUp')
    double.faults.endSubscriptions()
    await eventually('the end', ended)
    expect({ seen, errors }).toEqual({ seen: [1], errors: [] })
  })

  it('goes away with appends in flight, some of them written, and tells nothing of it', async () => {
    await start()
    await client.appendToStream('i-0', opened(0))
    const killed = double.faults.killWithAppendsInFlight({ inFlight: 20, written: 7 })
    const appends = Array.from({ length: 20 }, (_, n) => client.appendToStream(`i-${n + 1}`, opened(n)))
    const outcomes = await Promise.allSettled(appends)
    await killed
    expect(outcomes.map(({ status }) => status)).toEqual(Array(20).fill('rejected'))
    expect(outcomes[0]).toMatchObject({ reason: { type: 'unavailable' } })
    const written = Array.from({ length: 20 }, (_, n) => double.log.written(`i-${n + 1}`).length)
    expect(written.reduce((sum, one) => sum + one, 0)).toBe(7)
  })

  it('knows its log after a restart, and which ids it saw only where a revision is asked', async () => {
    await start()
    const event = opened(1)
    const first = await client.appendToStream('i-1', event, { expectedRevision: 'no_stream' })
    expect(await client.appendToStream('i-1', event, { expectedRevision: 'any' })).toEqual(first)
    await double.faults.restart()
    const repeated = await eventually('the repeated append', () =>
      client.appendToStream('i-1', event, { expectedRevision: 'no_stream' }).catch(() => false as const),
    )
    expect(repeated).toEqual(first)
    expect(await numbersOf('i-1')).toEqual([1])
    await client.appendToStream('i-1', event, { expectedRevision: 'any' })
    expect(await numbersOf('i-1')).toEqual([1, 1])
  })

  it('meets a subscriber that is slower than the writers as its release does', async () => {
    await start({ slowConsumerLimit: 32 })
    const subscription = client.subscribeToAll({ filter: excludeSystemEvents(), fromPosition: START })
    const seen: unknown[] = []
    const errors: unknown[] = []
    subscription.on('error', (error) => errors.push(error))
    await once(subscription, 'caughtUp')
    subscription.pause()
    for (let n = 0; n < 400; n += 1) await client.appendToStream('i-1', opened(n, 'x'.repeat(2000)))
    subscription.on('data', ({ event }) => seen.push(numberOf(event)))
    subscription.resume()
    if (profile === '23.10') {
      await eventually('the cut-off', () => errors.length > 0, 20_000)
      expect(seen.length).toBeLessThan(400)
      expect(errors[0]).toMatchObject({
        message: expect.stringContaining('ABORTED: Consumer too slow to handle event while live.'),
      })
    } else {
      await eventually('every event', () => seen.length === 400, 20_000)
      expect(seen).toEqual(Array.from({ length: 400 }, (_, n) => n))
      expect(errors).toEqual([])
    }
    await subscription.unsubscribe()
  })

  it('cuts subscribers off at will', async () => {
    await start()
    await client.appendToStream('i-1', opened(1))
    const { subscription, seen, errors } = subscribe()
    await once(subscription, 'caughtUp')
    double.faults.cutOffSubscribers()
    await eventually('the cut-off', () => errors.length > 0, 20_000)
    expect(seen).toEqual([1])
    expect(errors[0]?.message).toContain('ABORTED')
  })

  it('does not cut off a live subscriber that keeps up', async () => {
    await start({ slowConsumerLimit: 32 })
    const { subscription, seen, errors } = subscribe()
    await once(subscription, 'caughtUp')
    for (let n = 0; n < 400; n += 1) await client.appendToStream('i-1', opened(n, 'x'.repeat(2000)))
    await eventually('every event', () => seen.length === 400, 20_000)
    expect(errors).toEqual([])
    await subscription.unsubscribe()
  })

  it('holds a slow subscriber that catches up back, without an error', async () => {
    await start({ slowConsumerLimit: 32 })
    for (let n = 0; n < 40; n += 1) {
      await client.appendToStream(
        'i-1',
        Array.from({ length: 10 }, (_, k) => opened(n * 10 + k, 'x'.repeat(2000))),
      )
    }
    const subscription = client.subscribeToAll({ filter: excludeSystemEvents(), fromPosition: START })
    let count = 0
    for await (const { event } of subscription) {
      expect(numberOf(event)).toBe(count)
      count += 1
      if (count % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 20))
      if (count === 400) break
    }
    expect(count).toBe(400)
  })
})
