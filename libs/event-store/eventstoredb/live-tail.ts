import type { Position, RecordedEvent } from '#libs/event-sourcing'
import type { Appended } from '../event-store.js'
import type { LogFeed } from './log-feed.js'

export interface LiveTailOptions {
  /**
   * Appends within a second from which following the log pays. Default 20: a read after each append costs the client as
   * much as the append, an event that comes by itself a tenth of it, but then everybody's events come.
   */
  busy?: number
  /**
   * Milliseconds after which an append that waits for its events reads them. Default 100: an event follows its
   * acknowledgement within 2.2 (p99, seen on a real server).
   */
  patienceMs?: number
}

const SECOND_MS = 1_000
/** Let go of after so long without an append. */
const IDLE_MS = 10_000

/**
 * The events from revision `first` to `last`, as they stand in the log; undefined when they did not come, and have to
 * be read.
 */
type Arrived = (first: number, last: Appended['last']) => Promise<RecordedEvent[] | undefined>

interface Waiter {
  readonly position: Position
  readonly resolve: (reached: boolean) => void
}

/**
 * Follows the end of the log while much is appended, so that an append learns from there what was recorded, and when,
 * without a read of its own. What comes this way is what a read would give; what does not come is read.
 */
export class LiveTail {
  readonly #heard = new Map<string, Set<RecordedEvent[]>>()
  readonly #waiting = new Set<Waiter>()
  #feed: LogFeed | undefined
  #position: Position = ''
  #second = 0
  #asks = 0
  #askedAt = 0
  readonly #busy: number
  readonly #patienceMs: number

  /** @param open begins a feed of all our events after a position */
  constructor(
    private readonly open: (after: Position) => LogFeed,
    { busy = 20, patienceMs = 100 }: LiveTailOptions = {},
  ) {
    this.#busy = busy
    this.#patienceMs = patienceMs
  }

  /** Listens to a stream while something is appended to it. */
  async listen<Outcome>(stream: string, append: (arrived: Arrived) => Promise<Outcome>): Promise<Outcome> {
    const events: RecordedEvent[] = []
    const listeners = this.#heard.get(stream) ?? new Set()
    this.#heard.set(stream, listeners.add(events))
    try {
      return await append((first, last) => this.#arrived(events, first, last))
    } finally {
      listeners.delete(events)
      if (listeners.size === 0) this.#heard.delete(stream)
    }
  }

  close(): void {
    this.#letGo()
  }

  async #arrived(
    heard: readonly RecordedEvent[],
    first: number,
    last: Appended['last'],
  ): Promise<RecordedEvent[] | undefined> {
    this.#asked(last.position)
    if (this.#feed === undefined) return undefined
    if (this.#position < last.position && !(await this.#reaches(last.position))) return undefined
    const events = heard.filter(({ revision }) => revision >= first && revision <= last.revision)
    return events.length === last.revision - first + 1 ? events : undefined
  }

  /** Begins to follow when there is enough to do; behind what was just appended, which is near the end. */
  #asked(position: Position): void {
    const now = performance.now()
    this.#askedAt = now
    if (now - this.#second > SECOND_MS) {
      this.#second = now
      this.#asks = 0
    }
    if (++this.#asks < this.#busy || this.#feed !== undefined) return
    this.#position = position
    this.#feed = this.open(position)
    void this.#follow(this.#feed)
  }

  async #follow(feed: LogFeed): Promise<void> {
    while (feed === this.#feed && !feed.ended) {
      await feed.change(IDLE_MS)
      for (const event of feed.take(Number.MAX_SAFE_INTEGER)) {
        this.#position = event.position
        for (const events of this.#heard.get(event.stream) ?? []) events.push(event)
      }
      for (const waiter of this.#waiting) if (waiter.position <= this.#position) waiter.resolve(true)
      if (performance.now() - this.#askedAt > IDLE_MS) break
    }
    if (feed === this.#feed) this.#letGo()
  }

  async #reaches(position: Position): Promise<boolean> {
    let waiter: Waiter | undefined
    let timer: NodeJS.Timeout | undefined
    const reached = await new Promise<boolean>((resolve) => {
      waiter = { position, resolve }
      this.#waiting.add(waiter)
      timer = setTimeout(resolve, this.#patienceMs, false)
    })
    clearTimeout(timer)
    this.#waiting.delete(waiter!)
    return reached
  }

  #letGo(): void {
    const feed = this.#feed
    this.#feed = undefined
    feed?.close()
    for (const { resolve } of this.#waiting) resolve(false)
  }
}
