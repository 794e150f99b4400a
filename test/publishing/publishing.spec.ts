import { randomUUID } from 'node:crypto'
import type { PublishedTopic, PublisherRunner } from '#libs/event-publisher'
import { KafkaEventPublisher } from '#libs/event-publisher/kafka'
import { LOG_START } from '#libs/event-sourcing'
import { appendEvents, eventually } from '#libs/testing'
import { toKafkaMessage } from '../../libs/event-publisher/kafka/cloud-event-message.js'
import {
  describeWithKafka,
  KAFKA_BROKERS,
  kafkaClient,
  readTopic,
} from '../../libs/event-publisher/kafka/kafka-broker.fixture.js'
import { type CompiledCopy, compiledCopy } from '../../libs/testing/compiled-copy.js'
import { type TemporaryEventStore, temporaryEventStore } from '../../libs/testing/temporary-event-store.js'
import { toCloudEvent } from '../../src/events/cloud-event.js'
import { topicName } from '../../src/topics.js'
import {
  BATCH,
  Incidents,
  newEvent,
  PARTITIONS,
  PublisherProcess,
  reached,
  startedRunner,
  tally,
  topicsOf,
  whole,
} from './publishing.fixture.js'

/** For each thing that is waited for, and for a test, that waits for several. */
const LONG = 120_000
const LONG_TEST = 5 * LONG

