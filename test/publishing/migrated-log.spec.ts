import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFolderBlobStore } from '#libs/blob-store/folder'
import { PublisherRunner } from '#libs/event-publisher'
import { KafkaEventPublisher } from '#libs/event-publisher/kafka'
import { jsonCodec } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { openEventStoreDb } from '#libs/event-store/eventstoredb'
import { eventually } from '#libs/testing'
import {
  describeWithKafka,
  KAFKA_BROKERS,
  kafkaClient,
} from '../../libs/event-publisher/kafka/kafka-broker.fixture.js'
import { type EventStoreDouble, startEventStoreDouble } from '../../libs/testing/eventstoredb/index.js'
import { type TemporaryEventStore, temporaryEventStore } from '../../libs/testing/temporary-event-store.js'
import { publisherCommand } from '../../src/cli/publisher.js'
import { migrate } from '../../src/migration/migrate.js'
import { publishedTopics, topicName } from '../../src/topics.js'
import { Incidents, tally } from './publishing.fixture.js'

const LONG = 120_000
const PARTITIONS = 3

describeWithKafka('A topic of a log that is moved', () => {
  const namespace = `spec-${randomUUID().slice(0, 8)}`
  const topic = topicName(namespace, 'incident')
  const environment = { ...process.env }
  let before: TemporaryEventStore
  let double: EventStoreDouble
  let folder: string
  let moved: EventStore

  beforeAll(async () => {
    before = await temporaryEventStore()
    double = await startEventStoreDouble({ profile: '23.10' })
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-moved-'))
    await new Incidents(before.store).append(60, 10)
    await publish(before.store, 60)
    const blobs = openFolderBlobStore(join(folder, 'target'))
    const from = { log: before.file, blobs: join(folder, 'blobs') }
    await migrate({ from, to: { url: double.url, namespace, blobs } })
    moved = await openEventStoreDb({ url: double.url, namespace, codec: jsonCodec() })
    process.env = {
      ...environment,
      LEDGERDESK_NAMESPACE: namespace,
      LEDGERDESK_EVENTSTORE_URL: double.url,
      LEDGERDESK_MONGODB_URL: 'mongodb://127.0.0.1:1/',
      LEDGERDESK_KAFKA_BROKERS: KAFKA_BROKERS.join(),
      LEDGERDESK_KAFKA_PARTITIONS: String(PARTITIONS),
    }
  }, LONG)
  afterAll(async () => {
    process.env = environment
    await moved?.close()
    await double.stop()
    await before.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Publishes until so many are on the topic, in a run of its own. */
  async function publish(eventStore: EventStore, events: number): Promise<void> {
    const publisher = new KafkaEventPublisher({ brokers: KAFKA_BROKERS, clientId: 'spec' })
    const topics = publishedTopics({ namespace, logId: eventStore.logId, partitions: PARTITIONS })
    const runner = new PublisherRunner({ eventStore, publisher, topics })
    runner.start()
    await eventually(
      `${events} published`,
      async () => (await publisher.look(topics[0]!.settings))?.messages === events,
      LONG,
    )
    await runner.stop()
    await publisher.close()
  }

  /** What `ledgerdesk publisher ...` prints. */
  async function told(...args: string[]): Promise<string> {
    const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true)
    try {
      await publisherCommand().parseAsync(args, { from: 'user' })
      return written.mock.calls.map(([line]) => line).join('')
    } finally {
      written.mockRestore()
    }
  }

  it(
    'is not behind, though all that is on it has positions of before',
    async () => {
      const lags = (await told('lag')).trimEnd().split('\n')
      expect(lags[0]).toBe(`${topic}\t0.000`)
      for (const lag of lags) expect(lag).toMatch(/\t0\.000$/)
      expect(await told('list')).toContain(`  ${await moved.head()}  0.0 s`)
    },
    LONG,
  )

  it(
    'goes on without a gap and without a repetition',
    async () => {
      await new Incidents(moved, 'LATE').append(20, 10)
      await publish(moved, 80)
      expect(await tally(kafkaClient(), topic, moved)).toEqual({
        inLog: 80,
        onTopic: 80,
        duplicates: 0,
        missing: 0,
        outOfOrder: 0,
      })
    },
    LONG,
  )
})
