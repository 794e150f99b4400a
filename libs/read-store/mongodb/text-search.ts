import type { Collection } from 'mongodb'
import type { Filter } from '../filter.js'
import { HitCollector } from '../search/hit-collector.js'
import {
  MOST_CANDIDATES,
  type SearchSchema,
  type TextAnswer,
  type TextQuery,
} from '../search/search-schema.js'
import { nameTokens, type TokenConditions, tokenConditions } from '../search/search-tokens.js'
import { type Condition, filterCondition, spacedField } from './filter-query.js'
import { documentAnswer, type StoredForm } from './stored-document.js'

/** Documents that are fetched for each candidate wanted: some only looked like a hit. */
const FETCHED_PER_CANDIDATE = 2
/** Rows of one name. */
const MOST_NAMESAKES = 50
/** Entries that are counted to find the rarest token. */
const MOST_COUNTED = 5_000

/**
 * Searches the texts of one collection by its array of tokens: an index of one, which any server of the protocol has. (A
 * `$text` index knows whole words only, a regular expression reads every document.)
 */
export class TextSearch<Document> {
  private readonly hits: HitCollector<Document>
  private readonly filter: Condition

  constructor(
    private readonly rows: Collection<StoredForm>,
    private readonly search: SearchSchema,
    filter: Filter,
    private readonly query: TextQuery,
  ) {
    this.hits = new HitCollector(search, query)
    this.filter = filterCondition(filter, (column) => spacedField('c', column))
  }

  async run(): Promise<TextAnswer<Document>> {
    const { terms, depth, candidates = MOST_CANDIDATES } = this.query
    const names = nameTokens(this.search, terms, depth)
    if (names.length > 0) await this.fetch([names], MOST_NAMESAKES)
    const most = candidates * FETCHED_PER_CANDIDATE
    const fetched = await this.fetch(await this.rarestFirst(tokenConditions(terms, depth)), most + 1)
    return { hits: this.hits.page(), complete: fetched <= most && !this.hits.full }
  }

  /** An index of an array serves one condition on it, the first where nothing speaks for another. */
  private async rarestFirst(conditions: TokenConditions): Promise<TokenConditions> {
    if (conditions.length < 2) return conditions
    const counted = await Promise.all(
      conditions.map(async (choices) => ({
        choices,
        count: await this.rows.countDocuments(oneOf(choices), { limit: MOST_COUNTED }),
      })),
    )
    return counted.sort((a, b) => a.count - b.count).map(({ choices }) => choices)
  }

  private async fetch(conditions: TokenConditions, limit: number): Promise<number> {
    const { projection, read } = documentAnswer<Document>()
    const forms = await this.rows
      .find({ $and: [...conditions.map(oneOf), { deleted: false }, this.filter] }, { projection })
      .sort({ _id: -1 })
      .limit(limit)
      .toArray()
    for (const form of forms) this.hits.consider(read(form))
    return forms.length
  }
}

const oneOf = (choices: readonly string[]): Condition => ({
  g: choices.length === 1 ? choices[0] : { $in: [...choices] },
})
