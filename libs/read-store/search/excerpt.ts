import type { SearchSchema, TextQuery } from './search-schema.js'
import { needleOf, type SearchTerm } from './search-terms.js'
import { textsIn } from './search-tokens.js'
import { foldedText, type PlacedText, placedText } from './text-folding.js'

/** Where a document matches, in pieces: as they stand in the text, one behind the other. */
export interface Excerpt {
  field: string
  parts: { text: string; hit: boolean }[]
}

/** Characters of an excerpt, and how many of them before the first hit. */
const LENGTH = 200
const BEFORE = 60
const CUT = '…'

/**
 * A piece of the text in which most terms are found, of equals the first. None when only its names match. Give it a
 * document as its reader may see it.
 */
export function excerptOf(
  { texts, names = [] }: SearchSchema,
  document: object,
  { terms, depth }: Pick<TextQuery, 'terms' | 'depth'>,
): Excerpt | undefined {
  const fields = document as Readonly<Record<string, unknown>>
  let best: { field: string; text: string; found: number } | undefined
  for (const weights of texts.slice(0, depth))
    for (const field in weights) {
      if (names.includes(field)) continue
      for (const text of textsIn(fields[field])) {
        const folded = foldedText(text)
        const found = terms.filter((term) => folded.includes(needleOf(term))).length
        if (found > (best?.found ?? 0)) best = { field, text, found }
      }
    }
  return best && { field: best.field, parts: marked(best.text, terms) }
}

function marked(original: string, terms: readonly SearchTerm[]): Excerpt['parts'] {
  const folded = foldedText(original)
  const first = Math.min(...terms.map((term) => folded.indexOf(needleOf(term))).filter((at) => at >= 0))
  const placed = placedText(original, first + LENGTH)
  const hits = placesOf(placed, terms)
  const [start, end] = windowOf(original, placed, hits[0]!.start)
  const parts: Excerpt['parts'] = []
  const add = (text: string, hit: boolean) => text !== '' && parts.push({ text, hit })
  let at = start
  if (start > 0) add(CUT, false)
  for (const hit of hits) {
    if (hit.start >= end) break
    add(original.slice(at, hit.start), false)
    add(original.slice(hit.start, Math.min(hit.end, end)), true)
    at = Math.min(hit.end, end)
  }
  add(original.slice(at, end), false)
  if (end < original.length) add(CUT, false)
  return parts
}

/** All places of all terms in the original, in order, those that overlap in one. */
function placesOf({ text, starts, ends }: PlacedText, terms: readonly SearchTerm[]) {
  const places: { start: number; end: number }[] = []
  for (const term of terms) {
    const needle = needleOf(term)
    const lead = needle.startsWith(' ') ? 1 : 0
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1))
      places.push({ start: starts[at + lead]!, end: ends[at + lead + term.length - 1]! })
  }
  places.sort((a, b) => a.start - b.start || b.end - a.end)
  return places.reduce<typeof places>((merged, place) => {
    const last = merged.at(-1)
    if (last && place.start < last.end) last.end = Math.max(last.end, place.end)
    else merged.push({ ...place })
    return merged
  }, [])
}

/** Begins where a word begins; ends between characters. */
function windowOf(original: string, { text, starts }: PlacedText, hit: number): [number, number] {
  let start = hit
  for (let i = 0; i + 1 < text.length; i++)
    if (text[i] === ' ' && hit - starts[i + 1]! <= BEFORE) {
      start = Math.min(starts[i + 1]!, hit)
      break
    }
  if (hit <= BEFORE) start = 0
  const end = Math.min(original.length, start + LENGTH)
  const splitsPair = end < original.length && /[\udc00-\udfff]/.test(original[end]!)
  return [start, splitsPair ? end - 1 : end]
}
