import type { Batch, Consumer, Kafka, KafkaMessage } from 'kafkajs'
import { Unavailable } from '#libs/event-sourcing'
import { LeaseLost } from '#libs/read-store'
import type { OpenTopic, TopicSettings } from '../event-publisher.js'
import { soleMember } from './sole-member.js'
import { ended } from './time-limits.js'
import { checkpointTopicOf } from './topic-setup.js'

/** Part of a partition, by offsets. */
export interface MessageRange {
  topic: string
  partition: number
  from: number
  /** Exclusive. */
  end: number
}

/** Somebody waits for messages. */
interface Reading {
  /** Asks for what is missing; again after the group was joined anew, which forgets what was asked for. */
  ask(): void
  take(batch: Batch): void
  /** Everything up to this offset was handed over. */
  reached(at: { topic: string; partition: number; lastOffset: string }): void
}

/** The consumer group whose members publish a topic or wait for it. */
export function publisherGroupOf(topic: string): string {
  return `${topic}.publisher`
}

/**
 * The right to write a topic: membership in the consumer group `<topic>.publisher` that Kafka assigns everything to.
 * The coordinator is Kafka's own, beside what it guards: two programs that share a broker but nothing else, such as a
 * server started from a copied folder, see each other. Its consumer also reads where the topic ends.
 *
 * Kafka takes a record from anybody, so this fences as far as a clock does: nothing is sent later than two thirds of
 * the session after the last heartbeat that the coordinator answered. (Transactions would fence within Kafka, but need
 * the idempotent producer, which in kafkajs loses messages: tulios/kafkajs#1005.)
 */
export class TopicLease {
  readonly #lost = new AbortController()
  readonly #watch: NodeJS.Timeout
  readonly #consumer: Consumer
  #lastSign = performance.now()
  #holdingSince: number | undefined
  #decided: ((held: boolean) => void) | undefined
  #reading: Reading | undefined
  #lastRead = performance.now()

