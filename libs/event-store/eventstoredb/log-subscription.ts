import { setTimeout as sleep } from 'node:timers/promises'
import type { Position } from '#libs/event-sourcing'
import type { LogBatch, SubscribeOptions } from '../event-store.js'
import type { Connection } from './connection.js'
import type { LogFeed } from './log-feed.js'
import type { LogHead } from './log-head.js'
import { isWanted, type LogReader } from './log-reader.js'
import { portError, troubleOf, UnreadableEvent } from './server-errors.js'

const DEFAULT_BATCH = 500
/** A silence after which the log's head is looked at: a subscription may die without a word. */
const SILENCE_MS = 10_000
const SHORTEST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 2_000

export interface SubscriptionParts {
  connection: Connection
  reader: LogReader
  head: LogHead
  /** Told each time when a subscription ended and is begun again. */
  onDropped?(error: unknown): void
  /** Aborted when the store closes. */
  closed: AbortSignal
}

/**
 * Follows the log for ever, on one server subscription after the other: each begins behind the last event that was handed
 * out. All our events come, since the position moves on over those that the filter leaves out too.
 * @throws InvalidInput for a position that this log never gave; an error of this program
 */
export async function* followLog(
  parts: SubscriptionParts,
  { after, batchSize = DEFAULT_BATCH, signal: asked, ...filter }: SubscribeOptions,
): AsyncGenerator<LogBatch, void, undefined> {
  const signal = asked === undefined ? parts.closed : AbortSignal.any([asked, parts.closed])
  let position = after
  let toldEnd = false
  let pause = SHORTEST_PAUSE_MS
  while (!signal.aborted) {
    let feed: LogFeed | undefined
    try {
      const checkedAt = Date.now()
      await parts.reader.requireKnown(position)
      const head = await parts.head.look()
      feed = parts.reader.feed(position)
      if (!toldEnd && position >= head) yield { events: [], position, end: true, checkedAt }
      toldEnd = position >= head
      while (!signal.aborted && (await anotherBatch(parts, feed, position, signal))) {
        const events = feed.take(batchSize)
        const last = events[events.length - 1]!.position
        parts.reader.gave(last)
        parts.head.saw(last)
        const checkedAt = Date.now()
        const end = await isEnd(parts, feed, last)
        // Only now: if the look fails, the next feed brings these events again.
        position = last
        toldEnd = end
        pause = SHORTEST_PAUSE_MS
        yield { events: events.filter((event) => isWanted(event, filter)), position, end, checkedAt }
      }
      // The next subscription would come to the same event.
      if (feed.error instanceof UnreadableEvent) throw feed.error
      if (!signal.aborted) parts.onDropped?.(feed.error)
    } catch (error) {
      if (signal.aborted) return
      if (troubleOf(error) !== 'away') throw portError(error)
      parts.onDropped?.(error)
    } finally {
      feed?.close()
    }
    await sleep(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => {})
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
  }
}

/**
 * Nothing is recorded after this position, as of a moment ago. Asks the server only when nothing else is known to follow:
 * neither in the queue nor by this process's own appends. A feed that ended says nothing of what follows its rest.
 */
async function isEnd({ head }: SubscriptionParts, feed: LogFeed, position: Position): Promise<boolean> {
  const mayBe = () => feed.queued === 0 && !feed.ended && head.known <= position
  return mayBe() && (await head.look()) <= position && mayBe()
}

/** Waits until there are events to take. @returns false when this feed gives no more */
async function anotherBatch(
  { head }: SubscriptionParts,
  feed: LogFeed,
  position: Position,
  signal: AbortSignal,
): Promise<boolean> {
  let missed: Position | undefined
  while (feed.queued === 0) {
    if (feed.ended || signal.aborted) return false
    await feed.change(SILENCE_MS, signal)
    if (feed.silentFor < SILENCE_MS || feed.queued > 0 || feed.ended || signal.aborted) continue
    // There is something, and this feed did not bring it for a whole silence: it is dead.
    if (missed !== undefined) return false
    const now = await head.look()
    if (now > position) missed = now
  }
  return true
}
