import { wordStems } from '#libs/read-store'
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

/** The traits that stand in the fields of an incident. */
export function describedTraits(number: string, time: number, fields: Partial<IncidentFields>): Traits {
  const traits: Record<string, unknown> = { number, time }
  for (const name of FIELD_NAMES) if (fields[name]) traits[name] = fields[name]
  if (fields.primaryCi) traits.ci = fields.primaryCi
  const words = wordStems(fields.title ?? '', fields.description)
  if (words.length > 0) traits.words = words
  return traits as unknown as Traits
}

/** The items that a failure could have come from: its own, and those upstream. */
export function sourcesOf({ ci, upstream = [] }: Traits): readonly string[] {
  return ci === undefined ? [] : [ci, ...upstream.filter((item) => item !== ci)]
}

/** Names of the lists in which an incident can be found again, by one trait each. */
export function keysOf(traits: Traits): readonly string[] {
  const fields = FIELD_SIGNALS.flatMap((signal) => fieldKey(signal, traits[signal]))
  return [RECENT, ...fields, ...sourcesOf(traits).map(ciKey), ...(traits.changes ?? []).map(changeKey)]
}

/** Every incident, the newest. */
export const RECENT = 'recent'
export const ciKey = (ci: string) => `ci:${ci}`
export const changeKey = (change: string) => `change:${change}`
function fieldKey(signal: FieldSignal, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`${signal}:${value}`]
}

/**
 * Names of the lists of incidents that are alike in more than one trait, or in a rare one: only who stands in one of them can
 * be of one candidate.
 */
export function kinKeysOf(traits: Traits): readonly string[] {
  const { category, subcategory, symptom, changes = [], words = [] } = traits
  const kind = [category, subcategory, symptom]
  const kinds = kind.every((value) => value === undefined) ? [] : [`kind:${kind.join('|')}`]
  return [
    ...kinds,
    ...sourcesOf(traits).slice(0, MOST_SOURCES).map(ciKey),
    ...changes.map(changeKey),
    ...wordPairs(words),
  ]
}
const MOST_SOURCES = 4
const MOST_PAIRS = 5

/** Neighbours among its first words in the order of the alphabet: so other words between them do not part what is alike. */
function wordPairs(words: readonly string[]): readonly string[] {
  const first = words.slice(0, MOST_PAIRS + 1).sort()
  return first.slice(1).map((word, i) => `words:${first[i]} ${word}`)
}
