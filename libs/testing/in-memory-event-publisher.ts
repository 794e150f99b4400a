import { setTimeout } from 'node:timers/promises'
import {
  EventPublisher,
  type OpenTopic,
  type OutgoingEvent,
  type PartitionTail,
  type TopicSettings,
  type TopicState,
  TopicWriter,
} from '#libs/event-publisher'
import { Unavailable } from '#libs/event-sourcing'
import { ConsumerStopped } from '#libs/projections-runtime'
import { type Checkpoint, LeaseLost } from '#libs/read-store'

interface Topic {
  partitions: OutgoingEvent[][]
  checkpoint?: Checkpoint
  holder?: InMemoryTopicWriter
}

/** The broker of {@link InMemoryEventPublisher}: give one to several of them, and take it away and back. */
export class InMemoryBroker {
  readonly topics = new Map<string, Topic>()
  /** Whoever asks anything now is told `BROKER.UNAVAILABLE`. */
  away = false
  /** Puts on the topic what is sent next, and answers nothing but an error. */
  loseNextAnswer = false

  requireThere(): void {
    if (this.away) throw new Unavailable('BROKER.UNAVAILABLE', 'The broker is away')
  }
}

/** The publisher port as plain arrays: a fast broker for unit tests. */
export class InMemoryEventPublisher extends EventPublisher {
  constructor(readonly broker = new InMemoryBroker()) {
    super()
  }

  async open(
    { name, partitions }: TopicSettings,
    { signal, onStandby }: OpenTopic = {},
  ): Promise<TopicWriter> {
    this.broker.requireThere()
    const topic = this.broker.topics.get(name) ?? { partitions: Array.from({ length: partitions }, () => []) }
    this.broker.topics.set(name, topic)
    if (topic.partitions.length !== partitions)
      throw new ConsumerStopped('TOPIC.PARTITIONS_CHANGED', `${name} has ${topic.partitions.length}`)
    if (topic.holder) onStandby?.()
    while (topic.holder) {
      await setTimeout(1)
      signal?.throwIfAborted()
      this.broker.requireThere()
    }
    topic.holder = new InMemoryTopicWriter(topic, this.broker)
    return topic.holder
  }

  async look({ name }: TopicSettings): Promise<TopicState | undefined> {
    this.broker.requireThere()
    const topic = this.broker.topics.get(name)
    return (
      topic && {
        partitions: topic.partitions.length,
        messages: topic.partitions.flat().length,
        checkpoint: topic.checkpoint,
        tails: tailsOf(topic),
        publishers: topic.holder ? ['memory'] : [],
      }
    )
  }

  async reset({ name }: TopicSettings): Promise<void> {
    this.broker.requireThere()
    this.broker.topics.delete(name)
  }

  async close(): Promise<void> {}
}

function tailsOf(topic: Topic): PartitionTail[] {
  return topic.partitions.flatMap((events, partition) => {
    const last = events.at(-1)
    return last ? [{ partition, position: last.sequence, id: last.id, source: last.source }] : []
  })
}

class InMemoryTopicWriter extends TopicWriter {
  readonly checkpoint: Checkpoint | undefined
  readonly #lost = new AbortController()
  readonly #tails: Map<number, PartitionTail>

  constructor(
    private readonly topic: Topic,
    private readonly broker: InMemoryBroker,
  ) {
    super()
    this.checkpoint = topic.checkpoint
    this.#tails = new Map(tailsOf(topic).map((tail) => [tail.partition, tail]))
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  get tails(): readonly PartitionTail[] {
    return [...this.#tails.values()]
  }

  renumber(tails: readonly PartitionTail[]): void {
    for (const tail of tails) this.#tails.set(tail.partition, tail)
  }

  async publish(events: readonly OutgoingEvent[]): Promise<number> {
    this.#requireHeld()
    let sent = 0
    for (const event of events) {
      const { id, source, sequence: position, partitionkey } = event
      const partition = this.#partitionOf(partitionkey)
      if ((this.#tails.get(partition)?.position ?? '') >= position) continue
      this.topic.partitions[partition]!.push(structuredClone(event))
      this.#tails.set(partition, { partition, position, id, source })
      sent++
    }
    if (!this.broker.loseNextAnswer) return sent
    this.broker.loseNextAnswer = false
    throw new Unavailable('BROKER.UNAVAILABLE', 'The answer was lost')
  }

  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    this.#requireHeld()
    this.topic.checkpoint = { ...checkpoint }
  }

  async close(): Promise<void> {
    this.#lost.abort(new LeaseLost('closed'))
    if (this.topic.holder === this) this.topic.holder = undefined
  }

  #requireHeld(): void {
    this.#lost.signal.throwIfAborted()
    this.broker.requireThere()
  }

  #partitionOf(key: string): number {
    let sum = 0
    for (const character of key) sum = (sum * 31 + character.charCodeAt(0)) % 65_521
    return sum % this.topic.partitions.length
  }
}
