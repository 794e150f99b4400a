import { areSameAt, DigitsWriter, NONE_CODE, numberAt, shortHashOf, smallNumberAt, WIDTH } from './digits.js'
import { FIELD_SIGNALS, type FieldSignal, type Traits } from './traits.js'

/**
 * The traits of an incident as one short text, with hashes of 30 bits in place of values: all that a comparison asks is whether they are
 * those of another one. (One in 10^9 comparisons of two values takes them for the same; what is told of them is told by the incident that
 * is asked about.) Its time, fields and item at fixed places, then how many items upstream, changes and words there are, they, and
 * its number.
 */
export type Fingerprint = string

/** Milliseconds since 1970 in units of 2^30, and the rest. */
const TIME_AT = 0
const TIME_UNIT = 2 ** 30
const FIELDS_AT = 2 * WIDTH
const CI_AT = FIELDS_AT + FIELD_SIGNALS.length * WIDTH
const COUNTS_AT = CI_AT + WIDTH
const HASHES_AT = COUNTS_AT + 3

/** Where the hash of a field stands. */
export const FIELD_PLACES = Object.fromEntries(
  FIELD_SIGNALS.map((signal, i) => [signal, FIELDS_AT + i * WIDTH]),
) as Readonly<Record<FieldSignal, number>>
export const CI_PLACE = CI_AT

/** More than these of one kind are not told: as many as one digit can count. */
const MOST_OF_A_KIND = 63

export function fingerprintOf(traits: Traits): Fingerprint {
  const time = Math.max(0, traits.time)
  writer.number(Math.floor(time / TIME_UNIT))
  writer.number(time % TIME_UNIT)
  for (const signal of FIELD_SIGNALS) writeHash(traits[signal])
  writeHash(traits.ci)
  const { upstream = [], changes = [], words = [] } = traits
  writeCount(upstream)
  writeCount(changes)
  writeCount(words)
  writeHashes(upstream)
  writeHashes(changes)
  writeHashes(words)
  return writer.take() + traits.number
}

const writer = new DigitsWriter()

function writeHash(value: string | undefined): void {
  if (value === undefined) writer.none()
  else writer.number(shortHashOf(value))
}

function writeCount({ length }: readonly string[]): void {
  writer.digit(Math.min(length, MOST_OF_A_KIND))
}

function writeHashes(values: readonly string[]): void {
  for (let i = 0; i < values.length && i < MOST_OF_A_KIND; i++)
    writer.number(shortHashOf(values[i] as string))
}

export function timeIn(fingerprint: Fingerprint): number {
  return numberAt(fingerprint, TIME_AT) * TIME_UNIT + numberAt(fingerprint, TIME_AT + WIDTH)
}

export const isToldAt = (fingerprint: Fingerprint, place: number): boolean =>
  fingerprint.charCodeAt(place) !== NONE_CODE

/** Whether two that both tell it have the same there. */
export const agreeAt = areSameAt

/** The fingerprint of the same incident with another group. */
export function withGroup(fingerprint: Fingerprint, group: string | undefined): Fingerprint {
  const { group: place } = FIELD_PLACES
  writeHash(group)
  return fingerprint.slice(0, place) + writer.take() + fingerprint.slice(place + WIDTH)
}

/** Ordinals of incidents, each with the hash of its group, as one text. */
export type KinByGroup = string

const KIN_WIDTH = 2 * WIDTH

export function kinByGroup(ordinals: readonly number[], fingerprints: readonly Fingerprint[]): KinByGroup {
  const { group } = FIELD_PLACES
  for (let i = 0; i < ordinals.length; i++) {
    const fingerprint = fingerprints[i]
    if (!fingerprint || !isToldAt(fingerprint, group)) continue
    writer.number(ordinals[i] as number)
    writer.copy(fingerprint, group)
  }
  return writer.take()
}

/** Ordinals of those that have the group. */
export function kinOfGroup(kin: KinByGroup, group: string): readonly number[] {
  const hash = shortHashOf(group)
  const ordinals: number[] = []
  for (let at = 0; at < kin.length; at += KIN_WIDTH)
    if (numberAt(kin, at + WIDTH) === hash) ordinals.push(numberAt(kin, at))
  return ordinals
}

/** Of what an incident has several of: the hashes of each kind stand between where it begins and where the next one does. */
export const UPSTREAM_FROM = HASHES_AT

export function changesFrom(fingerprint: Fingerprint): number {
  return UPSTREAM_FROM + WIDTH * smallNumberAt(fingerprint, COUNTS_AT)
}

export function wordsFrom(fingerprint: Fingerprint): number {
  return changesFrom(fingerprint) + WIDTH * smallNumberAt(fingerprint, COUNTS_AT + 1)
}

export function numberFrom(fingerprint: Fingerprint): number {
  return wordsFrom(fingerprint) + WIDTH * smallNumberAt(fingerprint, COUNTS_AT + 2)
}

export function numberIn(fingerprint: Fingerprint): string {
  return fingerprint.slice(numberFrom(fingerprint))
}

/** The hash that stands at a place. */
export const hashAt = numberAt
export const hashOfValue = shortHashOf
export const HASH_WIDTH = WIDTH
