import type { SearchSchema } from '../search/search-schema.js'
import { sameTexts, searchTokens, searchTokenText } from '../search/search-tokens.js'
import type { CollectionTable } from './collection-table.js'
import type { Connection } from './connection.js'

/**
 * The text index of a collection: an FTS5 table (https://www.sqlite.org/fts5.html) of the rows' tokens, by their `n`. It
 * keeps neither texts nor places (`content=''`, `detail=none`): a third of the size, and a hit is looked up in its
 * document anyway.
 *
 * Nothing is ever taken out of it. A row that changed gets the tokens that it has not had before, under the same `n`; those
 * that it lost, and those of deleted rows, stay until the next rebuild, and bring up a candidate in which the terms are
 * not found. So a comment costs its own words, not those of the whole record, and no write reads what is to be removed.
 * (`columnsize=0`: FTS5 then keeps nothing per row, and takes one `n` several times.)
 */
export function createTextIndex(name: string): string {
  // Settings go into a column that has the table's own name
  return `CREATE VIRTUAL TABLE ${name} USING fts5(tokens, content='', columnsize=0, detail=none, tokenize='ascii');
    INSERT INTO ${name}(${name}, rank) VALUES ('pgsz', ${PAGE_BYTES}), ('automerge', ${MERGED_SEGMENTS})`
}

/** Leaves fit into the pages of the file (2,048 bytes, or more), with what SQLite adds. */
const PAGE_BYTES = 2_000
/** Segments that are merged into one: batches are small, and the fewer merges, the less is written over and over. */
const MERGED_SEGMENTS = 8
/** Bytes of tokens that a bulk load collects in memory before it writes them, and that SQLite usually collects. */
const BULK_BYTES = 64_000_000
const USUAL_BYTES = 1_048_576
const ROWS_AT_A_TIME = 1_000

const insertSql = (name: string) => `INSERT INTO ${name} (rowid, tokens) VALUES (?, ?)`

/** What a batch changes in a text index. */
class TextDeltas {
  /** New tokens by the row's id, with its `n` where it has one already. */
  private readonly changes: { id: string; n: number | undefined; tokens: string }[] = []

  constructor(
    private readonly search: SearchSchema,
    private readonly table: CollectionTable,
    private readonly name: string,
  ) {}

  /** @param old the row as it was; undefined: it is new */
  change(id: string, now: object, old: { n: number; document: string | undefined } | undefined): void {
    const before = old?.document === undefined ? undefined : (JSON.parse(old.document) as object)
    if (before && sameTexts(this.search, before, now)) return
    const tokens = searchTokens(this.search, now)
    if (before) for (const token of searchTokens(this.search, before)) tokens.delete(token)
    if (tokens.size > 0) this.changes.push({ id, n: old?.n, tokens: [...tokens].join(' ') })
  }

  /** Once all rows are written. */
  write(connection: Connection): void {
    const added = this.changes.filter(({ n }) => n === undefined).map(({ id }) => id)
    const numbers = new Map(
      connection
        .all<{ id: string; n: number }>(
          `SELECT r.id, r.n FROM json_each(?) wanted CROSS JOIN ${this.table.table} r ON r.id = wanted.value`,
          [JSON.stringify(added)],
        )
        .map(({ id, n }) => [id, n]),
    )
    // Ascending, else FTS5 ends a segment at each step back
    const rows = this.changes
      .map(({ id, n, tokens }) => ({ n: n ?? numbers.get(id)!, tokens }))
      .sort((a, b) => a.n - b.n)
    for (const { n, tokens } of rows) connection.run(insertSql(this.name), [n, tokens])
  }
}

export type { TextDeltas }

/** Undefined when nothing of the collection can be searched. */
export function textDeltasOf(table: CollectionTable): TextDeltas | undefined {
  const { search } = table.schema
  return search && table.texts !== undefined ? new TextDeltas(search, table, table.texts) : undefined
}

/** Makes the index anew, at the end of a bulk load: each document is read once, whatever it went through. */
export function indexAllTexts(connection: Connection, { schema, table, texts: name }: CollectionTable): void {
  const { search } = schema
  if (!search || name === undefined) return
  const set = (what: string, value?: number) =>
    connection.run(`INSERT INTO ${name}(${name}, rank) VALUES (?, ?)`, [what, value ?? null])
  set('delete-all')
  set('hashsize', BULK_BYTES)
  for (let after = 0; ; ) {
    const rows = connection.all<{ n: number; document: string }>(
      `SELECT n, document FROM ${table} WHERE n > ? ORDER BY n LIMIT ?`,
      [after, ROWS_AT_A_TIME],
    )
    for (const { n, document } of rows) {
      const tokens = searchTokenText(search, JSON.parse(document) as object)
      if (tokens !== '') connection.run(insertSql(name), [n, tokens])
      after = n
    }
    if (rows.length < ROWS_AT_A_TIME) break
  }
  set('optimize')
  set('hashsize', USUAL_BYTES)
}
