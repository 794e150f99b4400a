import { randomUUID } from 'node:crypto'
import kafkajs, { type Admin, type Kafka, type KafkaConfig } from 'kafkajs'
import { Unavailable } from '#libs/event-sourcing'
import { ConsumerStopped } from '#libs/projections-runtime'
import { LeaseLost } from '#libs/read-store'
import {
  EventPublisher,
  type OpenTopic,
  type TopicSettings,
  type TopicState,
  type TopicWriter,
} from '../event-publisher.js'
import { type Compression, compressionType } from './compression.js'
import { KafkaTopicWriter } from './kafka-topic-writer.js'
import { ended, within } from './time-limits.js'
import { readTopicEnd, type TopicEnd } from './topic-end.js'
import { publisherGroupOf, TopicLease } from './topic-lease.js'
import { checkpointTopicOf, partitionsChanged, setUpTopics } from './topic-setup.js'

export interface KafkaEventPublisherOptions {
  /** `host:port`, of some or all. */
  brokers: readonly string[]
  /** Names this process to the broker. */
  clientId: string
  ssl?: KafkaConfig['ssl']
  sasl?: KafkaConfig['sasl']
  /** Default snappy. */
  compression?: Compression
  /** After so many milliseconds of silence another publisher is given the topic. Default 10,000; the broker's least is 6,000. */
  sessionMilliseconds?: number
  /** No request takes longer, milliseconds. Default 10,000. */
  requestMilliseconds?: number
}

/** Topics in Apache Kafka (protocols of 3.5 to 4.x), through kafkajs. */
export class KafkaEventPublisher extends EventPublisher {
  readonly #kafka: Kafka
  readonly #compression: number
  readonly #sessionMilliseconds: number
  readonly #requestMilliseconds: number

  constructor({
    brokers,
    clientId,
    ssl,
    sasl,
    compression = 'snappy',
    sessionMilliseconds = 10_000,
    requestMilliseconds = 10_000,
  }: KafkaEventPublisherOptions) {
    super()
    this.#sessionMilliseconds = sessionMilliseconds
    this.#requestMilliseconds = requestMilliseconds
    this.#compression = compressionType(compression)
    this.#kafka = new kafkajs.Kafka({
      brokers: [...brokers],
      clientId,
      ssl,
      sasl,
      // Whatever matters is thrown; its own words would come a hundredfold while a broker is away.
      logLevel: kafkajs.logLevel.NOTHING,
      connectionTimeout: Math.min(3_000, requestMilliseconds),
      requestTimeout: requestMilliseconds,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    })
  }

  async open(topic: TopicSettings, options: OpenTopic = {}): Promise<TopicWriter> {
    return this.#mapErrors(async () => {
      await this.#administer((admin) => setUpTopics(admin, topic))
      const lease = await TopicLease.take(this.#kafka, topic, this.#sessionMilliseconds, options)
      try {
        // Only now: until a moment ago another may have been writing.
        const end = await this.#administer((admin) => readTopicEnd(admin, lease, topic))
        requireSamePartitions(topic, end)
        return await this.#writer(topic, lease, end)
      } catch (error) {
        await lease.release()
        throw error
      }
    })
  }

  async look(topic: TopicSettings): Promise<TopicState | undefined> {
    const { name } = topic
    return this.#mapErrors(() =>
      this.#administer(async (admin) => {
        const existing = await admin.listTopics()
        if (![name, checkpointTopicOf(name)].every((needed) => existing.includes(needed))) return undefined
        const offsets = await admin.fetchTopicOffsets(name)
        const found = { ...topic, partitions: offsets.length }
        const group = `${name}.look-${randomUUID()}`
        const reader = await TopicLease.take(this.#kafka, found, this.#sessionMilliseconds, {}, group)
        try {
          const { groups } = await admin.describeGroups([publisherGroupOf(name)])
          return {
            ...(await readTopicEnd(admin, reader, found)),
            partitions: offsets.length,
            messages: offsets.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0),
            publishers: groups.flatMap(({ members }) => members.map(({ clientId }) => clientId)).sort(),
          }
        } finally {
          await reader.release()
          // Who may not delete it leaves it to the broker, which forgets groups without offsets after some minutes.
          await admin.deleteGroups([group]).catch(() => {})
        }
      }),
    )
  }

  async reset({ name }: TopicSettings): Promise<void> {
    await this.#mapErrors(() =>
      this.#administer(async (admin) => {
        const existing = await admin.listTopics()
        const topics = [name, checkpointTopicOf(name)].filter((topic) => existing.includes(topic))
        if (topics.length > 0) await admin.deleteTopics({ topics, timeout: this.#requestMilliseconds })
      }),
    )
  }

  async close(): Promise<void> {}

  async #writer(topic: TopicSettings, lease: TopicLease, end: TopicEnd): Promise<TopicWriter> {
    // Not idempotent (it loses concurrent sends and calls them sent) and without retries: a send whose outcome is
    // unknown is not repeated blindly, the topic is opened and read again.
    const producer = this.#kafka.producer({
      idempotent: false,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { retries: 0 },
    })
    await within(this.#requestMilliseconds * 2, producer.connect())
    const compression = this.#compression
    return new KafkaTopicWriter({
      topic,
      lease,
      producer,
      compression,
      sendMilliseconds: this.#requestMilliseconds,
      end,
    })
  }

  async #administer<Value>(work: (admin: Admin) => Promise<Value>): Promise<Value> {
    const admin = this.#kafka.admin()
    try {
      return await within(
        this.#requestMilliseconds * 3,
        admin.connect().then(() => work(admin)),
      )
    } finally {
      void ended(admin.disconnect())
    }
  }

  async #mapErrors<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof ConsumerStopped || error instanceof Unavailable || error instanceof LeaseLost)
        throw error
      const reason = error instanceof Error ? error.message : String(error)
      throw new Unavailable('BROKER.UNAVAILABLE', `Kafka: ${reason}`, 5)
    }
  }
}

function requireSamePartitions({ name, partitions }: TopicSettings, { checkpoint }: TopicEnd): void {
  const before = checkpoint?.partitions ?? partitions
  if (before !== partitions)
    throw partitionsChanged(name, `events were published to ${before}, now there are ${partitions}`)
}
