import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolder, syncPath } from '#libs/durable-files'
import {
  type Codec,
  jsonCodec,
  type Position,
  type RecordedEvent,
  toPosition,
  Unavailable,
} from '#libs/event-sourcing'
import { checkStream, encodeAppend } from '../encode-append.js'
import {
  type AppendOutcome,
  type AppendRequest,
  EventStore,
  type LogBatch,
  type LogPage,
  type NumberedAppend,
  type NumberedOutcome,
  type ReadAllOptions,
  type ReadStreamOptions,
  requirePageLimit,
  type SubscribeOptions,
} from '../event-store.js'
import { Arrivals } from './arrivals.js'
import { whileBusy } from './busy.js'
import type { SqliteConnection } from './driver.js'
import { GroupCommit } from './group-commit.js'
import { LogFile } from './log-file.js'
import { LogReader } from './log-reader.js'
import { LogWriter } from './log-writer.js'
import { connect, formatOf, migrate, type Synchronous, UnsuitableLog } from './schema.js'
import { sealOf } from './seal.js'
import { Turn } from './turn.js'

export interface SqliteEventStoreOptions {
  /** The log's file; made with its folder when it is missing. On a local file system (WAL needs shared memory). */
  file: string
  /** For threads and commands that only read: the file must exist, appends are refused. */
  readOnly?: boolean
  /** How events become text; JSON without upcasters when left out. */
  codec?: Codec
  /** Milliseconds since the epoch, for `recordedAt`. */
  clock?: () => number
  /** Loses acknowledged events when the power fails. Only there so that the power-loss test can be seen to fail. */
  unsafeSynchronous?: Synchronous
  /** Told of each group commit: how many events, and the seconds from taking the group to durable. */
  onCommit?(events: number, seconds: number): void
  /** Opens connections in another way; fault tests make them fail. */
  connect?: (file: string, options: { readOnly: boolean; synchronous: Synchronous }) => SqliteConnection
}

/**
 * Opens the embedded log. Any number of processes and threads may have it open; each connection belongs to one thread.
 * @throws UnsuitableLog when the file is not a log this release can work with; the message names what to do
 * @throws Unavailable when another process keeps the file locked
 */
export async function openSqliteEventStore(options: SqliteEventStoreOptions): Promise<SqliteEventStore> {
  const { file, readOnly = false } = options
  if (readOnly && !existsSync(file)) throw new UnsuitableLog(`There is no log ${file}`)
  const isNew = !existsSync(file)
  if (isNew) makeFolder(dirname(file))
  const open = () =>
    (options.connect ?? connect)(file, { readOnly, synchronous: options.unsafeSynchronous ?? 'FULL' })
  const connection = await whileBusy(open)
  try {
    await whileBusy(() => (readOnly ? requireCurrentFormat(connection) : migrate(connection)))
    const seal = readOnly ? undefined : await whileBusy(() => sealOf(connection))
    if (seal !== undefined) throw new UnsuitableLog(`${file} takes no more events. ${seal}`)
    // SQLite syncs the folder for its journals; a log must not vanish with its folder entry either.
    if (isNew) syncPath(dirname(file))
    const store = await whileBusy(() => new SqliteEventStore(connection, open, options))
    return store
  } catch (error) {
    connection.close()
    throw error
  }
}

function requireCurrentFormat(connection: SqliteConnection): void {
  if (formatOf(connection) === 0) throw new UnsuitableLog(`${connection.file} is empty: it was never a log`)
}

/** Events read in one go before the thread is given to others. */
const STREAM_PAGE = 1_000
const DEFAULT_BATCH = 500

/** The log in one SQLite file: WAL, `synchronous=FULL`, group commit. Made by {@link openSqliteEventStore}. */
export class SqliteEventStore extends EventStore {
  readonly logId: string
  readonly #codec: Codec
  readonly #clock: () => number
  readonly #readOnly: boolean
  readonly #commits: GroupCommit
  readonly #arrivals = new Arrivals(() => this.wake())
  readonly #listeners = new Set<(head: Position) => void>()
  #parts: { log: LogFile; reader: LogReader; writer: LogWriter } | undefined
  #closed = false

  constructor(
    connection: SqliteConnection,
    private readonly open: () => SqliteConnection,
    private readonly options: SqliteEventStoreOptions,
  ) {
    super()
    this.#codec = options.codec ?? jsonCodec()
    this.#clock = options.clock ?? Date.now
    this.#readOnly = options.readOnly ?? false
    this.#parts = this.#assemble(connection)
    this.logId = this.#parts.log.logId
    this.#commits = new GroupCommit(this.#transactions(), new Turn(options.file))
  }

  override async append(request: AppendRequest): Promise<AppendOutcome> {
    this.#requireWritable()
    return this.#submitAppend(request)()
  }

