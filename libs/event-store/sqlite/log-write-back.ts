import { existsSync } from 'node:fs'
import type { SqliteConnection } from './driver.js'
import { connect } from './schema.js'

/**
 * Pages (4 MB) that the WAL holds before they are written back: each time costs three syncs, however little there is, and
 * appends wait for them.
 */
const PAGES_WORTH_IT = 1_000

/**
 * Writes what the WAL holds back into the log's file, for whoever appends: SQLite would do so inside a commit, which
 * then waits 20 to 60 ms for the disk, and so do all who wait for the thread. Others may append at the same time.
 */
export class LogWriteBack {
  #connection: SqliteConnection | undefined

  /**
   * @param file the log's; it need not exist yet
   * @param pagesWorthIt pages that the WAL holds before they are written back
   */
  constructor(
    private readonly file: string,
    private readonly pagesWorthIt = PAGES_WORTH_IT,
  ) {}

  /** Writes back what has come, when it is worth it. Waits for the disk, never for a lock. */
  run(): void {
    if (!existsSync(this.file)) return
    this.#connection ??= connect(this.file, { readOnly: false, synchronous: 'FULL' })
    const { log, checkpointed } = this.#connection
      .prepare<{ log: number; checkpointed: number }>('PRAGMA wal_checkpoint(NOOP)')
      .get()!
    if (log - checkpointed < this.pagesWorthIt) return
    this.#connection.pragma('wal_checkpoint(PASSIVE)')
  }

  close(): void {
    this.#connection?.close()
    this.#connection = undefined
  }
}
