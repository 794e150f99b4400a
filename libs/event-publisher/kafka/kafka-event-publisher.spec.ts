import { randomUUID } from 'node:crypto'
import { CloudEvent, Kafka as KafkaBinding } from 'cloudevents'
import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import { toPosition } from '#libs/event-sourcing'
import { LeaseLost } from '#libs/read-store'
import { eventPublisherContract, outgoing, range } from '../event-publisher.contract.js'
import { checkpointTopicOf, KafkaEventPublisher, type KafkaEventPublisherOptions } from './index.js'
import {
  describeWithKafka,
  header,
  KAFKA_BROKERS,
  KAFKA_SERVER,
  kafkaClient,
  readTopic,
} from './kafka-broker.fixture.js'

const freshTopic = () => `spec-${randomUUID()}.itsm.incident.events.v1`

function publisher(options: Partial<KafkaEventPublisherOptions> = {}): KafkaEventPublisher {
  return new KafkaEventPublisher({
    brokers: KAFKA_BROKERS,
    clientId: 'spec',
    sessionMilliseconds: 3_000,
    ...options,
  })
}

describeWithKafka('Apache Kafka', () => {
  eventPublisherContract('Kafka', async () => {
    const kafka = kafkaClient()
    return {
      publisher,
      server: KAFKA_SERVER,
      freshTopic,
      read: async (topic) =>
        (await readTopic(kafka, topic)).map((messages) =>
          messages.map((message) => ({
            key: String(message.key),
            position: header(message, 'position') ?? '',
            id: header(message, 'ce_id') ?? '',
          })),
        ),
      destroy: async () => {},
    }
  })
})

