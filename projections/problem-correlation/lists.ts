import type { ViewTransaction } from '#libs/projections-runtime'
import type { Background } from './similarity.js'
import {
  FIELD_SIGNALS,
  type FieldSignal,
  fieldKey,
  keysOf,
  kindOf,
  rareKeysOf,
  type Traits,
  wordPairKey,
  wordPairs,
} from './traits.js'
import { countWord, WORDS, type WordCount } from './word-counts.js'

/**
 * Lists of bounded length by which incidents are found again, and how many there are of what: whatever the number of incidents, one
 * of them touches some twenty small documents.
 */
export const TOTALS = 'correlation_totals'
export const KEYS = 'correlation_keys'
export const KIN = 'correlation_kin'
export const ALL = 'all'

/** How long the lists are: the newest by when they were opened. */
export const MOST_LISTED = 64
export const MOST_KIN = 12
/** Of those that share one rare trait: the rest of them were opened long before. */
const MOST_OF_RARE = 6
/** And so many of those that stand in them are compared with an incident that is opened. */
export const MOST_COMPARED = 32

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
/** The newest that are alike in more than one trait, the latest first. */
export interface KinList {
  newest: readonly Listed[]
}

const NO_TOTALS: Totals = { incidents: 0, first: 0, last: 0, known: {}, squares: {} }

export type Reads = { collection: string; id: string }[]

/** What `enter` reads, and a comparison with who stands in the lists. */
export function listReads(traits: Traits): Reads {
  return [
    { collection: TOTALS, id: ALL },
    ...keysOf(traits).map((id) => ({ collection: KEYS, id })),
    ...everyKinKey(traits).map((id) => ({ collection: KIN, id })),
    ...(traits.words ?? []).map((id) => ({ collection: WORDS, id })),
  ]
}

/** What of {@link listReads} could not be announced, since it follows from what was read. */
export function wantLists(view: ViewTransaction, traits: Traits): void {
  view.want(KEYS, keysOf(traits))
  view.want(KIN, everyKinKey(traits))
  view.want(WORDS, traits.words ?? [])
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
  if (before === undefined || kindOf(before) !== kindOf(after) || before.words !== after.words)
    changeKin(view, before, after)
}

/** Those of kind and words, then the counts of words. */
function changeKin(view: ViewTransaction, before: Traits | undefined, after: Traits): void {
  const [oldKin, kin] = [before ? everyKinKey(before) : [], kinKeysOf(view, after)]
  for (const key of oldKin) if (!kin.includes(key)) leaveKin(view, key, after.number)
  for (const key of kin) if (!oldKin.includes(key)) listKin(view, key, after)
  const [oldWords, words] = [before?.words ?? [], after.words ?? []]
  for (const stem of oldWords) if (!words.includes(stem)) countWord(view, stem, -1, after.number)
  for (const stem of words) if (!oldWords.includes(stem)) countWord(view, stem, 1, after.number)
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
    const now = view.get<KeyList>(KEYS, fieldKey(signal, value))?.count ?? 0
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
    newest: withNewest(newest, entry, MOST_LISTED),
  } satisfies KeyList)
}

function leave(view: ViewTransaction, key: string, number: string): void {
  const known = view.get<KeyList>(KEYS, key)
  if (known === undefined) return
  const newest = known.newest.filter(([, other]) => other !== number)
  view.put(KEYS, key, { count: known.count - 1, newest } satisfies KeyList)
}

function listKin(view: ViewTransaction, key: string, { time, number }: Traits): void {
  const { newest } = view.get<KinList>(KIN, key) ?? { newest: [] }
  const next = withNewest(newest, [time, number], MOST_KIN)
  if (next !== newest) view.put(KIN, key, { newest: next } satisfies KinList)
}

function leaveKin(view: ViewTransaction, key: string, number: string): void {
  const { newest } = view.get<KinList>(KIN, key) ?? { newest: [] }
  const others = newest.filter(([, other]) => other !== number)
  if (others.length < newest.length) view.put(KIN, key, { newest: others } satisfies KinList)
}

