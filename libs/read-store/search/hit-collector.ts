import { compareRows } from '../query-rules.js'
import type { KeysetCursor, SortKey, StoredDocument } from '../read-store.js'
import { MOST_CANDIDATES, type SearchSchema, type TextHit, type TextQuery } from './search-schema.js'
import { needleOf, type SearchTerm } from './search-terms.js'
import { textsIn } from './search-tokens.js'
import { foldedText } from './text-folding.js'

/** What a term is worth, by how it was found. */
const INSIDE_A_WORD = 1
const BEGINS_A_WORD = 2
const WHOLE_WORDS = 3

const BY_RANK: readonly SortKey[] = [
  { column: 'score', direction: 'desc' },
  { column: 'newest', direction: 'desc' },
]

/** Looks whether candidates really match, and ranks those that do: the same for every store. */
export class HitCollector<Document> {
  private readonly hits = new Map<string, TextHit<Document>>()
  private readonly most: number

  constructor(
    private readonly search: SearchSchema,
    private readonly query: TextQuery,
  ) {
    this.most = query.candidates ?? MOST_CANDIDATES
  }

  /** More than may be ranked were found: whoever looks for them may stop. */
  get full(): boolean {
    return this.hits.size > this.most
  }

  consider(row: StoredDocument<Document>): void {
    if (this.hits.has(row.id)) return
    const score = scoreOf(this.search, row.document as object, this.query)
    if (score > 0) this.hits.set(row.id, { ...row, score })
  }

  page(): TextHit<Document>[] {
    const order = compareRows(BY_RANK)
    const { after, limit } = this.query
    return [...this.hits.values()]
      .map((hit) => ({ hit, at: hitCursor(this.search, hit as TextHit<object>) }))
      .filter(({ at }) => after === undefined || order(at, after) > 0)
      .sort((a, b) => order(a.at, b.at))
      .slice(0, limit)
      .map(({ hit }) => hit)
  }
}

/** The cursor that continues behind a hit. */
export function hitCursor({ newest }: SearchSchema, { id, score, document }: TextHit<object>): KeysetCursor {
  const value = (document as Readonly<Record<string, string | undefined>>)[newest]
  return { id, values: [score, value ?? null] }
}

/** How well a document matches; 0: it lacks one of the terms. */
export function scoreOf(
  { texts }: SearchSchema,
  document: object,
  { terms, depth }: Pick<TextQuery, 'terms' | 'depth'>,
): number {
  const fields = document as Readonly<Record<string, unknown>>
  const best = new Array<number>(terms.length).fill(0)
  for (const weights of texts.slice(0, depth))
    for (const [field, weight] of Object.entries(weights)) {
      // Most texts of a hit need not be looked through: what was found is better than anything there
      if (best.every((worth) => worth >= weight * WHOLE_WORDS)) continue
      for (const text of textsIn(fields[field])) {
        const folded = foldedText(text)
        for (const [i, term] of terms.entries()) {
          // What is found here can't be better
          if (weight * WHOLE_WORDS <= best[i]!) continue
          best[i] = Math.max(best[i]!, weight * worthOf(term, folded))
        }
      }
    }
  return best.every((worth) => worth > 0) ? best.reduce((sum, worth) => sum + worth, 0) : 0
}

function worthOf(term: SearchTerm, folded: string): number {
  if (!folded.includes(needleOf(term))) return 0
  if (folded.includes(` ${term} `)) return WHOLE_WORDS
  return folded.includes(` ${term}`) ? BEGINS_A_WORD : INSIDE_A_WORD
}
