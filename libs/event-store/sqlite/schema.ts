import { randomUUID } from 'node:crypto'
import { SqliteConnection } from './driver.js'

/**
 * Pages of the WAL (64 MB) after which a commit writes them back, and waits for two syncs of the disk more. Where a
 * `LogWriteBack` runs beside it that never comes about: with SQLite's usual 1,000 it would be several times a second.
 */
export const CHECKPOINT_PAGES = 16_000

/** How much SQLite syncs. Anything but FULL loses acknowledged events with the power; for fault tests only. */
export type Synchronous = 'FULL' | 'NORMAL' | 'OFF'
const SYNCHRONOUS_LEVEL: Record<Synchronous, number> = { OFF: 0, NORMAL: 1, FULL: 2 }

/**
 * Step `n` brings a file of format `n` to format `n + 1`; a new file takes them all. Steps are never changed once they
 * have shipped: a change is a new step.
 *
 * Format 1: streams and types are numbered, because an index on their text was half the cost of an append. Rows of
 * `events` are in log order; `events_by_stream` makes revisions unique and reads a stream; `events_by_category` answers
 * prefix filters in log order and covers what a filter looks at. There is no index on `id`: a repeated append is found
 * at its place in the stream. A category is a stream's name up to and including its first dash. `recorded_at` is in
 * milliseconds since the epoch and never falls.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE types (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE categories (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    category INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    category INTEGER NOT NULL,
    type INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    id TEXT NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
  CREATE INDEX events_by_category ON events (category, position, type, stream);
  CREATE TABLE number_series (prefix TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;
  CREATE TABLE stream_metadata (stream TEXT PRIMARY KEY, metadata TEXT NOT NULL) STRICT;
  `,
]

/** The format this release writes. */
export const FORMAT = STEPS.length

/** A file that this release cannot work with; the message names what to do. */
export class UnsuitableLog extends Error {}

/**
 * Opens a connection and sets what holds per connection.
 * @throws a SQLite error (`SQLITE_BUSY` when another connection is just setting the file up: try again)
 */
export function connect(
  file: string,
  options: { readOnly: boolean; synchronous: Synchronous },
): SqliteConnection {
  const connection = new SqliteConnection(file)
  try {
    if (options.readOnly) {
      connection.exec('PRAGMA query_only = 1')
    } else {
      const mode = connection.pragma('journal_mode = WAL')
      if (mode !== 'wal') {
        throw new UnsuitableLog(`${file} cannot be written in WAL mode: put it on a local file system`)
      }
    }
    connection.exec(
      `PRAGMA synchronous = ${options.synchronous}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
    )
    // Asked back, since a driver may open a WAL file at a lower level than it was told.
    const level = connection.pragma('synchronous')
    if (level !== SYNCHRONOUS_LEVEL[options.synchronous]) {
      throw new UnsuitableLog(
        `${file}: SQLite runs at synchronous = ${level}, which loses acknowledged events`,
      )
    }
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

/**
 * Brings a log to the current format, in one transaction; a new file is given its id.
 * @throws UnsuitableLog when the file belongs to a later release or to something else
 */
export function migrate(connection: SqliteConnection): void {
  if (formatOf(connection) === FORMAT) return
  connection.exec('BEGIN IMMEDIATE')
  try {
    const format = formatOf(connection)
    if (format === 0) {
      connection.exec('CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT')
      connection.prepare("INSERT INTO meta VALUES ('log_id', ?)").run(randomUUID())
    }
    for (const step of STEPS.slice(format)) connection.exec(step)
    connection
      .prepare("INSERT INTO meta VALUES ('format', ?) ON CONFLICT DO UPDATE SET value = excluded.value")
      .run(String(FORMAT))
    connection.exec('COMMIT')
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK')
    throw error
  }
}

/**
 * The log's format, 0 for an empty file.
 * @throws UnsuitableLog when the file belongs to a later release or to something else
 */
export function formatOf(connection: SqliteConnection): number {
  const tables = connection
    .prepare<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
    .map(({ name }) => name)
  if (tables.length === 0) return 0
  if (!tables.includes('meta')) {
    throw new UnsuitableLog(`${connection.file} is a SQLite file, but no Ledgerdesk log: name another file`)
  }
  const format = Number(readMeta(connection, 'format'))
  if (format > FORMAT) {
    throw new UnsuitableLog(
      `${connection.file} has log format ${format}, and this release knows formats up to ${FORMAT}: ` +
        'start the newer release that wrote it, or restore a backup from before the upgrade',
    )
  }
  return format
}

export function readMeta(connection: SqliteConnection, key: string): string | undefined {
  return connection.prepare<{ value: string }>('SELECT value FROM meta WHERE key = ?').get(key)?.value
}
