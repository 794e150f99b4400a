import { columnValue, parseDimension } from '../collection-rules.js'
import type { CollectionSchema, ColumnType } from '../read-store.js'
import type { SqlValue } from './connection.js'
import { createTextIndex } from './text-index.js'

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  string: 'TEXT',
  timestamp: 'TEXT',
  integer: 'INTEGER',
  number: 'REAL',
  boolean: 'INTEGER',
  strings: 'TEXT',
}

/** Rows of one INSERT: fewer calls into the driver; more than this gains nothing. */
export const ROWS_PER_UPSERT = 20

/** One column list whose documents are counted per combination. */
export interface CountTable {
  name: string
  dimensions: readonly string[]
  /** Each dimension's column by its place in the table's columns, and whether only its UTC day counts. */
  parts: readonly { place: number; day: boolean }[]
}

/**
 * How one collection stands in SQL: a row table with a real column beside the JSON for every declared column (an
 * index on a JSON expression is two hundred times slower to count by), a side table per list column, one per count
 * list.
 */
export class CollectionTable {
  /** Quoted. */
  readonly table: string
  readonly columns: readonly string[]
  readonly indexes: readonly { name: string; columns: readonly string[] }[]
  readonly lists: readonly { column: string; place: number; table: string }[]
  readonly counts: readonly CountTable[]
  /** The text index, quoted; undefined: nothing can be searched. See `text-index.ts`. */
  readonly texts: string | undefined
  /** Statements whose texts depend on nothing but the schema. */
  readonly sql: { oldRows: string; upsertOne: string; upsertMany: string }

  private readonly updates = new Map<string, string>()

  constructor(readonly schema: CollectionSchema) {
    this.table = `"rows_${schema.name}"`
    this.columns = Object.keys(schema.columns)
    this.indexes = [...new Map(schema.indexes.map((columns) => [columns.join(), columns])).values()].map(
      (columns, i) => ({ name: `"by_${schema.name}_${i}"`, columns }),
    )
    this.lists = this.columns
      .map((column, place) => ({ column, place, table: `"list_${schema.name}_${column}"` }))
      .filter(({ column }) => schema.columns[column] === 'strings')
    this.counts = (schema.counts ?? []).map((dimensions, i) => ({
      name: `"counts_${schema.name}_${i}"`,
      dimensions,
      parts: dimensions.map((dimension) => {
        const { column, day } = parseDimension(dimension)
        return { place: this.columns.indexOf(column), day }
      }),
    }))
    this.texts = schema.search && `"texts_${schema.name}"`
    const document = schema.search ? ', r.document' : ''
    const wanted = this.columns.map((column, place) => `, r.${quoted(column)} AS v${place}`).join('')
    this.sql = {
      oldRows: `SELECT r.n, r.id, r.position, r.stale${document}${wanted} FROM json_each(?) wanted CROSS JOIN ${this.table} r ON r.id = wanted.value`,
      upsertOne: this.upsertSql(1),
      upsertMany: this.upsertSql(ROWS_PER_UPSERT),
    }
  }

  indexNamed(columns: readonly string[]): string {
    const index = this.indexes.find((candidate) => candidate.columns.join() === columns.join())
    if (!index) throw new Error(`${this.schema.name} has no index on ${columns.join(', ')}`)
    return index.name
  }

  /** Changes the columns of these places in one row: position, stale, their values, the document and `n` are its parameters. */
  updateSql(places: readonly number[]): string {
    const key = places.join()
    let text = this.updates.get(key)
    if (text === undefined) {
      const names = [
        'position',
        'stale',
        ...places.map((place) => quoted(this.columns[place] as string)),
        'document',
      ]
      text = `UPDATE ${this.table} SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE n = ?`
      this.updates.set(key, text)
    }
    return text
  }

  private upsertSql(rows: number): string {
    const names = ['position', 'stale', ...this.columns.map(quoted), 'document']
    const one = `(?${', ?'.repeat(names.length)})`
    return `INSERT INTO ${this.table} AS r (id, ${names.join(', ')}) VALUES ${Array(rows).fill(one).join(', ')}
      ON CONFLICT (id) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}
      WHERE excluded.position > r.position OR (excluded.position = r.position AND excluded.stale <> r.stale)`
  }

  /** Tables without secondary indexes. */
  createTables(): string {
    const columns = this.columns.map(
      (column) => `, ${quoted(column)} ${SQL_TYPES[this.schema.columns[column] as ColumnType]}`,
    )
    return [
      `CREATE TABLE ${this.table} (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, position TEXT NOT NULL, stale INTEGER NOT NULL${columns.join('')}, document TEXT NOT NULL)`,
      ...this.lists.map(
        ({ table }) =>
          `CREATE TABLE ${table} (value TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (value, id)) WITHOUT ROWID`,
      ),
      ...this.counts.map(
        ({ name, dimensions }) =>
          `CREATE TABLE ${name} (key TEXT PRIMARY KEY, count INTEGER NOT NULL, ${dimensions.map(quoted).join(', ')}) WITHOUT ROWID`,
      ),
      ...(this.texts ? [createTextIndex(this.texts)] : []),
    ].join(';\n')
  }

  /** Every index ends with the id, so that it gives a total order. */
  createIndexes(): string[] {
    return this.indexes.map(
      ({ name, columns }) =>
        `CREATE INDEX IF NOT EXISTS ${name} ON ${this.table} (${columns.map(quoted).join(', ')}, id)`,
    )
  }

  dropIndexes(): string {
    return this.indexes.map(({ name }) => `DROP INDEX IF EXISTS ${name}`).join(';\n')
  }

  /**
   * A document's value for a column, as SQLite keeps it.
   * @throws TypeError when the document breaks its own schema: a bug of the projection that must be seen
   */
  encode(column: string, document: Readonly<Record<string, unknown>>, id: string): SqlValue {
    const value = columnValue(this.schema, column, document, id)
    if (value === null || typeof value !== 'object') return encodeValue(value)
    return value.length === 0 ? null : JSON.stringify(value.map(encodeValue))
  }

  decode(column: string, value: SqlValue): SqlValue | boolean {
    return this.schema.columns[column] === 'boolean' && value !== null ? value === 1 : value
  }
}

export const quoted = (column: string) => `"c_${column}"`

/** A present or absent value as SQLite keeps it: no booleans, and no NUL, at which the driver would cut a text off. */
export function encodeValue(value: string | number | boolean | null): SqlValue {
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value
}
