import type { Reading, ViewTransaction } from '#libs/projections-runtime'
import {
  entryOf,
  forNearest,
  forNewest,
  forSince,
  MINUTE,
  minuteAt,
  type Newest,
  NOBODY,
  withEntry,
  withoutEntry,
} from './newest.js'
import type { Background } from './similarity.js'
import { Tally } from './tally.js'
import { FIELD_SIGNALS, fieldKey, type Keys, RECENT, type Traits } from './traits.js'
import { countWords, WORDS, type WordCount } from './word-counts.js'

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
const MOST_PAST = 16
/** Of those that share one rare trait: the rest of them were opened long before. */
const MOST_OF_RARE = 4
/** Of those that share one field; who stands in so many such lists is alike, too. */
const MOST_OF_FIELD = 16
const LEAST_FIELDS = 4
/** And so many of those that stand in them are compared with an incident that is opened. */
export const MOST_COMPARED = 32

/** Of all incidents. */
export interface Totals {
  incidents: number
  /** When the first and the last was opened, milliseconds since 1970. */
  first: number
  last: number
  /** By field, in the order of `FIELD_SIGNALS`: incidents that have it, and the sum of squares of the numbers by value. */
  known: readonly number[]
  squares: readonly number[]
}
/** Incidents that share something. */
interface Listed {
  newest: Newest
  /** Some that do so no longer, each with the time until which they did: for incidents that are told of late. */
  past?: Newest
}
/** Incidents that share one trait. */
export interface KeyList extends Listed {
  count: number
}
/** The newest that are alike in more than one trait. */
export type KinList = Listed

const NO_COUNTS = FIELD_SIGNALS.map(() => 0)
const NO_TOTALS: Totals = { incidents: 0, first: 0, last: 0, known: NO_COUNTS, squares: NO_COUNTS }
const NO_LIST: KeyList = { count: 0, newest: NOBODY }

const NO_WORDS: readonly string[] = []

/** What `enter` reads, and a comparison with who stands in the lists. */
export function listReads({ words = NO_WORDS }: Traits, keys: Keys): Reading[] {
  return [
    { collection: TOTALS, ids: [ALL] },
    { collection: KEYS, ids: keys.lists },
    { collection: KIN, ids: keys.kin },
    { collection: WORDS, ids: words },
  ]
}

/** What of {@link listReads} could not be announced, since it follows from what was read. */
export function wantLists(view: ViewTransaction, traits: Traits, keys: Keys): void {
  view.want(KEYS, keys.lists)
  view.want(KIN, keys.kin)
  view.want(WORDS, traits.words ?? NO_WORDS)
}

/** The ordinal of the incident that is entered next. */
export function nextOrdinal(view: ViewTransaction): number {
  return view.get<Totals>(TOTALS, ALL)?.incidents ?? 0
}

/** An incident as lists know it. */
export interface Entered {
  traits: Traits
  ordinal: number
  keys: Keys
  /** Of lists by what is alike in more than one trait, those that count ({@link kinKeysIn}), if that is known already. */
  kinKeys?: readonly string[]
}

/** Counts an incident and writes it into its lists. */
export function enter(
  view: ViewTransaction,
  { traits, ordinal, keys, kinKeys: kin = kinKeysIn(view, keys) }: Entered,
): void {
  const totals = view.get<Totals>(TOTALS, ALL) ?? NO_TOTALS
  const isFirst = totals.incidents === 0
  const entry = entryOf(traits.time, ordinal)
  view.put(TOTALS, ALL, {
    ...moveInFields(view, totals, { from: [], to: keys.fields, entry, past: undefined }),
    incidents: totals.incidents + 1,
    first: isFirst ? traits.time : Math.min(totals.first, traits.time),
    last: isFirst ? traits.time : Math.max(totals.last, traits.time),
  } satisfies Totals)
  list(view, RECENT, entry)
  for (const key of keys.items) list(view, key, entry)
  for (const key of kin) listKin(view, key, entry)
  countWords(view, traits.words ?? NO_WORDS, 1, traits.number)
}

