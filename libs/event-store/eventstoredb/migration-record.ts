import { randomUUID } from 'node:crypto'
import { BACKWARDS, END, FORWARDS, jsonEvent, NO_STREAM, START } from '@eventstore/db-client'
import { LOG_START, type Position, parsePosition, toPosition, Unavailable } from '#libs/event-sourcing'
import type { Connection } from './connection.js'
import { EarlierPositions } from './earlier-positions.js'
import { troubleOf } from './server-errors.js'
import type { StreamNames } from './stream-names.js'

/** In one event: base64 makes a third more of it, and the server takes 1 MiB. */
const CHUNK_BYTES = 600_000

/** The last event of the record: all is copied and was found equal. */
interface MigrationCompleted {
  /** How many events came from the other store: its last position. */
  readonly count: number
  /** Revisions of the events that hold the positions: so many, from this one on. Before them lies what interrupted tries left. */
  readonly from: number
  readonly chunks: number
  /** Where the last of them stands now. */
  readonly last: Position
}

/** What a migrated log remembers of the one it was: a stream of the adapter's own, written once all is copied. */
export class MigrationRecord {
  readonly #stream: string
  #positions: Promise<EarlierPositions> | undefined

  private constructor(
    private readonly connection: Connection,
    names: StreamNames,
    private completed: MigrationCompleted | undefined,
  ) {
    this.#stream = names.reserved('migration')
  }

  /** Rejects with the client's own errors. */
  static async find(connection: Connection, names: StreamNames): Promise<MigrationRecord> {
    const record = new MigrationRecord(connection, names, undefined)
    record.completed = await record.#readCompleted()
    return record
  }

  /** How far the copy reaches, once it is complete. */
  get completion(): { readonly count: number; readonly last: Position } | undefined {
    return this.completed
  }

  /** @throws Unavailable, InvalidInput `POSITION.MALFORMED`; UnreadableEvent when the record is damaged */
  async currentPosition(position: Position): Promise<Position> {
    parsePosition(position)
    // Every position of this log lies beyond those that the other one gave.
    if (position === LOG_START || position > toPosition(this.completed?.count ?? 0)) return position
    this.#positions ??= this.#read().catch((error) => {
      this.#positions = undefined
      throw error
    })
    return (await this.#positions).toCurrent(position) ?? position
  }

  /**
   * Writes it behind whatever an interrupted try left: that may tell of a log that was opened again since, and has grown.
   * @throws Unavailable
   */
  async complete(positions: EarlierPositions, last: Position): Promise<void> {
    if (this.completed) return
    const there = await this.connection.patiently(() => this.#readAll())
    // Another run of the same migration was faster: nothing may stand behind its end.
    this.completed = completionOf(there.at(-1))
    if (this.completed) return
    const from = there.length
    const encoded = positions.encode()
    const chunks = Array.from({ length: Math.ceil(encoded.length / CHUNK_BYTES) }, (_, index) =>
      encoded.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES).toString('base64'),
    )
    for (const [index, chunk] of chunks.entries())
      await this.#write(from + index, 'PositionsMapped', { chunk })
    const completed = { count: positions.count, from, chunks: chunks.length, last }
    await this.#write(from + chunks.length, 'MigrationCompleted', completed)
    this.completed = completed
  }

  async #readCompleted(): Promise<MigrationCompleted | undefined> {
    const options = { direction: BACKWARDS, fromRevision: END, maxCount: 1 } as const
    const [last] = await this.#events(options)
    return completionOf(last)
  }

  async #read(): Promise<EarlierPositions> {
    const { count, from, chunks } = this.completed!
    const texts = (await this.connection.patiently(() => this.#readAll()))
      .slice(from, from + chunks)
      .map(({ data }) => (data as { chunk: string }).chunk)
    return EarlierPositions.decode(Buffer.concat(texts.map((text) => Buffer.from(text, 'base64'))), count)
  }

  #readAll() {
    return this.#events({ direction: FORWARDS, fromRevision: START })
  }

  async #events(options: Parameters<Connection['client']['readStream']>[1]) {
    const read = this.connection.readStream(this.#stream, options)
    const found = await this.connection
      .collect('Reading the record of the migration', read)
      .catch((error) => {
        if (troubleOf(error) === 'streamMissing') return []
        throw error
      })
    return found.flatMap(({ event }) => event ?? [])
  }

  async #write(revision: number, type: string, data: object): Promise<void> {
    const event = jsonEvent({ id: randomUUID(), type, data: { ...data } })
    const expectedRevision = revision === 0 ? NO_STREAM : BigInt(revision - 1)
    // The same event again: an earlier try that came through after all is recognised by its id.
    await this.connection.patiently(() =>
      this.connection
        .call('Writing the record of the migration', () =>
          this.connection.client.appendToStream(this.#stream, event, {
            ...this.connection.appendOptions(),
            expectedRevision,
          }),
        )
        .catch((error) => {
          if (troubleOf(error) !== 'wrongRevision') throw error
          throw new Unavailable(
            'EVENT_STORE.MIGRATING',
            'Another migration is writing to this log: let it come to its end',
          )
        }),
    )
  }
}

function completionOf(event?: { type: string; data: unknown }): MigrationCompleted | undefined {
  return event?.type === 'MigrationCompleted' ? (event.data as MigrationCompleted) : undefined
}
