import kafkajs, { type Message, type Producer, type ProducerRecord } from 'kafkajs'
import { type Position, Unavailable } from '#libs/event-sourcing'
import { ConsumerStopped } from '#libs/projections-runtime'
import type { Checkpoint } from '#libs/read-store'
import {
  type OutgoingEvent,
  type PartitionTail,
  type TopicSettings,
  TopicWriter,
} from '../event-publisher.js'
import { sizeOf, toKafkaMessage } from './cloud-event-message.js'
import { ended, within } from './time-limits.js'
import type { StoredCheckpoint, TopicEnd } from './topic-end.js'
import type { TopicLease } from './topic-lease.js'
import { checkpointTopicOf, MAX_BATCH_BYTES } from './topic-setup.js'

export interface WriterOptions {
  topic: TopicSettings
  lease: TopicLease
  producer: Producer
  compression: ProducerRecord['compression']
  /** No send takes longer: then its outcome is unknown. */
  sendMilliseconds: number
  end: TopicEnd
}

const partitionOf = kafkajs.Partitioners.DefaultPartitioner()

/** Sends of one topic: one at a time, each waited for until all in-sync copies have it, none repeated blindly. */
export class KafkaTopicWriter extends TopicWriter {
  readonly checkpoint: Checkpoint | undefined
  readonly #tails: Map<number, PartitionTail>
  readonly #partitions: { partitionId: number }[]
  #sending = false

  constructor(private readonly options: WriterOptions) {
    super()
    const { end, topic } = options
    this.checkpoint = end.checkpoint && {
      logId: end.checkpoint.logId,
      position: end.checkpoint.position,
      eventId: end.checkpoint.eventId,
    }
    this.#tails = new Map(end.tails.map((tail) => [tail.partition, tail]))
    this.#partitions = Array.from({ length: topic.partitions }, (_, partitionId) => ({ partitionId }))
  }

  get tails(): readonly PartitionTail[] {
    return [...this.#tails.values()]
  }

  renumber(tails: readonly PartitionTail[]): void {
    for (const tail of tails) this.#tails.set(tail.partition, tail)
  }

  get lost(): AbortSignal {
    return this.options.lease.lost
  }

  async publish(events: readonly OutgoingEvent[]): Promise<number> {
    let sent = 0
    for (const batch of this.#batches(events)) {
      const messages = batch.map(({ message }) => message)
      await this.#send(this.options.topic.name, messages)
      for (const { tail } of batch) this.#tails.set(tail.partition, tail)
      sent += batch.length
    }
    return sent
  }

  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    const { name, partitions } = this.options.topic
    const stored: StoredCheckpoint = { ...checkpoint, partitions, filled: this.#tails.size > 0 }
    const value = JSON.stringify(stored)
    await this.#send(checkpointTopicOf(name), [{ key: name, value, partition: 0 }])
  }

  async close(): Promise<void> {
    await ended(this.options.producer.disconnect())
    await this.options.lease.release()
  }

  /** What the topic lacks, cut by size; usually one batch. */
  *#batches(events: readonly OutgoingEvent[]): Generator<{ message: Message; tail: PartitionTail }[]> {
    let batch: { message: Message; tail: PartitionTail }[] = []
    let bytes = 0
    for (const event of events) {
      const { id, source, sequence: position, partitionkey } = event
      const partition = this.#partitionOf(partitionkey)
      if (this.#holds(partition, position)) continue
      const message = toKafkaMessage(event)
      const size = sizeOf(message)
      if (batch.length > 0 && bytes + size > MAX_BATCH_BYTES) {
        yield batch
        batch = []
        bytes = 0
      }
      batch.push({ message: { ...message, partition }, tail: { partition, position, id, source } })
      bytes += size
    }
    if (batch.length > 0) yield batch
  }

  /** Murmur2 of the key, as in Kafka's Java clients, over the number of partitions that the topic was made with. */
  #partitionOf(key: string): number {
    const message = { key, value: null }
    return partitionOf({ topic: '', partitionMetadata: this.#partitions as never, message })
  }

  #holds(partition: number, position: Position): boolean {
    const tail = this.#tails.get(partition)
    return tail !== undefined && tail.position >= position
  }

  async #send(topic: string, messages: Message[]): Promise<void> {
    const { lease, producer, compression, sendMilliseconds } = this.options
    if (this.#sending) throw new Error(`${topic}: one batch at a time keeps the order`)
    lease.assertHeld()
    this.#sending = true
    try {
      const request = {
        acks: -1,
        timeout: sendMilliseconds,
        compression,
        topicMessages: [{ topic, messages }],
      }
      await within(sendMilliseconds, producer.sendBatch(request))
      this.#sending = false
    } catch (error) {
      // Still "sending": what was sent may yet arrive, so the topic must be opened and read again before the next.
      throw failureOf(topic, error)
    }
  }
}

function failureOf(topic: string, error: unknown): Error {
  const causes: { type?: string; message?: string; cause?: unknown }[] = []
  for (let cause = error; cause instanceof Error && causes.length < 5; cause = cause.cause) causes.push(cause)
  const tooLarge = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']
  if (
    causes.some(({ type, message = '' }) => tooLarge.some((name) => type === name || message.includes(name)))
  ) {
    const message = `${topic} takes no message as large as this: set its max.message.bytes to ${2 * MAX_BATCH_BYTES} or more`
    return new ConsumerStopped('TOPIC.MESSAGE_TOO_LARGE', message)
  }
  return new Unavailable('BROKER.UNAVAILABLE', `Kafka: ${causes[0]?.message ?? String(error)}`, 5)
}
