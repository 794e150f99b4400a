import type { ViewTransaction } from '#libs/projections-runtime'
import { type Link, standing } from './candidates.js'
import { type Fingerprint, type KinByGroup, numberIn } from './fingerprints.js'
import { groundsIn } from './grounds.js'
import { backgroundOf } from './lists.js'
import { byChance, Comparer, type Parameters, surprise, USUAL_PARAMETERS } from './similarity.js'
import type { Keys, Traits } from './traits.js'
import type { Versions } from './versions.js'

export const INCIDENTS = 'correlation_incidents'

/** What is kept of an incident. */
export interface CorrelatedIncident {
  /** Its place among all (`pages.ts`); absent while it was never everybody's to see. */
  ordinal?: number
  /** While it has no place there. */
  versions?: Versions
  traits: Traits
  /** What they were when it was opened, if they were others: by these it is compared with those that are earlier. */
  first?: Traits
  title: string | undefined
  /** Stems of its description. */
  about?: readonly string[]
  /** The command that opened it: what it says counts as known when it was opened. */
  openedBy: string
  /** Those that it was compared with when it was opened; not kept once it has a group. */
  kin?: KinByGroup
  /** The item that it has because it is linked to it. */
  linkedItem?: string
  candidate?: string
  /** To earlier ones, the closest first; absent: none. */
  links?: readonly Link[]
  /** Numbers of the problems that it is linked to; absent: none. */
  problems?: readonly string[]
  /** Not everybody's at the desk. */
  restricted?: true
  /** There was none, or it was a duplicate. */
  canceled?: true
}

/** Why an incident takes no part. */
export type Absence = 'restricted' | 'canceled'

export function isAbsent({ restricted, canceled }: CorrelatedIncident): boolean {
  return restricted === true || canceled === true
}

export interface CorrelationSettings {
  parameters: Parameters
  /** Bits beyond chance from which on an incident joins an earlier one. */
  threshold: number
  /** And from which on it makes two candidates one. */
  mergeThreshold: number
  /** Incidents further apart than this have nothing to do with each other. */
  windowMilliseconds: number
}

/**
 * See README.md for how many right and wrong candidates thresholds give. From less on, candidates become one by chains of incidents that
 * have little to do with each other.
 */
export const USUAL_SETTINGS: CorrelationSettings = {
  parameters: USUAL_PARAMETERS,
  threshold: 4,
  mergeThreshold: 13,
  windowMilliseconds: 90 * 86_400_000,
}

/** An incident as it was opened. */
export interface Subject {
  traits: Traits
  fingerprint: Fingerprint
  keys: Keys
  /** Its links so far. */
  links?: readonly Link[]
}

/** Of one incident: so many candidates become one by it. */
const MOST_LINKS = 3

/**
 * What links an incident to earlier ones: the closest beyond the threshold; and of other candidates those that it is so close to that
 * they are one with that of the first.
 * @param earlier as they were when it was opened
 * @returns the closest first
 */
export function linksOf(
  view: ViewTransaction,
  { traits, fingerprint: own, keys, links: before = [] }: Subject,
  earlier: readonly Fingerprint[],
  { parameters, threshold, mergeThreshold }: CorrelationSettings,
): readonly Link[] {
  if (earlier.length === 0) return []
  const background = backgroundOf((collection, id) => view.get(collection, id))
  const comparer = new Comparer(traits, background, parameters, { fingerprint: own, keys })
  const least = threshold + byChance(background.incidents)
  const close: Close[] = []
  for (const fingerprint of earlier) {
    const bits = comparer.bits(fingerprint, least)
    if (bits >= least) close.push({ fingerprint, bits, number: numberIn(fingerprint) })
  }
  close.sort((a, b) => b.bits - a.bits || (a.number < b.number ? -1 : 1))
  const enough = mergeThreshold + byChance(background.incidents)
  const [best, ...others] = close
  if (best === undefined) return []
  const chosen = [
    best,
    ...ofOthers(
      view,
      best,
      others.filter(({ bits }) => bits >= enough),
      before,
    ),
  ]
  return chosen.map(({ fingerprint, number, bits }) => ({
    to: number,
    bits: surprise(bits, background.incidents),
    grounds: groundsIn(comparer.compare(fingerprint).agreements),
  }))
}

interface Close {
  fingerprint: Fingerprint
  number: string
  bits: number
}

/** Of each candidate that the best one does not belong to the closest; those that it has been linked to already stay. */
function ofOthers(
  view: ViewTransaction,
  best: Close,
  others: readonly Close[],
  before: readonly Link[],
): readonly Close[] {
  if (others.length === 0) return []
  view.want(
    INCIDENTS,
    [best, ...others].map(({ number }) => number),
  )
  const places = new Set([placeOf(view, best)])
  return others
    .filter((close) => {
      const place = placeOf(view, close)
      const isNew = !places.has(place)
      places.add(place)
      return isNew || before.some(({ to }) => to === close.number)
    })
    .slice(0, MOST_LINKS - 1)
}

/** The candidate that it belongs to; who belongs to none stands for itself. */
function placeOf(view: ViewTransaction, { number }: Close): string {
  const candidate = view.get<CorrelatedIncident>(INCIDENTS, number)?.candidate
  return (candidate && standing(view, candidate)?.id) ?? number
}
