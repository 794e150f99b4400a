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
  const traits: Record<string, unknown> = { number, time }
  for (const name of FIELD_NAMES) if (fields[name]) traits[name] = fields[name]
  if (fields.primaryCi) traits.ci = fields.primaryCi
  const words = wordsOf(fields.title, about)
  if (words.length > 0) traits.words = words
  return traits as unknown as Traits
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
  return about.length === 0 ? words : [...new Set([...words, ...about])].slice(0, MOST_STEMS)
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
export const ciKey = (ci: string) => `ci:${ci}`
export const changeKey = (change: string) => `change:${change}`
export const fieldKey = (signal: FieldSignal, value: string) => `${signal}:${value}`

/** The name of the list of all that are of this category, subcategory and symptom. */
export function kindOf({ category, subcategory, symptom }: Traits): string | undefined {
  if (category === undefined && subcategory === undefined && symptom === undefined) return undefined
  return `kind:${category ?? ''}|${subcategory ?? ''}|${symptom ?? ''}`
}

/** Two words, and the name of the list of all that have them side by side. */
export interface WordPair {
  key: string
  one: string
  other: string
}
const MOST_PAIRS = 5

/** Neighbours among its first words in the order of the alphabet: so other words between them do not part what is alike. */
function wordPairs({ words = [] }: Traits): readonly WordPair[] {
  const first = words.slice(0, MOST_PAIRS + 1).sort()
  const pairs: WordPair[] = []
  for (let i = 1; i < first.length; i++) {
    const [one, other] = [first[i - 1] as string, first[i] as string]
    pairs.push({ key: `words:${one} ${other}`, one, other })
  }
  return pairs
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
   * {@link kindOf}, {@link wordPairs}.
   */
  rare: readonly string[]
  kind: string | undefined
  pairs: readonly WordPair[]
}

/** More of the items upstream say nothing any more. */
const MOST_SOURCES = 4

export function everyKeyOf(traits: Traits): Keys {
  const fields = FIELD_SIGNALS.map((signal) => {
    const value = traits[signal]
    return value === undefined ? undefined : fieldKey(signal, value)
  })
  const sources = sourcesOf(traits).map(ciKey)
  const changes = traits.changes?.map(changeKey) ?? []
  const items = [...sources, ...changes]
  return {
    lists: [RECENT, ...fields.filter((key) => key !== undefined), ...items],
    fields,
    items,
    rare: sources.length > MOST_SOURCES ? [...sources.slice(0, MOST_SOURCES), ...changes] : items,
    kind: kindOf(traits),
    pairs: wordPairs(traits),
  }
}
