/**
 * Texts as they are searched: case, accents and punctuation are gone, words stand between single spaces. One definition
 * for texts and for what is asked of them, whatever store compares them.
 */

/** Longer runs are cut into words of this length (code points): what nobody types need not be one. */
const LONGEST_WORD = 100

const BEYOND_ASCII = /[\u0080-\uffff]/
const ASCII_WORDS = new RegExp(`[a-z0-9]{1,${LONGEST_WORD}}`, 'g')
const WORDS = new RegExp(`[\\p{L}\\p{N}\\p{M}]{1,${LONGEST_WORD}}`, 'gu')
const WORD_CHARACTER = /^[\p{L}\p{N}\p{M}]$/u

/** Accents of Latin, Greek and Cyrillic. Marks of other scripts are letters there (vowel signs), and stay. */
const ACCENTS = /[\u0300-\u036f]/g
/** Letters that no normalization form of Unicode takes apart, as people type them without their keyboard. */
const PLAIN: Readonly<Record<string, string>> = {
  Ø: 'o',
  Ł: 'l',
  Đ: 'd',
  Ð: 'd',
  Þ: 'th',
  Æ: 'ae',
  Œ: 'oe',
  Ħ: 'h',
}

const folded = new Map<string, string>()

/**
 * One character as it is compared; several or none may come of it. Without regard to its neighbours, so that places in
 * the folded text are places in the text. (NFKD and case mapping: https://www.unicode.org/reports/tr15/, tr21)
 */
function foldCharacter(character: string): string {
  let known = folded.get(character)
  if (known === undefined) {
    const upper = character.toUpperCase()
    known = PLAIN[upper] ?? upper.normalize('NFKD').replace(ACCENTS, '').toLowerCase()
    folded.set(character, known)
  }
  return known
}

function fold(text: string): string {
  if (!BEYOND_ASCII.test(text)) return text.toLowerCase()
  let all = ''
  for (const character of text) all += foldCharacter(character)
  return all
}

/** The words of a text, folded, in order. */
export function foldedWords(text: string): readonly string[] {
  const all = fold(text)
  return all.match(BEYOND_ASCII.test(all) ? WORDS : ASCII_WORDS) ?? []
}

/** The words with a space before, between and behind: what begins a word follows a space. */
export function foldedText(text: string): string {
  return ` ${foldedWords(text).join(' ')} `
}

/** A folded text whose characters know where they come from. */
export interface PlacedText {
  /** As `foldedText` gives it, perhaps cut off. */
  text: string
  /** Per UTF-16 code unit of it: where the character of the original begins, and where it ends. */
  starts: readonly number[]
  ends: readonly number[]
}

/** @param upTo code units of the folded text after which nobody wants more */
export function placedText(original: string, upTo = Number.POSITIVE_INFINITY): PlacedText {
  let text = ''
  const starts: number[] = []
  const ends: number[] = []
  const push = (units: string, start: number, end: number) => {
    text += units
    for (let i = 0; i < units.length; i++) {
      starts.push(start)
      ends.push(end)
    }
  }
  push(' ', 0, 0)
  let length = 0
  let at = 0
  for (const character of original) {
    if (text.length > upTo) return { text, starts, ends }
    const end = at + character.length
    for (const unit of foldCharacter(character)) {
      const inWord = WORD_CHARACTER.test(unit)
      if (length > 0 && (!inWord || length === LONGEST_WORD)) {
        push(' ', at, at)
        length = 0
      }
      if (!inWord) continue
      push(unit, at, end)
      length++
    }
    at = end
  }
  if (length > 0 || text === ' ') push(' ', at, at)
  return { text, starts, ends }
}
