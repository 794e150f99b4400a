import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { LOG_START, type NewEvent, toPosition } from '#libs/event-sourcing'
import { type TemporaryEventStoreDb, temporaryEventStoreDb } from '../../testing/temporary-eventstoredb.js'
import { newEvent } from '../event-store.contract.js'
import { type EventStoreDbEventStore, openEventStoreDb } from './index.js'

describe('a log on a server that others use too', () => {
  let log: TemporaryEventStoreDb
  let store: EventStoreDbEventStore
  beforeEach(async () => {
    log = await temporaryEventStoreDb({ profile: '26.1' })
    store = log.store
  })
  afterEach(() => log.dispose())

  const open = (stream: string, target = store, events: NewEvent[] = [newEvent('IncidentOpened')]) =>
    target.append({ stream, expectedRevision: 'noStream', events })
  const everything = async (target = store) => (await target.readAll({ after: LOG_START, limit: 100 })).events

  async function asSomebodyElse<T>(act: (client: EventStoreDBClient) => Promise<T>): Promise<T> {
    const client = EventStoreDBClient.connectionString(log.double.url)
    try {
      return await act(client)
    } finally {
      await client.dispose()
    }
  }
  const foreign = () => jsonEvent({ type: 'IncidentOpened', data: {}, metadata: { actor: 'x' } })

  it('shares nothing with a log of another namespace, even one that begins with its name', async () => {
    const other = await openEventStoreDb({ url: log.double.url, namespace: `${log.namespace}-2` })
    await open('incident-1')
    await open('incident-1', other)
    await open('incident-2', other)
    expect(other.logId).not.toBe(store.logId)
    expect((await everything()).map(({ stream }) => stream)).toEqual(['incident-1'])
    expect((await everything(other)).map(({ stream }) => stream)).toEqual(['incident-1', 'incident-2'])
    expect(await store.head()).toBe((await everything())[0]!.position)
    await other.close()
  })

  it('finds its last event, however many of others come after it', async () => {
    await open('incident-1')
    const head = await store.head()
    await asSomebodyElse(async (client) => {
      for (let n = 0; n < 30; n++)
        await client.appendToStream(`incident-${n}`, [foreign(), foreign(), foreign()])
    })
    expect(await store.head()).toBe(head)
    expect(await (await log.open()).head()).toBe(head)
  })

  it('knows no positions but those of its own events', async () => {
    await open('incident-1')
    const { position } = await asSomebodyElse((client) => client.appendToStream('incident-9', foreign()))
    const own = await store.head()
    for (const strange of [position!.commit, BigInt(own) + 1n, 1n, 2n ** 63n, 10n ** 20n - 1n].map(
      toPosition,
    )) {
      expect(await store.eventIdAt(strange)).toBeUndefined()
      await expect(store.readAll({ after: strange, limit: 1 })).rejects.toMatchObject({
        code: 'POSITION.UNKNOWN',
      })
      const subscription = store.subscribe({ after: strange })[Symbol.asyncIterator]()
      await expect(subscription.next()).rejects.toMatchObject({ code: 'POSITION.UNKNOWN' })
    }
    expect((await store.readAll({ after: own, limit: 1 })).events).toEqual([])
  })

  it('has one id, whoever opens it first', async () => {
    const namespace = 'brand_new'
    const stores = await Promise.all(
      Array.from({ length: 8 }, () => openEventStoreDb({ url: log.double.url, namespace })),
    )
    expect(new Set(stores.map(({ logId }) => logId)).size).toBe(1)
    await Promise.all(stores.map((one) => one.close()))
    const wanted = '00000000-0000-4000-8000-00000000000a'
    await expect(openEventStoreDb({ url: log.double.url, namespace, logId: wanted })).rejects.toThrow(
      'belongs to the log',
    )
    const migrated = await openEventStoreDb({ url: log.double.url, namespace: 'migrated', logId: wanted })
    expect(migrated.logId).toBe(wanted)
    await migrated.close()
  })

  it('answers with what stands there when known ids come with another request', async () => {
    const first = newEvent('IncidentOpened', { title: 'first' }, { requestHash: 'one' })
    const second = {
      ...newEvent('IncidentOpened', { title: 'second' }, { requestHash: 'two' }),
      id: first.id,
    }
    const other = await log.open()
    await open('incident-1', store, [first])
    expect(await open('incident-1', other, [second])).toMatchObject({
      kind: 'alreadyAppended',
      events: [{ data: { title: 'first' }, metadata: { requestHash: 'one' } }],
    })
  })

  it('takes the time of an event from a caller only when a log is copied', async () => {
    const recordedAt = '2019-04-01T10:00:00.000Z'
    const bold = newEvent('IncidentOpened', {}, { recordedAt } as object)
    await open('incident-1', store, [bold])
    const copied = newEvent('IncidentOpened')
    const outcome = await store.appendMigrated({
      stream: 'incident-2',
      expectedRevision: 'noStream',
      events: [{ ...copied, metadata: { ...copied.metadata, recordedAt } }],
    })
    expect(outcome.kind).toBe('appended')
    const [own, migrated] = await everything()
    expect(own!.metadata.recordedAt > '2020').toBe(true)
    expect(migrated!.metadata.recordedAt).toBe(recordedAt)
    // The running maximum counts: the copied event is as late as the one before it.
    expect(await store.positionAt(recordedAt)).toBe(LOG_START)
    expect(await store.positionAt(own!.metadata.recordedAt)).toBe(migrated!.position)
  })

  it('says so when somebody else wrote into one of its streams', async () => {
    await open('incident-1')
    await asSomebodyElse((client) =>
      client.appendToStream(`${log.namespace}.incident-1`, {
        id: '00000000-0000-4000-8000-00000000000b',
        type: 'Intruded',
        contentType: 'application/octet-stream',
        data: new Uint8Array([1]),
        metadata: undefined,
      }),
    )
    await expect(store.readStream('incident-1')).rejects.toThrow('Somebody else wrote revision 1')
  })

  it('leaves the settings of the server alone that lie in the metadata of streams', async () => {
    await asSomebodyElse((client) =>
      client.appendToStream(`${log.namespace}.incident-1`, [], { expectedRevision: 'no_stream' }),
    )
    await store.setStreamMetadata('incident-1', { maxCount: 1 })
    for (const expectedRevision of ['noStream', 0] as const) {
      await store.append({ stream: 'incident-1', expectedRevision, events: [newEvent('A')] })
    }
    expect(await store.readStream('incident-1')).toHaveLength(2)
    expect(await store.getStreamMetadata('incident-1')).toEqual({ maxCount: 1 })
  })
})
