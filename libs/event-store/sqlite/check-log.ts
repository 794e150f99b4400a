import { existsSync } from 'node:fs'
import { type Codec, jsonCodec, toPosition } from '#libs/event-sourcing'
import type { LogFinding } from '../check-through-port.js'
import { whileBusy } from './busy.js'
import {
  SQLITE_CORRUPT,
  SQLITE_IOERR,
  SQLITE_NOTADB,
  type SqliteConnection,
  sqliteErrorCode,
} from './driver.js'
import { connect, formatOf, UnsuitableLog } from './schema.js'

/** Findings shown per rule; a broken file has millions. */
const FINDINGS_PER_RULE = 20
const DECODED_AT_ONCE = 1_000

/** A rule as a query that answers with one text, `what`, per offence. */
interface Rule {
  readonly name: string
  readonly sql: string
}

/** Everything that appending keeps true. The queries run along an index or in log order; only that for ids sorts. */
const RULES: readonly Rule[] = [
  {
    name: 'POSITION.GAP',
    sql: `SELECT 'no event between ' || before || ' and ' || position AS what FROM
      (SELECT position, lag(position, 1, 0) OVER (ORDER BY position) AS before FROM events) WHERE position <> before + 1`,
  },
  {
    name: 'RECORDED_AT.FALLS',
    sql: `SELECT 'position ' || position || ' was recorded before its predecessor' AS what FROM
      (SELECT position, recorded_at, lag(recorded_at, 1, 0) OVER (ORDER BY position) AS before FROM events)
      WHERE recorded_at < before`,
  },
  {
    name: 'STREAM.REVISIONS',
    sql: `SELECT 'stream ' || coalesce((SELECT name FROM streams WHERE id = stream), '#' || stream) || ' has ' ||
      count(*) || ' events with revisions ' || min(revision) || ' to ' || max(revision) AS what
      FROM events INDEXED BY events_by_stream GROUP BY stream HAVING min(revision) <> 0 OR max(revision) + 1 <> count(*)`,
  },
  {
    name: 'STREAM.ORDER',
    sql: `SELECT 'position ' || position || ' has a later revision than position ' || before || ' of its stream' AS what
      FROM (SELECT position, lag(position, 1, 0) OVER (PARTITION BY stream ORDER BY revision) AS before
      FROM events INDEXED BY events_by_stream) WHERE position < before`,
  },
  {
    name: 'STREAM.EMPTY',
    sql: `SELECT 'stream ' || name || ' has no events' AS what FROM streams
      WHERE NOT EXISTS (SELECT 1 FROM events WHERE stream = streams.id)`,
  },
  {
    name: 'STREAM.UNKNOWN',
    sql: `SELECT 'position ' || position || ' belongs to an unnamed stream' AS what FROM events
      WHERE NOT EXISTS (SELECT 1 FROM streams WHERE id = events.stream)`,
  },
  {
    name: 'CATEGORY.WRONG',
    sql: `SELECT 'stream ' || s.name || ' is filed under ' || coalesce(c.name, 'nothing') AS what
      FROM streams s LEFT JOIN categories c ON c.id = s.category
      WHERE c.name IS NULL OR c.name <> substr(s.name, 1, instr(s.name, '-'))`,
  },
  {
    name: 'CATEGORY.OF_EVENT',
    sql: `SELECT 'position ' || e.position || ' is filed under another category than its stream' AS what
      FROM events e JOIN streams s ON s.id = e.stream WHERE e.category <> s.category`,
  },
  {
    name: 'TYPE.UNKNOWN',
    sql: `SELECT 'position ' || position || ' has an unnamed type' AS what FROM events
      WHERE NOT EXISTS (SELECT 1 FROM types WHERE id = events.type)`,
  },
  {
    name: 'EVENT.ID_DOUBLED',
    sql: `SELECT count(*) || ' events, at positions ' || min(position) || ' to ' || max(position) || ', have the id ' || id
      AS what FROM events GROUP BY id HAVING count(*) > 1`,
  },
]

/**
 * Looks for everything that can be wrong with a log by itself: damaged pages, gaps, times that fall, events filed
 * wrongly or not decodable. That a whole tail is missing is not visible in the file; checkpoints elsewhere show that.
 * Blocks the thread (about 5 s per million events); the log may be written to meanwhile.
 * @returns nothing when the log is sound
 * @throws UnsuitableLog when the file is not a log this release can work with
 */
export async function checkLog(file: string, codec: Codec = jsonCodec()): Promise<LogFinding[]> {
  if (!existsSync(file)) throw new UnsuitableLog(`There is no log ${file}`)
  try {
    return await checkFile(file, codec)
  } catch (error) {
    // A file that is cut off or overwritten fails wherever it is first looked at.
    if (!DAMAGE.includes(sqliteErrorCode(error))) throw error
    return [
      { rule: FILE_DAMAGED, message: `the file is cut off or overwritten: ${(error as Error).message}` },
    ]
  }
}

const DAMAGE: readonly unknown[] = [SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_IOERR]
const FILE_DAMAGED = 'FILE.DAMAGED'

async function checkFile(file: string, codec: Codec): Promise<LogFinding[]> {
  const connection = await whileBusy(() => connect(file, { readOnly: true, synchronous: 'FULL' }))
  try {
    if ((await whileBusy(() => formatOf(connection))) === 0) {
      throw new UnsuitableLog(`${file} is empty: it was never a log`)
    }
    // One transaction, so that all rules speak of the same moment.
    connection.exec('BEGIN')
    return findings(connection, codec)
  } finally {
    connection.close()
  }
}

function findings(connection: SqliteConnection, codec: Codec): LogFinding[] {
  const damaged = damagedPages(connection)
  if (damaged.length > 0) return damaged
  return [...RULES.flatMap((rule) => broken(connection, rule)), ...undecodable(connection, codec)]
}

function damagedPages(connection: SqliteConnection): LogFinding[] {
  const rule = FILE_DAMAGED
  try {
    return connection
      .prepare<{ integrity_check: string }>(`PRAGMA integrity_check(${FINDINGS_PER_RULE})`)
      .all()
      .filter((row) => row.integrity_check !== 'ok')
      .map((row) => ({ rule, message: row.integrity_check }))
  } catch (error) {
    return [{ rule, message: (error as Error).message }]
  }
}

function broken(connection: SqliteConnection, { name, sql }: Rule): LogFinding[] {
  return connection
    .prepare<{ what: string }>(`${sql} LIMIT ${FINDINGS_PER_RULE}`)
    .all()
    .map(({ what }) => ({ rule: name, message: what }))
}

function undecodable(connection: SqliteConnection, codec: Codec): LogFinding[] {
  const page = connection.prepare<{
    position: number
    type: string
    recordedAt: number
    data: string
    metadata: string
  }>(
    `SELECT e.position, t.name AS type, e.recorded_at AS recordedAt, e.data, e.metadata FROM events e JOIN types t ON t.id = e.type
     WHERE e.position > ? ORDER BY e.position LIMIT ${DECODED_AT_ONCE}`,
  )
  const found: LogFinding[] = []
  for (let rows = page.all(0); rows.length > 0; rows = page.all(rows[rows.length - 1]!.position)) {
    for (const row of rows) {
      try {
        codec.decode(row.type, row, row.recordedAt)
      } catch (error) {
        const message = `${row.type} at position ${toPosition(row.position)}: ${(error as Error).message}`
        found.push({ rule: 'EVENT.UNDECODABLE', message })
        if (found.length === FINDINGS_PER_RULE) return found
      }
    }
  }
  return found
}
