import { LRUCache } from 'lru-cache'
import {
  InvalidInput,
  LOG_START,
  type Position,
  parsePosition,
  type RecordedEvent,
  toPosition,
} from '#libs/event-sourcing'
import type { LogFilter, LogPage, ReadAllOptions } from '../event-store.js'
import type { Statement } from './driver.js'
import { EVENT_COLUMNS, type EventRow, type LogFile } from './log-file.js'
import { concerns, type FilteredQuery, filteredQuery } from './log-filter.js'

/**
 * Positions searched at most for one page when the filter may leave out what the index offers: a rare type in a long
 * log. About 10 ms.
 */
const SEARCH_WINDOW = 50_000

/** A row of the driver is garbage once it is decoded. All of a batch of 16,384 at once live long enough to be moved: a tenth more for each event. */
const ROWS_DECODED_AT_ONCE = 2_048

/** Filters whose statements are kept. */
const KEPT_STATEMENTS = 50

/** Reads of one connection, each of one statement, or of several one after another: what was written once never changes. */
export class LogReader {
  readonly #forwards: Statement<EventRow>
  readonly #backwards: Statement<EventRow>
  readonly #idAt: Statement<{ id: string }>
  readonly #timeAt: Statement<{ recordedAt: number }>
  readonly #metadata: Statement<{ metadata: string }>
  readonly #filtered = new LRUCache<string, Statement<EventRow>>({ max: KEPT_STATEMENTS })

  constructor(private readonly log: LogFile) {
    const { connection } = log
    const ofStream = `SELECT ${EVENT_COLUMNS} FROM streams s CROSS JOIN events e ON e.stream = s.id WHERE s.name = ?`
    this.#forwards = connection.prepareLists(`${ofStream} AND e.revision >= ? ORDER BY e.revision LIMIT ?`)
    this.#backwards = connection.prepareLists(
      `${ofStream} AND e.revision <= ? ORDER BY e.revision DESC LIMIT ?`,
    )
    this.#idAt = connection.prepare('SELECT id FROM events WHERE position = ?')
    this.#timeAt = connection.prepare('SELECT recorded_at AS recordedAt FROM events WHERE position = ?')
    this.#metadata = connection.prepare('SELECT metadata FROM stream_metadata WHERE stream = ?')
  }

  readStream(
    stream: string,
    direction: 'forwards' | 'backwards',
    from: number,
    limit: number,
  ): RecordedEvent[] {
    const statement = direction === 'forwards' ? this.#forwards : this.#backwards
    return statement.all(stream, from, limit).map((row) => this.log.toEvent(row))
  }

  /** @throws InvalidInput `POSITION.UNKNOWN`, `POSITION.MALFORMED` */
  readAll({ after, upTo, limit, ...filter }: ReadAllOptions): LogPage {
    this.log.refresh()
    const from = this.#known(after)
    const last = upTo === undefined ? this.log.head.position : this.#known(upTo)
    const query = this.#mayFind(filter, from) ? filteredQuery(this.log, filter) : undefined
    const bound = query?.searches ? Math.min(last, from + SEARCH_WINDOW) : last
    const events = query && from < bound ? this.#decoded(query, from, bound, limit) : []
    // A full page was searched to its last event only; any other to where the search was bounded.
    const searched = events.length === limit ? Number(events[limit - 1]!.position) : Math.max(from, bound)
    return { events, position: toPosition(searched), end: searched >= last }
  }

  /** The events of a page, a part at a time. Nothing before the log's last event changes between two parts. */
  #decoded({ sql, values }: FilteredQuery, from: number, last: number, limit: number): RecordedEvent[] {
    const statement = this.#statement(sql)
    const events: RecordedEvent[] = []
    for (let after = from; ; ) {
      const wanted = Math.min(limit - events.length, ROWS_DECODED_AT_ONCE)
      const rows = statement.all(after, last, wanted, ...values)
      for (const row of rows) events.push(this.log.toEvent(row))
      if (rows.length < wanted || events.length === limit) return events
      after = rows[wanted - 1]![0]
    }
  }

  /** False: whatever stands after that position, the filter leaves it out. Told without a query, where it can be. */
  mayFind(filter: LogFilter, after: Position): boolean {
    return this.#mayFind(filter, this.#known(after))
  }

  idAt(position: Position): string | undefined {
    return this.#idAt.get(Number(parsePosition(position)))?.id
  }

  /** @throws InvalidInput `POSITION.UNKNOWN`, `POSITION.MALFORMED` */
  recordedAfter(position: Position): string | undefined {
    this.log.refresh()
    // Positions have no gaps.
    const next = this.#timeAt.get(this.#known(position) + 1)
    return next && new Date(next.recordedAt).toISOString()
  }

  /** @throws InvalidInput `TIME.MALFORMED` */
  positionAt(time: string): Position {
    const limit = Date.parse(time)
    if (Number.isNaN(limit)) {
      throw new InvalidInput('TIME.MALFORMED', `"${time}" is no time: give ISO 8601, as 2026-01-31T09:00:00Z`)
    }
    this.log.refresh()
    // Positions have no gaps and times never fall, so halving finds the last one in time.
    let known = 0
    let later = this.log.head.position + 1
    while (later - known > 1) {
      const middle = Math.floor((known + later) / 2)
      if (this.#timeAt.get(middle)!.recordedAt <= limit) known = middle
      else later = middle
    }
    return toPosition(known)
  }

  streamMetadata(stream: string): Record<string, unknown> {
    const row = this.#metadata.get(stream)
    return row === undefined ? {} : JSON.parse(row.metadata)
  }

  streamsWithMetadata(): string[] {
    return this.log.connection
      .prepare<{ stream: string }>('SELECT stream FROM stream_metadata ORDER BY stream')
      .all()
      .map(({ stream }) => stream)
  }

  #mayFind({ prefixes }: LogFilter, after: number): boolean {
    const written = prefixes && this.log.ownWrites.after(after)
    return !written || written.some((category) => concerns(prefixes, this.log.categories.nameOf(category)))
  }

  /** The row number of a position that this log gave. */
  #known(position: Position): number {
    if (position === LOG_START) return 0
    const value = Number(parsePosition(position))
    if (value > this.log.head.position) {
      throw new InvalidInput(
        'POSITION.UNKNOWN',
        `This log never gave the position ${position}; its last is ${toPosition(this.log.head.position)}. ` +
          'Take positions from answers of this log only',
      )
    }
    return value
  }

  #statement(sql: string): Statement<EventRow> {
    const kept = this.#filtered.get(sql)
    if (kept !== undefined) return kept
    const statement = this.log.connection.prepareLists<EventRow>(sql)
    this.#filtered.set(sql, statement)
    return statement
  }
}
