import { conjuncts, type Filter } from '../filter.js'
import type { StoredDocument } from '../read-store.js'
import { HitCollector } from '../search/hit-collector.js'
import {
  MOST_CANDIDATES,
  type SearchSchema,
  type TextAnswer,
  type TextQuery,
} from '../search/search-schema.js'
import { nameTokens, type TokenConditions, tokenConditions } from '../search/search-tokens.js'
import { type CollectionTable, encodeText } from './collection-table.js'
import type { Connection, SqlValue } from './connection.js'
import { filterSql, type Sql } from './filter-sql.js'

/** Index entries that are followed for each candidate wanted: what a filter refuses, and what only looked like a hit. */
const FOLLOWED_PER_CANDIDATE = 5
/** The same of a list that the filter names, whose rows are read and looked through one by one. */
const LISTED_PER_CANDIDATE = 2
/** One piece mostly suffices: then there are more hits than may be ranked. */
const MOST_AT_A_TIME = 1_000
/** Rows of one name. */
const MOST_NAMESAKES = 50

const COLUMNS = 'id, position, stale, document'
type Candidate = Record<string, SqlValue>

/**
 * Searches the texts of one collection, inside the caller's snapshot. Candidates come newest first (`n` rises), so that
 * what a bound leaves out is what is oldest.
 */
export class TextSearch<Document> {
  private readonly hits: HitCollector<Document>
  private readonly condition: Sql
  private readonly most: number
  private readonly names: readonly string[]

  constructor(
    private readonly connection: Connection,
    private readonly table: CollectionTable,
    search: SearchSchema,
    private readonly filter: Filter,
    private readonly query: TextQuery,
  ) {
    this.hits = new HitCollector(search, query)
    this.most = query.candidates ?? MOST_CANDIDATES
    this.condition = filterSql(table, filter, { checkOnly: true })
    this.names = nameTokens(search, query.terms, query.depth)
  }

  run(): TextAnswer<Document> {
    const listed = conjuncts(this.filter).find((condition) => condition.kind === 'has')
    const complete = listed ? this.lookThrough(listed.column, listed.value) : this.follow()
    return { hits: this.hits.page(), complete }
  }

  /**
   * Reads the rows of a list, the newest ids first, and nothing else: of records that are not in it the answer can't tell
   * anything, not even by being incomplete.
   */
  private lookThrough(column: string, value: string): boolean {
    const list = this.table.lists.find((candidate) => candidate.column === column)!
    const most = this.most * LISTED_PER_CANDIDATE
    const rows = this.connection.all<Candidate>(
      `SELECT ${COLUMNS} FROM (SELECT id AS listed FROM ${list.table} WHERE value = ? ORDER BY id DESC LIMIT ?)
       LEFT JOIN ${this.table.table} ON id = listed AND (${this.condition.text})`,
      [encodeText(value), most + 1, ...this.condition.values],
    )
    for (const row of rows.slice(0, most)) this.consider(row)
    return rows.length <= most && !this.hits.full
  }

  /** Follows the index from its newest row, in pieces, until it ends or enough was seen. */
  private follow(): boolean {
    if (this.names.length > 0) this.piece([this.names], undefined, MOST_NAMESAKES)
    const conditions = tokenConditions(this.query.terms, this.query.depth)
    const piece = Math.min(MOST_AT_A_TIME, this.most + 1)
    const most = this.most * FOLLOWED_PER_CANDIDATE
    let before: number | undefined
    for (let followed = 0; ; followed += piece) {
      if (this.hits.full || followed >= most) return false
      const rows = this.piece(conditions, before, piece)
      if (rows.length < piece) return !this.hits.full
      before = rows.at(-1)?.followed as number
    }
  }

  private piece(conditions: TokenConditions, before: number | undefined, limit: number): Candidate[] {
    const rows = this.connection.all<Candidate>(
      `SELECT followed, ${COLUMNS}
       FROM (SELECT rowid AS followed FROM ${this.table.texts} WHERE ${this.table.texts} MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?)
       LEFT JOIN ${this.table.table} ON n = followed AND (${this.condition.text})`,
      [matchText(conditions), before ?? Number.MAX_SAFE_INTEGER, limit, ...this.condition.values],
    )
    for (const row of rows) this.consider(row)
    return rows
  }

  private consider(row: Candidate): void {
    if (typeof row.document !== 'string') return
    const stored: StoredDocument<Document> = {
      id: row.id as string,
      position: row.position as string,
      document: JSON.parse(row.document) as Document,
      stale: row.stale === 1,
    }
    this.hits.consider(stored)
  }
}

/** Tokens are letters and digits only, and quoted: nothing that was typed is read as FTS5's syntax. */
function matchText(conditions: TokenConditions): string {
  return conditions.map((choices) => `(${choices.map((token) => `"${token}"`).join(' OR ')})`).join(' AND ')
}
