import { toPosition } from '#libs/event-sourcing'
import { columnValue, parseDimension } from '../collection-rules.js'
import type { FilterValue } from '../filter.js'
import type { CollectionSchema, ColumnType } from '../read-store.js'
import type { SqlValue } from './connection.js'
import { createTextIndex } from './text-index.js'

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  string: 'TEXT',
  timestamp: 'TEXT',
  instant: 'INTEGER',
  position: 'INTEGER',
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
  /** Reads all columns off a document. */
  private readonly read: (document: object) => unknown[]
  /** By place: whether any text is a value of the column as it is. */
  private readonly isText: readonly boolean[]

  constructor(readonly schema: CollectionSchema) {
    this.table = `"rows_${schema.name}"`
    this.columns = Object.keys(schema.columns)
    this.read = readerOf(this.columns)
    this.isText = this.columns.map((column) => TEXTS.has(schema.columns[column] as ColumnType))
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

  createIndexes(): readonly string[] {
    return this.indexes.map(
      ({ name, columns }) =>
        `CREATE INDEX IF NOT EXISTS ${name} ON ${this.table} (${this.totalOrder(columns).join(', ')})`,
    )
  }

  dropIndexes(): string {
    return this.indexes.map(({ name }) => `DROP INDEX IF EXISTS ${name}`).join(';\n')
  }

  /**
   * Every index gives a total order: one whose columns do not tell rows apart ends with the id. (SQLite ends it with `n` by
   * itself, which is no order that other stores could give.)
   */
  private totalOrder(columns: readonly string[]): readonly string[] {
    return this.tellsRowsApart(columns) ? columns.map(quoted) : [...columns.map(quoted), 'id']
  }

  /** No two rows share the values of all these columns. */
  tellsRowsApart(columns: readonly string[]): boolean {
    return this.schema.unique?.every((column) => columns.includes(column)) ?? false
  }

  /**
   * A document's values, one per column, as SQLite keeps them.
   * @throws TypeError when the document breaks its own schema: a bug of the projection that must be seen
   */
  valuesOf(document: object, id: string): SqlValue[] {
    const values = this.read(document)
    for (let place = 0; place < values.length; place++) {
      const value = values[place]
      if (value === undefined) values[place] = null
      else if (typeof value === 'string' && this.isText[place]) values[place] = encodeText(value)
      else values[place] = this.encode(place, document, id)
    }
    return values as SqlValue[]
  }

  private encode(place: number, document: object, id: string): SqlValue {
    const column = this.columns[place] as string
    const value = columnValue(this.schema, column, document as Record<string, unknown>, id)
    if (value === null || typeof value !== 'object') return this.encodeValue(column, value)
    return value.length === 0 ? null : JSON.stringify(value.map(encodeText))
  }

  /** A value that a column is compared with, as SQLite keeps it. @throws RangeError when it cannot keep it */
  encodeValue(column: string, value: FilterValue): SqlValue {
    if (value === null) return null
    const type = this.schema.columns[column]
    if (type === 'instant') return encodeInstant(value as string)
    if (type === 'position') return encodePosition(value as string)
    return typeof value === 'string' ? encodeText(value) : Number(value)
  }

  /** How to read a column's values; undefined: they are kept as they are. */
  decoder(column: string): ((value: string | number) => string | boolean) | undefined {
    return decoders[this.schema.columns[column] as ColumnType]
  }
}

/** Column types whose values are texts of any form. */
const TEXTS: ReadonlySet<ColumnType> = new Set(['string', 'timestamp'])

/** A literal that names every field, compiled once: V8 looks each of them up by its place, where a loop has it search by the name. */
function readerOf(columns: readonly string[]): (document: object) => unknown[] {
  const fields = columns.map((column) => `document[${JSON.stringify(column)}]`)
  return new Function('document', `return [${fields.join(', ')}]`) as (document: object) => unknown[]
}

export const quoted = (column: string) => `"c_${column}"`

/** Without NUL, at which the driver would cut a text off. */
export const encodeText = (text: string) => (text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text)

function encodeInstant(text: string): number {
  const milliseconds = Date.parse(text)
  if (Number.isNaN(milliseconds)) throw new RangeError(`"${text}" is no time`)
  return milliseconds
}

/** Beyond every position: what ends nowhere. */
const BEYOND = '9'.repeat(20)

/** Numbers that scripts and SQLite both hold are enough for positions of either shape. */
function encodePosition(text: string): number {
  if (text === BEYOND) return Number.MAX_SAFE_INTEGER
  const position = Number(text)
  if (position >= Number.MAX_SAFE_INTEGER) throw new RangeError(`${text} is larger than positions are kept`)
  return position
}

const decoders: Readonly<Partial<Record<ColumnType, (value: string | number) => string | boolean>>> = {
  boolean: (value) => value === 1,
  instant: (value) => new Date(value).toISOString(),
  position: (value) => (value === Number.MAX_SAFE_INTEGER ? BEYOND : toPosition(value as number)),
}
