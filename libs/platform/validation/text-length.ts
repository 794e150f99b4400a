import { type FuncKeywordDefinition, str } from 'ajv/dist/2020.js'

// Counting characters takes longer than all else about a text, and most are far from their bounds.

/** A character has two UTF-16 code units at most, and one more where it says how it is presented. */
const UNITS_OF_A_CHARACTER = 3

/** True: the text has as many characters, whoever counts them. False: they must be counted. */
export function hasAtLeast(characters: number, text: string): boolean {
  return text.length >= characters * UNITS_OF_A_CHARACTER
}

/** True: the text has no more characters, whoever counts them. False: they must be counted. */
export function hasAtMost(characters: number, text: string): boolean {
  return text.length <= characters
}

/** JSON Schema counts Unicode characters (draft 2020-12, validation, section 6.3). */
function charactersOf(text: string): number {
  let characters = 0
  for (const _ of text) characters++
  return characters
}

/** In place of Ajv's own, which count every text twice. */
export const LENGTH_KEYWORDS: readonly (FuncKeywordDefinition & { keyword: string })[] = [
  {
    keyword: 'maxLength',
    type: 'string',
    schemaType: 'number',
    compile: (most: number) => (text: string) => hasAtMost(most, text) || charactersOf(text) <= most,
    error: { message: ({ schemaCode }) => str`must NOT have more than ${schemaCode} characters` },
  },
  {
    keyword: 'minLength',
    type: 'string',
    schemaType: 'number',
    compile: (least: number) => (text: string) => hasAtLeast(least, text) || charactersOf(text) >= least,
    error: { message: ({ schemaCode }) => str`must NOT have fewer than ${schemaCode} characters` },
  },
]
