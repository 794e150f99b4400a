import { LRUCache } from 'lru-cache'
import { type Codec, type RecordedEvent, toPosition } from '#libs/event-sourcing'
import { categoryOf, type EncodedAppend, type EncodedRow, encodeAppend } from '../encode-append.js'
import {
  type Appended,
  type AppendOutcome,
  lastOf,
  type NumberedAppend,
  type NumberedOutcome,
} from '../event-store.js'
import type { SqlValue, Statement } from './driver.js'
import { EVENT_COLUMNS, type EventRow, type Head, idIn, type LogFile } from './log-file.js'

interface StreamState {
  readonly id: number
  readonly revision: number
}

/** Streams whose place is remembered, about 150 bytes each. */
const REMEMBERED_STREAMS = 20_000

/**
 * What happens inside a write transaction. Every method checks first and writes then, so that a request that is refused
 * has written nothing. What is remembered between transactions holds only while no other connection commits; `begin`
 * finds that out.
 */
export class LogWriter {
  readonly #streams = new LRUCache<string, StreamState>({ max: REMEMBERED_STREAMS })
  readonly #nextNumbers = new Map<string, number>()
  readonly #usedSeries = new Set<string>()
  readonly #writtenCategories = new Set<number>()
  readonly #findStream: Statement<{ id: number; revision: number | null }>
  readonly #insertStream: Statement<unknown>
  readonly #insertEvent: Statement<unknown>
  readonly #readPlaces: Statement<EventRow>
  readonly #readSeries: Statement<{ next: number }>
  readonly #writeSeries: Statement<unknown>
  readonly #writeMetadata: Statement<unknown>
  #head: Head = { position: 0, recordedAt: 0 }
  #now = 0
  #generation = -1

