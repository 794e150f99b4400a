import {
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  START,
  streamNameFilter,
} from '@eventstore/db-client'
import { LOG_START, type Position, type RecordedEvent } from '#libs/event-sourcing'
import { abandon, type Connection } from './connection.js'
import type { StoredEvents } from './stored-events.js'

/** Events held at most for a reader who does not take them. */
const CAPACITY = 1_024
/** Foreign events that the server passes over before it says how far it is. */
const SEARCH_WINDOW = 2_000

export interface FeedOptions {
  /** Prefixes of names on the server. */
  prefixes: readonly string[]
  /** Exclusive; the place of an event. */
  after: Position
}

/**
 * One filtered subscription, poured into a bounded queue. When the reader is slow the queue fills, the server is held up,
 * and may end a subscription that was live already: then what is queued can still be taken, and the reader
 * begins another feed behind the last event it took.
 */
export class LogFeed {
  readonly #subscription: AllStreamSubscription
  #queue: RecordedEvent[] = []
  #taken = 0
  #last: Position
  #ended = false
  #error: unknown
  #caughtUp = false
  /** Events that arrived before the server said "caught up" and are not queued yet. */
  #beforeCaughtUp: number | undefined
  #heardOf = performance.now()
  #wake: (() => void) | undefined
  #waking = false

  constructor(
    connection: Connection,
    private readonly events: StoredEvents,
    { prefixes, after }: FeedOptions,
  ) {
    this.#last = after
    const commit = BigInt(after)
    this.#subscription = connection.subscribeToAll({
      fromPosition: after === LOG_START ? START : { commit, prepare: commit },
      filter: streamNameFilter({
        prefixes: [...prefixes],
        maxSearchWindow: SEARCH_WINDOW,
        checkpointInterval: 1,
        checkpointReached: () => this.#heard(),
      }),
    })
    this.#subscription
      .on('data', (event: AllStreamResolvedEvent) => this.#take(event))
      .on('confirmation', () => this.#heard())
      .on('caughtUp', () => this.#markCaughtUp())
      .on('fellBehind', () => {
        this.#caughtUp = false
      })
      .on('end', () => this.#end(undefined))
      .on('close', () => this.#end(undefined))
      .on('error', (error: Error) => this.#end(error))
  }

  /** Events that can be taken at once. */
  get queued(): number {
    return this.#queue.length - this.#taken
  }

  /** The next event, which stays in the queue. */
  get next(): RecordedEvent | undefined {
    return this.#queue[this.#taken]
  }

  /** No further event will come; those queued can be taken. */
  get ended(): boolean {
    return this.#ended
  }

  /** Why it ended; undefined when it ended quietly. */
  get error(): unknown {
    return this.#error
  }

  /** Everything that the server had when it was asked is queued or taken. */
  get caughtUp(): boolean {
    return this.#caughtUp
  }

  /** Milliseconds since the server was heard of last. */
  get silentFor(): number {
    return performance.now() - this.#heardOf
  }

  /** At most `limit` events, none later than `bound`, which leave the queue. */
  take(limit: number, bound?: Position): RecordedEvent[] {
    let end = Math.min(this.#queue.length, this.#taken + limit)
    while (bound !== undefined && end > this.#taken && this.#queue[end - 1]!.position > bound) end--
    const events = this.#queue.slice(this.#taken, end)
    this.#taken = end
    if (this.#taken >= CAPACITY || this.queued === 0) {
      this.#queue.splice(0, this.#taken)
      this.#taken = 0
    }
    if (this.queued < CAPACITY / 2 && this.#subscription.isPaused()) this.#subscription.resume()
    return events
  }

  /** Resolves when something happened, after so many milliseconds, or when the signal aborts. One waits at a time. */
  change(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(done, milliseconds)
      this.#wake = done
      signal?.addEventListener('abort', done, { once: true })
      if (signal?.aborted || this.#ended) done()
    })
  }

  close(): void {
    this.#end(undefined)
    abandon(this.#subscription)
  }

  #take(resolved: AllStreamResolvedEvent): void {
    if (this.#ended) return
    try {
      const event = this.events.toEvent(resolved)
      if (event !== undefined && event.position > this.#last) {
        this.#queue.push(event)
        this.#last = event.position
      }
    } catch (error) {
      this.#end(error)
      return
    }
    if (this.#beforeCaughtUp !== undefined && --this.#beforeCaughtUp === 0) this.#setCaughtUp()
    if (this.queued >= CAPACITY) this.#subscription.pause()
    this.#heard()
  }

  /** The client says so ahead of the events that it still holds. */
  #markCaughtUp(): void {
    const ahead = this.#subscription.readableLength
    if (ahead === 0) this.#setCaughtUp()
    else this.#beforeCaughtUp = ahead
    this.#heard()
  }

  #setCaughtUp(): void {
    this.#beforeCaughtUp = undefined
    this.#caughtUp = true
  }

  #end(error: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    this.#wake?.()
  }

  /** Wakes the reader once for all that arrives in one turn of the loop. */
  #heard(): void {
    this.#heardOf = performance.now()
    if (this.#wake === undefined || this.#waking) return
    this.#waking = true
    setImmediate(() => {
      this.#waking = false
      this.#wake?.()
    })
  }
}
