import fc from 'fast-check'
import { derivedId, LOG_START, type Position, type RecordedEvent, toPosition } from '#libs/event-sourcing'
import { type Clock, lagSeconds, type Notice, systemClock } from '#libs/projections-runtime'
import {
  appendEvents,
  eventually,
  FakeClock,
  InMemoryBroker,
  InMemoryEventPublisher,
  InMemoryEventStore,
} from '#libs/testing'
import type { OutgoingEvent } from './event-publisher.js'
import { type PublishedTopic, PublisherRunner, type PublisherRunnerOptions } from './publisher-runner.js'

const NAME = 'acme.itsm.incident.events.v1'

function asOutgoing({ id, stream, position, data }: RecordedEvent, logId: string): OutgoingEvent {
  return { id, source: `/ledgerdesk/${logId}/incident`, partitionkey: stream, sequence: position, data }
}

/** Carries all but what says that it is a secret. */
function topicOf(logId: string): PublishedTopic {
  return {
    settings: { name: NAME, partitions: 3 },
    from: ['incident-'],
    outgoing: async (events) =>
      events
        .filter(({ data }) => !(data as { secret?: true }).secret)
        .map((event) => asOutgoing(event, logId)),
  }
}

/** The same log in another store, which gives positions of its own, all behind those of before. */
class MovedLog extends InMemoryEventStore {
  static readonly #SHIFT = 100