  override async appendMany(requests: readonly AppendRequest[]): Promise<AppendOutcome[]> {
    this.#requireWritable()
    // All are checked before the first is queued.
    const submissions = requests.map((request) => this.#submitAppend(request))
    return Promise.all(
      submissions.map((submit) =>
        submit().catch((cause: unknown): AppendOutcome => {
          if (cause instanceof Unavailable) return { kind: 'unknown', cause }
          throw cause
        }),
      ),
    )
  }

  override async appendNumbered(request: NumberedAppend): Promise<NumberedOutcome> {
    this.#requireWritable()
    if (request.claim) checkStream(request.claim.stream)
    return this.#commits.submit<NumberedOutcome>({
      events: 2,
      bytes: 1_000,
      run: (writer) => writer.appendNumbered(request),
      unknown: (cause) => ({ kind: 'unknown', cause }),
    })
  }

  override async readStream(stream: string, options: ReadStreamOptions = {}): Promise<RecordedEvent[]> {
    const { direction = 'forwards', limit = Number.POSITIVE_INFINITY } = options
    const step = direction === 'forwards' ? 1 : -1
    let from = options.from ?? (direction === 'forwards' ? 0 : Number.MAX_SAFE_INTEGER)
    const events: RecordedEvent[] = []
    while (events.length < limit) {
      const size = Math.min(STREAM_PAGE, limit - events.length)
      const page = await this.#read(({ reader }) => reader.readStream(stream, direction, from, size))
      events.push(...page)
      if (page.length < size) break
      from = page[page.length - 1]!.revision + step
    }
    return events
  }

  override async readAll(options: ReadAllOptions): Promise<LogPage> {
    requirePageLimit(options.limit)
    return this.#read(({ reader }) => reader.readAll(options))
  }

  override async *subscribe(options: SubscribeOptions): AsyncGenerator<LogBatch, void, undefined> {
    const { signal, batchSize = DEFAULT_BATCH, ...range } = options
    let position = range.after
    let first = true
    while (!signal?.aborted && !this.#closed) {
      const checkedAt = Date.now()
      const page = await this.readAll({ ...range, after: position, limit: batchSize })
      if (first || page.position !== position) yield { ...page, checkedAt }
      first = false
      position = page.position
      if (page.end && position >= this.#knownHead()) {
        const mayFind = () => this.#connected().reader.mayFind(range, position)
        await this.#arrivals.after(position, signal, mayFind)
      }
    }
  }

  override async head(): Promise<Position> {
    return this.#read(({ log }) => {
      log.refresh()
      return toPosition(log.head.position)
    })
  }

  override async eventIdAt(position: Position): Promise<string | undefined> {
    return this.#read(({ reader }) => reader.idAt(position))
  }

  /** Every answer to a query asks for it while the log moves on: without decoding an event. */
  override async recordedAfter(
    position: Position,
    prefixes?: readonly string[],
  ): Promise<string | undefined> {
    if (prefixes) return super.recordedAfter(position, prefixes)
    return this.#read(({ reader }) => reader.recordedAfter(position))
  }

  override async positionAt(time: string): Promise<Position> {
    return this.#read(({ reader }) => reader.positionAt(time))
  }

  override async getStreamMetadata(stream: string): Promise<Record<string, unknown>> {
    return this.#read(({ reader }) => reader.streamMetadata(stream))
  }

  /** Streams that have metadata. */
  async streamsWithMetadata(): Promise<string[]> {
    return this.#read(({ reader }) => reader.streamsWithMetadata())
  }

  override async setStreamMetadata(stream: string, metadata: Record<string, unknown>): Promise<void> {
    this.#requireWritable()
    checkStream(stream)
    const text = JSON.stringify(metadata)
    const failure = await this.#commits.submit<unknown>({
      events: 1,
      bytes: text.length,
      run: (writer) => writer.setStreamMetadata(stream, text),
      unknown: (cause) => cause,
    })
    if (failure !== undefined) throw unavailable(failure)
  }

  override onAppended(listener: (head: Position) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  override wake(): void {
    if (this.#closed) return
    try {
      this.#connected().log.refresh()
    } catch {
      // Locked for a moment: whoever waits looks again by itself.
      return
    }
    this.#arrivals.wake(this.#knownHead())
  }

  override async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#commits.idle()
    this.#arrivals.end()
    if (!this.#readOnly) this.#parts?.log.emptyWal()
    this.#parts?.log.connection.close()
    this.#parts = undefined
  }

  #submitAppend(request: AppendRequest): () => Promise<AppendOutcome> {
    const encoded = encodeAppend(this.#codec, request)
    return () =>
      this.#commits.submit<AppendOutcome>({
        events: encoded.events.length,
        bytes: encoded.bytes,
        run: (writer) => writer.append(encoded),
        unknown: (cause) => ({ kind: 'unknown', cause }),
      })
  }

  #read<T>(read: (parts: { log: LogFile; reader: LogReader }) => T): Promise<T> {
    if (this.#closed) throw closed()
    return whileBusy(() => read(this.#connected()))
  }

  #knownHead(): Position {
    return toPosition(this.#parts?.log.head.position ?? 0)
  }

  #assemble(connection: SqliteConnection): { log: LogFile; reader: LogReader; writer: LogWriter } {
    const log = new LogFile(connection, this.#codec)
    return { log, reader: new LogReader(log), writer: new LogWriter(log, this.#codec, this.#clock) }
  }

  /** The present connection, or a new one after the last was let go. */
  #connected(): { log: LogFile; reader: LogReader; writer: LogWriter } {
    this.#parts ??= this.#assemble(this.open())
    return this.#parts
  }

  #transactions() {
    const connected = () => this.#connected()
    return {
      get writer() {
        return connected().writer
      },
      exec: (sql: string) => connected().log.connection.repeat(sql),
      get inTransaction() {
        return connected().log.connection.inTransaction
      },
      get seal() {
        return sealOf(connected().log.connection)
      },
      reopen: () => {
        this.#parts?.log.connection.close()
        this.#parts = undefined
      },
      appended: (events: number, seconds: number) => {
        this.options.onCommit?.(events, seconds)
        const head = this.#knownHead()
        this.#arrivals.committed(head)
        for (const listener of this.#listeners) listener(head)
      },
    }
  }

  #requireWritable(): void {
    if (this.#closed) throw closed()
    if (this.#readOnly) throw new Error('This event store was opened to be read only')
  }
}

function closed(): Unavailable {
  return new Unavailable('EVENT_STORE.UNAVAILABLE', 'The event store is closed. Nothing was written.')
}

function unavailable(cause: unknown): Unavailable {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Unavailable('EVENT_STORE.UNAVAILABLE', `The event store cannot write: ${reason}. Try again.`)
}
