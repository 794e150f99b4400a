import { changeKey, ciKey, FIELD_SIGNALS, type FieldSignal, sourcesOf, type Traits } from './traits.js'

/** What can speak for two incidents having one cause. */
export type Signal = FieldSignal | 'ci' | 'upstream' | 'words' | 'change' | 'time'

/**
 * How incidents in general are, against which an agreement is judged: what is rare says more. Counts are of incidents known.
 */
export interface Background {
  readonly incidents: number
  /** Milliseconds between the first and the last that was opened. */
  readonly span: number
  /** Incidents that stand in the list of a key (`keysOf`). */
  count(key: string): number
  /** Incidents with this stem. */
  countWord(stem: string): number
  /** How often two incidents that have the field agree in it by chance, 0 to 1. */
  chance(signal: FieldSignal): number
}

export interface Parameters {
  /** How often two incidents of one problem agree in a field that both have, 0 to 1; not named: it is not compared. */
  readonly agreement: Readonly<Partial<Record<FieldSignal, number>>>
  /** The same for the item, and for what it depends on. */
  readonly ciAgreement: number
  /** Gaps well below this many milliseconds all count as none. */
  readonly momentMilliseconds: number
  /** How much nearness in time counts against all else; 1: as the evidence says. */
  readonly timeWeight: number
}

/** One thing that two incidents have in common, and its weight: bits of evidence, the logarithm to base 2 of a likelihood ratio. */
export interface Agreement {
  readonly signal: Signal
  readonly value: string
  readonly bits: number
}

export interface Comparison {
  /** Bits for one cause, agreements less differences. */
  readonly bits: number
  /** Without those of no weight, in the order of signals. */
  readonly agreements: readonly Agreement[]
}

/**
 * As measured on 325 incidents that people linked to problems (see README.md); items, words and changes by judgement, since those data
 * have none.
 */
export const USUAL_PARAMETERS: Parameters = {
  agreement: {
    category: 0.48,
    subcategory: 0.3,
    symptom: 0.35,
    location: 0.26,
    service: 0.5,
    group: 0.58,
    openedBy: 0.22,
  },
  ciAgreement: 0.5,
  momentMilliseconds: 15 * 60_000,
  timeWeight: 1,
}

/** Words, changes and nearness in time say no more than this: they are seldom independent of the rest. */
const MOST_WORD_BITS = 14
const MOST_CHANGE_BITS = 6
/** One step away is less than the item itself. */
const UPSTREAM_BITS_LESS = 1

/**
 * How much two incidents speak for one cause: the sum, over signals, of the logarithm of how much likelier the agreement or difference
 * is among incidents of one problem than among any two. (Fellegi and Sunter, "A theory for record linkage", 1969, with weights by
 * frequency of the value.)
 */
export function compare(one: Traits, other: Traits, background: Background, by: Parameters): Comparison {
  const agreements: Agreement[] = []
  let bits = 0
  const add = (signal: Signal, value: string, weight: number) => {
    bits += weight
    if (weight > 0) agreements.push({ signal, value, bits: weight })
  }
  compareFields(one, other, background, by, add)
  compareItems(one, other, background, by, add)
  const change = one.changes?.find((number) => other.changes?.includes(number))
  if (change !== undefined)
    add('change', change, Math.min(MOST_CHANGE_BITS, rarity(background, changeKey(change))))
  compareWords(one, other, background, add)
  const gap = Math.abs(one.time - other.time)
  add('time', String(gap), by.timeWeight * nearnessBits(gap, background.span, by.momentMilliseconds))
  return { bits, agreements }
}

type Add = (signal: Signal, value: string, bits: number) => void

function compareFields(one: Traits, other: Traits, background: Background, by: Parameters, add: Add): void {
  for (const signal of FIELD_SIGNALS) {
    const share = by.agreement[signal]
    const value = one[signal]
    const otherValue = other[signal]
    if (share === undefined || value === undefined || otherValue === undefined) continue
    if (value === otherValue) add(signal, value, Math.log2(share) + rarity(background, `${signal}:${value}`))
    else add(signal, value, differenceBits(share, background.chance(signal)))
  }
}

function differenceBits(share: number, chance: number): number {
  return Math.min(0, Math.log2((1 - share) / Math.max(0.01, 1 - chance)))
}

function compareItems(one: Traits, other: Traits, background: Background, by: Parameters, add: Add): void {
  if (one.ci === undefined || other.ci === undefined) return
  const agreed = Math.log2(by.ciAgreement)
  if (one.ci === other.ci) {
    add('ci', one.ci, agreed + rarity(background, ciKey(one.ci)))
    return
  }
  const others = sourcesOf(other)
  const common = sourcesOf(one).filter((item) => others.includes(item))
  if (common.length === 0) {
    add('ci', one.ci, Math.log2(1 - by.ciAgreement))
    return
  }
  const best = common.reduce((a, b) => (background.count(ciKey(b)) < background.count(ciKey(a)) ? b : a))
  add('upstream', best, Math.max(0, agreed - UPSTREAM_BITS_LESS + rarity(background, ciKey(best))))
}

/**
 * The information in the words that both have, as far as it makes up what the one says. Not of what the other says: counts of words
 * that are the other's alone would have to be read for each that it is compared with.
 */
function compareWords(one: Traits, other: Traits, background: Background, add: Add): void {
  const [words, others] = [one.words, other.words]
  if (words === undefined || others === undefined) return
  let shared = 0
  let all = 0
  const common: string[] = []
  for (const word of words) {
    const bits = wordRarity(background, word)
    all += bits
    if (!others.includes(word)) continue
    shared += bits
    common.push(word)
  }
  if (common.length === 0) return
  if (all > 0) add('words', common.join(' '), Math.min(MOST_WORD_BITS, (shared * shared) / all))
}

/**
 * Nearness in time: incidents of one problem lie apart by any order of magnitude alike, from a moment up to the span; any two lie
 * apart anywhere in it.
 */
export function nearnessBits(gap: number, span: number, moment: number): number {
  const whole = Math.max(span, moment)
  return Math.log2(whole / (Math.log(1 + whole / moment) * (moment + gap)))
}

function rarity(background: Background, key: string): number {
  return Math.log2((background.incidents + 1) / (background.count(key) + 1))
}

function wordRarity(background: Background, stem: string): number {
  return Math.log2((background.incidents + 1) / (background.countWord(stem) + 1))
}

/**
 * Bits beyond those that the best of so many incidents would have by chance: at 0 one other incident is expected to agree as well,
 * at 10 one in a thousand such searches finds one.
 */
export function surprise(bits: number, incidents: number): number {
  return bits - Math.log2(Math.max(1, incidents))
}
