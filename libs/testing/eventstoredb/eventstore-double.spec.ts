import { once } from 'node:events'
import {
  type AllStreamRecordedEvent,
  BACKWARDS,
  END,
  EventStoreDBClient,
  eventTypeFilter,
  excludeSystemEvents,
  type Filter,
  jsonEvent,
  START,
  StreamDeletedError,
  StreamNotFoundError,
  streamNameFilter,
  WrongExpectedVersionError,
} from '@eventstore/db-client'
import { eventually } from '../eventually.js'
import { type EventStoreDouble, type Profile, startEventStoreDouble } from './index.js'

describe.each<Profile>(['23.10', '26.1'])(
  'the double of EventStoreDB %s, through the real client',
  (profile) => {
    let double: EventStoreDouble
    let client: EventStoreDBClient

    beforeEach(async () => {
      double = await startEventStoreDouble({ profile })
      client = EventStoreDBClient.connectionString(double.url)
    })

    afterEach(async () => {
      await client.dispose()
      await double.stop()
    })

    const opened = (n: number) => jsonEvent({ type: 'Opened', data: { n }, metadata: { actor: 'a' } })
    const numberOf = (event?: { data: unknown }) => (event?.data as { n: number } | undefined)?.n
    const numbers = async (events: AsyncIterable<{ event?: { data: unknown } }>) => {
      const found: unknown[] = []
      for await (const { event } of events) found.push(numberOf(event))
      return found
    }

    it('appends in batches and one by one, and reads a stream both ways', async () => {
      const first = await client.appendToStream('incident-1', [opened(0), opened(1)], {
        expectedRevision: 'no_stream',
      })
      const second = await client.appendToStream('incident-1', [opened(2)], {
        expectedRevision: 1n,
        credentials: { username: 'admin', password: 'changeit' },
      })
      expect(first).toMatchObject({ success: true, nextExpectedRevision: 1n })
      expect(second.position!.commit).toBeGreaterThan(first.position!.commit)
      expect(await numbers(client.readStream('incident-1'))).toEqual([0, 1, 2])
      expect(await numbers(client.readStream('incident-1', { fromRevision: 1n, maxCount: 1 }))).toEqual([1])
      expect(
        await numbers(client.readStream('incident-1', { direction: BACKWARDS, fromRevision: END })),
      ).toEqual([2, 1, 0])
    })

    it('refuses a wrong expected revision and recognises a repeated append', async () => {
      const event = opened(0)
      const first = await client.appendToStream('incident-1', event, { expectedRevision: 'no_stream' })
      expect(await client.appendToStream('incident-1', event, { expectedRevision: 'no_stream' })).toEqual(
        first,
      )
      await expect(
        client.appendToStream('incident-1', opened(1), { expectedRevision: 'no_stream' }),
      ).rejects.toThrow(WrongExpectedVersionError)
      expect(await numbers(client.readStream('incident-1'))).toEqual([0])
    })

    it('reads $all from a position on, backwards from right before it, and refuses a position inside an event', async () => {
      const { position } = await client.appendToStream('incident-1', [opened(0), opened(1)])
      await client.appendToStream('incident-2', opened(2))
      expect(await numbers(client.readAll({ fromPosition: position! }))).toEqual([1, 2])
      expect(await numbers(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 2 }))).toEqual(
        [2, 1],
      )
      expect(
        await numbers(client.readAll({ direction: BACKWARDS, fromPosition: position!, maxCount: 1 })),
      ).toEqual([0])
      const inside = { commit: position!.commit - 1n, prepare: position!.prepare - 1n }
      await expect(numbers(client.readAll({ fromPosition: inside }))).rejects.toThrow('UNKNOWN')
    })

    it('subscribes to a stream after a revision, catches up and goes on live', async () => {
      await client.appendToStream('incident-1', [opened(0), opened(1)])
      const subscription = client.subscribeToStream('incident-1', { fromRevision: 0n })
      const seen: unknown[] = []
      subscription.on('data', ({ event }) => seen.push(numberOf(event)))
      subscription.on('confirmation', () => seen.push('confirmation'))
      subscription.on('caughtUp', () => seen.push('caughtUp'))
      await eventually('caughtUp', () => seen.includes('caughtUp'))
      await client.appendToStream('incident-1', opened(2))
      await eventually('the live event', () => seen.length >= 4)
      expect(seen).toEqual(['confirmation', 1, 'caughtUp', 2])
      await subscription.unsubscribe()
    })

    it('subscribes to $all by prefix, after a position, with checkpoints', async () => {
      const { position } = await client.appendToStream('incident-1', opened(0))
      for (let n = 1; n <= 40; n += 1)
        await client.appendToStream(n % 10 ? 'noise-1' : `problem-${n}`, opened(n))
      const checkpoints: bigint[] = []
      const seen: unknown[] = []
      const subscription = client.subscribeToAll({
        fromPosition: position!,
        filter: streamNameFilter({
          prefixes: ['incident-', 'problem-'],
          maxSearchWindow: 8,
          checkpointInterval: 2,
          checkpointReached: async (_subscription, { commit }) => {
            checkpoints.push(commit)
          },
        }),
      })
      subscription.on('data', ({ event }) => seen.push(numberOf(event)))
      subscription.on('caughtUp', () => seen.push('caughtUp'))
      await eventually('caughtUp', () => seen.includes('caughtUp'))
      await client.appendToStream('incident-2', opened(41))
      await eventually('the live event', () => seen.length >= 6)
      expect(seen).toEqual([10, 20, 30, 40, 'caughtUp', 41])
      expect(checkpoints.length).toBeGreaterThanOrEqual(2)
      expect([...checkpoints].sort((a, b) => Number(a - b))).toEqual(checkpoints)
      await subscription.unsubscribe()
    })

    it('filters by regular expression, of streams and of event types', async () => {
      await client.appendToStream('incident-1', opened(0))
      await client.appendToStream('problem-1', jsonEvent({ type: 'Closed', data: { n: 1 } }))
      const collect = async (filter: Filter) => {
        const seen: string[] = []
        const subscription = client.subscribeToAll({ filter, fromPosition: START })
        subscription.on('data', ({ event }) => seen.push((event as AllStreamRecordedEvent).streamId))
        await once(subscription, 'caughtUp')
        await subscription.unsubscribe()
        return seen
      }
      expect(await collect(streamNameFilter({ regex: '^incident-' }))).toEqual(['incident-1'])
      expect(await collect(eventTypeFilter({ regex: '^Clo' }))).toEqual(['problem-1'])
      expect(await collect(excludeSystemEvents())).toEqual(['incident-1', 'problem-1'])
    })

    it('keeps stream metadata, and truncates by it', async () => {
      await client.appendToStream('incident-1', [opened(0), opened(1), opened(2)])
      await client.setStreamMetadata('incident-1', { maxCount: 2, purpose: 'spec' })
      expect((await client.getStreamMetadata('incident-1')).metadata).toEqual({
        maxCount: 2,
        purpose: 'spec',
      })
      expect(await numbers(client.readStream('incident-1'))).toEqual([1, 2])
    })

    it('hides a deleted stream, goes on after it, and ends a tombstoned one for ever', async () => {
      await client.appendToStream('incident-1', [opened(0), opened(1)])
      await client.deleteStream('incident-1')
      await expect(numbers(client.readStream('incident-1'))).rejects.toThrow(StreamNotFoundError)
      const again = await client.appendToStream('incident-1', opened(2), { expectedRevision: 'no_stream' })
      expect(again.nextExpectedRevision).toBe(2n)
      expect(await numbers(client.readStream('incident-1'))).toEqual([2])
      await client.tombstoneStream('incident-1')
      await expect(numbers(client.readStream('incident-1'))).rejects.toThrow(StreamDeletedError)
      await expect(client.appendToStream('incident-1', opened(3))).rejects.toThrow(StreamDeletedError)
    })

    it('is found by gossip', async () => {
      const cluster = EventStoreDBClient.connectionString(
        `esdb://127.0.0.1:${double.port},localhost:${double.port}?tls=false&nodePreference=leader`,
      )
      await cluster.appendToStream('incident-1', opened(7))
      expect(await numbers(cluster.readStream('incident-1'))).toEqual([7])
      await cluster.dispose()
    })
  },
)
