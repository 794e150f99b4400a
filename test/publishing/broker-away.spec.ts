import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '#libs/testing'
import { describeWithKafka, kafkaClient } from '../../libs/event-publisher/kafka/kafka-broker.fixture.js'
import { type TemporaryEventStore, temporaryEventStore } from '../../libs/testing/temporary-event-store.js'
import { topicName } from '../../src/topics.js'
import {
  BATCH,
  Incidents,
  OwnBroker,
  reached,
  startedRunner,
  statusOf,
  tally,
  topicsOf,
  whole,
} from './publishing.fixture.js'

/** A broker's start takes a busy machine half a minute. */
const LONG = 180_000

const OUTAGES = [
  {
    how: 'stopped',
    begin: (broker: OwnBroker) => broker.stop(),
    end: (broker: OwnBroker) => broker.startAgain(),
  },
  {
    how: 'killed',
    begin: async (broker: OwnBroker) => broker.signal('SIGKILL'),
    end: (broker: OwnBroker) => broker.startAgain(),
  },
  {
    how: 'frozen',
    begin: async (broker: OwnBroker) => broker.signal('SIGSTOP'),
    end: async (broker: OwnBroker) => broker.signal('SIGCONT'),
  },
]

describeWithKafka('Publishing to a Kafka that is away for a while', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-'))
  let broker: OwnBroker
  let temporary: TemporaryEventStore

  beforeAll(async () => {
    broker = await OwnBroker.start(folder)
  }, LONG)
  afterAll(async () => {
    await broker.stop()
    rmSync(folder, { recursive: true })
  }, LONG)
  beforeEach(async () => {
    temporary = await temporaryEventStore()
  })
  afterEach(() => temporary.dispose())

  it.each(OUTAGES)(
    'goes on without a gap after it was $how, while appends go on',
    async ({ begin, end }) => {
      const { store } = temporary
      const incidents = new Incidents(store)
      const namespace = `spec-${randomUUID()}`
      const runner = startedRunner(store, [broker.address], topicsOf(store, namespace))
      try {
        await incidents.append(500)
        await reached(runner, 'following', await store.head())

        await begin(broker)
        await incidents.append(500)
        const { message } = await reached(runner, 'retrying')
        expect(message).toMatch(/Kafka|BROKER|heartbeat/)
        await eventually('lag told', async () => ((await statusOf(runner)).lagSeconds ?? 0) > 0)
        await incidents.append(200)
        await end(broker)
        await reached(runner, 'following', await store.head())
      } finally {
        await runner.stop()
      }
      const topic = topicName(namespace, 'incident')
      const result = await tally(kafkaClient([broker.address]), topic, store)
      expect(result).toMatchObject(whole(1_200))
      expect(result.duplicates).toBeLessThanOrEqual(BATCH)
    },
    LONG,
  )
})
