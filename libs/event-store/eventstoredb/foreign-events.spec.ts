import { randomUUID } from 'node:crypto'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { jsonCodec, LOG_START, type RecordedEvent, Upcasters } from '#libs/event-sourcing'
import { type TemporaryEventStoreDb, temporaryEventStoreDb } from '../../testing/temporary-eventstoredb.js'
import { newEvent } from '../event-store.contract.js'
import type { EventStoreDbEventStore, ForeignEvent } from './index.js'

const binary = () => ({
  id: randomUUID(),
  type: 'Intruded',
  contentType: 'application/octet-stream' as const,
  data: new Uint8Array([1]),
  metadata: undefined,
})
const withoutOurMetadata = () =>
  jsonEvent({ type: 'IncidentOpened', data: { n: 1 }, metadata: { actor: 'somebody' } })
const withoutMetadata = () => jsonEvent({ type: 'IncidentOpened', data: { n: 1 } })

describe.each(['23.10', '26.1'] as const)(
  'foreign events under our prefix, on the double of %s',
  (profile) => {
    let log: TemporaryEventStoreDb
    let store: EventStoreDbEventStore
    let told: ForeignEvent[]
    beforeEach(async () => {
      told = []
      log = await temporaryEventStoreDb(
        { profile },
        { onForeign: (event) => told.push(event), liveTail: { busy: 1, patienceMs: 20_000 } },
      )
      store = log.store
    })
    afterEach(() => log.dispose())

    const open = (stream: string, target = store) =>
      target.append({ stream, expectedRevision: 'noStream', events: [newEvent('IncidentOpened')] })

    async function intrude(...streams: string[]): Promise<void> {
      const client = EventStoreDBClient.connectionString(log.double.url)
      try {
        for (const stream of streams) {
          await client.appendToStream(`${log.namespace}.${stream}`, [
            binary(),
            withoutOurMetadata(),
            withoutMetadata(),
          ])
        }
      } finally {
        await client.dispose()
      }
    }

    /** Follows the log until it has seen so many events. */
    async function follow(count: number, target = store): Promise<RecordedEvent[]> {
      const seen: RecordedEvent[] = []
      for await (const { events, end } of target.subscribe({
        after: LOG_START,
        signal: AbortSignal.timeout(10_000),
      })) {
        seen.push(...events)
        if (end && seen.length >= count) break
      }
      return seen
    }
    const streamsOf = (events: readonly RecordedEvent[]) => events.map(({ stream }) => stream)

    it('are skipped by everyone who reads the log, at its beginning, amid it and at its end', async () => {
      await intrude('foreign-1')
      await open('incident-1')
      await intrude('foreign-1', 'foreign-2')
      await open('incident-2')
      await intrude('foreign-3')
      const reader = await log.open()
      const page = await reader.readAll({ after: LOG_START, limit: 100 })
      expect(streamsOf(page.events)).toEqual(['incident-1', 'incident-2'])
      expect(page.end).toBe(true)
      const narrow = await reader.readAll({
        after: LOG_START,
        limit: 100,
        prefixes: ['foreign-', 'incident-'],
      })
      expect(narrow).toEqual(page)
      expect(await reader.head()).toBe(page.events[1]!.position)
      expect(await reader.positionAt('2999-01-01T00:00:00Z')).toBe(page.events[1]!.position)
      expect(streamsOf(await follow(2, reader))).toEqual(['incident-1', 'incident-2'])
    })

    it('do not stop a subscription that is live already', async () => {
      await open('incident-1')
      const following = follow(3)
      await intrude('foreign-1')
      await open('incident-2')
      await intrude('foreign-2')
      await open('incident-3')
      expect(streamsOf(await following)).toEqual(['incident-1', 'incident-2', 'incident-3'])
    })

    it('do not stop the live tail, from which appends learn what was recorded', async () => {
      await open('incident-1')
      await intrude('foreign-1')
      const outcome = await open('incident-2')
      expect(outcome).toMatchObject({ kind: 'appended', events: [{ stream: 'incident-2' }] })
    })

    it('are told of once per stream', async () => {
      await intrude('foreign-1', 'foreign-2', 'foreign-1')
      await open('incident-1')
      await follow(1)
      await store.readAll({ after: LOG_START, limit: 10 })
      expect(told).toEqual(
        ['foreign-1', 'foreign-2'].map((stream) => ({
          stream: `${log.namespace}.${stream}`,
          revision: 0,
          type: 'Intruded',
        })),
      )
    })

    it('are nothing to a read of their stream', async () => {
      await intrude('foreign-1')
      expect(await store.readStream('foreign-1')).toEqual([])
      expect(await store.head()).toBe(LOG_START)
    })

    it('are named, rather than left out of a record of ours', async () => {
      await open('incident-1')
      await intrude('incident-1')
      await expect(store.readStream('incident-1')).rejects.toThrow('Somebody else wrote revision 1')
      expect(streamsOf((await store.readAll({ after: LOG_START, limit: 10 })).events)).toEqual(['incident-1'])
    })

    it('differ from events of ours that cannot be decoded, which end every read with an error', async () => {
      await open('incident-1')
      await open('incident-2')
      const upcasters = new Upcasters().register('IncidentOpened', 1, () => {
        throw new Error('no such field')
      })
      const faulty = await log.open({ codec: jsonCodec(upcasters) })
      const message = /IncidentOpened at revision 0 of .*incident-1 cannot be read: no such field/
      await expect(faulty.readAll({ after: LOG_START, limit: 10 })).rejects.toThrow(message)
      await expect(faulty.readStream('incident-1')).rejects.toThrow(message)
      await expect(follow(1, faulty)).rejects.toThrow(message)
      expect(told).toEqual([])
    })
  },
)
