import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { Position, RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { type Clock, pause } from './clock.js'
import type { Pace } from './definitions.js'
import { Mutex } from './mutex.js'
import { type UnhurriedConsumer, UnhurriedConsumers } from './unhurried-consumers.js'

/** Something that handles the log in order. */
export interface LogConsumer extends UnhurriedConsumer {
  /** Default: live. */
  readonly pace?: Pace
  handle(events: readonly RecordedEvent[], upTo: Position): Promise<void>
}

export interface LogFollowerHooks<Consumer> {
  /**
   * It has reached the end of the log for now. True: this took a while, catch up once more before it joins the others.
   */
  reachedEnd?(consumer: Consumer): Promise<boolean>
  /** It stands level with the others and gets every new event from now on; nobody gets one before this returns. */
  joined?(consumer: Consumer): Promise<void>
  /** It has not kept up with new events, and catches up with the log once more. */
  fellBehind?(consumer: Consumer): void
  /** It threw and gets no more events. */
  failed(consumer: Consumer, error: unknown): void
  /** The log could not be read; it is tried again. */
  logUnreadable(error: unknown): void
}

/** How long one batch of those who catch up may keep the thread: alone, and while others wait for new events. */
const CATCH_UP_ALONE_MS = 400
const CATCH_UP_BESIDE_MS = 40
const SMALLEST_PAGE = 128
/** Largest batches that are kept for those that do not get each as it comes; whoever is further behind reads the log again. */
const BATCHES_KEPT = 2
/**
 * Between two batches of new events. A batch has a price of its own, however few its events: under load fewer and larger
 * ones halve the processor's time. What comes after a quiet moment does not wait at all, and a pause ends for whoever is
 * hurried.
 */
const SHORTEST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 40
const RETRY_MS = 250

/**
 * Feeds the log to many consumers. Those that are level share one subscription, so that an event is read and decoded
 * once for all. Those that lag behind share pages of their own, from the place of the last of them, until they reach
 * the end and join the others. Of those that are level some get every batch as it comes, and some many at a time; those
 * that do not keep up with it lag behind once more.
 */
export class LogFollower<Consumer extends LogConsumer> {
  readonly #lagging = new Set<Consumer>()
  readonly #level = new Set<Consumer>()
  readonly #unhurried: UnhurriedConsumers<Consumer>
  readonly #levelTurn = new Mutex()
  readonly #running = new Set<Promise<void>>()
  readonly #stopped = new AbortController()
  #catchingUp = false
  #position: Position = ''
  #following: AbortController | undefined
  #endPause: () => void = () => {}
  #pageSize = 1024

  constructor(
    private readonly eventStore: EventStore,
    private readonly hooks: LogFollowerHooks<Consumer>,
    private readonly clock: Clock,
    private readonly largestBatch: number,
    private readonly shortestPauseMs = SHORTEST_PAUSE_MS,
  ) {
    this.#unhurried = new UnhurriedConsumers(
      (consumer, events, upTo) => this.#guarded(consumer, () => consumer.handle(events, upTo)),
      clock,
      BATCHES_KEPT * largestBatch,
    )
  }

  add(consumer: Consumer): void {
    if (this.#stopped.signal.aborted) return
    this.#lagging.add(consumer)
    if (!this.#catchingUp) this.#run(this.#catchUp())
  }

  /** It gets no further batch; one under way is not waited for. */
  remove(consumer: Consumer): void {
    this.#lagging.delete(consumer)
    this.#unhurried.delete(consumer)
    this.#leave(consumer)
  }

  isLevel(consumer: Consumer): boolean {
    return this.#level.has(consumer)
  }

  /** Somebody waits for events: none is put off any more. */
  hurry(): void {
    this.#endPause()
    this.#unhurried.look()
  }

  /** Ends after the batch under way. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#following?.abort()
    await this.#unhurried.stop()
    await Promise.all(this.#running)
  }

  #run(work: Promise<void>): void {
    this.#running.add(work)
    void work.finally(() => this.#running.delete(work))
  }

  async #catchUp(): Promise<void> {
    this.#catchingUp = true
    while (this.#lagging.size > 0 && !this.#stopped.signal.aborted) {
      try {
        await this.#catchUpByOnePage()
      } catch (error) {
        this.hooks.logUnreadable(error)
        await pause(this.clock, RETRY_MS, this.#stopped.signal)
      }
      await turnOfTheLoop()
    }
    this.#catchingUp = false
  }

  async #catchUpByOnePage(): Promise<void> {
    const consumers = [...this.#lagging]
    const after = consumers.map(({ position }) => position).sort()[0]!
    const started = performance.now()
    const page = await this.eventStore.readAll({ after, limit: this.#pageSize })
    await this.#hand(consumers, page.events, page.position)
    this.#adaptPage(page.events.length, performance.now() - started)
    if (page.end) for (const consumer of consumers) await this.#join(consumer)
  }

  #adaptPage(events: number, milliseconds: number): void {
    if (events < this.#pageSize) return
    const wanted = this.#level.size > 0 ? CATCH_UP_BESIDE_MS : CATCH_UP_ALONE_MS
    const size = Math.round((events * wanted) / Math.max(milliseconds, 1))
    this.#pageSize = Math.min(Math.max(size, SMALLEST_PAGE), this.#pageSize * 2, this.largestBatch)
  }

  async #join(consumer: Consumer): Promise<void> {
    await this.#guarded(consumer, async () => {
      if (!this.#lagging.has(consumer) || (await this.hooks.reachedEnd?.(consumer))) return
      await this.#levelTurn.run(async () => {
        if (this.#stopped.signal.aborted || !this.#lagging.has(consumer)) return
        if (this.#level.size > 0) await this.#bringLevel(consumer)
        else this.#position = consumer.position
        this.#lagging.delete(consumer)
        this.#level.add(consumer)
        if (consumer.pace === 'unhurried') this.#unhurried.add(consumer, this.#position)
        await this.hooks.joined?.(consumer)
        if (this.#following === undefined || this.#following.signal.aborted) this.#startFollowing()
      })
    })
  }

  async #bringLevel(consumer: Consumer): Promise<void> {
    while (consumer.position < this.#position) {
      const page = await this.eventStore.readAll({
        after: consumer.position,
        limit: this.largestBatch,
        upTo: this.#position,
      })
      await consumer.handle(page.events, page.end ? this.#position : page.position)
    }
  }

  #leave(consumer: Consumer): void {
    this.#level.delete(consumer)
    if (this.#level.size === 0) this.#following?.abort()
  }

  #fallBehind(consumer: Consumer): void {
    this.#leave(consumer)
    this.hooks.fellBehind?.(consumer)
    this.add(consumer)
  }

  #startFollowing(): void {
    // Whoever joins while this ends would otherwise follow for ever
    if (this.#stopped.signal.aborted) return
    const following = new AbortController()
    this.#following = following
    this.#run(this.#follow(following.signal))
  }

  /** Subscriptions end, now and then quietly: begin again where we stand, for as long as somebody wants events. */
  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const subscription = this.eventStore.subscribe({
          after: this.#position,
          batchSize: this.largestBatch,
          signal,
        })
        for await (const batch of subscription) {
          if (signal.aborted) return
          const started = performance.now()
          await this.#levelTurn.run(async () => {
            if (signal.aborted) return
            const live = [...this.#level].filter(({ pace }) => pace !== 'unhurried')
            for (const consumers of byHaste(live)) await this.#hand(consumers, batch.events, batch.position)
            this.#position = batch.position
            for (const consumer of this.#unhurried.take(batch)) this.#fallBehind(consumer)
          })
          const took = performance.now() - started
          // Under load more has been recorded already, so the batch's `end` does not tell whether to gather some first.
          if (batch.events.length >= this.largestBatch) await turnOfTheLoop()
          else await this.#gather(Math.max(Math.min(took, LONGEST_PAUSE_MS), this.shortestPauseMs), signal)
        }
      } catch (error) {
        if (!signal.aborted) this.hooks.logUnreadable(error)
      }
      await pause(this.clock, RETRY_MS, signal)
    }
  }

  /** Lets new events come together for so long, unless somebody waits for them already, or until somebody does. */
  async #gather(milliseconds: number, signal: AbortSignal): Promise<void> {
    for (const { hurried } of this.#level) if (hurried) return turnOfTheLoop()
    const hurried = new Promise<void>((resolve) => {
      this.#endPause = resolve
    })
    await Promise.race([pause(this.clock, milliseconds, signal), hurried])
  }

  async #hand(consumers: Consumer[], events: readonly RecordedEvent[], upTo: Position): Promise<void> {
    await Promise.all(
      consumers.map((consumer) => this.#guarded(consumer, () => consumer.handle(events, upTo))),
    )
  }

  /** One consumer's trouble is its own: it drops out, the others go on. */
  async #guarded(consumer: Consumer, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.remove(consumer)
      this.hooks.failed(consumer, error)
    }
  }
}

/** First those that somebody waits for. */
function byHaste<Consumer extends LogConsumer>(consumers: readonly Consumer[]): Consumer[][] {
  return [consumers.filter(({ hurried }) => hurried), consumers.filter(({ hurried }) => !hurried)]
}
