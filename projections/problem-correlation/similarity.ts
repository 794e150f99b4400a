import {
  agreeAt,
  CI_PLACE,
  changesFrom,
  FIELD_PLACES,
  type Fingerprint,
  fingerprintOf,
  HASH_WIDTH,
  hashAt,
  hashOfValue,
  isToldAt,
  numberFrom,
  numberIn,
  timeIn,
  UPSTREAM_FROM,
  wordsFrom,
} from './fingerprints.js'
import { everyKeyOf, FIELD_SIGNALS, type FieldSignal, type Keys, sourcesOf, type Traits } from './traits.js'

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
  readonly #own: Fingerprint
  readonly #fields: readonly WeighedField[]
  /** What the incident has several of. */
  readonly #sources: Weighed
  readonly #changes: Weighed
  /** Weighed when they are needed: most of those that it is compared with are too far away by all else. */
  #weighedWords: Weighed | undefined
  #allWordBits = 0
  #mostWordBits: number | undefined
  readonly #ciAgrees: number
  readonly #ciDiffers: number
  readonly #rarityOfWord: (stem: string) => number
  readonly #moment: number
  readonly #nearest: number
  readonly #timeWeight: number

  /** @param own what is known of the one already */
  constructor(
    private readonly one: Traits,
    background: Background,
    by: Parameters,
    own: { fingerprint: Fingerprint; keys: Keys } = {
      fingerprint: fingerprintOf(one),
      keys: everyKeyOf(one),
    },
  ) {
    const rarity = rarityIn(background)
    this.#own = own.fingerprint
    this.#fields = weighedFields(one, own.keys, { background, rarity, by })
    this.#ciAgrees = Math.log2(by.ciAgreement)
    this.#ciDiffers = Math.log2(1 - by.ciAgreement)
    const sources = sourcesOf(one)
    const rarityOfItem = (key: string) => rarity(background.count(key))
    const { items } = own.keys
    this.#sources = weighed(sources, (_, place) => rarityOfItem(items[place] as string))
    this.#changes = weighed(one.changes, (_, place) => rarityOfItem(items[sources.length + place] as string))
    this.#rarityOfWord = (word) => rarity(background.countWord(word))
    this.#moment = by.momentMilliseconds
    this.#nearest = nearestBits(background.span, by.momentMilliseconds)
    this.#timeWeight = by.timeWeight
  }

  get #words(): Weighed {
    if (this.#weighedWords === undefined) {
      this.#weighedWords = weighed(this.one.words, this.#rarityOfWord)
      for (const bits of this.#weighedWords.bits) this.#allWordBits += bits
    }
    return this.#weighedWords
  }

  /** What words can say at most: one that has all of those that are not common. */
  get #mostOfWords(): number {
    if (this.#mostWordBits === undefined) {
      let shared = 0
      for (const bits of this.#words.bits) shared += Math.max(0, bits)
      this.#mostWordBits = this.#allWordBits > 0 ? wordBits(shared, this.#allWordBits) : 0
    }
    return this.#mostWordBits
  }

  /** @param least fewer bits than this need not be exact: whose words alone are missing then */
  bits(other: Fingerprint, least = Number.NEGATIVE_INFINITY): number {
    const bits = this.#withoutWords(other, undefined)
    if (bits + MOST_WORD_BITS < least || bits + this.#mostOfWords < least) return bits
    return bits + this.#sharedWords(other, undefined)
  }

  /** At most so many as the other one finds when it is compared with this one: words count by how much of its own is shared. */
  mostBits(other: Fingerprint): number {
    const words = this.#words
    let shared = 0
    const end = numberFrom(other)
    for (let at = wordsFrom(other); at < end; at += HASH_WIDTH) {
      const place = words.hashes.indexOf(hashAt(other, at))
      if (place >= 0) shared += Math.max(0, words.bits[place] as number)
    }
    return this.#withoutWords(other, undefined) + Math.min(MOST_WORD_BITS, shared)
  }

  compare(other: Fingerprint): Comparison {
    const agreements: Agreement[] = []
    const bits = this.#withoutWords(other, agreements) + this.#sharedWords(other, agreements)
    return { bits, agreements }
  }

  #withoutWords(other: Fingerprint, agreements: Agreement[] | undefined): number {
    let bits = 0
    for (const { signal, value, place, agrees, differs } of this.#fields) {
      if (!isToldAt(other, place)) continue
      const weight = agreeAt(this.#own, other, place) ? agrees : differs
      if (weight > 0) agreements?.push({ signal, value, bits: weight })
      bits += weight
    }
    if (this.one.ci !== undefined && isToldAt(other, CI_PLACE)) bits += this.#items(other, agreements)
    if (this.#changes.hashes.length > 0) bits += this.#change(other, agreements)
    const gap = Math.abs(this.one.time - timeIn(other))
    const near = this.#timeWeight * (this.#nearest - Math.log2(this.#moment + gap))
    if (near > 0) agreements?.push({ signal: 'time', value: String(gap), bits: near })
    return bits + near
  }

  /** Of two that both have an item. */
  #items(other: Fingerprint, agreements: Agreement[] | undefined): number {
    const isSame = agreeAt(this.#own, other, CI_PLACE)
    const { hashes, values, bits: rarities } = this.#sources
    let best = hashes.indexOf(hashAt(other, CI_PLACE))
    const end = isSame ? UPSTREAM_FROM : changesFrom(other)
    for (let at = UPSTREAM_FROM; at < end; at += HASH_WIDTH) {
      const place = hashes.indexOf(hashAt(other, at))
      if (place >= 0 && (best < 0 || (rarities[place] as number) > (rarities[best] as number))) best = place
    }
    if (best < 0) return this.#ciDiffers
    const weight = this.#ciAgrees + (rarities[best] as number)
    const bits = isSame ? weight : Math.max(0, weight - UPSTREAM_BITS_LESS)
    if (bits > 0)
      agreements?.push({ signal: isSame ? 'ci' : 'upstream', value: values[best] as string, bits })
    return bits
  }

  /** The first of its own that the other has as well. */
  #change(other: Fingerprint, agreements: Agreement[] | undefined): number {
    const { hashes, values, bits: rarities } = this.#changes
    const end = wordsFrom(other)
    let first = hashes.length
    for (let at = changesFrom(other); at < end; at += HASH_WIDTH) {
      const place = hashes.indexOf(hashAt(other, at))
      if (place >= 0) first = Math.min(first, place)
    }
    if (first === hashes.length) return 0
    const bits = Math.min(MOST_CHANGE_BITS, rarities[first] as number)
    if (bits > 0) agreements?.push({ signal: 'change', value: values[first] as string, bits })
    return bits
  }

  /**
   * The information in the words that both have, as far as it makes up what the one says. Not of what the other says: counts of words
   * that are the other's alone would have to be read for each that it is compared with.
   */
  #sharedWords(other: Fingerprint, agreements: Agreement[] | undefined): number {
    const words = this.#words
    if (this.#allWordBits <= 0) return 0
    const common = agreements && new Set<number>()
    let shared = 0
    const end = numberFrom(other)
    for (let at = wordsFrom(other); at < end; at += HASH_WIDTH) {
      const place = words.hashes.indexOf(hashAt(other, at))
      if (place < 0) continue
      shared += words.bits[place] as number
      common?.add(place)
    }
    const bits = wordBits(shared, this.#allWordBits)
    if (bits > 0 && common !== undefined) {
      const inOrder = words.values.filter((_, place) => common.has(place))
      agreements?.push({ signal: 'words', value: inOrder.join(' '), bits })
    }
    return bits
  }
}

/** What shared words say, of an incident that has so many bits of them in all. */
function wordBits(shared: number, all: number): number {
  return Math.min(MOST_WORD_BITS, (shared * shared) / all)
}

/** Some values, their hashes, and how rare each is. So few that looking through them is quicker than any index. */
interface Weighed {
  values: readonly string[]
  hashes: readonly number[]
  bits: readonly number[]
}

const NOTHING: Weighed = { values: [], hashes: [], bits: [] }

function weighed(
  values: readonly string[] | undefined,
  bitsOf: (value: string, place: number) => number,
): Weighed {
  if (values === undefined) return NOTHING
  return { values, hashes: values.map(hashOfValue), bits: values.map(bitsOf) }
}

interface WeighedField {
  signal: FieldSignal
  value: string
  /** Of its hash in a fingerprint. */
  place: number
  agrees: number
  differs: number
}

function weighedFields(
  one: Traits,
  keys: Keys,
  { background, rarity, by }: { background: Background; rarity: (count: number) => number; by: Parameters },
): WeighedField[] {
  const fields: WeighedField[] = []
  for (let i = 0; i < FIELD_SIGNALS.length; i++) {
    const signal = FIELD_SIGNALS[i] as FieldSignal
    const share = by.agreement[signal]
    const value = one[signal]
    const key = keys.fields[i]
    if (share === undefined || value === undefined || key === undefined) continue
    const agrees = Math.log2(share) + rarity(background.count(key))
    const differs = differenceBits(share, background.chance(signal))
    fields.push({ signal, value, place: FIELD_PLACES[signal], agrees, differs })
  }
  return fields
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
  return bits - byChance(incidents)
}

/** Bits that the best of so many incidents has by chance. */
export function byChance(incidents: number): number {
  return Math.log2(Math.max(1, incidents))
}

/** Others with their bits, the most alike first; of the same bits the one that was opened last. */
export function mostAlike(
  others: readonly Fingerprint[],
  comparer: Comparer,
): { fingerprint: Fingerprint; number: string; bits: number }[] {
  return others
    .map((fingerprint) => ({
      fingerprint,
      number: numberIn(fingerprint),
      time: timeIn(fingerprint),
      bits: comparer.bits(fingerprint),
    }))
    .sort((a, b) => b.bits - a.bits || b.time - a.time || (a.number < b.number ? 1 : -1))
}
