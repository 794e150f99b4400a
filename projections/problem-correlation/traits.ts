import { MOST_STEMS, wordStems } from '#libs/read-store'
import type { IncidentFields } from '../../src/incidents/domain/incident.events.js'

/** Fields of which two incidents have the same value, or not. */
export const FIELD_SIGNALS = [
  'category',
  'subcategory',
  'symptom',
  'location',
  'service',
  'group',
  'openedBy',
] as const
export type FieldSignal = (typeof FIELD_SIGNALS)[number]

/** What of an incident is compared with others. */
export interface Traits extends Readonly<Partial<Record<FieldSignal, string>>> {
  readonly number: string
  /** When it was opened, by the record: milliseconds since 1970. */
  readonly time: number
  readonly ci?: string
  /** Items that impact flows from to its own, one step away, as the relations stood when it was opened. */
  readonly upstream?: readonly string[]
  /** Changes that touched its item, or one upstream, shortly before it was opened. */
  readonly changes?: readonly string[]
  /** Stems of title and description. */
  readonly words?: readonly string[]
}

/** Fields of an incident that are traits, by the name that they have there. */
const FIELD_NAMES = ['category', 'subcategory', 'symptom', 'location', 'service', 'openedBy'] as const

/** The traits that stand in the fields of an incident. @param about stems of its description */
export function describedTraits(
  number: string,
  time: number,
  fields: Partial<IncidentFields>,
  about: readonly string[] = aboutOf(fields),
): Traits {
  const words = wordsOf(fields.title, about)
  return {
    number,
    time,
    category: fields.category || undefined,
    subcategory: fields.subcategory || undefined,
    symptom: fields.symptom || undefined,
    location: fields.location || undefined,
    service: fields.service || undefined,
    openedBy: fields.openedBy || undefined,
    ci: fields.primaryCi || undefined,
    words: words.length > 0 ? words : undefined,
  }
}

/** Fields of {@link describedTraits} that have changed; null: it has it no longer. */
export type FieldChanges = Readonly<Record<string, { to: unknown } | undefined>>

/** The traits after a change of fields other than title and description; the same when none of them is a trait. */
export function changedTraits(traits: Traits, changes: FieldChanges): Traits {
  let changed = traits
  for (const [field, trait] of TRAIT_OF_FIELD) {
    const change = changes[field]
    if (change !== undefined) changed = { ...changed, [trait]: change.to || undefined }
  }
  return changed
}
const TRAIT_OF_FIELD = [...FIELD_NAMES.map((name) => [name, name] as const), ['primaryCi', 'ci'] as const]

/** What an incident speaks of. */
export function wordsOf(title: string | undefined, about: readonly string[]): readonly string[] {
  const words = wordStems(title ?? '')
  const others = about.filter((stem) => !words.includes(stem))
  return others.length === 0 ? words : [...words, ...others].slice(0, MOST_STEMS)
}

export function aboutOf({ description }: Partial<IncidentFields>): readonly string[] {
  return description ? wordStems('', description) : []
}

/** The items that a failure could have come from: its own, and those upstream. */
export function sourcesOf({ ci, upstream = [] }: Traits): readonly string[] {
  return ci === undefined ? [] : [ci, ...upstream.filter((item) => item !== ci)]
}

/** Every incident, the newest. */
export const RECENT = 'recent'
export const ciKey = (ci: string) => idOf(`ci:${ci}`)
export const changeKey = (change: string) => `change:${change}`
export const fieldKey = (signal: FieldSignal, value: string) => idOf(`${signal}:${value}`)

/** The name of the list of all that are of this category, subcategory and symptom. */
export function kindOf({ category, subcategory, symptom }: Traits): string | undefined {
  if (category === undefined && subcategory === undefined && symptom === undefined) return undefined
  return idOf(`kind:${category ?? ''}|${subcategory ?? ''}|${symptom ?? ''}`)
}

/** The name of a list as its id. Callers, templates and sources may well put into a value what no store keeps in an id. */
const idOf = (name: string) => name.replace(NOT_IN_IDS, '\ufffd')
/** NUL and halves of characters. */
export const NOT_IN_IDS = /[\0\p{Cs}]/gu

/** The name of the list of all that have two words side by side. */
const pairKey = (one: string, other: string) => `words:${one} ${other}`
const MOST_PAIRS = 5

/**
 * Its first words in the order of the alphabet, of which neighbours make pairs: so other words between them do not part what is alike.
 */
function pairedWords({ words = [] }: Traits): readonly string[] {
  return words.slice(0, MOST_PAIRS + 1).sort()
}

/** Names of lists in which an incident can be found again. */
export interface Keys {
  /** By one trait each. */
  lists: readonly string[]
  /** Those of them that are of fields, in the order of {@link FIELD_SIGNALS}. */
  fields: readonly (string | undefined)[]
  /** And those that are of its item, what is upstream, and changes. */
  items: readonly string[]
  /**
   * Those by a trait that is rare enough for two incidents to be of one candidate by it. Others must be alike in more than one:
   * {@link kindOf}, {@link pairedWords}.
   */
  rare: readonly string[]
  kind: string | undefined
  /** Of words side by side: the first is of the first two of {@link pairedWords}. */
  pairs: readonly string[]
  pairedWords: readonly string[]
  /** By what is alike in more than one trait: its kind, and pairs of words. */
  kin: readonly string[]
}

/** The names of lists of an incident that had no group, in a group. */
export function keysInGroup(keys: Keys, group: string): Keys {
  const key = fieldKey('group', group)
  return { ...keys, lists: [...keys.lists, key], fields: keys.fields.with(GROUP_PLACE, key) }
}
const GROUP_PLACE = FIELD_SIGNALS.indexOf('group')

/** More of the items upstream say nothing any more. */
const MOST_SOURCES = 4

export function everyKeyOf(traits: Traits): Keys {
  const lists: string[] = [RECENT]
  const fields = FIELD_SIGNALS.map((signal) => {
    const value = traits[signal]
    if (value === undefined) return undefined
    const key = fieldKey(signal, value)
    lists.push(key)
    return key
  })
  const sources = sourcesOf(traits).map(ciKey)
  const changes = traits.changes?.map(changeKey) ?? []
  const items = changes.length === 0 ? sources : [...sources, ...changes]
  lists.push(...items)
  const kind = kindOf(traits)
  const words = pairedWords(traits)
  const pairs = words.slice(1).map((word, i) => pairKey(words[i] as string, word))
  return {
    lists,
    fields,
    items,
    rare: sources.length > MOST_SOURCES ? [...sources.slice(0, MOST_SOURCES), ...changes] : items,
    kind,
    pairs,
    pairedWords: words,
    kin: kind === undefined ? pairs : [kind, ...pairs],
  }
}
