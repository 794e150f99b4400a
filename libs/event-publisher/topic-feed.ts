import { LedgerdeskError, type Position, type RecordedEvent } from '#libs/event-sourcing'
import type { EventStore, LogBatch } from '#libs/event-store'
import { type Clock, ConsumerStopped, type FeedState, type Notice, pause } from '#libs/projections-runtime'
import { LeaseLost } from '#libs/read-store'
import type { EventPublisher, OutgoingEvent, TopicSettings, TopicWriter } from './event-publisher.js'
import { topicStanding } from './topic-standing.js'

/** A topic, and what of the log it carries. */
export interface PublishedTopic {
  readonly settings: TopicSettings
  /** Stream prefixes. */
  readonly from: readonly string[]
  /**
   * What of these events may leave, in their order; whoever reads the topic is asked for no rights. May be asked again
   * for the same events, also by another process.
   * @param caughtUp nothing has been recorded after these, as of a moment ago
   */
  outgoing(
    events: readonly RecordedEvent[],
    log: EventStore,
    caughtUp: boolean,
  ): Promise<readonly OutgoingEvent[]>
}

export interface TopicFeedOptions {
  eventStore: EventStore
  publisher: EventPublisher
  clock: Clock
  /** Most events handled at a time. */
  batchSize: number
  notice(notice: Notice): void
  /** So many more are on the topic, durably. */
  onPublished?(topic: string, events: number): void
}

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5_000
const RESUBSCRIBE_MS = 250
/** What people mend from outside, such as a topic that they reset, is noticed by itself. */
const RETRY_STOPPED_MS = 30_000
/** The partitions' ends tell what is there, so the checkpoint may be a little behind. */
const CHECKPOINT_EVERY_MS = 1_000

/**
 * Follows the log for one topic, for ever: takes the topic when it is free, begins where the topic ends, and after any
 * failure opens it again and reads what is really there.
 */
export class TopicFeed {
  /** `standby`: another publisher has the topic. */
  state: FeedState = 'standby'
  code: string | undefined
  message: string | undefined
  /** Handled up to here; undefined until the topic was read for the first time, and while another has it. */
  position: Position | undefined
  /** By this process. */
  published = 0
  #failures = 0
  #unsaved: RecordedEvent | undefined
  #savedAt = 0

  constructor(
    readonly topic: PublishedTopic,
    private readonly options: TopicFeedOptions,
    private readonly stopped: AbortSignal,
  ) {}

  /** Ends after the batch under way once `stopped` aborts; never throws. */
  async run(): Promise<void> {
    while (!this.stopped.aborted) {
      try {
        await this.#publishWhileOurs()
      } catch (error) {
        if (this.stopped.aborted) return
        if (error instanceof ConsumerStopped) await this.#waitForPeople(error)
        else await this.#postpone(error)
      }
    }
  }