describeWithKafka('Publishing to Kafka', () => {
  let temporary: TemporaryEventStore
  let incidents: Incidents
  let namespace: string
  let topic: string
  const cleanUps: (() => Promise<unknown>)[] = []

  beforeEach(async () => {
    temporary = await temporaryEventStore()
    incidents = new Incidents(temporary.store)
    namespace = `spec-${randomUUID()}`
    topic = topicName(namespace, 'incident')
  })
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
    await temporary.dispose()
  })

  describe('from a process of its own', () => {
    let compiled: CompiledCopy
    beforeAll(() => {
      compiled = compiledCopy('src', 'libs', 'projections', 'test/publishing/publisher-process.ts')
    }, LONG)
    afterAll(() => compiled.dispose())

    function publisher(sessionMilliseconds = 6_000): PublisherProcess {
      const started = new PublisherProcess(compiled.program('test/publishing/publisher-process.ts'), {
        file: temporary.file,
        brokers: KAFKA_BROKERS,
        namespace,
        partitions: PARTITIONS,
        batchSize: BATCH,
        sessionMilliseconds,
      })
      cleanUps.push(async () => {
        started.signal('SIGKILL')
        await started.ended
      })
      return started
    }

    const published = (from: PublisherProcess, count: number) =>
      eventually(`${count} published`, () => from.published >= count, LONG)

    it(
      'leaves no gap and doubles nothing over clean stops',
      async () => {
        let total = 0
        for (const count of [1_000, 300, 700]) {
          await incidents.append(count)
          total += count
          const one = publisher()
          await published(one, count)
          await one.end()
          expect(one.published).toBe(count)
        }
        expect(await tally(kafkaClient(), topic, temporary.store)).toEqual({
          ...whole(total),
          onTopic: total,
          duplicates: 0,
        })
      },
      LONG_TEST,
    )

    it(
      'repeats at most one batch for each kill in the middle of one, and loses nothing',
      async () => {
        const kills = 5
        let total = 6_000
        await incidents.append(total)
        for (let kill = 0; kill < kills; kill++) {
          const one = publisher(3_000)
          await published(one, 1)
          // The next batch is being put together, sent or answered.
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 12))
          await one.end('SIGKILL')
          // However much it did before it died, there is something to do for the next
          await incidents.append(500)
          total += 500
        }
        const last = publisher(3_000)
        await eventually('all there', () => last.states.includes('following'), LONG)
        await last.end()
        const result = await tally(kafkaClient(), topic, temporary.store)
        process.stdout.write(`${kills} kills: ${JSON.stringify(result)}\n`)
        expect(result).toMatchObject(whole(total))
        expect(result.duplicates).toBeLessThanOrEqual(kills * BATCH)
      },
      LONG_TEST,
    )

    it(
      'stands by when started a second time by mistake, and takes over from one that died',
      async () => {
        const first = publisher()
        await incidents.append(500)
        await published(first, 500)
        const second = publisher()
        await eventually('waiting', () => first.lines.length > 0 && second.states.includes('standby'), LONG)
        await incidents.append(500)
        await published(first, 1_000)
        expect(second.published).toBe(0)
        await first.end('SIGKILL')
        await incidents.append(500)
        await published(second, 500)
        await second.end()
        const result = await tally(kafkaClient(), topic, temporary.store)
        expect(result).toMatchObject({ ...whole(1_500), duplicates: 0 })
      },
      LONG_TEST,
    )

    it(
      'that froze is replaced, and adds at most one batch of repetitions when it wakes',
      async () => {
        const frozen = publisher(3_000)
        await incidents.append(3_000)
        await published(frozen, 1)
        frozen.signal('SIGSTOP')
        // However much it did before, there is something to do for the other
        await incidents.append(1_000)
        const statesBefore = frozen.states.length
        const second = publisher(3_000)
        await eventually('taken over', () => second.published > 0, LONG)
        await eventually('all there', () => second.states.includes('following'), LONG)
        frozen.signal('SIGCONT')
        await eventually('it noticed', () => frozen.states.slice(statesBefore).includes('standby'), LONG)
        // Whichever has the topic by then: a busy machine may make the second lose it, too
        const sent = () => frozen.published + second.published
        const before = sent()
        await incidents.append(200)
        await eventually('goes on', () => sent() >= before + 200, LONG)
        await Promise.all([frozen.end(), second.end()])
        const result = await tally(kafkaClient(), topic, temporary.store)
        process.stdout.write(`frozen: ${JSON.stringify(result)}\n`)
        expect(result).toMatchObject(whole(4_200))
        expect(result.duplicates).toBeLessThanOrEqual(BATCH)
      },
      LONG_TEST,
    )
  })

  function run(topics?: readonly PublishedTopic[]): PublisherRunner {
    const runner = startedRunner(
      temporary.store,
      KAFKA_BROKERS,
      topics ?? topicsOf(temporary.store, namespace),
    )
    cleanUps.push(() => runner.stop())
    return runner
  }

  it('is told of gaps, repetitions and disorder by the tally (counter-proof)', async () => {
    await incidents.append(6, 1)
    const { events } = await temporary.store.readAll({ after: LOG_START, limit: 10 })
    const [first, second, third, , fifth] = events.map((event) => toCloudEvent(event, temporary.store.logId))
    const settings = { name: topic, partitions: 1 }
    const publisher = new KafkaEventPublisher({ brokers: KAFKA_BROKERS, clientId: 'spec' })
    await (await publisher.open(settings)).close()
    const producer = kafkaClient().producer()
    await producer.connect()
    const messages = [first, third, second, second, fifth].map((event) => toKafkaMessage(event as never))
    await producer.send({ topic, messages })
    await producer.disconnect()
    expect(await tally(kafkaClient(), topic, temporary.store)).toEqual({
      inLog: 6,
      onTopic: 5,
      duplicates: 1,
      missing: 2,
      outOfOrder: 1,
    })
  })

  it('stops before the topic of another log', async () => {
    await incidents.append(50)
    const first = run()
    await reached(first, 'following')
    await first.stop()
    const before = await tally(kafkaClient(), topic, temporary.store)
    await temporary.dispose()
    temporary = await temporaryEventStore()
    await new Incidents(temporary.store).append(50)
    const second = run()
    expect(await reached(second, 'stopped')).toMatchObject({
      code: 'CHECKPOINT.FOREIGN',
      message: expect.stringContaining(`ledgerdesk publisher reset ${topic}`),
    })
    const after = await readTopic(kafkaClient(), topic)
    expect(after.flat()).toHaveLength(before.onTopic)
  })

  describe('with restricted records in the log', () => {
    const SECRET = 'Dismissal of Mr X'
    const NOTE = 'He does not know yet'

    beforeEach(async () => {
      const { store } = temporary
      const participants = { kind: 'participants' }
      await incidents.append(60)
      await appendEvents(store, 'incident-INC0009001', [
        { type: 'IncidentOpened', data: { title: SECRET, audience: participants } },
        { type: 'CommentAdded', data: { text: SECRET } },
      ])
      await store.append({
        stream: 'incident-INC0009002',
        expectedRevision: 'noStream',
        events: [
          newEvent({ type: 'IncidentOpened', data: { title: 'Badge reader', audience: { kind: 'public' } } }),
          newEvent({ type: 'WorkNoteAdded', data: { text: NOTE } }),
        ],
      })
    })

    async function textOnTopic(): Promise<string> {
      const messages = (await readTopic(kafkaClient(), topic)).flat()
      return JSON.stringify(
        messages.map(({ key, value, headers }) => [
          String(key),
          String(value),
          Object.values(headers ?? {}).map(String),
        ]),
      )
    }

    it('shows nothing of them, and no work notes, on the topic', async () => {
      await reached(run(), 'following', await temporary.store.head())
      const text = await textOnTopic()
      expect(text).toContain('Badge reader')
      for (const secret of [SECRET, NOTE, 'INC0009001']) expect(text).not.toContain(secret)
    })

    it('would show them if a topic took every event (counter-proof)', async () => {
      const { logId } = temporary.store
      const everything: PublishedTopic = {
        settings: { name: topic, partitions: PARTITIONS },
        from: ['incident-'],
        outgoing: async (events) => events.map((event) => toCloudEvent(event, logId) as never),
      }
      await reached(run([everything]), 'following', await temporary.store.head())
      const text = await textOnTopic()
      for (const secret of [SECRET, NOTE, 'INC0009001']) expect(text).toContain(secret)
      expect((await temporary.store.readAll({ after: LOG_START, limit: 1_000 })).events).toHaveLength(64)
    })
  })
})
