import { toPosition } from '#libs/event-sourcing'
import { LeaseLost } from '#libs/read-store'
import { recordSuite } from '../testing/suite-record.js'
import type {
  EventPublisher,
  OutgoingEvent,
  PartitionTail,
  TopicSettings,
  TopicWriter,
} from './event-publisher.js'

/** What stands on a topic, as a reader from outside finds it. */
export interface ReadEvent {
  key: string
  position: string
  id: string
}

/** What a contract run needs of an adapter. */
export interface EventPublisherUnderTest {
  /** Another publisher for the same broker: another process's. */
  publisher(): EventPublisher
  /** What it runs on, with the version. */
  server: string
  /** Everything on the topic, by partition. */
  read(topic: string): Promise<ReadEvent[][]>
  /** A name that no topic has yet. */
  freshTopic(): string
  destroy(): Promise<void>
}

/** An event of one of seven streams; `n` is its place in the log. */
export function outgoing(n: number, logId = 'log-1'): OutgoingEvent {
  const stream = `incident-INC000000${n % 7}`
  return {
    specversion: '1.0',
    id: `event-${n}`,
    source: `/ledgerdesk/${logId}/incident`,
    type: 'org.ledgerdesk.itsm.incident.CommentAdded.v1',
    subject: stream,
    datacontenttype: 'application/json',
    partitionkey: stream,
    sequence: toPosition(n),
    data: { text: `comment ${n}` },
  }
}

export function range(from: number, to: number): OutgoingEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) => outgoing(from + index))
}

