import kafkajs from 'kafkajs'
import { PublisherRunner } from '#libs/event-publisher'
import { registerSnappy } from '#libs/event-publisher/kafka'
import { LOG_START } from '#libs/event-sourcing'
import { type EventStore } from '#libs/event-store'
import { toKafkaMessage } from '../../libs/event-publisher/kafka/cloud-event-message.js'
import { openPublisher } from '../../src/runtime/open-publisher.js'
import { type PublishingSettings, topicsOf } from '../../src/runtime/publishing.js'
import { openEventStore, type StoreSettings } from '../../src/runtime/stores.js'
import { stopwatch, type Taken } from './build-read-models.js'
import { kafkaClient, PARTITIONS } from './kafka.js'
import { answer, input } from './programs.js'

/**
 * A program: puts a log on a fresh topic by the publisher, or the very same messages by a bare kafkajs producer that has
 * them ready. Both send batches of 500 one after the other, wait for all copies, and compress with snappy. The first
 * batch is not counted: connecting and taking the lease are in it.
 */
export interface Publish {
  stores: StoreSettings
  brokers: string[]
  /** Of the topic: a fresh one. */
  namespace: string
  events: number
  by: 'publisher' | 'producer'
}

export interface PublishResult extends Taken {
  eventsPerSecond: number
}

const BATCH = 500

function settingsOf({ namespace, brokers }: Publish): PublishingSettings {
  return {
    namespace,
    partitions: PARTITIONS,
    replicationFactor: 1,
    kafka: { brokers, compression: 'snappy' },
  }
}

async function byPublisher(given: Publish, eventStore: EventStore): Promise<Taken & { counted: number }> {
  const publisher = openPublisher(settingsOf(given), 'bench')
  let published = 0
  let first = 0
  let stop: ReturnType<typeof stopwatch> | undefined
  let runner: PublisherRunner | undefined
  const taken = await new Promise<Taken>((resolve, reject) => {
    runner = new PublisherRunner({
      eventStore,
      publisher,
      topics: topicsOf(settingsOf(given), eventStore.logId),
      onPublished: (_topic, events) => {
        published += events
        if (stop === undefined) {
          first = events
          stop = stopwatch()
        }
        if (published === given.events) resolve(stop())
      },
      notice: ({ level, message }) => level === 'error' && reject(new Error(message)),
    })
    runner.start()
  })
  await runner?.stop()
  await publisher.close()
  return { ...taken, counted: given.events - first }
}

async function byProducer(given: Publish, eventStore: EventStore): Promise<Taken & { counted: number }> {
  const [topic] = topicsOf(settingsOf(given), eventStore.logId)
  const messages: ReturnType<typeof toKafkaMessage>[] = []
  for (let after = LOG_START, end = false; !end; ) {
    const page = await eventStore.readAll({ after, limit: 1_000, prefixes: topic!.from })
    messages.push(...(await topic!.outgoing(page.events, eventStore, page.end)).map(toKafkaMessage))
    after = page.position
    end = page.end
  }
  if (messages.length !== given.events) throw new Error(`${messages.length} of ${given.events} events`)
  registerSnappy()
  const kafka = kafkaClient(given.brokers)
  const { name } = topic!.settings
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: name, numPartitions: PARTITIONS, replicationFactor: 1 }] })
  await admin.disconnect()
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  const send = (from: number) =>
    producer.send({
      topic: name,
      messages: messages.slice(from, from + BATCH),
      acks: -1,
      compression: kafkajs.CompressionTypes.Snappy,
    })
  await send(0)
  const stop = stopwatch()
  for (let from = BATCH; from < messages.length; from += BATCH) await send(from)
  const taken = stop()
  await producer.disconnect()
  return { ...taken, counted: messages.length - BATCH }
}

const given = input<Publish>()
const eventStore = await openEventStore(given.stores, { readOnly: true })
const { counted, ...taken } = await (given.by === 'publisher' ? byPublisher : byProducer)(given, eventStore)
await eventStore.close()
await answer({ ...taken, eventsPerSecond: counted / taken.seconds } satisfies PublishResult)
