import kafkajs, { type Kafka } from 'kafkajs'

/** Partitions of the topics of a bench. */
export const PARTITIONS = 6

/** Of the broker to measure with. */
export function brokers(): string[] {
  return process.env.KAFKA_BROKERS?.split(',').filter(Boolean) ?? []
}

export const NO_BROKER = 'there is no broker: set KAFKA_BROKERS to what `test/servers/kafka.sh start` prints'

export function kafkaClient(addresses: readonly string[]): Kafka {
  return new kafkajs.Kafka({ clientId: 'bench', brokers: [...addresses], logLevel: kafkajs.logLevel.ERROR })
}

/** Removes the topics of a namespace. */
export async function dropTopics(addresses: readonly string[], namespace: string): Promise<void> {
  const admin = kafkaClient(addresses).admin()
  await admin.connect()
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${namespace}.`))
  if (topics.length > 0) await admin.deleteTopics({ topics })
  await admin.disconnect()
}
