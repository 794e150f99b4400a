import {
  changeKey,
  ciKey,
  FIELD_SIGNALS,
  type FieldSignal,
  fieldKey,
  sourcesOf,
  type Traits,
} from './traits.js'

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
 * frequency of the value.) What does not depend on whom an incident is compared with is weighed once.
 */
export class Comparer {
  readonly #fields: readonly WeighedField[]
  readonly #sources: ReadonlyMap<string, number>
  readonly #ciAgrees: number
  readonly #ciDiffers: number
  readonly #changes: ReadonlyMap<string, number>
  readonly #words: ReadonlyMap<string, number>
  readonly #allWordBits: number
  readonly #moment: number
  readonly #nearest: number
  readonly #timeWeight: number

  constructor(
    private readonly one: Traits,
    background: Background,
    by: Parameters,
  ) {
    const rarity = rarityIn(background)
    this.#fields = weighedFields(one, background, by)
    this.#ciAgrees = Math.log2(by.ciAgreement)
    this.#ciDiffers = Math.log2(1 - by.ciAgreement)
    this.#sources = new Map(sourcesOf(one).map((item) => [item, rarity(background.count(ciKey(item)))]))
    this.#changes = new Map(
      (one.changes ?? []).map((change) => [change, rarity(background.count(changeKey(change)))]),
    )
    this.#words = new Map((one.words ?? []).map((word) => [word, rarity(background.countWord(word))]))
    this.#allWordBits = [...this.#words.values()].reduce((sum, bits) => sum + bits, 0)
    this.#moment = by.momentMilliseconds
    this.#nearest = nearestBits(background.span, by.momentMilliseconds)
    this.#timeWeight = by.timeWeight
  }

  /** The bits alone. */
  bits(other: Traits): number {
    return this.#judge(other, undefined)
  }

  compare(other: Traits): Comparison {
    const agreements: Agreement[] = []
    return { bits: this.#judge(other, agreements), agreements }
  }

  #judge(other: Traits, agreements: Agreement[] | undefined): number {
    let bits = 0
    for (const { signal, value, agrees, differs } of this.#fields) {
      const otherValue = other[signal]
      if (otherValue === undefined) continue
      const weight = value === otherValue ? agrees : differs
      if (weight > 0) agreements?.push({ signal, value, bits: weight })
      bits += weight
    }
    bits += this.#items(other, agreements)
    bits += this.#change(other, agreements)
    bits += this.#sharedWords(other, agreements)
    const gap = Math.abs(this.one.time - other.time)
    const near = this.#timeWeight * (this.#nearest - Math.log2(this.#moment + gap))
    if (near > 0) agreements?.push({ signal: 'time', value: String(gap), bits: near })
    return bits + near
  }

  #items(other: Traits, agreements: Agreement[] | undefined): number {
    const { ci } = this.one
    if (ci === undefined || other.ci === undefined) return 0
    const isSame = ci === other.ci
    let best: { item: string; rarity: number } | undefined
    if (isSame) best = { item: ci, rarity: this.#sources.get(ci) ?? 0 }
    else
      for (const item of sourcesOf(other)) {
        const rarity = this.#sources.get(item)
        if (rarity !== undefined && (best === undefined || rarity > best.rarity)) best = { item, rarity }
      }
    if (best === undefined) return this.#ciDiffers
    const weight = this.#ciAgrees + best.rarity
    const bits = isSame ? weight : Math.max(0, weight - UPSTREAM_BITS_LESS)
    if (bits > 0) agreements?.push({ signal: isSame ? 'ci' : 'upstream', value: best.item, bits })
    return bits
  }

  #change(other: Traits, agreements: Agreement[] | undefined): number {
    if (other.changes === undefined || this.#changes.size === 0) return 0
    for (const [change, rarity] of this.#changes) {
      if (!other.changes.includes(change)) continue
      const bits = Math.min(MOST_CHANGE_BITS, rarity)
      if (bits > 0) agreements?.push({ signal: 'change', value: change, bits })
      return bits
    }
    return 0
  }

  /**
   * The information in the words that both have, as far as it makes up what the one says. Not of what the other says: counts of words
   * that are the other's alone would have to be read for each that it is compared with.
   */
  #sharedWords({ words }: Traits, agreements: Agreement[] | undefined): number {
    if (words === undefined || this.#allWordBits <= 0) return 0
    let shared = 0
    for (const word of words) shared += this.#words.get(word) ?? 0
    const bits = Math.min(MOST_WORD_BITS, (shared * shared) / this.#allWordBits)
    if (bits > 0 && agreements !== undefined) {
      const common = [...this.#words.keys()].filter((word) => words.includes(word))
      agreements.push({ signal: 'words', value: common.join(' '), bits })
    }
    return bits
  }
}

interface WeighedField {
  signal: FieldSignal
  value: string
  agrees: number
  differs: number
}

function weighedFields(one: Traits, background: Background, { agreement }: Parameters): WeighedField[] {
  const rarity = rarityIn(background)
  const weighed: WeighedField[] = []
  for (const signal of FIELD_SIGNALS) {
    const share = agreement[signal]
    const value = one[signal]
    if (share === undefined || value === undefined) continue
    const agrees = Math.log2(share) + rarity(background.count(fieldKey(signal, value)))
    weighed.push({ signal, value, agrees, differs: differenceBits(share, background.chance(signal)) })
  }
  return weighed
}

function differenceBits(share: number, chance: number): number {
  return Math.min(0, Math.log2((1 - share) / Math.max(0.01, 1 - chance)))
}

/**
 * What nearness in time says, before the gap is taken off ({@link Comparer}): incidents of one problem lie apart by any order of
 * magnitude alike, from a moment up to the span; any two lie apart anywhere in it.
 */
function nearestBits(span: number, moment: number): number {
  const whole = Math.max(span, moment)
  return Math.log2(whole / Math.log(1 + whole / moment))
}

/** @returns from how many have a trait, the bits that there are in it */
function rarityIn({ incidents }: Background): (count: number) => number {
  const all = Math.log2(incidents + 1)
  return (count) => all - Math.log2(count + 1)
}

/**
 * Bits beyond those that the best of so many incidents would have by chance: at 0 one other incident is expected to agree as well,
 * at 10 one in a thousand such searches finds one.
 */
export function surprise(bits: number, incidents: number): number {
  return bits - Math.log2(Math.max(1, incidents))
}