describeWithKafka('A topic in Kafka', () => {
  let kafka: Kafka
  let admin: Admin
  beforeAll(async () => {
    kafka = kafkaClient()
    admin = kafka.admin()
    await admin.connect()
  })
  afterAll(() => admin.disconnect())

  async function configOf(topic: string, name: string): Promise<string | undefined> {
    const type = kafkajs.ConfigResourceTypes.TOPIC
    const resources = [{ type, name: topic, configNames: [name] }]
    const answer = await admin.describeConfigs({ includeSynonyms: false, resources })
    return answer.resources[0]?.configEntries[0]?.configValue
  }

  it('is made with our settings, its checkpoint topic compacted', async () => {
    const topic = { name: freshTopic(), partitions: 5, retentionMilliseconds: 86_400_000 }
    await (await publisher().open(topic)).close()
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic.name, checkpointTopicOf(topic.name)] })
    expect(topics.map(({ partitions }) => partitions.length).sort()).toEqual([1, 5])
    expect(await configOf(topic.name, 'cleanup.policy')).toBe('delete')
    expect(await configOf(topic.name, 'retention.ms')).toBe('86400000')
    expect(await configOf(checkpointTopicOf(topic.name), 'cleanup.policy')).toBe('compact')
  })

  it('is looked at without leaving a consumer group behind', async () => {
    const topic = { name: freshTopic(), partitions: 2 }
    const writer = await publisher().open(topic)
    await writer.publish(range(1, 5))
    await publisher().look(topic)
    const { groups } = await admin.listGroups()
    const ours = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(topic.name))
    expect(ours).toEqual([`${topic.name}.publisher`])
    await writer.close()
  })

  it('holds CloudEvents in binary mode, which the CloudEvents SDK reads', async () => {
    const topic = { name: freshTopic(), partitions: 1 }
    const writer = await publisher().open(topic)
    const event = { ...outgoing(1), revision: 3, authid: 'jürgen', correlationid: undefined }
    await writer.publish([event])
    await writer.close()
    const [message] = (await readTopic(kafka, topic.name)).flat()
    const { key, value, headers = {} } = message!
    const texts = Object.fromEntries(Object.entries(headers).map(([name, given]) => [name, String(given)]))
    expect(String(key)).toBe(event.partitionkey)
    expect(texts).toEqual({
      'content-type': 'application/json',
      position: toPosition(1),
      ce_specversion: '1.0',
      ce_id: 'event-1',
      ce_source: '/ledgerdesk/log-1/incident',
      ce_type: 'org.ledgerdesk.itsm.incident.CommentAdded.v1',
      ce_subject: event.partitionkey,
      ce_partitionkey: event.partitionkey,
      ce_sequence: toPosition(1),
      ce_revision: '3',
      ce_authid: 'jürgen',
    })
    expect(JSON.parse(String(value))).toEqual(event.data)
    const read = KafkaBinding.toEvent({
      key: String(key),
      value: String(value),
      headers: texts,
      body: String(value),
      timestamp: 0,
    } as never) as CloudEvent<unknown>
    expect(read).toBeInstanceOf(CloudEvent)
    expect(read.validate()).toBe(true)
    expect(read.data).toEqual(event.data)
    expect(read.sequence).toBe(toPosition(1))
  })

  it.each(['snappy', 'gzip', 'none'] as const)(
    'takes %s, which its readers understand',
    async (compression) => {
      const topic = { name: freshTopic(), partitions: 2 }
      const writer = await publisher({ compression }).open(topic)
      const text = 'the same words over and over '.repeat(40)
      await writer.publish(range(1, 300).map((event) => ({ ...event, data: { text } })))
      await writer.close()
      const messages = (await readTopic(kafka, topic.name)).flat()
      expect(messages).toHaveLength(300)
      expect(new Set(messages.map(({ value }) => value?.toString()))).toEqual(
        new Set([JSON.stringify({ text })]),
      )
      const sizes = await admin.describeCluster().then(() => kafkaSize(topic.name))
      // Counter-proof that it is compressed at all: uncompressed it is more than 340 kB.
      if (compression === 'none') expect(sizes).toBeGreaterThan(340_000)
      else expect(sizes).toBeLessThan(100_000)
    },
  )

  /** Bytes that the broker sends for a topic, as they are stored. */
  async function kafkaSize(topic: string): Promise<number> {
    const consumer = kafka.consumer({ groupId: `size-${randomUUID()}`, maxWaitTimeInMs: 100 })
    let bytes = 0
    let read = 0
    consumer.on(consumer.events.REQUEST, ({ payload }) => {
      if (payload.apiName === 'Fetch') bytes += payload.size
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await new Promise<void>((done, failed) => {
      consumer
        .run({
          eachMessage: async () => {
            if (++read === 300) done()
          },
        })
        .catch(failed)
    })
    await consumer.disconnect()
    return bytes
  }

  it('is refused when somebody gave it more partitions, also when the settings follow', async () => {
    const topic = { name: freshTopic(), partitions: 2 }
    const writer = await publisher().open(topic)
    await writer.publish(range(1, 10))
    await writer.saveCheckpoint({ logId: 'log-1', position: toPosition(10), eventId: 'event-10' })
    await writer.close()
    await admin.createPartitions({ topicPartitions: [{ topic: topic.name, count: 4 }] })
    for (const partitions of [2, 4]) {
      await expect(publisher().open({ ...topic, partitions })).rejects.toMatchObject({
        code: 'TOPIC.PARTITIONS_CHANGED',
        message: expect.stringContaining(`ledgerdesk publisher reset ${topic.name}`),
      })
    }
  })

  it('is refused when it is compacted', async () => {
    const topic = { name: freshTopic(), partitions: 1 }
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }]
    await admin.createTopics({
      topics: [{ topic: topic.name, numPartitions: 1, configEntries }],
      waitForLeaders: false,
    })
    await expect(publisher().open(topic)).rejects.toMatchObject({ code: 'TOPIC.UNSUITABLE' })
  })

  it('is read back to our last event when others wrote after it', async () => {
    const topic = { name: freshTopic(), partitions: 1 }
    const writer = await publisher().open(topic)
    await writer.publish(range(1, 10))
    await writer.close()
    const stranger = kafka.producer()
    await stranger.connect()
    await stranger.send({
      topic: topic.name,
      messages: Array.from({ length: 40 }, () => ({ value: 'not ours' })),
    })
    await stranger.disconnect()
    const next = await publisher().open(topic)
    expect(next.tails).toEqual([expect.objectContaining({ position: toPosition(10), id: 'event-10' })])
    await next.close()
  })

  it('is read back also when a transaction of others ended it', async () => {
    const topic = { name: freshTopic(), partitions: 1 }
    const writer = await publisher().open(topic)
    await writer.publish(range(1, 10))
    await writer.close()
    const stranger = kafka.producer({
      transactionalId: randomUUID(),
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await stranger.connect()
    const transaction = await stranger.transaction()
    await transaction.send({ topic: topic.name, messages: [{ value: 'not ours' }] })
    await transaction.abort()
    await stranger.disconnect()
    const next = await publisher().open(topic)
    expect(next.tails).toEqual([expect.objectContaining({ position: toPosition(10) })])
    await next.close()
  })

  it('that was deleted by hand is filled from the beginning, whatever its checkpoint says', async () => {
    const topic = { name: freshTopic(), partitions: 1 }
    const writer = await publisher().open(topic)
    await writer.publish(range(1, 10))
    await writer.saveCheckpoint({ logId: 'log-1', position: toPosition(10), eventId: 'event-10' })
    await writer.close()
    await admin.deleteTopics({ topics: [topic.name] })
    const next = await publisher().open(topic)
    expect(next.checkpoint).toBeUndefined()
    await next.close()
  })

  it('takes an event as large as the log does', async () => {
    const topic = { name: freshTopic(), partitions: 1 }
    const writer = await publisher({ compression: 'none' }).open(topic)
    const large = { ...outgoing(1), data: { text: 'x'.repeat(899_000) } }
    expect(
      await writer.publish([large, { ...large, id: 'event-2', sequence: toPosition(2) }, outgoing(3)]),
    ).toBe(3)
    await writer.close()
    expect((await readTopic(kafka, topic.name)).flat()).toHaveLength(3)
  })

  it('says so when the topic was made for smaller events', async () => {
    const topic = { name: freshTopic(), partitions: 1 }
    const configEntries = [{ name: 'max.message.bytes', value: '1000' }]
    await admin.createTopics({
      topics: [{ topic: topic.name, numPartitions: 1, configEntries }],
      waitForLeaders: false,
    })
    const writer = await publisher({ compression: 'none' }).open(topic)
    const large = { ...outgoing(1), data: { text: 'x'.repeat(5_000) } }
    await expect(writer.publish([large])).rejects.toMatchObject({ code: 'TOPIC.MESSAGE_TOO_LARGE' })
    await writer.close()
  })

  it('is kept from a writer whose thread stood still for longer than its session', async () => {
    const topic = { name: freshTopic(), partitions: 1 }
    const frozen = await publisher({ sessionMilliseconds: 1_500 }).open(topic)
    await frozen.publish(range(1, 5))
    // Nothing else runs meanwhile, as in a process that was stopped.
    const until = performance.now() + 1_800
    while (performance.now() < until);
    await expect(frozen.publish(range(6, 9))).rejects.toThrow(LeaseLost)
    expect((await readTopic(kafka, topic.name)).flat()).toHaveLength(5)
    await frozen.close()
  })

  it('has one writer at a time, however many open it at once', async () => {
    const topic = { name: freshTopic(), partitions: 2 }
    let holders = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 3 }, async () => {
        const writer = await publisher().open(topic)
        most = Math.max(most, ++holders)
        await writer.publish(range(1, 20))
        await new Promise((resolve) => setTimeout(resolve, 200))
        holders--
        await writer.close()
      }),
    )
    expect(most).toBe(1)
    expect((await readTopic(kafka, topic.name)).flat()).toHaveLength(20)
  })
})

describe('A broker that is not there', () => {
  it('is told while it is not, rather than waited for', async () => {
    // A port that nobody will ever listen on.
    const nowhere = publisher({ brokers: ['127.0.0.1:1'], requestMilliseconds: 1_000 })
    await expect(nowhere.open({ name: 'topic', partitions: 1 })).rejects.toMatchObject({
      code: 'BROKER.UNAVAILABLE',
      retryAfter: 5,
    })
  })
})