  private constructor(
    kafka: Kafka,
    private readonly topic: TopicSettings,
    private readonly sessionMilliseconds: number,
    private readonly stopped: AbortSignal | undefined,
    groupId: string,
  ) {
    this.#consumer = kafka.consumer({
      groupId,
      sessionTimeout: sessionMilliseconds,
      rebalanceTimeout: sessionMilliseconds,
      heartbeatInterval: Math.round(sessionMilliseconds / 6),
      maxWaitTimeInMs: Math.min(500, Math.round(sessionMilliseconds / 12)),
      readUncommitted: true,
      partitionAssigners: [soleMember(() => this.#holdingSince)],
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5, restartOnFailure: async () => false },
    })
    this.#listen()
    this.#watch = setInterval(() => this.#look(), Math.round(sessionMilliseconds / 12)).unref()
  }

  /**
   * Resolves once we have it.
   * @param groupId another group than the publishers': gives leave to read only, and keeps nobody from writing
   * @throws Unavailable when the broker does not answer, or no longer
   */
  static async take(
    kafka: Kafka,
    topic: TopicSettings,
    sessionMilliseconds: number,
    { signal, onStandby }: OpenTopic,
    groupId = publisherGroupOf(topic.name),
  ): Promise<TopicLease> {
    const lease = new TopicLease(kafka, topic, sessionMilliseconds, signal, groupId)
    try {
      await lease.#wait(onStandby)
      return lease
    } catch (error) {
      await lease.release()
      throw error
    }
  }

  /** Aborts with the reason. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** @throws LeaseLost, or what made us lose it */
  assertHeld(): void {
    this.#look()
    this.#lost.signal.throwIfAborted()
  }

  /**
   * The messages in each of these ranges, in the same order; ranges are not empty.
   * @throws what made us lose the lease, or why we are to stop
   */
  async read(ranges: readonly MessageRange[]): Promise<KafkaMessage[][]> {
    const found = ranges.map((): KafkaMessage[] => [])
    const open = new Set(ranges.keys())
    const ending = AbortSignal.any([this.#lost.signal, ...(this.stopped ? [this.stopped] : [])])
    await new Promise<void>((done, failed) => {
      const end = () => failed(ending.reason)
      if (ending.aborted) return end()
      ending.addEventListener('abort', end, { once: true })
      const indexOf = (at: { topic: string; partition: number }) =>
        ranges.findIndex(({ topic, partition }) => at.topic === topic && at.partition === partition)
      this.#reading = {
        ask: () => {
          for (const index of open) {
            found[index] = []
            const { topic, partition, from } = ranges[index] as MessageRange
            this.#consumer.resume([{ topic, partitions: [partition] }])
            this.#consumer.seek({ topic, partition, offset: String(from) })
          }
        },
        take: (batch) => {
          this.#lastRead = performance.now()
          const index = indexOf(batch)
          const range = ranges[index]
          if (range && open.has(index))
            found[index]?.push(...batch.messages.filter(({ offset }) => isWithin(range, offset)))
        },
        reached: (at) => {
          const index = indexOf(at)
          if (Number(at.lastOffset) < (ranges[index]?.end ?? Number.POSITIVE_INFINITY) - 1) return
          open.delete(index)
          if (open.size > 0) return
          ending.removeEventListener('abort', end)
          done()
        },
      }
      this.#lastRead = performance.now()
      this.#reading.ask()
      if (ranges.length === 0) done()
    }).finally(() => {
      this.#reading = undefined
      this.#pauseAll()
    })
    return found
  }

  /** Leaves the group, so that another is given the topic at once. Never throws. */
  async release(): Promise<void> {
    clearInterval(this.#watch)
    this.#lose(new LeaseLost(`${this.topic.name} was given back`))
    await ended(this.#consumer.disconnect())
  }

  async #wait(onStandby?: () => void): Promise<void> {
    const { stopped } = this
    const stop = () => this.#lose(stopped?.reason)
    stopped?.addEventListener('abort', stop, { once: true })
    if (stopped?.aborted) stop()
    let told = false
    try {
      await new Promise<void>((held, failed) => {
        const lost = () => failed(this.#lost.signal.reason)
        if (this.#lost.signal.aborted) return lost()
        this.#lost.signal.addEventListener('abort', lost, { once: true })
        this.#decided = (ours) => {
          if (ours) held()
          else if (!told) {
            told = true
            onStandby?.()
          }
        }
        this.#join().catch((error: Error) => this.#lose(unavailable(error.message)))
      })
    } finally {
      stopped?.removeEventListener('abort', stop)
      this.#decided = undefined
    }
  }

  async #join(): Promise<void> {
    const { name } = this.topic
    await this.#consumer.connect()
    await this.#consumer.subscribe({ topics: [name, checkpointTopicOf(name)] })
    await this.#consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => this.#reading?.take(batch),
    })
  }

  #listen(): void {
    const { events } = this.#consumer
    this.#consumer.on(events.HEARTBEAT, () => this.#sign())
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => {
      this.#sign()
      const ours = payload.memberAssignment[this.topic.name] !== undefined
      if (ours) {
        this.#pauseAll()
        this.#reading?.ask()
        this.#holdingSince ??= Date.now()
      } else if (this.#holdingSince !== undefined)
        this.#lose(new LeaseLost(`Another publisher was given ${this.topic.name}`))
      this.#decided?.(ours)
    })
    // Also told of a batch with nothing but a transaction's end, which nobody is handed.
    this.#consumer.on(events.END_BATCH_PROCESS, ({ payload }) => this.#reading?.reached(payload))
    this.#consumer.on(events.CRASH, ({ payload }) => this.#lose(unavailable(payload.error.message)))
  }

  #sign(): void {
    this.#lastSign = performance.now()
  }

  /** kafkajs's consumers were seen to get stuck silently, so silence is a failure: of a holder soon, of others later. */
  #look(): void {
    const silent = performance.now() - this.#lastSign
    const unread = performance.now() - this.#lastRead
    if (this.#holdingSince !== undefined && silent > (this.sessionMilliseconds * 2) / 3)
      this.#lose(new LeaseLost(`${this.topic.name}: no answered heartbeat for ${Math.round(silent)} ms`))
    else if (silent > this.sessionMilliseconds * 3)
      this.#lose(unavailable(`no answer for ${Math.round(silent)} ms`))
    else if (this.#reading && unread > this.sessionMilliseconds * 3)
      this.#lose(unavailable(`heartbeats, but no messages for ${Math.round(unread)} ms`))
  }

  #lose(reason: unknown): void {
    this.#holdingSince = undefined
    if (!this.#lost.signal.aborted) this.#lost.abort(reason ?? new LeaseLost('Stopped'))
  }

  /** Nothing is fetched until it is asked for; heartbeats go on. */
  #pauseAll(): void {
    const { name, partitions } = this.topic
    this.#consumer.pause([
      { topic: name, partitions: Array.from({ length: partitions }, (_, index) => index) },
      { topic: checkpointTopicOf(name), partitions: [0] },
    ])
  }
}

function unavailable(reason: string): Unavailable {
  return new Unavailable('BROKER.UNAVAILABLE', `Kafka: ${reason}`, 5)
}

function isWithin({ from, end }: MessageRange, offset: string): boolean {
  return Number(offset) >= from && Number(offset) < end
}