/** The same incident with other traits. @param until milliseconds since 1970 to which it had the old ones; undefined: it never had */
export function move(
  view: ViewTransaction,
  { traits: old, ordinal, keys: oldKeys }: Entered,
  { traits: after, keys }: Pick<Entered, 'traits' | 'keys'>,
  until: number | undefined,
): void {
  const past = until === undefined ? undefined : entryOf(until, ordinal)
  const entry = entryOf(after.time, ordinal)
  const totals = view.get<Totals>(TOTALS, ALL) ?? NO_TOTALS
  const moved = moveInFields(view, totals, { from: oldKeys.fields, to: keys.fields, entry, past })
  if (moved !== totals) view.put(TOTALS, ALL, moved)
  for (const key of oldKeys.items) if (!keys.items.includes(key)) leave(view, key, entry, past)
  for (const key of keys.items) if (!oldKeys.items.includes(key)) list(view, key, entry)
  if (old.words === after.words && oldKeys.kind === keys.kind) return
  const kin = kinKeysIn(view, keys)
  for (const key of oldKeys.kin) if (!kin.includes(key)) leaveKin(view, key, entry, past)
  for (const key of kin) if (!oldKeys.kin.includes(key)) listKin(view, key, entry)
  if (old.words === after.words) return
  const [oldWords, words] = [old.words ?? [], after.words ?? []]
  const [gone, added] = [
    oldWords.filter((stem) => !words.includes(stem)),
    words.filter((stem) => !oldWords.includes(stem)),
  ]
  countWords(view, gone, -1, after.number)
  countWords(view, added, 1, after.number)
}

/** The same incident in another group, or in none. @param until as in {@link move} */
export function moveToGroup(
  view: ViewTransaction,
  { traits, ordinal }: Omit<Entered, 'keys'>,
  [before, after]: readonly [before: string | undefined, after: string | undefined],
  until: number | undefined,
): void {
  const totals = view.get<Totals>(TOTALS, ALL) ?? NO_TOTALS
  const key = (group: string | undefined) => (group === undefined ? undefined : fieldKey('group', group))
  const move = {
    entry: entryOf(traits.time, ordinal),
    past: until === undefined ? undefined : entryOf(until, ordinal),
  }
  const counts = countsIn(totals)
  moveInField(view, counts, GROUP_PLACE, { ...move, left: key(before), joined: key(after) })
  view.put(TOTALS, ALL, { ...totals, ...counts } satisfies Totals)
}
const GROUP_PLACE = FIELD_SIGNALS.indexOf('group')

/** Moves an incident from lists of fields to others. @returns the totals after that; the same if nothing has moved */
function moveInFields(
  view: ViewTransaction,
  totals: Totals,
  {
    from,
    to,
    entry,
    past,
  }: { from: Keys['fields']; to: Keys['fields']; entry: string; past: string | undefined },
): Totals {
  if (FIELD_SIGNALS.every((_, place) => from[place] === to[place])) return totals
  const counts = countsIn(totals)
  for (let place = 0; place < FIELD_SIGNALS.length; place++)
    moveInField(view, counts, place, { left: from[place], joined: to[place], entry, past })
  return { ...totals, ...counts }
}

/** Counts of totals, to be changed. */
interface Counts {
  known: number[]
  squares: number[]
}

function countsIn({ known, squares }: Totals): Counts {
  return { known: known.slice(), squares: squares.slice() }
}

/** Moves an incident from the list of one value of a field to that of another one. */
function moveInField(
  view: ViewTransaction,
  { known, squares }: Counts,
  place: number,
  {
    left,
    joined,
    entry,
    past,
  }: { left: string | undefined; joined: string | undefined; entry: string; past: string | undefined },
): void {
  if (left === joined) return
  if (left !== undefined) {
    known[place] = (known[place] as number) - 1
    squares[place] = (squares[place] as number) - 2 * leave(view, left, entry, past) + 1
  }
  if (joined !== undefined) {
    known[place] = (known[place] as number) + 1
    squares[place] = (squares[place] as number) + 2 * list(view, joined, entry) + 1
  }
}

/** @returns how many shared the trait before */
function list(view: ViewTransaction, key: string, entry: string): number {
  const known = view.get<KeyList>(KEYS, key) ?? NO_LIST
  const { past } = known
  const [count, newest] = [known.count + 1, withEntry(known.newest, entry, MOST_LISTED)]
  view.put(KEYS, key, past === undefined ? { count, newest } : ({ count, newest, past } satisfies KeyList))
  return known.count
}

/** @param past with the time to which it stood there @returns how many shared the trait before */
function leave(view: ViewTransaction, key: string, entry: string, past: string | undefined): number {
  const known = view.get<KeyList>(KEYS, key)
  if (known === undefined) return 0
  view.put(KEYS, key, { ...left(known, entry, past), count: known.count - 1 } satisfies KeyList)
  return known.count
}