/** The promises of the EventPublisher port, run against an adapter. */
export function eventPublisherContract(name: string, setUp: () => Promise<EventPublisherUnderTest>): void {
  const title = `${name} as an EventPublisher`
  describe(title, () => {
    let system: EventPublisherUnderTest
    let topic: TopicSettings
    const writers: TopicWriter[] = []

    beforeAll(async () => {
      system = await setUp()
    })
    afterAll(() => system.destroy())
    recordSuite(title, () => ({ adapter: system.publisher(), server: system.server }))
    beforeEach(() => {
      topic = { name: system.freshTopic(), partitions: 3 }
    })
    afterEach(async () => {
      await Promise.all(writers.splice(0).map((writer) => writer.close()))
    })

    async function open(settings = topic, onStandby?: () => void): Promise<TopicWriter> {
      const writer = await system.publisher().open(settings, { onStandby })
      writers.push(writer)
      return writer
    }

    const idsOf = (events: readonly { id: string }[]) => events.map(({ id }) => id)

    it('begins with an empty topic of so many partitions', async () => {
      const writer = await open()
      expect(writer.checkpoint).toBeUndefined()
      expect(writer.tails).toEqual([])
      expect(writer.lost.aborted).toBe(false)
      expect(await system.read(topic.name)).toEqual([[], [], []])
    })

    it('puts all events there, those of a key in one partition and in order', async () => {
      const writer = await open()
      expect(await writer.publish(range(1, 50))).toBe(50)
      expect(await writer.publish(range(51, 100))).toBe(50)
      const partitions = await system.read(topic.name)
      expect(idsOf(partitions.flat()).sort()).toEqual(idsOf(range(1, 100)).sort())
      for (const events of partitions) {
        const positions = events.map(({ position }) => position)
        expect(positions).toEqual([...positions].sort())
      }
      for (const key of new Set(range(1, 100).map(({ partitionkey }) => partitionkey)))
        expect(partitions.filter((events) => events.some((event) => event.key === key))).toHaveLength(1)
    })

    it('tells the next writer where each partition ends, and skips what is there', async () => {
      const first = await open()
      await first.publish(range(1, 30))
      await first.close()
      const second = await open()
      const partitions = await system.read(topic.name)
      const ends = partitions.map((events) => events.at(-1)?.position).filter(Boolean)
      expect(second.tails.map(({ position }) => position).sort()).toEqual(ends.sort())
      expect(second.tails.every(({ source }) => source === '/ledgerdesk/log-1/incident')).toBe(true)
      expect(await second.publish(range(1, 40))).toBe(10)
      expect((await system.read(topic.name)).flat()).toHaveLength(40)
    })

    it('skips by the own partition of an event, not by the furthest of all', async () => {
      const first = await open()
      // All of one key, so that the other partitions stay behind.
      const ofOneKey = range(1, 70).filter((event) => event.partitionkey.endsWith('3'))
      await first.publish(ofOneKey)
      await first.close()
      const second = await open()
      const sharing = await system.read(topic.name)
      const own = sharing.findIndex((events) => events.length > 0)
      await second.publish(range(1, 70))
      const after = await system.read(topic.name)
      const others = after.filter((_, partition) => partition !== own).flat()
      expect(others.length).toBeGreaterThan(0)
      expect(after[own]?.slice(0, ofOneKey.length).map(({ id }) => id)).toEqual(idsOf(ofOneKey))
    })

    it('skips by the positions that the log gives now, once it is told those of what is there', async () => {
      const first = await open()
      await first.publish(range(1, 30))
      await first.close()
      const second = await open()
      const moved = (position: string) => toPosition(Number(position) + 1_000)
      const renumbered = second.tails.map((tail) => ({ ...tail, position: moved(tail.position) }))
      second.renumber(renumbered)
      expect(second.tails).toEqual(renumbered)
      const again = range(1, 40).map((event) => ({ ...event, sequence: moved(event.sequence) }))
      expect(await second.publish(again)).toBe(10)
    })

    it('remembers the last checkpoint', async () => {
      const first = await open()
      await first.saveCheckpoint({ logId: 'log-1', position: toPosition(7), eventId: 'event-7' })
      await first.saveCheckpoint({ logId: 'log-1', position: toPosition(9), eventId: 'event-9' })
      await first.close()
      const second = await open()
      expect(second.checkpoint).toEqual({ logId: 'log-1', position: toPosition(9), eventId: 'event-9' })
    })

    it('lets a second publisher wait until the first is gone', async () => {
      const first = await open()
      let waits = 0
      let second: TopicWriter | undefined
      const opening = open(topic, () => waits++).then((writer) => {
        second = writer
      })
      while (waits === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      expect(await first.publish(range(1, 10))).toBe(10)
      expect(second).toBeUndefined()
      expect(first.lost.aborted).toBe(false)
      await first.close()
      await opening
      expect(waits).toBe(1)
      expect(await second?.publish(range(1, 12))).toBe(2)
    })

    it('stops waiting when told to', async () => {
      await open()
      const giveUp = new AbortController()
      const waiting = system
        .publisher()
        .open(topic, { signal: giveUp.signal, onStandby: () => giveUp.abort() })
      await expect(waiting).rejects.toThrow()
    })

    it('takes nothing from a writer that gave the topic back', async () => {
      const writer = await open()
      await writer.close()
      expect(writer.lost.aborted).toBe(true)
      await expect(writer.publish(range(1, 3))).rejects.toThrow(LeaseLost)
      await expect(
        writer.saveCheckpoint({ logId: 'log-1', position: toPosition(3), eventId: 'event-3' }),
      ).rejects.toThrow(LeaseLost)
      expect((await system.read(topic.name)).flat()).toEqual([])
    })

    it('refuses another number of partitions, more or fewer', async () => {
      await (await open()).close()
      for (const partitions of [2, 4]) {
        const refused = system.publisher().open({ ...topic, partitions })
        await expect(refused).rejects.toMatchObject({ code: 'TOPIC.PARTITIONS_CHANGED' })
      }
    })

    it('can be looked at, before it is made and while it is being written', async () => {
      const looker = system.publisher()
      expect(await looker.look(topic)).toBeUndefined()
      const writer = await open()
      await writer.publish(range(1, 5))
      await writer.saveCheckpoint({ logId: 'log-1', position: toPosition(5), eventId: 'event-5' })
      const state = await looker.look(topic)
      expect(state).toMatchObject({
        partitions: 3,
        messages: 5,
        checkpoint: { position: toPosition(5) },
        publishers: [expect.any(String)],
      })
      const byPartition = (tails: readonly PartitionTail[]) =>
        tails.toSorted((a, b) => a.partition - b.partition)
      expect(byPartition(state!.tails)).toEqual(byPartition(writer.tails))
      expect(writer.lost.aborted).toBe(false)
      expect(await writer.publish(range(6, 7))).toBe(2)
    })

    it('forgets a topic that is reset', async () => {
      const writer = await open()
      await writer.publish(range(1, 5))
      await writer.saveCheckpoint({ logId: 'log-1', position: toPosition(5), eventId: 'event-5' })
      await writer.close()
      await system.publisher().reset(topic)
      await system.publisher().reset(topic)
      const anew = await open()
      expect(anew.checkpoint).toBeUndefined()
      expect(anew.tails).toEqual([])
    })
  })
}
