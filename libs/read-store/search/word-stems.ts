import { stemmer } from 'stemmer'
import { foldedWords } from './text-folding.js'

/** Stems kept of an incident, the first ones: of the title, then of the description. */
export const MOST_STEMS = 16
/** Beyond this many characters a description is a log, whose words are nobody's. */
const MOST_CHARACTERS = 2_000

/** English words that stand in any text. Whatever else is frequent counts little by its frequency. */
const STOP_WORDS = new Set(
  (
    'a about after again all also am an and any are as at be because been before but by can cannot could did do does doing don ' +
    'down for from get gets got had has have he her here him his how i if in into is it its just me more most my no not now of ' +
    'off on once one only or other our out over please she since so some still such than that the their them then there these ' +
    'they this those through to too under until up very was we were what when where which while who why will with would you your'
  ).split(' '),
)

/**
 * The stems of an incident's words (Porter's algorithm: English; words of other languages mostly stay as they are), each once, in
 * their order. Words of one character and bare numbers of up to two digits are left out.
 */
export function wordStems(title: string, description = ''): readonly string[] {
  // So few that looking through them costs less than a set
  const stems: string[] = []
  for (const text of [title, description.slice(0, MOST_CHARACTERS)])
    for (const word of foldedWords(text)) {
      if (stems.length === MOST_STEMS) return stems
      const stem = stemOf(word)
      if (stem !== NONE && !stems.includes(stem)) stems.push(stem)
    }
  return stems
}

const known = new Map<string, string>()
const MOST_KNOWN = 50_000

/** What words have that are left out. */
const NONE = ''

/** Texts repeat their words: looking up is ten times quicker than stemming. */
function stemOf(word: string): string {
  let stem = known.get(word)
  if (stem === undefined) {
    if (known.size >= MOST_KNOWN) known.clear()
    stem = isLeftOut(word) ? NONE : stemmer(word)
    known.set(word, stem)
  }
  return stem
}

function isLeftOut(word: string): boolean {
  return word.length < 2 || STOP_WORDS.has(word) || /^\d{1,2}$/.test(word)
}
