import type { Filter } from '../filter.js'
import type { KeysetCursor, StoredDocument } from '../read-store.js'
import type { SearchTerm } from './search-terms.js'

/** What of a collection's documents can be searched. */
export interface SearchSchema {
  /**
   * Fields of the document that hold a text or a list of texts, each with the weight of what is found there: first those
   * that everybody may search who may see the row, then those for fewer. A question is put to the first so many of these
   * groups, so that nothing in another can be found, counted or guessed.
   */
  readonly texts: readonly Readonly<Record<string, number>>[]
  /** Of these fields, those whose whole words name the record: it is found by them however many others match. */
  readonly names?: readonly string[]
  /** The timestamp column by which, of equally good ones, the newest come first. */
  readonly newest: string
}

/** A question to the texts of a collection. All terms must be found, each in any of the texts. */
export interface TextQuery {
  /** See `parseSearch`. */
  terms: readonly SearchTerm[]
  /** How many groups of `SearchSchema.texts` are searched, from the first. */
  depth: number
  filter?: Filter
  limit: number
  /** Behind this hit (`hitCursor`). */
  after?: KeysetCursor
  /** Rows that are ranked, default 400: see `TextAnswer.complete`. */
  candidates?: number
}

export interface TextHit<Document = unknown> extends StoredDocument<Document> {
  /** Rises with how well it matches. */
  score: number
}

export interface TextAnswer<Document = unknown> {
  /** Best first, of equals the newest, then by id, descending. */
  hits: TextHit<Document>[]
  /**
   * False when so many rows match, or look like it, that only some were ranked, of which the newest are most: then there
   * may be better ones. A million hits are never read to show ten.
   */
  complete: boolean
}

export const MOST_CANDIDATES = 400
