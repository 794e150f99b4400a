import type { Codec, RecordedEvent } from '#libs/event-sourcing'
import { toPosition } from '#libs/event-sourcing'
import type { SqliteConnection, Statement } from './driver.js'
import { NameTable } from './name-table.js'
import { OwnWrites } from './own-writes.js'
import { readMeta } from './schema.js'

/** The log's last event: place (0: none) and time in milliseconds since the epoch. */
export interface Head {
  readonly position: number
  readonly recordedAt: number
}

export type EventRow = readonly [
  position: number,
  stream: string,
  revision: number,
  type: number,
  recordedAt: number,
  id: string,
  data: string,
  metadata: string,
]

/** Whose row it is: told apart without decoding. */
export const idIn = ([, , , , , id]: EventRow): string => id

/** The columns of an {@link EventRow}, from `events e` joined with `streams s`. */
export const EVENT_COLUMNS = 'e.position, s.name, e.revision, e.type, e.recorded_at, e.id, e.data, e.metadata'

/** One connection to a log, and what is known of the log as of the last look. */
export class LogFile {
  readonly logId: string
  readonly types: NameTable
  readonly categories: NameTable
  readonly ownWrites = new OwnWrites()
  readonly #dataVersion: Statement<{ data_version: number }>
  readonly #selectHead: Statement<Head>
  #head: Head = { position: 0, recordedAt: 0 }
  #version: number | undefined
  #generation = 0

  constructor(
    readonly connection: SqliteConnection,
    private readonly codec: Codec,
  ) {
    this.logId = readMeta(connection, 'log_id') ?? ''
    this.types = new NameTable(connection, 'types')
    this.categories = new NameTable(connection, 'categories')
    this.#dataVersion = connection.prepare('PRAGMA data_version')
    this.#selectHead = connection.prepare(
      'SELECT position, recorded_at AS recordedAt FROM events ORDER BY position DESC LIMIT 1',
    )
    this.refresh()
  }

  /** The last event as of the last look. */
  get head(): Head {
    return this.#head
  }

  /** Changes when something that was remembered of the log may be out of date. */
  get generation(): number {
    return this.#generation
  }

  /** This connection has committed events of these categories, up to here. */
  advance(head: Head, categories: Iterable<number>): void {
    this.#head = head
    this.ownWrites.committed(categories, head.position)
  }

  /**
   * Looks whether another connection has committed (SQLite's `data_version` tells without reading the file).
   */
  refresh(): void {
    const version = this.#dataVersion.get()!.data_version
    if (version === this.#version) return
    // Read before the version is taken over: when this read fails, the next look finds the change again.
    this.#head = this.#selectHead.get() ?? { position: 0, recordedAt: 0 }
    this.ownWrites.interrupted(this.#head.position)
    this.#version = version
    this.#generation++
    this.types.expire()
    this.categories.expire()
  }

  /**
   * Writes everything back and cuts the WAL to nothing, lest somebody puts another log beside one that is full. Not
   * while others read; then it stays as it is, and nothing is lost.
   */
  emptyWal(): void {
    try {
      this.connection.pragma('wal_checkpoint(TRUNCATE)')
    } catch {
      // Locked, or the disk is away: the next start finds all in the WAL.
    }
  }

  /** After a rollback nothing that was remembered can be relied on. */
  forget(): void {
    this.types.forget()
    this.categories.forget()
    this.#version = undefined
  }

  /** Decodes a row. Events that were written together share their metadata. */
  toEvent([position, stream, revision, typeId, recordedAt, id, data, metadata]: EventRow): RecordedEvent {
    const type = this.types.nameOf(typeId)
    const decoded = this.codec.decode(type, { data, metadata }, recordedAt)
    return {
      id,
      type,
      stream,
      revision,
      position: toPosition(position),
      data: decoded.data,
      metadata: decoded.metadata,
    }
  }
}