  get #name(): string {
    return this.topic.settings.name
  }

  async #publishWhileOurs(): Promise<void> {
    const writer = await this.options.publisher.open(this.topic.settings, {
      signal: this.stopped,
      onStandby: () => {
        this.#enter('standby')
        this.position = undefined
      },
    })
    try {
      this.position = await this.#beginning(writer)
      this.#unsaved = undefined
      this.#enter('catching up')
      await this.#follow(writer, this.position)
      if (!writer.lost.aborted) await this.#saveCheckpoint(writer)
    } finally {
      await writer.close()
    }
    if (!this.stopped.aborted) writer.lost.throwIfAborted()
  }

  /** Where to go on from. @throws ConsumerStopped `CHECKPOINT.FOREIGN` */
  async #beginning(writer: TopicWriter): Promise<Position> {
    const { handled, tails } = await topicStanding(this.options.eventStore, this.#name, writer)
    writer.renumber(tails)
    return handled
  }

  async #follow(writer: TopicWriter, after: Position): Promise<void> {
    const signal = AbortSignal.any([this.stopped, writer.lost])
    let position = after
    while (!signal.aborted) {
      position = await this.#followOnce(writer, position, signal)
      // Subscriptions end, now and then quietly.
      await pause(this.options.clock, RESUBSCRIBE_MS, signal)
    }
  }

  /** @returns how far it came when the subscription ended */
  async #followOnce(writer: TopicWriter, after: Position, signal: AbortSignal): Promise<Position> {
    const { eventStore, batchSize } = this.options
    const left = new AbortController()
    const batches = eventStore
      .subscribe({
        after,
        prefixes: this.topic.from,
        batchSize,
        signal: AbortSignal.any([signal, left.signal]),
      })
      [Symbol.asyncIterator]()
    let position = after
    try {
      while (!signal.aborted) {
        const { done, value: batch } = await this.#savingIfIdle(writer, batches.next())
        if (done) break
        await this.#publish(writer, batch)
        position = batch.position
        this.position = position
      }
    } finally {
      // First, as nothing is given back while a batch is waited for
      left.abort()
      await batches.return?.()
    }
    return position
  }

  /**
   * Waits for a batch, and saves the checkpoint when it is long in coming: else whoever looks from outside, or starts
   * after a crash, would take a last event that is left out on purpose for one that waits.
   */
  async #savingIfIdle<Batch>(writer: TopicWriter, coming: Promise<Batch>): Promise<Batch> {
    if (this.#unsaved) {
      const came = new AbortController()
      const idle = pause(this.options.clock, CHECKPOINT_EVERY_MS, came.signal).then(
        () => !came.signal.aborted,
      )
      const wake = () => came.abort()
      coming.then(wake, wake)
      if (await idle) await this.#saveCheckpoint(writer)
    }
    return coming
  }

  async #publish(writer: TopicWriter, { events, end }: LogBatch): Promise<void> {
    const { eventStore, onPublished, clock } = this.options
    const sent = await writer.publish(await this.topic.outgoing(events, eventStore, end))
    if (sent > 0) {
      this.published += sent
      onPublished?.(this.#name, sent)
    }
    this.#failures = 0
    this.#enter(end ? 'following' : 'catching up')
    this.#unsaved = events.at(-1) ?? this.#unsaved
    if (clock.now() - this.#savedAt >= CHECKPOINT_EVERY_MS) await this.#saveCheckpoint(writer)
  }

  async #saveCheckpoint(writer: TopicWriter): Promise<void> {
    if (this.#unsaved === undefined) return
    const { position, id: eventId } = this.#unsaved
    await writer.saveCheckpoint({ logId: this.options.eventStore.logId, position, eventId })
    this.#unsaved = undefined
    this.#savedAt = this.options.clock.now()
  }

  #enter(state: FeedState): void {
    this.state = state
    this.code = this.message = undefined
  }

  async #waitForPeople({ code, message }: ConsumerStopped): Promise<void> {
    const known = this.state === 'stopped' && this.message === message
    this.state = 'stopped'
    this.code = code
    this.message = message
    if (!known) this.options.notice({ level: 'error', consumer: this.#name, code, message })
    await pause(this.options.clock, RETRY_STOPPED_MS, this.stopped)
  }

  async #postpone(error: unknown): Promise<void> {
    const wait = Math.min(FIRST_RETRY_MS * 2 ** Math.min(this.#failures++, 6), LAST_RETRY_MS)
    const reason = error instanceof Error ? error.message : String(error)
    this.state = error instanceof LeaseLost ? 'standby' : 'retrying'
    this.code = error instanceof LedgerdeskError ? error.code : undefined
    this.message = reason
    this.options.notice({
      level: 'warn',
      consumer: this.#name,
      message: `${this.#name} is tried again in ${wait} ms: ${reason}`,
      error,
    })
    await pause(this.options.clock, wait, this.stopped)
  }
}