  static async of(log: InMemoryEventStore): Promise<MovedLog> {
    const moved = new MovedLog(log.logId)
    const filler = Array.from({ length: MovedLog.#SHIFT }, () => ({ type: 'Filler', data: {} }))
    await appendEvents(moved, 'filler-1', filler)
    for (const event of (await log.readAll({ after: LOG_START, limit: MovedLog.#SHIFT })).events) {
      const { stream, revision } = event
      const expectedRevision = revision === 0 ? 'noStream' : revision - 1
      await moved.append({ stream, expectedRevision, events: [event] })
    }
    return moved
  }

  override async currentPosition(position: Position): Promise<Position> {
    const place = Number(position)
    return place > 0 && place <= MovedLog.#SHIFT ? toPosition(place + MovedLog.#SHIFT) : position
  }
}

describe('The publisher runner', () => {
  let log: InMemoryEventStore
  let broker: InMemoryBroker
  const runners: PublisherRunner[] = []

  beforeEach(() => {
    log = new InMemoryEventStore()
    broker = new InMemoryBroker()
  })
  afterEach(async () => {
    await Promise.all(runners.splice(0).map((runner) => runner.stop()))
  })

  function start(options: Partial<PublisherRunnerOptions> = {}): PublisherRunner {
    const eventStore = options.eventStore ?? log
    const runner = new PublisherRunner({
      eventStore,
      publisher: new InMemoryEventPublisher(broker),
      topics: [topicOf(eventStore.logId)],
      batchSize: 7,
      ...options,
    })
    runners.push(runner)
    runner.start()
    return runner
  }

  async function append(count: number, data: object = {}, store = log): Promise<void> {
    for (let n = 0; n < count; n++)
      await appendEvents(store, `incident-INC000000${n % 5}`, [{ type: 'CommentAdded', data }])
  }

  const onTopic = () => broker.topics.get(NAME)?.partitions.flat() ?? []
  const arrived = (count: number) => eventually(`${count} on the topic`, () => onTopic().length >= count)

  async function statusOf(runner: PublisherRunner) {
    return (await runner.status())[0]!
  }

  it('publishes what is there and what comes, in order within each partition', async () => {
    await append(40)
    const counts: number[] = []
    const runner = start({ onPublished: (_, events) => counts.push(events) })
    await arrived(40)
    await append(10)
    await appendEvents(log, 'person-ann', [{ type: 'PersonRegistered', data: {} }])
    await arrived(50)
    const caughtUp = await eventually('caught up', async () => {
      const status = await statusOf(runner)
      return status.lagSeconds === 0 || (await log.head()) === status.position ? status : undefined
    })
    expect(caughtUp).toMatchObject({ topic: NAME, state: 'following', published: 50 })
    expect(counts.reduce((sum, events) => sum + events)).toBe(50)
    for (const events of broker.topics.get(NAME)!.partitions) {
      const positions = events.map(({ sequence }) => sequence)
      expect(positions).toEqual([...positions].sort())
    }
  })

  it('goes on after a stop without a gap and without a repetition', async () => {
    await append(20)
    const first = start()
    await arrived(20)
    await first.stop()
    expect(broker.topics.get(NAME)?.checkpoint?.position).toBe(await log.head())
    await append(20)
    start()
    await arrived(40)
    expect(new Set(onTopic().map(({ id }) => id)).size).toBe(40)
    expect(onTopic()).toHaveLength(40)
  })

  it('is not behind by events that it does not carry', async () => {
    await append(3)
    const runner = start()
    await eventually('handled', async () => (await statusOf(runner)).position === (await log.head()))
    const { position } = await statusOf(runner)
    await runner.stop()
    await appendEvents(log, 'person-ann', [{ type: 'PersonRegistered', data: {} }])
    const later: Clock = { ...systemClock, now: () => Date.now() + 5_000 }
    expect(await lagSeconds(log, position!, later, ['incident-'])).toBe(0)
    expect(await lagSeconds(log, position!, later)).toBeGreaterThanOrEqual(5)
    await append(1)
    expect(await lagSeconds(log, position!, later, ['incident-'])).toBeGreaterThanOrEqual(5)
  })

  it('remembers that a last event was left out, once nothing comes for a while', async () => {
    const clock = new FakeClock()
    const runner = start({ clock })
    await append(1)
    await arrived(1)
    await append(1, { secret: true })
    await eventually('left out', async () => (await statusOf(runner)).position === (await log.head()))
    const checkpoint = () => broker.topics.get(NAME)?.checkpoint?.position
    expect(checkpoint()).not.toBe(await log.head())
    clock.advance(999)
    await new Promise(setImmediate)
    expect(checkpoint()).not.toBe(await log.head())
    clock.advance(1)
    await eventually('remembered', async () => checkpoint() === (await log.head()))
    await append(1)
    await arrived(2)
  })

  it('opens the topic again when the broker is away as it would remember that', async () => {
    const clock = new FakeClock()
    const runner = start({ clock })
    await append(1)
    await arrived(1)
    await append(1, { secret: true })
    await eventually('left out', async () => (await statusOf(runner)).position === (await log.head()))
    broker.away = true
    clock.advance(1_000)
    await eventually('retrying', async () => (await statusOf(runner)).state === 'retrying')
    broker.away = false
    await append(1)
    await eventually('published', () => {
      clock.advance(100)
      return onTopic().length === 2
    })
    expect(onTopic()).toHaveLength(2)
  })

  it('tells lag while the broker is away, lets appends go on, and then leaves no gap', async () => {
    const notices: string[] = []
    const runner = start({
      notice: ({ message }) => notices.push(message),
    })
    await append(10)
    await arrived(10)
    broker.away = true
    await append(30)
    const behind = await eventually('retrying', async () => {
      const status = await statusOf(runner)
      return status.state === 'retrying' && status.lagSeconds! > 0 && status
    })
    expect(behind.message).toContain('The broker is away')
    expect(notices.some((message) => message.includes(`${NAME} is tried again in`))).toBe(true)
    broker.away = false
    await arrived(40)
    expect(new Set(onTopic().map(({ id }) => id)).size).toBe(40)
    expect(onTopic()).toHaveLength(40)
  })

  it('reads what is there when an answer was lost, and repeats nothing', async () => {
    start()
    await append(5)
    await arrived(5)
    broker.loseNextAnswer = true
    await append(5)
    await append(5)
    await arrived(15)
    expect(onTopic()).toHaveLength(15)
  })

  it('stands by while another has the topic, and takes over when that one goes', async () => {
    const first = start()
    await append(5)
    await arrived(5)
    const second = start()
    await eventually('standby', async () => (await statusOf(second)).state === 'standby')
    expect((await statusOf(second)).lagSeconds).toBeUndefined()
    await append(5)
    await arrived(10)
    expect((await statusOf(second)).published).toBe(0)
    await first.stop()
    await append(5)
    await arrived(15)
    expect((await statusOf(second)).published).toBe(5)
    expect(onTopic()).toHaveLength(15)
  })

  describe('before what another log published', () => {
    async function stoppedBy(runner: PublisherRunner) {
      return eventually('stopped', async () => {
        const status = await statusOf(runner)
        return status.state === 'stopped' && status
      })
    }

    it.each(['with', 'without'])(
      'stops, %s a checkpoint there, and says what mends it',
      async (checkpoint) => {
        await append(10)
        const runner = start()
        await arrived(10)
        await runner.stop()
        if (checkpoint === 'without') delete broker.topics.get(NAME)?.checkpoint
        const other = new InMemoryEventStore()
        await append(10, {}, other)
        const stopped = start({ eventStore: other })
        expect(await stoppedBy(stopped)).toMatchObject({
          code: 'CHECKPOINT.FOREIGN',
          message: expect.stringContaining(`ledgerdesk publisher reset ${NAME}`),
        })
        expect(onTopic()).toHaveLength(10)
      },
    )

    it('stops after a restore of the same log that took events back, until the topic is reset', async () => {
      await append(10)
      const runner = start()
      await arrived(10)
      await runner.stop()
      const clock = new FakeClock()
      const restored = new InMemoryEventStore(log.logId)
      await append(3, {}, restored)
      const notices: Notice[] = []
      const stopped = start({ eventStore: restored, clock, notice: (notice) => notices.push(notice) })
      await stoppedBy(stopped)
      clock.advance(30_000)
      await stoppedBy(stopped)
      expect(onTopic()).toHaveLength(10)
      await new InMemoryEventPublisher(broker).reset({ name: NAME, partitions: 3 })
      await eventually('published anew', async () => {
        clock.advance(1_000)
        return broker.topics.get(NAME)?.partitions.flat().length === 3
      })
      expect(notices.filter(({ code }) => code === 'CHECKPOINT.FOREIGN')).toHaveLength(1)
    })

    it('goes on with the same log (counter-proof)', async () => {
      await append(10)
      const runner = start()
      await arrived(10)
      await runner.stop()
      delete broker.topics.get(NAME)?.checkpoint
      const again = start()
      await append(1)
      await arrived(11)
      expect((await statusOf(again)).state).toBe('following')
    })
  })

  it('goes on after its log was moved and its events have other positions, and repeats nothing', async () => {
    await append(10)
    const runner = start()
    await arrived(10)
    await runner.stop()
    // Behind what is there, as after a crash: what the partitions hold tells
    const [third] = (await log.readAll({ after: LOG_START, limit: 3 })).events.slice(-1)
    broker.topics.get(NAME)!.checkpoint = { logId: log.logId, position: third!.position, eventId: third!.id }

    const moved = await MovedLog.of(log)
    await append(1, {}, moved)
    start({ eventStore: moved })
    await arrived(11)
    await append(1, {}, moved)
    await arrived(12)
    const ids = onTopic().map(({ id }) => id)
    expect(new Set(ids).size).toBe(12)
    expect(ids).toHaveLength(12)
  })

  it('law: whatever fails and whoever takes over, the topic holds what may leave, once and in order', async () => {
    const fault = fc.constantFrom('append', 'secret', 'away', 'back', 'lose', 'restart', 'second')
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { minLength: 5, maxLength: 25 }), async (steps) => {
        log = new InMemoryEventStore(derivedId('law', JSON.stringify(steps)))
        broker = new InMemoryBroker()
        let runner = start()
        for (const step of steps) {
          if (step === 'append') await append(4)
          if (step === 'secret') await append(2, { secret: true })
          if (step === 'away' || step === 'back') broker.away = step === 'away'
          if (step === 'lose') broker.loseNextAnswer = true
          if (step === 'second') start()
          if (step === 'restart') {
            await runner.stop()
            runner = start()
          }
          await new Promise((resolve) => setTimeout(resolve, 2))
        }
        broker.away = false
        broker.loseNextAnswer = false
        const events = (await log.readAll({ after: '0'.repeat(20), limit: 1_000 })).events
        const wanted = events.filter(({ data }) => !(data as { secret?: true }).secret).map(({ id }) => id)
        await arrived(wanted.length)
        await Promise.all(runners.splice(0).map((one) => one.stop()))
        const partitions = broker.topics.get(NAME)?.partitions ?? []
        expect(
          partitions
            .flat()
            .map(({ id }) => id)
            .sort(),
        ).toEqual([...wanted].sort())
        for (const partition of partitions) {
          const positions = partition.map(({ sequence }) => sequence)
          expect(positions).toEqual([...positions].sort())
        }
      }),
      { numRuns: 25 },
    )
  })
})