function left(known: Listed, entry: string, past: string | undefined): Listed {
  const newest = withoutEntry(known.newest, entry)
  if (past === undefined || newest === known.newest) return { ...known, newest }
  return { newest, past: withEntry(known.past ?? NOBODY, past, MOST_PAST) }
}

function listKin(view: ViewTransaction, key: string, entry: string): void {
  const known: KinList = view.get<KinList>(KIN, key) ?? { newest: NOBODY }
  const newest = withEntry(known.newest, entry, MOST_KIN)
  if (newest !== known.newest) view.put(KIN, key, { ...known, newest } satisfies KinList)
}

function leaveKin(view: ViewTransaction, key: string, entry: string, past: string | undefined): void {
  const known = view.get<KinList>(KIN, key)
  if (known === undefined) return
  const next = left(known, entry, past)
  if (next.newest !== known.newest) view.put(KIN, key, next satisfies KinList)
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
      const place = FIELD_SIGNALS.indexOf(signal)
      const known = totals.known[place] as number
      return known === 0 ? 0 : (totals.squares[place] as number) / (known * known)
    },
  }
}

/** Without pairs of words that are common: who shares them, shares nothing beyond chance, and they would be written all the time. */
export function kinKeysIn(view: { get: Lookup }, { kind, pairs, pairedWords, kin }: Keys): readonly string[] {
  const { incidents } = view.get<Totals>(TOTALS, ALL) ?? NO_TOTALS
  if (incidents < LEAST_TO_JUDGE) return kin
  const counts = pairedWords.map((stem) => view.get<WordCount>(WORDS, stem)?.count ?? 0)
  const rare = pairs.filter((_, i) => {
    const [one, other] = [counts[i] as number, counts[i + 1] as number]
    return one * other * COMMON_PAIR <= incidents * incidents
  })
  return kind === undefined ? rare : [kind, ...rare]
}
/** Two words are common that one in so many incidents has both of by chance; before there are some incidents, none are. */
const COMMON_PAIR = 256
const LEAST_TO_JUDGE = 256

/**
 * Ordinals of those that are alike in more than one trait or in a rare one, or were so at its time, and were opened within a time of it:
 * only they can be of one candidate with it. If there are many, those that stand in most lists, then the nearest in time.
 * @param at the time that they are to be near to, milliseconds since 1970
 */
export function kinOf(
  view: { get: Lookup },
  { traits, ordinal: own, keys, kinKeys = kinKeysIn(view, keys) }: Entered,
  { windowMilliseconds }: { windowMilliseconds: number },
  at = traits.time,
): readonly number[] {
  tally.clear()
  const add = (ordinal: number, newest: Newest, place: number) => {
    const gap = Math.abs(minuteAt(newest, place) * MINUTE - at)
    if (ordinal !== own && gap <= windowMilliseconds) tally.add(ordinal, gap)
  }
  const addKnown = (ordinal: number) => tally.addKnown(ordinal)
  const addPast = (ordinal: number) => {
    if (ordinal !== own) tally.add(ordinal, 0)
  }
  const near = (list: Listed | undefined, most: number, tell: typeof add = add) => {
    if (list === undefined) return
    forNearest(list.newest, at, most, tell)
    if (list.past !== undefined) forSince(list.past, at, addPast)
  }
  const fields = keys.fields.filter((key) => key !== undefined)
  if (fields.length >= LEAST_FIELDS) {
    // Who stands in none of these is not in enough of them
    const telling = fields.length - LEAST_FIELDS + 1
    for (let i = 0; i < fields.length; i++)
      near(view.get<KeyList>(KEYS, fields[i] as string), MOST_OF_FIELD, i < telling ? add : addKnown)
    tally.keep(LEAST_FIELDS)
  }
  for (const key of keys.rare) near(view.get<KeyList>(KEYS, key), MOST_OF_RARE)
  for (const key of kinKeys) near(view.get<KinList>(KIN, key), MOST_KIN)
  return tally.first(MOST_COMPARED)
}

const tally = new Tally()

/** Ordinals of all who stand in the lists of these names: of an incident they are those who share a trait with it, maybe itself among them. */
export function listedWith(lookup: Lookup, keys: Keys): readonly number[] {
  const found = new Set<number>()
  const add = (newest: Newest = NOBODY) => forNewest(newest, MOST_LISTED, (ordinal) => found.add(ordinal))
  for (const key of keys.lists) add(lookup<KeyList>(KEYS, key)?.newest)
  for (const key of keys.kin) add(lookup<KinList>(KIN, key)?.newest)
  return [...found]
}
