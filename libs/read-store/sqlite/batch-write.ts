import type { DocumentWrite } from '../read-store.js'
import type { BuildFile } from './build-file.js'
import { type CollectionTable, quoted } from './collection-table.js'
import type { Connection, SqlValue } from './connection.js'
import { CountDeltas } from './group-counts.js'

/** Rows per INSERT: fewer calls into the driver; more than this gains nothing. */
const ROWS_PER_INSERT = 20

/** A document on its way into its row. */
interface NewRow {
  id: string
  position: string
  stale: number
  /** One per declared column. */
  values: SqlValue[]
  document: string
}

/** What a row held before, as far as counts and lists need it. */
interface OldRow {
  position: string
  stale: number
  /** By place in the table's columns; only those that something is derived from. */
  values: SqlValue[]
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
    if (loading || this.table.derivedPlaces.length === 0) {
      this.upsert(puts)
      for (const { id, position } of deletes) this.deleteRow(id, position)
    } else this.runWithOldRows(puts, deletes)
  }

  /** Counts and lists change by the difference between the old row and the new. */
  private runWithOldRows(puts: readonly NewRow[], deletes: readonly DocumentWrite[]): void {
    const oldRows = this.oldRows([...puts, ...deletes].map(({ id }) => id))
    const counts = new CountDeltas()
    const applied = puts.filter((row) => supersedes(row, oldRows.get(row.id)))
    this.upsert(applied)
    for (const row of applied) this.replaceDerived(row.id, oldRows.get(row.id)?.values, row.values, counts)
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
    const places = this.table.derivedPlaces
    const columns = places.map((place) => `, r.${quoted(this.table.columns[place] as string)} AS v${place}`)
    const rows = this.connection.all<Record<string, SqlValue>>(
      `SELECT r.id, r.position, r.stale${columns.join('')}
       FROM json_each(?) wanted CROSS JOIN ${this.table.table} r ON r.id = wanted.value`,
      [JSON.stringify(ids)],
    )
    const oldRows = new Map<string, OldRow>()
    for (const row of rows) {
      const values: SqlValue[] = new Array(this.table.columns.length).fill(null)
      for (const place of places) values[place] = row[`v${place}`] ?? null
      oldRows.set(row.id as string, {
        position: row.position as string,
        stale: row.stale as number,
        values,
      })
    }
    return oldRows
  }

  private upsert(rows: readonly NewRow[]): void {
    const many = upsertSql(this.table, ROWS_PER_INSERT)
    const one = upsertSql(this.table, 1)
    for (let at = 0; at < rows.length; ) {
      const some = rows.length - at >= ROWS_PER_INSERT ? ROWS_PER_INSERT : 1
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
    const fields = document as Record<string, unknown>
    return {
      id,
      position,
      stale: stale ? 1 : 0,
      values: this.table.columns.map((column) => this.table.encode(column, fields, id)),
      document: JSON.stringify(document),
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

function upsertSql(table: CollectionTable, rows: number): string {
  const names = ['position', 'stale', ...table.columns.map(quoted), 'document']
  const one = `(?${', ?'.repeat(names.length)})`
  return `INSERT INTO ${table.table} AS r (id, ${names.join(', ')}) VALUES ${Array(rows).fill(one).join(', ')}
    ON CONFLICT (id) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}
    WHERE excluded.position > r.position OR (excluded.position = r.position AND excluded.stale <> r.stale)`
}

function supersedes(row: NewRow, old: OldRow | undefined): boolean {
  if (!old || row.position > old.position) return true
  return row.position === old.position && row.stale !== old.stale
}