/** The list with an incident in its place, the latest first; of the same time the one that was entered later. */
function withNewest(newest: readonly Listed[], entry: Listed, most: number): readonly Listed[] {
  const [time] = entry
  let place = 0
  while (place < newest.length && (newest[place] as Listed)[0] > time) place++
  if (place === most) return newest
  return [...newest.slice(0, place), entry, ...newest.slice(place, most - 1)]
}

/** Reads of documents, from a transaction or loaded before. */
export type Lookup = <Document extends object>(collection: string, id: string) => Document | undefined

/** The background as lists and counts tell it. */
export function backgroundOf(lookup: Lookup): Background {
  const totals = lookup<Totals>(TOTALS, ALL) ?? NO_TOTALS
  return {
    incidents: totals.incidents,
    span: totals.last - totals.first,
    count: (key) => lookup<KeyList>(KEYS, key)?.count ?? 0,
    countWord: (stem) => lookup<WordCount>(WORDS, stem)?.count ?? 0,
    chance(signal) {
      const known = totals.known[signal] ?? 0
      return known === 0 ? 0 : (totals.squares[signal] ?? 0) / (known * known)
    },
  }
}

function everyKinKey(traits: Traits): readonly string[] {
  const kind = kindOf(traits)
  const pairs = wordPairs(traits).map(wordPairKey)
  return kind === undefined ? pairs : [kind, ...pairs]
}

/** Without pairs of words that are common: who shares them, shares nothing beyond chance, and they would be written all the time. */
function kinKeysOf(view: { get: Lookup }, traits: Traits): readonly string[] {
  const { incidents } = view.get<Totals>(TOTALS, ALL) ?? NO_TOTALS
  const kind = kindOf(traits)
  const keys = kind === undefined ? [] : [kind]
  for (const pair of wordPairs(traits)) {
    const [one, other] = pair.map((stem) => view.get<WordCount>(WORDS, stem)?.count ?? 0) as [number, number]
    const areCommon = incidents >= LEAST_TO_JUDGE && one * other * COMMON_PAIR > incidents * incidents
    if (!areCommon) keys.push(wordPairKey(pair))
  }
  return keys
}
/** Two words are common that one in so many incidents has both of by chance; before there are some incidents, none are. */
const COMMON_PAIR = 256
const LEAST_TO_JUDGE = 256

/**
 * Numbers of those that are alike in more than one trait or in a rare one and were opened within a time of it: only they can be of one
 * candidate with it. If there are many, those that stand in most lists, then the nearest in time.
 */
export function kinOf(view: { get: Lookup }, traits: Traits, windowMilliseconds: number): readonly string[] {
  const found = new Map<string, Kin>()
  const add = (newest: readonly Listed[] = [], most = MOST_KIN) => {
    for (const [time, number] of newest.slice(0, most)) {
      const gap = Math.abs(time - traits.time)
      if (number === traits.number || gap > windowMilliseconds) continue
      const known = found.get(number)
      if (known === undefined) found.set(number, { number, gap, lists: 1 })
      else known.lists++
    }
  }
  for (const key of rareKeysOf(traits)) add(view.get<KeyList>(KEYS, key)?.newest, MOST_OF_RARE)
  for (const key of kinKeysOf(view, traits)) add(view.get<KinList>(KIN, key)?.newest)
  if (found.size <= MOST_COMPARED) return [...found.keys()]
  return [...found.values()]
    .sort((a, b) => b.lists - a.lists || a.gap - b.gap || (a.number < b.number ? -1 : 1))
    .slice(0, MOST_COMPARED)
    .map(({ number }) => number)
}

interface Kin {
  number: string
  gap: number
  lists: number
}

/** Numbers of all who share a trait and stand in its list. */
export function listedWith(lookup: Lookup, traits: Traits): readonly string[] {
  const found = new Set<string>()
  const add = (newest: readonly Listed[] = []) => {
    for (const [, number] of newest) found.add(number)
  }
  for (const key of keysOf(traits)) add(lookup<KeyList>(KEYS, key)?.newest)
  for (const key of everyKinKey(traits)) add(lookup<KinList>(KIN, key)?.newest)
  found.delete(traits.number)
  return [...found]
}
