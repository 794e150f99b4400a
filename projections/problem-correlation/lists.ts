import type { ViewTransaction } from '#libs/projections-runtime'
import type { Background } from './similarity.js'
import { FIELD_SIGNALS, type FieldSignal, keysOf, kinKeysOf, type Traits } from './traits.js'

/**
 * Lists of bounded length by which incidents are found again, and how many there are of what: whatever the number of incidents, one
 * of them touches some twenty small documents.
 */
export const TOTALS = 'correlation_totals'
export const KEYS = 'correlation_keys'
export const KIN = 'correlation_kin'
export const WORDS = 'correlation_words'
export const ALL = 'all'

/** How long the lists are: the newest by when they were opened. */
export const MOST_LISTED = 64
export const MOST_KIN = 12

/** Of all incidents. */
export interface Totals {
  incidents: number
  /** When the first and the last was opened, milliseconds since 1970. */
  first: number
  last: number
  /** Incidents that have the field, and the sum of squares of the numbers by value. */
  known: Readonly<Partial<Record<FieldSignal, number>>>
  squares: Readonly<Partial<Record<FieldSignal, number>>>
}
/** Incidents that share one trait. */
export interface KeyList {
  count: number
  /** The newest, the latest first. */
  newest: readonly Listed[]
}
/** Milliseconds since 1970 when it was opened, and its number. */
export type Listed = readonly [time: number, number: string]
/** The newest that are alike, with all that is compared. */
export interface KinList {
  newest: readonly Traits[]
}
export interface WordCount {
  count: number
}

const NO_TOTALS: Totals = { incidents: 0, first: 0, last: 0, known: {}, squares: {} }

export type Reads = { collection: string; id: string }[]

/** What `enter` reads, and a comparison with who stands in the lists. */
export function listReads(traits: Traits): Reads {
  return [
    { collection: TOTALS, id: ALL },
    ...keysOf(traits).map((id) => ({ collection: KEYS, id })),
    ...kinKeysOf(traits).map((id) => ({ collection: KIN, id })),
    ...(traits.words ?? []).map((id) => ({ collection: WORDS, id })),
  ]
}

/** Counts an incident and writes it into its lists. */
export function enter(view: ViewTransaction, traits: Traits): void {
  const totals = view.get<Totals>(TOTALS, ALL) ?? NO_TOTALS
  const isFirst = totals.incidents === 0
  view.put(TOTALS, ALL, {
    ...totals,
    incidents: totals.incidents + 1,
    first: isFirst ? traits.time : Math.min(totals.first, traits.time),
    last: isFirst ? traits.time : Math.max(totals.last, traits.time),
  } satisfies Totals)
  change(view, undefined, traits)
}

/** The same incident with other traits. */
export function move(view: ViewTransaction, before: Traits, after: Traits): void {
  change(view, before, after)
}

function change(view: ViewTransaction, before: Traits | undefined, after: Traits): void {
  countFields(view, before, after)
  const [oldKeys, keys] = [before ? keysOf(before) : [], keysOf(after)]
  for (const key of oldKeys) if (!keys.includes(key)) leave(view, key, after.number)
  for (const key of keys) if (!oldKeys.includes(key)) list(view, key, after)
  const [oldKin, kin] = [before ? kinKeysOf(before) : [], kinKeysOf(after)]
  for (const key of oldKin) if (!kin.includes(key)) leaveKin(view, key, after.number)
  for (const key of kin) listKin(view, key, after)
  const [oldWords, words] = [before?.words ?? [], after.words ?? []]
  for (const stem of oldWords) if (!words.includes(stem)) countWord(view, stem, -1)
  for (const stem of words) if (!oldWords.includes(stem)) countWord(view, stem, 1)
}

/** Before the lists change: squares are made from their counts. */
function countFields(view: ViewTransaction, before: Traits | undefined, after: Traits): void {
  const changed = FIELD_SIGNALS.filter((signal) => before?.[signal] !== after[signal])
  if (changed.length === 0) return
  const totals = view.get<Totals>(TOTALS, ALL) ?? NO_TOTALS
  const known = { ...totals.known }
  const squares = { ...totals.squares }
  const count = (signal: FieldSignal, value: string | undefined, step: 1 | -1) => {
    if (value === undefined) return
    const now = view.get<KeyList>(KEYS, `${signal}:${value}`)?.count ?? 0
    known[signal] = (known[signal] ?? 0) + step
    squares[signal] = (squares[signal] ?? 0) + step * 2 * now + 1
  }
  for (const signal of changed) {
    count(signal, before?.[signal], -1)
    count(signal, after[signal], 1)
  }
  view.put(TOTALS, ALL, { ...totals, known, squares } satisfies Totals)
}

