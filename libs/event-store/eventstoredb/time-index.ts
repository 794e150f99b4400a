import { randomUUID } from 'node:crypto'
import { BACKWARDS, END, jsonEvent, NO_STREAM } from '@eventstore/db-client'
import { InvalidInput, LOG_START, type Position } from '#libs/event-sourcing'
import type { Connection } from './connection.js'
import type { LogReader } from './log-reader.js'
import { troubleOf } from './server-errors.js'
import type { StreamNames } from './stream-names.js'

/** Events between two marks, and in a page in which the log is read for them. */
const MARK_EVERY = 10_000
const PAGE = 1_000

/** Up to `position` no event of ours was recorded later than `latest` (milliseconds since the epoch). */
interface TimeMark {
  readonly position: Position
  readonly latest: number
}

const BEGINNING: TimeMark = { position: LOG_START, latest: Number.NEGATIVE_INFINITY }

/**
 * Finds positions by time. EventStoreDB has no index of it, and the clocks of a cluster's nodes differ, so the running
 * maximum of `recordedAt` has to be taken along the whole log: once. Every so many events it is written to a
 * stream of the adapter's own, from which later searches begin, those of other processes too.
 */
export class TimeIndex {
  /** Rising; the first is {@link BEGINNING}. */
  #marks: TimeMark[] = [BEGINNING]
  #loaded: Promise<void> | undefined
  readonly #stream: string

  constructor(
    private readonly connection: Connection,
    names: StreamNames,
    private readonly reader: LogReader,
    private readonly markEvery = MARK_EVERY,
  ) {
    this.#stream = names.reserved('times')
  }

  /**
   * The last position whose running maximum of `recordedAt` is not later than `time`. Rejects with the client's errors.
   * @throws InvalidInput `TIME.MALFORMED`
   */
  async positionAt(time: string): Promise<Position> {
    const limit = Date.parse(time)
    if (Number.isNaN(limit)) {
      throw new InvalidInput('TIME.MALFORMED', `"${time}" is no time: give ISO 8601, as 2026-01-31T09:00:00Z`)
    }
    this.#loaded ??= this.#load().catch((error) => {
      this.#loaded = undefined
      throw error
    })
    await this.#loaded
    return this.#search(limit)
  }

  async #search(limit: number): Promise<Position> {
    let { position, latest } = this.#marks.findLast((mark) => mark.latest <= limit)!
    let sinceMark = 0
    for (let end = false; !end; ) {
      const page = await this.reader.page({ after: position, limit: PAGE })
      for (const event of page.events) {
        const now = Math.max(latest, Date.parse(event.metadata.recordedAt))
        if (now > limit) return position
        position = event.position
        latest = now
        if (++sinceMark < this.markEvery) continue
        sinceMark = 0
        await this.#mark({ position, latest })
      }
      end = page.end
    }
    return position
  }

  async #mark(mark: TimeMark): Promise<void> {
    if (mark.position <= this.#marks[this.#marks.length - 1]!.position) return
    this.#marks.push(mark)
    await this.#write(mark)
  }

  async #load(): Promise<void> {
    const read = this.connection.readStream(this.#stream, {
      direction: BACKWARDS,
      fromRevision: END,
    })
    const found = await this.connection.collect('Reading time marks', read).catch((error) => {
      if (troubleOf(error) === 'streamMissing') return []
      throw error
    })
    const marks = found.map(({ event }) => event?.data as unknown as TimeMark)
    this.#marks = [BEGINNING, ...marks.reverse()]
  }

  /** Whoever is first writes a mark; what others have written meanwhile is left for the next start. */
  async #write(mark: TimeMark): Promise<void> {
    const revision = this.#marks.length - 3
    const event = jsonEvent({ id: randomUUID(), type: 'TimeMarked', data: { ...mark } })
    const expectedRevision = revision < 0 ? NO_STREAM : BigInt(revision)
    const options = { ...this.connection.appendOptions(), expectedRevision } as const
    await this.connection
      .call('Writing a time mark', () => this.connection.client.appendToStream(this.#stream, event, options))
      .catch((error) => {
        // A mark only saves time: without it the next process searches for itself.
        if (!['wrongRevision', 'away'].includes(troubleOf(error))) throw error
      })
  }
}
