import type { DocumentWrite } from '../read-store.js'
import type { BuildFile } from './build-file.js'
import { type CollectionTable, ROWS_PER_UPSERT } from './collection-table.js'
import type { Connection, SqlValue } from './connection.js'
import { CountDeltas } from './group-counts.js'
import { textDeltasOf } from './text-index.js'

/** A document on its way into its row. */
interface NewRow {
  id: string
  position: string
  stale: number
  /** One per declared column. */
  values: SqlValue[]
  document: string
  fields: object
}

/** What a row holds before the batch. */
interface OldRow {
  n: number
  position: string
  stale: number
  /** One per declared column. */
  values: SqlValue[]
  /** JSON; only of collections that can be searched. */
  document: string | undefined
}

/**
 * Writes the documents of one collection inside the caller's transaction. A write is skipped when the stored
 * document is of a later position, or of the same and equally stale: batches may come twice.
 */
export class BatchWrite {
  private readonly connection: Connection

  constructor(
    private readonly file: BuildFile,
    private readonly table: CollectionTable,
    /** Of indexed columns, those already noted; grows. */
    private readonly nullable: Set<string>,
  ) {
    this.connection = file.connection
  }

  run(writes: readonly DocumentWrite[], loading: boolean): void {
    const latest = [...new Map(writes.map((write) => [write.id, write])).values()]
    const puts = latest.filter((write) => write.document !== null).map((write) => this.toRow(write))
    const deletes = latest.filter((write) => write.document === null)
    this.noteNulls(puts)
    if (loading) {
      this.upsert(puts)
      for (const { id, position } of deletes) this.deleteRow(id, position)
    } else this.runWithOldRows(puts, deletes)
  }

  /** Indexes, counts and lists change by the difference between the old row and the new. */
  private runWithOldRows(puts: readonly NewRow[], deletes: readonly DocumentWrite[]): void {
    const oldRows = this.oldRows([...puts, ...deletes].map(({ id }) => id))
    const counts = new CountDeltas()
    const texts = textDeltasOf(this.table)
    const added: NewRow[] = []
    for (const row of puts) {
      const old = oldRows.get(row.id)
      if (old === undefined) added.push(row)
      else if (supersedes(row, old)) this.update(row, old)
      else continue
      texts?.change(row.id, row.fields, old)
      this.replaceDerived(row.id, old?.values, row.values, counts)
    }
    this.upsert(added)
    texts?.write(this.connection)
    for (const { id, position } of deletes) {
      const old = oldRows.get(id)
      if (!old || old.position >= position) continue
      this.deleteRow(id, position)
      this.replaceDerived(id, old.values, undefined, counts)
    }
    counts.write(this.connection)
  }

  private replaceDerived(
    id: string,
    old: readonly SqlValue[] | undefined,
    now: readonly SqlValue[] | undefined,
    counts: CountDeltas,
  ): void {
    counts.change(this.table, old, now)
    for (const { table, place } of this.table.lists) {
      const before = old?.[place] ?? null
      const after = now?.[place] ?? null
      if (before === after) continue
      if (before !== null)
        this.connection.run(
          `DELETE FROM ${table} WHERE id = ? AND value IN (SELECT value FROM json_each(?))`,
          [id, before],
        )
      if (after !== null)
        this.connection.run(`INSERT OR IGNORE INTO ${table} SELECT value, ? FROM json_each(?)`, [id, after])
    }
  }

  private oldRows(ids: readonly string[]): Map<string, OldRow> {
    const rows = this.connection.all<Record<string, SqlValue>>(this.table.sql.oldRows, [JSON.stringify(ids)])
    const { columns } = this.table
    const oldRows = new Map<string, OldRow>()
    for (const row of rows)
      oldRows.set(row.id as string, {
        n: row.n as number,
        position: row.position as string,
        stale: row.stale as number,
        values: columns.map((_, place) => row[`v${place}`] ?? null),
        document: row.document as string | undefined,
      })
    return oldRows
  }

  /** Names the columns that differ and no others: SQLite rewrites every index that stands on a column it is given. */
  private update(row: NewRow, old: OldRow): void {
    const places = row.values.flatMap((value, place) => (value === old.values[place] ? [] : [place]))
    this.connection.run(this.table.updateSql(places), [
      row.position,
      row.stale,
      ...places.map((place) => row.values[place] as SqlValue),
      row.document,
      old.n,
    ])
  }

  private upsert(rows: readonly NewRow[]): void {
    const { upsertOne: one, upsertMany: many } = this.table.sql
    for (let at = 0; at < rows.length; ) {
      const some = rows.length - at >= ROWS_PER_UPSERT ? ROWS_PER_UPSERT : 1
      const parameters: SqlValue[] = []
      for (let i = at; i < at + some; i++) {
        const row = rows[i] as NewRow
        parameters.push(row.id, row.position, row.stale)
        for (const value of row.values) parameters.push(value)
        parameters.push(row.document)
      }
      this.connection.run(some === 1 ? one : many, parameters)
      at += some
    }
  }

  private deleteRow(id: string, position: string): void {
    this.connection.run(`DELETE FROM ${this.table.table} WHERE id = ? AND position < ?`, [id, position])
  }

  private toRow({ id, document, position, stale }: DocumentWrite): NewRow {
    if (id.includes('\0')) throw new TypeError(`${this.table.schema.name}: an id has no NUL character`)
    const fields = document as object
    return {
      id,
      position,
      stale: stale ? 1 : 0,
      values: this.table.valuesOf(fields, id),
      document: JSON.stringify(document),
      fields,
    }
  }

  private noteNulls(rows: readonly NewRow[]): void {
    for (const [i, column] of this.table.columns.entries()) {
      if (this.nullable.has(column) || !rows.some(({ values }) => values[i] === null)) continue
      this.nullable.add(column)
      this.file.noteNullable(this.table.schema.name, column)
    }
  }
}

function supersedes(row: NewRow, old: OldRow): boolean {
  if (row.position > old.position) return true
  return row.position === old.position && row.stale !== old.stale
}
