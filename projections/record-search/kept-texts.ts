import type { Blank, Draft } from '../drafts.js'

/** The texts of a record that is searched, of whatever kind. */
export interface SearchedTexts {
  /** The number as people write it: whole, without its zeros, and the digits alone. */
  names: string
  description?: string
  /** Whatever was said to whom the record is for: comments, questions, updates, notes of a resolution; the oldest first. */
  comments?: readonly string[]
  /** Of comments that are not kept whole, each word once. */
  commentWords?: readonly string[]
  /** What was said among the desk: not for requesters. */
  workNotes?: readonly string[]
  workNoteWords?: readonly string[]
}

/** Of a record that was just opened. */
export const NO_TEXTS: Blank<SearchedTexts> = {
  names: '',
  description: undefined,
  comments: undefined,
  commentWords: undefined,
  workNotes: undefined,
  workNoteWords: undefined,
}

/**
 * Characters that are kept of a record's comments, and of its work notes, as they were written. Of a longer conversation
 * the newest are, lest every further word rewrites them all; of all others each word is kept once.
 */
export const MOST_KEPT = 50_000
/** Of one text, so that a log that somebody pasted leaves room for the others. */
export const MOST_OF_ONE = 10_000
/** Words that are kept so: whole logs have many. Beyond them the earliest are, and nothing else is lost. */
export const MOST_WORDS = 50_000

/** `INC0000123` → also `INC123` and `123`. */
export function namesOf(number: string): string {
  const [, letters, digits] = /^(\D*)0*(\d+)$/.exec(number) ?? []
  return digits === undefined ? number : `${number} ${letters}${digits} ${digits}`
}

/** Adds what was said, to whom the record is for or among the desk. */
export function addText(draft: Draft<SearchedTexts>, text: string, toCaller: boolean): void {
  if (toCaller) {
    const { texts, words } = withText(draft.comments, draft.commentWords, text)
    draft.comments = texts
    draft.commentWords = words
  } else {
    const { texts, words } = withText(draft.workNotes, draft.workNoteWords, text)
    draft.workNotes = texts
    draft.workNoteWords = words
  }
}

/** What does not stay whole leaves its words. */
function withText(
  texts: readonly string[] = [],
  words: readonly string[] | undefined,
  text: string,
): { texts: readonly string[]; words: readonly string[] | undefined } {
  const end = text.length > MOST_OF_ONE ? cutBefore(text, MOST_OF_ONE) : text.length
  const kept = [...texts, text.slice(0, end)]
  const left = end < text.length ? [text.slice(end)] : []
  let length = kept.reduce((sum, { length }) => sum + length, 0)
  while (kept.length > 1 && length > MOST_KEPT) {
    const [oldest] = kept.splice(0, 1) as [string]
    length -= oldest.length
    left.push(oldest)
  }
  return { texts: kept, words: left.length === 0 ? words : withWords(words, left) }
}

/** Between two words, if there is a gap anywhere near. */
function cutBefore(text: string, place: number): number {
  const gap = text.slice(0, place).search(/\s\S{0,500}$/)
  return gap > 0 ? gap : place
}

/** Words as they were written, punctuation within and all: a name of a host is found by its parts and whole. */
function withWords(words: readonly string[] = [], texts: readonly string[]): readonly string[] {
  const all = new Set(words)
  for (const text of texts)
    for (const [word] of text.matchAll(/\S+/g)) {
      if (all.size >= MOST_WORDS) return [...all]
      all.add(word)
    }
  return [...all]
}
