import type { SearchSchema } from './search-schema.js'
import { beginsAnywhere, beginsWord, type SearchTerm } from './search-terms.js'
import { foldedWords } from './text-folding.js'

/**
 * What a store's index holds of a document, and asks of it: for every group of texts the runs of three characters within
 * words, the two that begin a word, and the words of names. Each token begins with its group's letter, so that one index
 * serves readers of several depths and none can match in what is not for her. Tokens narrow down; whether a term is really
 * there, the text itself tells (`HitCollector`).
 */
const FIRST_GROUP = 'a'.charCodeAt(0)
/** In place of a group's letter, before it. */
const NAME = 'z'
export const MOST_GROUPS = 20
const GRAM = 3
const PAIR = 2
/** More conditions than these cost more than they narrow down. */
const MOST_CONDITIONS = 12

/**
 * Texts are made of the same few thousand words: what these come to is kept, which spares a record of two sentences
 * two thirds of 30 µs. Longer ones are hardly ever the same again.
 */
const KEPT_WORDS = 5_000
const LONGEST_KEPT = 20

const letterOf = (group: number) => String.fromCharCode(FIRST_GROUP + group)

/** The texts of one field. */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value : []
}

/** Every token of a document. Of groups that share a word, it has the tokens of the first. */
export function searchTokens(schema: SearchSchema, document: object): Set<string> {
  return new Set(searchTokenText(schema, document).match(/\S+/g))
}

/** The same as one text, a space behind each, in which words that share a gram repeat it: what an index takes that sees to it. */
export function searchTokenText({ texts, names = [] }: SearchSchema, document: object): string {
  const fields = document as Readonly<Record<string, unknown>>
  const seen = new Set<string>()
  let tokens = ''
  for (const [group, weights] of texts.entries())
    for (const field in weights)
      for (const text of textsIn(fields[field]))
        for (const word of foldedWords(text)) {
          if (!seen.has(word)) {
            seen.add(word)
            tokens += gramTokens(word, group)
          }
          if (names.includes(field)) tokens += `${NAME}${letterOf(group)}${word} `
        }
  return tokens
}

/** By group and word. */
const keptTokens: Map<string, string>[] = []

/** The grams of a word as tokens of a group. */
function gramTokens(word: string, group: number): string {
  keptTokens[group] ??= new Map()
  const kept = keptTokens[group]
  let tokens = kept.get(word)
  if (tokens === undefined) {
    tokens = gramsOf(word)
      .map((gram) => `${letterOf(group)}${gram} `)
      .join('')
    if (kept.size >= KEPT_WORDS) kept.clear()
    if (word.length <= LONGEST_KEPT) kept.set(word, tokens)
  }
  return tokens
}

/** Whether two documents have the same texts, and so the same tokens. */
export function sameTexts({ texts }: SearchSchema, a: object, b: object): boolean {
  const [before, after] = [a, b] as Readonly<Record<string, unknown>>[]
  return texts.every((weights) =>
    Object.keys(weights).every((field) => {
      const [old, now] = [textsIn(before?.[field]), textsIn(after?.[field])]
      return old.length === now.length && old.every((text, i) => text === now[i])
    }),
  )
}

function gramsOf(word: string): readonly string[] {
  const grams: string[] = []
  for (let i = 0; i + PAIR <= word.length; i++) {
    if (i === 0 || beginsAnywhere(word.slice(i))) grams.push(word.slice(i, i + PAIR))
    if (i + GRAM <= word.length) grams.push(word.slice(i, i + GRAM))
  }
  return grams
}

/** Of each inner list a document must have one token, to be a candidate. */
export type TokenConditions = readonly (readonly string[])[]

export function tokenConditions(terms: readonly SearchTerm[], depth: number): TokenConditions {
  const letters = Array.from({ length: depth }, (_, group) => letterOf(group))
  const grams = new Set(terms.flatMap(neededGrams))
  // Long ones first: they are rarer
  const chosen = [...grams].sort((a, b) => b.length - a.length).slice(0, MOST_CONDITIONS)
  return chosen.map((gram) => letters.map((letter) => letter + gram))
}

/** The tokens by which a record is found that is named so; none unless one word is asked. */
export function nameTokens(
  { names = [] }: SearchSchema,
  terms: readonly SearchTerm[],
  depth: number,
): readonly string[] {
  const [word = '', ...others] = terms
  if (names.length === 0 || others.length > 0 || word.includes(' ')) return []
  return Array.from({ length: depth }, (_, group) => NAME + letterOf(group) + word)
}

/** Grams that every text with the term has. Only its first word may begin inside of a word. */
function neededGrams(term: SearchTerm): string[] {
  return term.split(' ').flatMap((word, place) => {
    const pair =
      word.length >= PAIR && (place > 0 || beginsWord(word) || word.length === PAIR)
        ? [word.slice(0, PAIR)]
        : []
    return [...pair, ...spreadGrams(word)]
  })
}

/** Side by side rather than overlapping: those between add little. */
function spreadGrams(word: string): string[] {
  const grams: string[] = []
  const last = word.length - GRAM
  for (let i = 0; i < last; i += GRAM) grams.push(word.slice(i, i + GRAM))
  if (last >= 0) grams.push(word.slice(last))
  return grams
}
