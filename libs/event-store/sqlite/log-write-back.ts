import { existsSync } from 'node:fs'
import type { SqliteConnection } from './driver.js'
import { CHECKPOINT_PAGES, connect } from './schema.js'

/**
 * Pages (4 MB) that the WAL holds before they are written back: each time costs three syncs, however little there is, and
 * appends wait for them.
 */
const PAGES_WORTH_IT = 1_000

/**
 * Pages (32 MB) of the WAL from which on it is begun anew, before a commit would see to it. What is committed while it
 * is written back keeps it growing: under load it has all been written back at no moment, unless nobody may commit for that moment.
 */
const PAGES_TOO_MANY = CHECKPOINT_PAGES / 2

/**
 * Writes what the WAL holds back into the log's file, for whoever appends: SQLite would do so inside a commit, which
 * then waits 20 to 60 ms for the disk, and so do all who wait for the thread. Others may append at the same time.
 */
export class LogWriteBack {
  #connection: SqliteConnection | undefined

  /**
   * @param file the log's; it need not exist yet
   * @param pagesWorthIt pages that the WAL holds before they are written back
   * @param pagesTooMany pages of the WAL from which on it is begun anew
   */
  constructor(
    private readonly file: string,
    private readonly pagesWorthIt = PAGES_WORTH_IT,
    private readonly pagesTooMany = PAGES_TOO_MANY,
  ) {}

  /**
   * Writes back what has come, when it is worth it. Waits for the disk, never for a lock. Whoever appends finds the log locked only
   * while the rest of too long a WAL is written back, and tries again without holding up its thread.
   */
  run(): void {
    if (!existsSync(this.file)) return
    this.#connection ??= connect(this.file, { readOnly: false, synchronous: 'FULL' })
    const { log, checkpointed } = this.#connection
      .prepare<{ log: number; checkpointed: number }>('PRAGMA wal_checkpoint(NOOP)')
      .get()!
    if (log - checkpointed < this.pagesWorthIt) return
    this.#connection.pragma('wal_checkpoint(PASSIVE)')
    // Where somebody just writes or reads, it is begun anew another time
    if (log >= this.pagesTooMany) this.#connection.pragma('wal_checkpoint(RESTART)')
  }

  close(): void {
    this.#connection?.close()
    this.#connection = undefined
  }
}
