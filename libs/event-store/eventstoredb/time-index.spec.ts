import { jsonCodec, LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import { type TemporaryEventStoreDb, temporaryEventStoreDb } from '../../testing/temporary-eventstoredb.js'
import { newEvent } from '../event-store.contract.js'
import { Connection } from './connection.js'
import { LogHead } from './log-head.js'
import { LogReader } from './log-reader.js'
import { StoredEvents } from './stored-events.js'
import { StreamNames } from './stream-names.js'
import { TimeIndex } from './time-index.js'

describe('TimeIndex', () => {
  let log: TemporaryEventStoreDb
  let connection: Connection
  let everything: RecordedEvent[]
  /** Clocks that step back: seconds after a beginning. */
  const times = [5, 3, 9, 4, 9, 12, 11, 30, 8, 31, 29, 40]
  const at = (seconds: number) => new Date(Date.UTC(2020, 0, 1) + seconds * 1_000).toISOString()

  beforeEach(async () => {
    log = await temporaryEventStoreDb({ profile: '26.1' })
    connection = new Connection({ url: log.double.url })
    for (const [n, seconds] of times.entries()) {
      const event = newEvent('Counted', { n })
      const metadata = { ...event.metadata, recordedAt: at(seconds) }
      const request = { stream: `incident-${n}`, expectedRevision: 'noStream' as const }
      await log.store.appendMigrated({ ...request, events: [{ ...event, metadata }] })
    }
    everything = (await log.store.readAll({ after: LOG_START, limit: 100 })).events
  })
  afterEach(async () => {
    await connection.close()
    await log.dispose()
  })

  /** As another process would have it, with the reader that it uses. */
  function index(markEvery: number) {
    const names = new StreamNames(log.namespace)
    const events = new StoredEvents(names, jsonCodec())
    const head = new LogHead(connection, events, LOG_START)
    const reader = new LogReader(connection, names, events, head)
    return { times: new TimeIndex(connection, names, reader, markEvery), reader }
  }

  /** By the definition: the last position up to which nothing was recorded later. */
  function expected(seconds: number): string {
    const first = times.findIndex((time) => time > seconds)
    return first < 0 ? everything.at(-1)!.position : first === 0 ? LOG_START : everything[first - 1]!.position
  }

  it('gives the last position whose running maximum is not later, with marks and without', async () => {
    for (const markEvery of [1_000, 3, 1]) {
      for (const seconds of [45, 1, 10, 30, 5, 31, 8, 40]) {
        const { times, reader } = index(markEvery)
        expect([seconds, await times.positionAt(at(seconds))]).toEqual([seconds, expected(seconds)])
        reader.close()
      }
    }
  })

  it('begins where another process has been', async () => {
    const first = index(4)
    await first.times.positionAt(at(100))
    first.reader.close()
    const second = index(4)
    const read = jest.spyOn(second.reader, 'page')
    expect(await second.times.positionAt(at(100))).toBe(everything.at(-1)!.position)
    expect(read.mock.calls.map(([{ after }]) => after)).toEqual([everything[11]!.position])
    second.reader.close()
  })
})
