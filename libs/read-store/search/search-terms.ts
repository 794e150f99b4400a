import { InvalidInput } from '#libs/event-sourcing'
import { foldedWords } from './text-folding.js'

/** Folded words with single spaces between: of a word, or of a phrase in its order. */
export type SearchTerm = string

export const LONGEST_SEARCH = 200
export const MOST_TERMS = 10
/** Shorter words than these stand in every text: alone they narrow nothing down. */
const SHORTEST_WORD = 2
/** Words up to this length are found where a word begins, longer ones inside of words as well. */
const SHORT_WORD = 2

/** Scripts that put no spaces between words: there a word may begin anywhere. */
const WITHOUT_SPACES = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u

/**
 * What somebody typed, as terms that must all be found. Words in quotation marks are a phrase, and so are those that
 * punctuation joins (`10.0.0.5`); nothing else has a meaning.
 * @throws InvalidInput `SEARCH.EMPTY`, `SEARCH.TOO_SHORT`, `SEARCH.TOO_LONG`, naming `q`
 */
export function parseSearch(typed: string): readonly SearchTerm[] {
  if (typed.length > LONGEST_SEARCH)
    throw refusal('TOO_LONG', `has ${typed.length} characters: give at most ${LONGEST_SEARCH}`)
  const parts = typed.replace(/[“”„«»]/g, '"').match(/"[^"]*"?|[^\s"]+/g) ?? []
  const terms = [...new Set(parts.map((part) => foldedWords(part).join(' ')))].filter((term) => term !== '')
  if (terms.length === 0) throw refusal('EMPTY', 'has no word to look for: give letters or digits')
  if (terms.length > MOST_TERMS)
    throw refusal('TOO_LONG', `has ${terms.length} words and phrases: give at most ${MOST_TERMS}`)
  if (!terms.some((term) => term.split(' ').some((word) => word.length >= SHORTEST_WORD)))
    throw refusal('TOO_SHORT', `has no word of ${SHORTEST_WORD} characters or more: give a longer one`)
  return terms
}

/** Whether a word is looked for at the beginning of words only: short ones stand inside too many. */
export function beginsWord(word: string): boolean {
  return word.length <= SHORT_WORD && !WITHOUT_SPACES.test(word)
}

/** Whether a word may begin here though no space is before it. */
export const beginsAnywhere = (text: string) => text > '\u007f' && WITHOUT_SPACES.test(text)

/** The text to look for in a `foldedText`. A single character must be a word of its own. */
export function needleOf(term: SearchTerm): string {
  if (term.length === 1) return ` ${term} `
  return beginsWord(term.split(' ', 1)[0] as string) ? ` ${term}` : term
}

function refusal(code: string, why: string): InvalidInput {
  return new InvalidInput(`SEARCH.${code}`, `The search ${why}`, [{ pointer: 'q', message: why }])
}
