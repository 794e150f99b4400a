import { randomUUID } from 'node:crypto'
import kafkajs, { type Kafka, type KafkaMessage } from 'kafkajs'
import { registerSnappy } from './compression.js'
import { within } from './time-limits.js'

const READ_WITHIN_MS = 30_000
const MOST_TRIES = 3

/** Addresses of a real broker (`test/servers/kafka.sh start` gives one); without it specs skip. */
export const KAFKA_BROKERS = process.env.KAFKA_BROKERS?.split(',') ?? []

/** What it is; Kafka's protocol does not tell a version. */
export const KAFKA_SERVER = `Apache Kafka ${process.env.KAFKA_VERSION ?? '(KAFKA_VERSION does not say which)'}`

/** `describe` where there is a broker, else skipped with the reason in its name. */
export function describeWithKafka(name: string, specs: () => void): void {
  if (KAFKA_BROKERS.length > 0) describe(name, specs)
  else describe.skip(`${name} (skipped: KAFKA_BROKERS is not set, see test/servers/kafka.sh)`, specs)
}

/** A client as a reader of topics has it. */
export function kafkaClient(brokers: readonly string[] = KAFKA_BROKERS): Kafka {
  registerSnappy()
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'reader',
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 10 },
  })
}

/** Everything on a topic, by partition, as it was when asked; by a new consumer when one is silent, as kafkajs's were seen to be. */
export async function readTopic(kafka: Kafka, topic: string): Promise<KafkaMessage[][]> {
  for (let tries = 1; ; tries++)
    try {
      return await within(READ_WITHIN_MS, readOnce(kafka, topic))
    } catch (error) {
      if (tries === MOST_TRIES) throw error
    }
}

async function readOnce(kafka: Kafka, topic: string): Promise<KafkaMessage[][]> {
  const admin = kafka.admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(topic)
  const partitions: KafkaMessage[][] = offsets.map(() => [])
  const missing = new Map(
    offsets
      .filter(({ low, high }) => low !== high)
      .map(({ partition, high }) => [partition, Number(high) - 1]),
  )
  const consumer = kafka.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 100 })
  try {
    if (missing.size === 0) return partitions
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await new Promise<void>((done, failed) => {
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch }) => {
            partitions[batch.partition]?.push(...batch.messages)
            if (Number(batch.lastOffset()) >= (missing.get(batch.partition) ?? Number.POSITIVE_INFINITY))
              missing.delete(batch.partition)
            if (missing.size === 0) done()
          },
        })
        .catch(failed)
    })
    return partitions
  } finally {
    await consumer.disconnect()
    await admin.disconnect()
  }
}

/** A header as text. */
export function header({ headers }: KafkaMessage, name: string): string | undefined {
  return headers?.[name]?.toString()
}