  constructor(
    private readonly log: LogFile,
    private readonly codec: Codec,
    private readonly clock: () => number,
  ) {
    const { connection } = log
    this.#findStream = connection.prepare(
      'SELECT id, (SELECT max(revision) FROM events WHERE stream = streams.id) AS revision FROM streams WHERE name = ?',
    )
    this.#insertStream = connection.prepare(
      'INSERT INTO streams (name, category) VALUES (?, ?) ON CONFLICT DO NOTHING',
    )
    this.#insertEvent = connection.prepare(
      'INSERT INTO events (position, stream, revision, category, type, recorded_at, id, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    this.#readPlaces = connection.prepareLists(
      `SELECT ${EVENT_COLUMNS} FROM events e JOIN streams s ON s.id = e.stream
       WHERE e.stream = ? AND e.revision BETWEEN ? AND ? ORDER BY e.revision`,
    )
    this.#readSeries = connection.prepare('SELECT next FROM number_series WHERE prefix = ?')
    this.#writeSeries = connection.prepare(
      'INSERT INTO number_series VALUES (?, ?) ON CONFLICT DO UPDATE SET next = excluded.next',
    )
    this.#writeMetadata = connection.prepare(
      'INSERT INTO stream_metadata VALUES (?, ?) ON CONFLICT DO UPDATE SET metadata = excluded.metadata',
    )
  }

  /** First thing in a transaction. */
  begin(): void {
    this.log.refresh()
    if (this.log.generation !== this.#generation) {
      this.#streams.clear()
      this.#nextNumbers.clear()
      this.#generation = this.log.generation
    }
    this.#writtenCategories.clear()
    this.#head = this.log.head
    this.#now = Math.max(Math.floor(this.clock()), this.#head.recordedAt)
  }

  /** Last thing before COMMIT. */
  finish(): void {
    for (const prefix of this.#usedSeries) this.#writeSeries.run(prefix, this.#nextNumbers.get(prefix)!)
    this.#usedSeries.clear()
  }

  /** COMMIT has returned. @returns whether events were written */
  committed(): boolean {
    const written = this.#head.position > this.log.head.position
    if (written) this.log.advance(this.#head, this.#writtenCategories)
    return written
  }

  /** The transaction is gone. */
  forget(): void {
    this.log.forget()
    this.#streams.clear()
    this.#nextNumbers.clear()
    this.#usedSeries.clear()
  }

  append({ stream, expectedRevision, events }: EncodedAppend): AppendOutcome {
    const remembered = this.#streams.get(stream)
    if (remembered === undefined && expectedRevision === -1) {
      const created = this.#create(stream)
      if (created !== undefined) return this.#write(stream, created, events)
    }
    const found = remembered ?? this.#find(stream)
    if (found === undefined) return { kind: 'conflict', actual: -1 }
    if (found.revision !== expectedRevision) return this.#repeated(found, expectedRevision + 1, events)
    return this.#write(stream, found, events)
  }

  appendNumbered({ series, claim, events }: NumberedAppend): NumberedOutcome {
    const claimed = claim && this.#find(claim.stream)
    if (claimed) return { kind: 'alreadyClaimed', number: this.#claimedNumber(claimed) }
    const encode = (stream: string, given: ReturnType<typeof events>) =>
      encodeAppend(this.codec, { stream, expectedRevision: 'noStream', events: given })
    for (let n = this.#nextNumber(series.streamPrefix); ; n++) {
      const number = series.format(n)
      // Everything that may be refused comes before the first write.
      const append = encode(`${series.streamPrefix}${number}`, events(number))
      const claimAppend = claim && encode(claim.stream, [claim.event(number)])
      const created = this.#create(append.stream)
      this.#useNumber(series.streamPrefix, n)
      if (created === undefined) continue
      if (claimAppend) this.#write(claimAppend.stream, this.#create(claimAppend.stream)!, claimAppend.events)
      const appended = this.#write(append.stream, created, append.events)
      return Object.assign(appended, { number })
    }
  }

  setStreamMetadata(stream: string, metadata: string): void {
    this.#writeMetadata.run(stream, metadata)
  }

  /** @returns the new, empty stream, or undefined when it exists */
  #create(name: string): StreamState | undefined {
    const category = this.log.categories.ensure(categoryOf(name)!)
    const { changes, lastInsertRowid } = this.#insertStream.run(name, category)
    return changes === 0 ? undefined : { id: Number(lastInsertRowid), revision: -1 }
  }

  #find(name: string): StreamState | undefined {
    const remembered = this.#streams.get(name)
    if (remembered !== undefined) return remembered
    const row = this.#findStream.get(name)
    if (row === undefined) return undefined
    const found = { id: row.id, revision: row.revision ?? -1 }
    this.#streams.set(name, found)
    return found
  }

  #write(name: string, stream: StreamState, rows: readonly EncodedRow[]): JustAppended {
    const category = this.log.categories.ensure(categoryOf(name)!)
    this.#writtenCategories.add(category)
    const recordedAt = this.#now
    const first: Place = { position: this.#head.position + 1, revision: stream.revision + 1 }
    let { position } = this.#head
    let { revision } = stream
    for (const { id, type, data, metadata } of rows) {
      position++
      revision++
      const columns: SqlValue[] = [
        position,
        stream.id,
        revision,
        category,
        this.log.types.ensure(type),
        recordedAt,
        id,
        data,
        metadata,
      ]
      this.#insertEvent.run(...columns)
    }
    this.#head = { position, recordedAt }
    this.#streams.set(name, { id: stream.id, revision })
    return new JustAppended(this.log, name, rows, first, recordedAt)
  }

  /** Either these very events stand at that place already, or somebody else was first. */
  #repeated(stream: StreamState, from: number, events: readonly EncodedRow[]): AppendOutcome {
    const conflict = { kind: 'conflict', actual: stream.revision } as const
    if (from + events.length - 1 > stream.revision) return conflict
    const there = this.#readPlaces.all(stream.id, from, from + events.length - 1)
    const same = there.length === events.length && there.every((row, i) => idIn(row) === events[i]!.id)
    if (!same) return conflict
    const original = there.map((row) => this.log.toEvent(row))
    return { kind: 'alreadyAppended', events: original, last: lastOf(original) }
  }

  #claimedNumber(claim: StreamState): string {
    const row = this.#readPlaces.get(claim.id, 0, 0)
    const data = row && (this.log.toEvent(row).data as { number?: unknown } | null)
    if (typeof data?.number !== 'string') {
      throw new Error('A claim stream holds no number: the log is damaged, run "ledgerdesk check"')
    }
    return data.number
  }

  #nextNumber(prefix: string): number {
    return this.#nextNumbers.get(prefix) ?? this.#readSeries.get(prefix)?.next ?? 1
  }

  #useNumber(prefix: string, n: number): void {
    this.#nextNumbers.set(prefix, n + 1)
    this.#usedSeries.add(prefix)
  }
}

/** Where the first event of an append stands; the others follow it without a gap. */
interface Place {
  position: number
  revision: number
}

/**
 * Events that were just written: what the writer is told is what any reader will find. They are decoded when somebody
 * looks at them, which bulk writers never do: a twelfth of their time. Thousands are kept so, hence in few objects.
 */
class JustAppended implements Appended {
  readonly kind = 'appended'
  readonly last: Appended['last']
  #events: RecordedEvent[] | undefined

  constructor(
    private readonly log: LogFile,
    private readonly stream: string,
    private readonly rows: readonly EncodedRow[],
    private readonly first: Place,
    private readonly recordedAt: number,
  ) {
    const others = rows.length - 1
    this.last = { revision: first.revision + others, position: toPosition(first.position + others) }
  }

  get events(): readonly RecordedEvent[] {
    this.#events ??= this.rows.map((row, index) => this.log.toEvent(this.placed(row, index)))
    return this.#events
  }

  private placed({ id, type, data, metadata }: EncodedRow, index: number): EventRow {
    const { position, revision } = this.first
    const typeId = this.log.types.idOf(type)!
    return [position + index, this.stream, revision + index, typeId, this.recordedAt, id, data, metadata]
  }
}
