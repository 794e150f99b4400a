import { pathToFileURL } from 'node:url'
import { DatabaseSync } from '@photostructure/sqlite'

export type SqlValue = string | number | null
type Row = Record<string, SqlValue>
type Database = InstanceType<typeof DatabaseSync>
type Statement = ReturnType<Database['prepare']>

/** Statements kept prepared per connection; their texts depend on the shape of a query, not on its values. */
const MAX_STATEMENTS = 300
const BUSY_MILLISECONDS = 5_000
/**
 * Small, because a live batch of a few events touches one page of each index, and every page that it touches goes into
 * the WAL whole: two thirds of the time that SQLite's usual 4,096 take, for up to a tenth more of a bulk load.
 */
const PAGE_BYTES = 2_048
/**
 * Size of the WAL at which a commit writes it back. SQLite's 1,000 pages make most batches of an import pay for a
 * checkpoint with its syncs; with 32 MB the pages that every batch touches are written back once for many.
 */
export const CHECKPOINT_BYTES = 32_768_000

/** Most of a file that is mapped into memory while its indexes are built; the rest is read as usual. SQLite's own limit. */
const MAPPED_BYTES = 0x7fff0000

/** Result code of SQLite (https://www.sqlite.org/rescode.html). */
const SQLITE_BUSY = 5

/** What a connection is for: the cache is given per connection, in KiB. */
export interface ConnectionOptions {
  /** Refuses every write. */
  queryOnly?: boolean
  cacheKibibytes?: number
  /** How long to wait for another connection's lock, milliseconds; default 5,000. */
  busyMilliseconds?: number
  /** Makes the file when it is missing; otherwise opening it fails. */
  create?: boolean
  /** Of a file that is made: a power of two. */
  pageBytes?: number
}

/** One SQLite file, opened for WAL, with its prepared statements. Not for use by several threads. */
export class Connection {
  private readonly database: Database
  private readonly statements = new Map<string, Statement>()
  /** Of the file, which keeps what it was made with. */
  readonly pageBytes: number

  constructor(path: string, options: ConnectionOptions = {}) {
    // A URI, because SQLite would otherwise make an empty file where another process has just dropped one
    const uri = `${pathToFileURL(path).href}?mode=${options.create ? 'rwc' : 'rw'}`
    this.database = new DatabaseSync(uri, {
      timeout: options.busyMilliseconds ?? BUSY_MILLISECONDS,
    })
    this.database.exec(
      `PRAGMA page_size = ${options.pageBytes ?? PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = FILE; PRAGMA cache_size = -${options.cacheKibibytes ?? 8_000}`,
    )
    this.pageBytes = this.get<{ page_size: number }>('PRAGMA page_size')!.page_size
    this.database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_BYTES / this.pageBytes}`)
    if (options.queryOnly) this.database.exec('PRAGMA query_only = ON')
  }

  get open(): boolean {
    return this.database.isOpen
  }

  exec(sql: string): void {
    this.database.exec(sql)
  }

  all<R = Row>(sql: string, parameters: readonly SqlValue[] = []): R[] {
    return this.prepare(sql).all(...parameters) as R[]
  }

  /** The same, each row as the list of its values: naming them takes the driver a third of the time of a row. */
  lists(sql: string, parameters: readonly SqlValue[] = []): SqlValue[][] {
    const statement = this.prepare(sql)
    statement.setReturnArrays(true)
    try {
      return statement.all(...parameters) as SqlValue[][]
    } finally {
      statement.setReturnArrays(false)
    }
  }

  get<R = Row>(sql: string, parameters: readonly SqlValue[] = []): R | undefined {
    return this.prepare(sql).get(...parameters) as R | undefined
  }

  /** @returns the number of rows changed */
  run(sql: string, parameters: readonly SqlValue[] = []): number {
    return this.prepare(sql).run(...parameters).changes
  }

  /** Several reads that see one state. */
  snapshot<T>(read: () => T): T {
    return this.transaction('BEGIN', read)
  }

  /** Writes, all or nothing. */
  write<T>(work: () => T): T {
    return this.transaction('BEGIN IMMEDIATE', work)
  }

  /**
   * Reads the file through a mapping while `work` runs, rather than with one call per page: nine in ten calls of a bulk
   * load were those of indexes that each read the whole table.
   */
  async mapped<T>(work: () => Promise<T>): Promise<T> {
    // What is still in the WAL would be read from there, page by page
    this.database.exec(`PRAGMA wal_checkpoint(PASSIVE); PRAGMA mmap_size = ${MAPPED_BYTES}`)
    try {
      return await work()
    } finally {
      if (this.open) this.database.exec('PRAGMA mmap_size = 0')
    }
  }

  private transaction<T>(begin: string, work: () => T): T {
    this.prepare(begin).run()
    try {
      const result = work()
      this.prepare('COMMIT').run()
      return result
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK')
      throw error
    }
  }

  private prepare(sql: string): Statement {
    const known = this.statements.get(sql)
    if (known) return known
    if (this.statements.size >= MAX_STATEMENTS)
      this.statements.delete(this.statements.keys().next().value as string)
    const statement = this.database.prepare(sql)
    this.statements.set(sql, statement)
    return statement
  }

  close(): void {
    this.statements.clear()
    if (this.database.isOpen) this.database.close()
  }
}

/** Another connection holds the write lock for longer than we wait. */
export function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: unknown } | undefined)?.errcode
  // The low byte is the primary code of an extended one
  return typeof code === 'number' && (code & 0xff) === SQLITE_BUSY
}
