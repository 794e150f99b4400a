import { LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import { type EventStoreDouble, startEventStoreDouble } from '../../testing/eventstoredb/index.js'
import { eventually } from '../../testing/eventually.js'
import { type TemporaryEventStoreDb, temporaryEventStoreDb } from '../../testing/temporary-eventstoredb.js'
import { newEvent } from '../event-store.contract.js'
import type { AppendRequest } from '../event-store.js'

const opened = (stream: string): AppendRequest => ({
  stream,
  expectedRevision: 'noStream',
  events: [newEvent('IncidentOpened', { stream })],
})

describe.each(['23.10', '26.1'] as const)('a cluster of %s whose leader was deposed', (profile) => {
  let log: TemporaryEventStoreDb
  let leader: EventStoreDouble
  beforeEach(async () => {
    log = await temporaryEventStoreDb({ profile }, { timeoutMs: 1_000, patienceMs: 5_000 })
    await log.store.append(opened('incident-1'))
    leader = await startEventStoreDouble({ profile, log: log.double.log.copy() })
    log.double.faults.depose({ host: '127.0.0.1', port: leader.port })
  })
  afterEach(async () => {
    await log.dispose()
    await leader.stop()
  })
  const streamsOn = ({ log: { all } }: EventStoreDouble) => all.map(({ stream }) => stream)

  it('commands go to the new leader, and reads tell what stands there', async () => {
    const { store, double, namespace } = log
    await eventually('the append', async () => (await store.append(opened('incident-2'))).kind !== 'unknown')
    expect(streamsOn(leader)).toContain(`${namespace}.incident-2`)
    expect(streamsOn(double)).not.toContain(`${namespace}.incident-2`)
    expect(await store.readStream('incident-2')).toHaveLength(1)
  })

  it('a read alone finds the new leader', async () => {
    const other = await log.open({ url: leader.url })
    await other.append(opened('incident-3'))
    expect(await log.store.readStream('incident-3')).toHaveLength(1)
  })

  it('a subscription goes on at the new leader', async () => {
    const { store } = log
    const abort = new AbortController()
    const seen: RecordedEvent[] = []
    const following = (async () => {
      for await (const { events } of store.subscribe({ after: LOG_START, signal: abort.signal }))
        seen.push(...events)
    })()
    await eventually('the append', async () => (await store.append(opened('incident-2'))).kind !== 'unknown')
    await eventually('both events', async () => seen.some(({ stream }) => stream === 'incident-2'))
    abort.abort()
    await following
    expect(seen.map(({ stream }) => stream)).toEqual(['incident-1', 'incident-2'])
  })

  it('counter-proof: a node that is not asked for the leader answers from a log that is behind', async () => {
    await eventually(
      'the append',
      async () => (await log.store.append(opened('incident-2'))).kind !== 'unknown',
    )
    const { EventStoreDBClient } = await import('@eventstore/db-client')
    const client = EventStoreDBClient.connectionString(log.double.url)
    const read = async () => {
      for await (const event of client.readStream(`${log.namespace}.incident-2`)) return event
      return undefined
    }
    await expect(read()).rejects.toMatchObject({ type: 'stream-not-found' })
    await client.dispose()
  })
})
