import { DatabaseSync } from '@photostructure/sqlite'

/** What the adapter stores: no bigint, no blobs. */
export type SqlValue = string | number | null

/** The part of a prepared statement that the adapter uses; parameters are bound by place. */
export interface Statement<Row> {
  run(...values: SqlValue[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  get(...values: SqlValue[]): Row | undefined
  all(...values: SqlValue[]): Row[]
}

/** Result codes of SQLite that the adapter tells apart (https://www.sqlite.org/rescode.html). */
export const SQLITE_BUSY = 5
export const SQLITE_IOERR = 10
export const SQLITE_CORRUPT = 11
export const SQLITE_FULL = 13
export const SQLITE_CANTOPEN = 14
export const SQLITE_CONSTRAINT = 19
export const SQLITE_NOTADB = 26

/** Primary result code of an error that came from SQLite, or undefined when it came from elsewhere. */
export function sqliteErrorCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | undefined)?.errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

/**
 * One connection. The only file of this store that knows the driver, so that another one can take its place
 * (docs/decisions/0002-sqlite-driver.md).
 */
export class SqliteConnection {
  readonly #database: InstanceType<typeof DatabaseSync>
  readonly #repeated = new Map<string, Statement<unknown>>()

  /** Opens the file, or creates it. Never waits for another connection's lock: callers retry without blocking. */
  constructor(readonly file: string) {
    this.#database = new DatabaseSync(file, { timeout: 0 })
  }

  exec(sql: string): void {
    this.#database.exec(sql)
  }

  /** The same for statements that come again and again: they stay prepared. */
  repeat(sql: string): void {
    let statement = this.#repeated.get(sql)
    if (statement === undefined) {
      statement = this.prepare(sql)
      this.#repeated.set(sql, statement)
    }
    statement.run()
  }

  prepare<Row = unknown>(sql: string): Statement<Row> {
    return this.#database.prepare(sql) as unknown as Statement<Row>
  }

  /** A statement whose rows come as lists of their values: naming those of a row takes the driver almost half of its time. */
  prepareLists<Row extends readonly SqlValue[]>(sql: string): Statement<Row> {
    const statement = this.#database.prepare(sql)
    statement.setReturnArrays(true)
    return statement as unknown as Statement<Row>
  }

  /** The single value that a pragma answers with. */
  pragma(name: string): SqlValue | undefined {
    const row = this.prepare<Record<string, SqlValue>>(`PRAGMA ${name}`).get()
    return row === undefined ? undefined : Object.values(row)[0]
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction
  }

  close(): void {
    this.#repeated.clear()
    this.#database.close()
  }
}
