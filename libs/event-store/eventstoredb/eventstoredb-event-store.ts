import {
  type Codec,
  jsonCodec,
  LOG_START,
  type NewEvent,
  type Position,
  type RecordedEvent,
  Unavailable,
} from '#libs/event-sourcing'
import { checkStream, type EncodedAppend, encodeAppend } from '../encode-append.js'
import {
  type AppendOrder,
  type AppendOutcome,
  type AppendRequest,
  type BulkOutcome,
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
import { appendInTurn } from './bulk-append.js'
import { Connection, type ConnectionOptions } from './connection.js'
import { EarlierPositions } from './earlier-positions.js'
import { LiveTail, type LiveTailOptions } from './live-tail.js'
import { findOrBeginLog, type LogBirth } from './log-birth.js'
import { LogHead } from './log-head.js'
import { LogReader } from './log-reader.js'
import { followLog } from './log-subscription.js'
import { MigrationRecord } from './migration-record.js'
import { NumberBlocks } from './number-blocks.js'
import { appendNumbered } from './numbered-append.js'
import { portError } from './server-errors.js'
import { type ForeignEvent, StoredEvents } from './stored-events.js'
import { StreamAccess } from './stream-access.js'
import { StreamNames } from './stream-names.js'
import { TimeIndex } from './time-index.js'

export interface EventStoreDbOptions extends ConnectionOptions {
  /** What our streams begin with on a server that others use too: letters, digits, `_` and `-`. */
  namespace: string
  /** How events become text; JSON without upcasters when left out. */
  codec?: Codec
  /** The id that a log gets which does not exist yet: a migrated log keeps its own. Random when left out. */
  logId?: string
  /**
   * Opens the log as the copy of one whose last position is this, also before the copy is complete. For
   * `ledgerdesk migrate` only.
   */
  copyOf?: Position
  /** false: a log that is not there is refused (`LOG.MISSING`) and not begun. */
  begin?: boolean
  /** Told when a subscription ended, quietly or not, before it is begun again. */
  onDropped?(error: unknown): void
  /** Told, once per stream, of events under our prefix that somebody else wrote: they are skipped. */
  onForeign?(event: ForeignEvent): void
  /** When an append learns what was recorded from following the log, and when by a read. */
  liveTail?: LiveTailOptions
}

/** An event of another log, with the time at which that one recorded it. */
export type MigratedEvent = Pick<RecordedEvent, 'id' | 'type' | 'data' | 'metadata'>

/** Our metadata of a stream lies in a field of its own, beside the server's `$maxCount` and the like. */
const METADATA_FIELD = 'ledgerdesk'

/**
 * Opens the log of a namespace on EventStoreDB (from 23.10) or KurrentDB, and begins it when there is none.
 * @throws Unavailable when the server is away or refuses the credentials; `EVENT_STORE.MIGRATING` while the log is being copied
 * @throws Refused when the log bears another id than the one asked for; Error when URL or namespace cannot be used
 */
export async function openEventStoreDb(options: EventStoreDbOptions): Promise<EventStoreDbEventStore> {
  const names = new StreamNames(options.namespace)
  const connection = new Connection(options)
  try {
    const birth = await findOrBeginLog(connection, names, {
      logId: options.logId,
      beyond: options.copyOf,
      begin: options.begin,
    })
    const migration = birth.migrated
      ? await connection.patiently(() => MigrationRecord.find(connection, names))
      : undefined
    if (migration && !migration.completion && options.copyOf === undefined) {
      throw new Unavailable(
        'EVENT_STORE.MIGRATING',
        'The log is being copied here and is not complete: run "ledgerdesk migrate" to its end',
        60,
      )
    }
    const store = new EventStoreDbEventStore(connection, names, birth, options, migration)
    await store.head()
    return store
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** The log on EventStoreDB or KurrentDB. Made by {@link openEventStoreDb}. */
export class EventStoreDbEventStore extends EventStore {
  readonly logId: string
  readonly #codec: Codec
  readonly #streams: StreamAccess
  readonly #head: LogHead
  readonly #reader: LogReader
  readonly #times: TimeIndex
  readonly #blocks: NumberBlocks
  readonly #tail: LiveTail
  readonly #closing = new AbortController()
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(
    private readonly connection: Connection,
    private readonly names: StreamNames,
    birth: LogBirth,
    private readonly options: EventStoreDbOptions,
    private readonly migration?: MigrationRecord,
  ) {
    super()
    this.logId = birth.logId
    this.#codec = options.codec ?? jsonCodec()
    const events = new StoredEvents(names, this.#codec, options.onForeign)
    this.#streams = new StreamAccess(connection, names, events)
    this.#head = new LogHead(connection, events, birth.position)
    this.#reader = new LogReader(connection, names, events, this.#head)
    this.#times = new TimeIndex(connection, names, this.#reader)
    this.#blocks = new NumberBlocks(this.#streams, this.#codec)
    this.#tail = new LiveTail((after) => this.#reader.feed(after), options.liveTail)
  }

  override async append(request: AppendRequest): Promise<AppendOutcome> {
    this.#requireOpen()
    const encoded = encodeAppend(this.#codec, request)
    return this.#track(this.#appendAndReadBack(encoded, request.events))
  }

  /**
   * Many appends at once over one connection: those to one stream in their order, those to different streams in about
   * that order.
   */
  override async appendMany(
    requests: readonly AppendRequest[],
    order: AppendOrder = 'stream',
  ): Promise<BulkOutcome[]> {
    this.#requireOpen()
    if (order === 'log') return super.appendMany(requests, order)
    const encoded = requests.map((request) => encodeAppend(this.#codec, request))
    return this.#track(appendInTurn(encoded, (one) => this.#append(one)))
  }

  /**
   * Appends events of another log, which keep their `recordedAt`. For the copy of a log only.
   * @throws as {@link append}
   */
  async appendMigrated(
    request: Omit<AppendRequest, 'events'> & { events: readonly MigratedEvent[] },
  ): Promise<BulkOutcome> {
    this.#requireOpen()
    const recordedAt = request.events.map(({ metadata }) => metadata.recordedAt)
    // Without the time, as the other store measured them: what it took must not be too large here.
    const events = request.events.map((event): NewEvent => {
      const { recordedAt: _, ...metadata } = event.metadata
      return { ...event, metadata }
    })
    return this.#track(this.#append(encodeAppend(this.#codec, { ...request, events }), recordedAt))
  }

  /** The last event of the log. */
  async lastEvent(): Promise<RecordedEvent | undefined> {
    const head = await this.head()
    return head === LOG_START ? undefined : this.#read(() => this.#reader.eventAt(head))
  }

  /** How far the copied part of a migrated log reaches; undefined until {@link completeMigration}. */
  get migrated(): { readonly count: number; readonly last: Position } | undefined {
    return this.migration?.completion
  }

  /**
   * All is copied: from now on the log may be opened, and takes positions of the log that it was.
   * @param positions of all its events, in log order
   * @throws Unavailable; may be called again then
   */
  async completeMigration(positions: readonly Position[]): Promise<void> {
    this.#requireOpen()
    if (!this.migration) throw new Error('This log is no copy')
    const last = positions.at(-1) ?? LOG_START
    await this.#track(this.migration.complete(EarlierPositions.of(positions), last))
  }

  override async appendNumbered(request: NumberedAppend): Promise<NumberedOutcome> {
    this.#requireOpen()
    if (request.claim) checkStream(request.claim.stream)
    const parts = {
      codec: this.#codec,
      blocks: this.#blocks,
      streams: this.#streams,
      tail: this.#tail,
      append: (encoded: EncodedAppend, sent: readonly NewEvent[]) => this.#appendAndReadBack(encoded, sent),
    }
    return this.#track(appendNumbered(parts, request)).catch((cause) => {
      throw portError(cause)
    })
  }

  override async readStream(stream: string, options: ReadStreamOptions = {}): Promise<RecordedEvent[]> {
    this.#requireOpen()
    return this.#streams.read(stream, options)
  }

  override async readAll(options: ReadAllOptions): Promise<LogPage> {
    requirePageLimit(options.limit)
    return this.#read(() => this.#reader.page(options))
  }

  override async *subscribe(options: SubscribeOptions): AsyncGenerator<LogBatch, void, undefined> {
    this.#requireOpen()
    yield* followLog(
      {
        connection: this.connection,
        reader: this.#reader,
        head: this.#head,
        closed: this.#closing.signal,
        onDropped: this.options.onDropped,
      },
      options,
    )
  }

  override async head(): Promise<Position> {
    const head = await this.#read(() => this.#head.look())
    this.#reader.gave(head)
    return head
  }

  override async eventIdAt(position: Position): Promise<string | undefined> {
    return this.#read(async () => (await this.#reader.eventAt(position))?.id)
  }

  override async currentPosition(position: Position): Promise<Position> {
    return this.migration ? this.migration.currentPosition(position) : super.currentPosition(position)
  }

  override async positionAt(time: string): Promise<Position> {
    return this.#read(() => this.#times.positionAt(time))
  }

  override async getStreamMetadata(stream: string): Promise<Record<string, unknown>> {
    const { metadata } = await this.#read(() =>
      this.connection.call(`Reading the metadata of ${stream}`, () =>
        this.connection.getStreamMetadata(this.names.onServer(stream)),
      ),
    )
    return (metadata as Record<string, Record<string, unknown>> | undefined)?.[METADATA_FIELD] ?? {}
  }

  override async setStreamMetadata(stream: string, metadata: Record<string, unknown>): Promise<void> {
    this.#requireOpen()
    checkStream(stream)
    const { client } = this.connection
    const field = { [METADATA_FIELD]: JSON.parse(JSON.stringify(metadata)) }
    // Whatever an earlier try did, writing the same again changes nothing.
    const write = this.connection.patiently(() =>
      this.connection.call(`Writing the metadata of ${stream}`, () =>
        client.setStreamMetadata(this.names.onServer(stream), field, this.connection.appendOptions()),
      ),
    )
    await this.#track(write)
  }

  override async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    await Promise.allSettled(this.#underWay)
    this.#tail.close()
    this.#reader.close()
    await this.connection.close()
  }

  async #append(encoded: EncodedAppend, recordedAt?: string[]): Promise<BulkOutcome> {
    const before = this.#head.known
    const outcome = await this.#streams.append(encoded, recordedAt)
    if (outcome.kind !== 'written') return outcome
    const { last } = outcome
    this.#head.saw(last.position)
    this.#reader.gave(last.position)
    // The server does not tell a repeat from a first time, but what was there before we asked is a repeat.
    return { kind: last.position <= before ? 'alreadyAppended' : 'appended', last }
  }

  /** The server drops other data under a known id: what stands there is the answer, not what was sent. */
  #appendAndReadBack(encoded: EncodedAppend, sent: readonly NewEvent[]): Promise<AppendOutcome> {
    return this.#tail.listen(encoded.stream, async (arrived) => {
      const outcome = await this.#append(encoded)
      if (outcome.kind !== 'appended' && outcome.kind !== 'alreadyAppended') return outcome
      const { last } = outcome
      const first = last.revision - encoded.events.length + 1
      try {
        const events = (await arrived(first, last)) ?? (await this.#readBack(encoded, first))
        const kind = isWhatWasSent(events, sent) ? outcome.kind : 'alreadyAppended'
        return { kind, events, last }
      } catch (cause) {
        if (cause instanceof Unavailable) return { kind: 'unknown', cause }
        throw cause
      }
    })
  }

  /** @throws Unavailable */
  async #readBack({ stream, events }: EncodedAppend, first: number): Promise<RecordedEvent[]> {
    const found = await this.#streams.read(stream, { from: first, limit: events.length })
    if (found.length === events.length) return found
    throw new Unavailable('EVENT_STORE.UNAVAILABLE', `${stream} does not hold yet what was appended to it`)
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    this.#requireOpen()
    return this.connection.patiently(read)
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }

  #requireOpen(): void {
    if (!this.#closing.signal.aborted) return
    throw new Unavailable('EVENT_STORE.UNAVAILABLE', 'The event store is closed. Nothing was written.')
  }
}

/** Not so when the ids were known already, with another request's data. */
function isWhatWasSent(events: readonly RecordedEvent[], sent: readonly NewEvent[]): boolean {
  return events.every(({ metadata }, index) => metadata.requestHash === sent[index]!.metadata.requestHash)
}
