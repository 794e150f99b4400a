import type { Position } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { type Clock, type FeedState, lagSeconds, type Notice, systemClock } from '#libs/projections-runtime'
import type { EventPublisher } from './event-publisher.js'
import { type PublishedTopic, TopicFeed } from './topic-feed.js'

export type { PublishedTopic } from './topic-feed.js'

export interface PublisherRunnerOptions {
  eventStore: EventStore
  /** Stays the caller's to close. */
  publisher: EventPublisher
  topics: readonly PublishedTopic[]
  clock?: Clock
  /** Most events handled at a time, default 500. */
  batchSize?: number
  notice?(notice: Notice): void
  /** So many more are on the topic, durably. */
  onPublished?(topic: string, events: number): void
}

export interface TopicStatus {
  topic: string
  /** `standby`: another publisher has it. */
  state: FeedState
  position: Position | undefined
  /** How long the first event that this publisher has not handled has been waiting; undefined where it can't tell. */
  lagSeconds: number | undefined
  /** By this process. */
  published: number
  code?: string
  message?: string
}

/**
 * Publishes the log to topics, each under a lease of its own, so that several of these share the work and stand in for
 * one another. Nothing waits for it: a broker that is away makes lag, not errors.
 */
export class PublisherRunner {
  readonly #clock: Clock
  readonly #feeds: readonly TopicFeed[]
  readonly #stopped = new AbortController()
  #running: Promise<unknown> | undefined

  constructor(private readonly options: PublisherRunnerOptions) {
    const { eventStore, publisher, topics, clock = systemClock, batchSize = 500, onPublished } = options
    this.#clock = clock
    this.#feeds = topics.map((topic) => {
      const notice = (told: Notice) => options.notice?.(told)
      const feedOptions = { eventStore, publisher, clock, batchSize, notice, onPublished }
      return new TopicFeed(topic, feedOptions, this.#stopped.signal)
    })
  }

  /** Returns at once; what is away is waited for. */
  start(): void {
    this.#running ??= Promise.all(this.#feeds.map((feed) => feed.run()))
  }

  /** Finishes the batches under way, remembers how far they came, and gives the topics back. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
  }

  async status(): Promise<TopicStatus[]> {
    return Promise.all(
      this.#feeds.map(async (feed) => ({
        topic: feed.topic.settings.name,
        state: feed.state,
        position: feed.position,
        lagSeconds: await this.#lagOf(feed),
        published: feed.published,
        code: feed.code,
        message: feed.message,
      })),
    )
  }

  async #lagOf({ position, topic }: TopicFeed): Promise<number | undefined> {
    if (position === undefined) return undefined
    return lagSeconds(this.options.eventStore, position, this.#clock, topic.from)
  }
}
