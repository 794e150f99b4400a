import { existsSync } from 'node:fs'
import type { SqliteConnection } from './driver.js'
import { connect } from './schema.js'

/**
 * Writes what the WAL holds back into the log's file, for whoever appends: SQLite would do so inside a commit, which
 * then waits 20 to 60 ms for the disk, and so do all who wait for the thread. Others may append at the same time.
 */
export class LogWriteBack {
  #connection: SqliteConnection | undefined
  #version: unknown

  /** @param file the log's; it need not exist yet */
  constructor(private readonly file: string) {}

  /** Writes back what has come since the last round. Waits for the disk, never for a lock. */
  run(): void {
    if (!existsSync(this.file)) return
    this.#connection ??= connect(this.file, { readOnly: false, synchronous: 'FULL' })
    const version = this.#connection.pragma('data_version')
    if (version === this.#version) return
    this.#connection.pragma('wal_checkpoint(PASSIVE)')
    this.#version = version
  }

  close(): void {
    this.#connection?.close()
    this.#connection = undefined
  }
}