function list(view: ViewTransaction, key: string, { time, number }: Traits): void {
  const { count, newest } = view.get<KeyList>(KEYS, key) ?? { count: 0, newest: [] }
  const entry: Listed = [time, number]
  view.put(KEYS, key, {
    count: count + 1,
    newest: withNewest(newest, entry, ([at]) => at, MOST_LISTED),
  } satisfies KeyList)
}

function leave(view: ViewTransaction, key: string, number: string): void {
  const known = view.get<KeyList>(KEYS, key)
  if (known === undefined) return
  const newest = known.newest.filter(([, other]) => other !== number)
  view.put(KEYS, key, { count: known.count - 1, newest } satisfies KeyList)
}

function listKin(view: ViewTransaction, key: string, traits: Traits): void {
  const { newest } = view.get<KinList>(KIN, key) ?? { newest: [] }
  const others = newest.filter(({ number }) => number !== traits.number)
  view.put(KIN, key, { newest: withNewest(others, traits, ({ time }) => time, MOST_KIN) } satisfies KinList)
}

function leaveKin(view: ViewTransaction, key: string, number: string): void {
  const { newest } = view.get<KinList>(KIN, key) ?? { newest: [] }
  view.put(KIN, key, { newest: newest.filter((other) => other.number !== number) } satisfies KinList)
}

function countWord(view: ViewTransaction, stem: string, step: 1 | -1): void {
  const { count } = view.get<WordCount>(WORDS, stem) ?? { count: 0 }
  view.put(WORDS, stem, { count: count + step } satisfies WordCount)
}

/** The list with an item in its place, the latest first; of the same time the one that was entered later. */
function withNewest<Item>(
  newest: readonly Item[],
  item: Item,
  timeOf: (item: Item) => number,
  most: number,
): readonly Item[] {
  const time = timeOf(item)
  let place = 0
  while (place < newest.length && timeOf(newest[place] as Item) > time) place++
  if (place === most) return newest
  return [...newest.slice(0, place), item, ...newest.slice(place, most - 1)]
}

/** Reads of documents, from a transaction or loaded before. */
export type Lookup = <Document extends object>(collection: string, id: string) => Document | undefined

/** The background as lists and counts tell it. Each document is looked up once. */
export function backgroundOf(lookup: Lookup): Background {
  const totals = lookup<Totals>(TOTALS, ALL) ?? NO_TOTALS
  const counts = new Map<string, number>()
  const counted = (collection: string, id: string) => {
    const name = collection === KEYS ? id : ` ${id}`
    let count = counts.get(name)
    if (count === undefined) {
      count = lookup<KeyList | WordCount>(collection, id)?.count ?? 0
      counts.set(name, count)
    }
    return count
  }
  return {
    incidents: totals.incidents,
    span: totals.last - totals.first,
    count: (key) => counted(KEYS, key),
    countWord: (stem) => counted(WORDS, stem),
    chance(signal) {
      const known = totals.known[signal] ?? 0
      return known === 0 ? 0 : (totals.squares[signal] ?? 0) / (known * known)
    },
  }
}

/** Everybody in the kin lists, each once. */
export function kinOf(lookup: Lookup, traits: Traits): readonly Traits[] {
  const found = new Map<string, Traits>()
  for (const key of kinKeysOf(traits))
    for (const other of lookup<KinList>(KIN, key)?.newest ?? [])
      if (other.number !== traits.number) found.set(other.number, other)
  return [...found.values()]
}

/** Numbers of all who share a trait and stand in its list. */
export function listedWith(lookup: Lookup, traits: Traits): readonly string[] {
  const found = new Set<string>()
  for (const key of keysOf(traits))
    for (const [, number] of lookup<KeyList>(KEYS, key)?.newest ?? []) found.add(number)
  for (const other of kinOf(lookup, traits)) found.add(other.number)
  found.delete(traits.number)
  return [...found]
}
