import { FORWARDS } from '@eventstore/db-client'
import { LRUCache } from 'lru-cache'
import {
  InvalidInput,
  LOG_START,
  laterPosition,
  type Position,
  parsePosition,
  type RecordedEvent,
} from '#libs/event-sourcing'
import type { LogFilter, LogPage, ReadAllOptions } from '../event-store.js'
import type { Connection } from './connection.js'
import { LogFeed } from './log-feed.js'
import type { LogHead } from './log-head.js'
import { NoAnswer, troubleOf } from './server-errors.js'
import type { StoredEvents } from './stored-events.js'
import type { StreamNames } from './stream-names.js'

/** Positions handed out that need not be looked up when they come back. */
const REMEMBERED_POSITIONS = 10_000
/** Feeds that wait for the reader of their last page to come back for the next one, and for how long. */
const KEPT_FEEDS = 4
const KEEP_MS = 1_000
/** The server's positions are signed 64-bit numbers. */
const LAST_POSITION = 2n ** 63n - 1n

interface KeptFeed {
  readonly feed: LogFeed
  readonly reached: Position
  readonly timer: NodeJS.Timeout
}

/** Reads of the whole log, in pages. */
export class LogReader {
  readonly #given = new LRUCache<Position, true>({ max: REMEMBERED_POSITIONS })
  readonly #kept = new Set<KeptFeed>()

  constructor(
    private readonly connection: Connection,
    private readonly names: StreamNames,
    private readonly events: StoredEvents,
    private readonly head: LogHead,
  ) {}

  /** This position is an event's of ours. */
  gave(position: Position): void {
    this.#given.set(position, true)
  }

  /** The event of ours that begins at a position. Rejects with the client's own errors. */
  async eventAt(position: Position): Promise<RecordedEvent | undefined> {
    const commit = BigInt(parsePosition(position))
    if (position === LOG_START || commit > LAST_POSITION) return undefined
    const from = { commit, prepare: commit }
    const read = this.connection.readAll({
      direction: FORWARDS,
      fromPosition: from,
      maxCount: 1,
    })
    const [found] = await this.connection.collect('Reading an event by its position', read).catch((error) => {
      if (troubleOf(error) === 'noSuchPosition') return []
      throw error
    })
    const event = found && this.events.toEvent(found)
    return event?.position === position ? event : undefined
  }

  /** @throws InvalidInput `POSITION.MALFORMED`, `POSITION.UNKNOWN` */
  async requireKnown(position: Position): Promise<void> {
    parsePosition(position)
    if (position === LOG_START || this.#given.has(position)) return
    if ((await this.eventAt(position)) === undefined) {
      throw new InvalidInput(
        'POSITION.UNKNOWN',
        `This log never gave the position ${position}. Take positions from answers of this log only`,
      )
    }
    this.gave(position)
  }

  /**
   * One page. Everything is read on one subscription when nothing narrower than the whole log is asked for, and the
   * next page goes on with it; a narrower filter is the server's work.
   */
  async page(options: ReadAllOptions): Promise<LogPage> {
    const { after, upTo, limit, prefixes, types } = options
    await this.requireKnown(after)
    if (upTo !== undefined) await this.requireKnown(upTo)
    const head = await this.head.look()
    const bound = upTo === undefined || upTo > head ? head : upTo
    this.gave(bound)
    if (after >= bound || prefixes?.length === 0 || types?.length === 0) {
      return { events: [], position: laterPosition(after, bound), end: true }
    }
    const wide = prefixes === undefined
    const feed = (wide ? this.#keptAt(after) : undefined) ?? this.feed(after, prefixes)
    const found: RecordedEvent[] = []
    let searched = after
    try {
      while (found.length < limit && searched < bound) {
        searched = await this.#advance(feed, searched, bound, wide)
        for (const event of feed.take(limit - found.length, bound)) {
          if (isWanted(event, { types })) found.push(event)
          searched = event.position
        }
      }
    } catch (error) {
      feed.close()
      throw error
    }
    const full = found.length === limit
    const position = full ? found[limit - 1]!.position : bound
    if (wide && !feed.ended) this.#keep(feed, position)
    else feed.close()
    this.gave(position)
    return { events: found, position, end: position >= bound }
  }

  /** A feed of events of ours, begun where the log begins rather than at the server's first event. */
  feed(after: Position, prefixes?: readonly string[]): LogFeed {
    return new LogFeed(this.connection, this.events, {
      after: after > this.head.birth ? after : this.head.birth,
      prefixes: prefixes?.map((prefix) => this.names.onServer(prefix)) ?? [this.names.prefix],
    })
  }

  close(): void {
    for (const kept of this.#kept) {
      clearTimeout(kept.timer)
      kept.feed.close()
    }
    this.#kept.clear()
  }

  /** Waits until there is an event to take; or until it is sure that there is none up to `bound`, which it gives then. */
  async #advance(feed: LogFeed, searched: Position, bound: Position, wide: boolean): Promise<Position> {
    const began = performance.now()
    for (;;) {
      if (feed.next !== undefined) return feed.next.position > bound ? bound : searched
      // The feed was begun after `bound` was the head, so it has passed it; a wide feed comes to the event itself.
      if (!wide && feed.caughtUp) return bound
      if (feed.ended) throw feed.error ?? new NoAnswer('Reading the log: the server ended it', 0)
      const silence = Math.min(feed.silentFor, performance.now() - began)
      const patience = this.connection.timeoutMs - silence
      if (patience <= 0) throw new NoAnswer('Reading the log', this.connection.timeoutMs)
      await feed.change(patience)
    }
  }

  #keptAt(position: Position): LogFeed | undefined {
    for (const kept of this.#kept) {
      if (kept.reached !== position) continue
      this.#forget(kept)
      if (!kept.feed.ended) return kept.feed
      kept.feed.close()
    }
    return undefined
  }

  #keep(feed: LogFeed, reached: Position): void {
    const kept: KeptFeed = {
      feed,
      reached,
      timer: setTimeout(() => {
        this.#kept.delete(kept)
        feed.close()
      }, KEEP_MS).unref(),
    }
    this.#kept.add(kept)
    if (this.#kept.size > KEPT_FEEDS) {
      const [oldest] = this.#kept
      this.#forget(oldest!)
      oldest!.feed.close()
    }
  }

  #forget(kept: KeptFeed): void {
    clearTimeout(kept.timer)
    this.#kept.delete(kept)
  }
}

/** What the filter says of an event of ours. */
export function isWanted(event: RecordedEvent, { prefixes, types }: LogFilter): boolean {
  return (
    (prefixes === undefined || prefixes.some((prefix) => event.stream.startsWith(prefix))) &&
    (types === undefined || types.includes(event.type))
  )
}
