import type { ViewTransaction } from '#libs/projections-runtime'
import {
  beginning,
  CANDIDATES,
  type Candidate,
  type CandidateLink,
  grown,
  linkedTo,
  merged,
  standing,
} from './candidates.js'
import { type Fingerprint, type KinByGroup, numberIn } from './fingerprints.js'
import { backgroundOf } from './lists.js'
import { byChance, Comparer, type Parameters, surprise, USUAL_PARAMETERS } from './similarity.js'
import type { Keys, Traits } from './traits.js'

export const INCIDENTS = 'correlation_incidents'

/** What is kept of an incident. */
export interface CorrelatedIncident {
  /** Its place among all (`pages.ts`). */
  ordinal: number
  traits: Traits
  title: string | undefined
  /** Stems of its description. */
  about?: readonly string[]
  /** The command that opened it: what it says counts as known when it was opened. */
  openedBy: string
  /** Those that it was compared with when it was opened; not kept once it has a group. */
  kin?: KinByGroup
  candidate?: string
  /** Numbers of the problems that it is linked to; absent: none. */
  problems?: readonly string[]
  /** No longer everybody's at the desk. */
  restricted?: true
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

/** See README.md for how many right and wrong candidates thresholds give. */
export const USUAL_SETTINGS: CorrelationSettings = {
  parameters: USUAL_PARAMETERS,
  threshold: 4,
  mergeThreshold: 7,
  windowMilliseconds: 90 * 86_400_000,
}

interface Known {
  incident: CorrelatedIncident
  fingerprint: Fingerprint
  keys: Keys
}

/** The incident, in the candidate that it belongs to, if any. @param among those that it can belong with */
export function correlated(
  view: ViewTransaction,
  known: Known,
  among: readonly Fingerprint[],
  settings: CorrelationSettings,
): CorrelatedIncident {
  const { incident } = known
  if (among.length === 0) return incident
  const [best, ...others] = linksOf(view, known, among, settings)
  if (best === undefined) return incident
  const { rival } = best
  let candidate = rival.candidate === undefined ? undefined : standing(view, rival.candidate)
  if (candidate === undefined) {
    candidate = beginning(best)
    view.put(INCIDENTS, rival.traits.number, {
      ...rival,
      candidate: candidate.id,
    } satisfies CorrelatedIncident)
    if (rival.problems) candidate = linkedTo(candidate, rival.traits.number, rival.problems)
  } else candidate = grown(candidate, best)
  if (incident.problems) candidate = linkedTo(candidate, incident.traits.number, incident.problems)
  view.put(CANDIDATES, candidate.id, candidate)
  for (const link of others) {
    if (link.bits < settings.mergeThreshold) break
    candidate = mergedWith(view, candidate, link)
  }
  return { ...incident, candidate: candidate.id }
}

/** The one that the incident belongs to, made one with that of another which it is as close to. */
function mergedWith(view: ViewTransaction, candidate: Candidate, { rival }: Link): Candidate {
  const other = rival.candidate === undefined ? undefined : standing(view, rival.candidate)
  if (other === undefined || other.id === candidate.id) return candidate
  if (!mayMerge(candidate) || !mayMerge(other)) return candidate
  const [next, ended] = merged(candidate, other)
  view.put(CANDIDATES, ended.id, ended)
  view.put(CANDIDATES, next.id, next)
  return next
}

/** What was decided of one was not decided of the other, and a problem is that of one. */
function mayMerge({ status, problem }: Candidate): boolean {
  return status === 'open' && problem === undefined
}

/** Links of two candidates at most are looked at, so that an event costs the same however many are alike. */
const MOST_LINKS = 3

interface Link extends CandidateLink {
  rival: CorrelatedIncident
}

/** Who it is alike beyond chance, the closest first. */
function linksOf(
  view: ViewTransaction,
  { incident: { traits: incident }, fingerprint, keys }: Known,
  among: readonly Fingerprint[],
  { parameters, threshold }: CorrelationSettings,
): readonly Link[] {
  const background = backgroundOf((collection, id) => view.get(collection, id))
  const comparer = new Comparer(incident, background, parameters, { fingerprint, keys })
  const least = threshold + byChance(background.incidents)
  const close: { fingerprint: Fingerprint; bits: number }[] = []
  for (const other of among) {
    const bits = comparer.bits(other, least)
    if (bits >= least) close.push({ fingerprint: other, bits })
  }
  if (close.length === 0) return []
  const best = close
    .map(({ fingerprint, bits }) => ({ fingerprint, bits, number: numberIn(fingerprint) }))
    .sort((a, b) => b.bits - a.bits || (a.number < b.number ? -1 : 1))
    .slice(0, MOST_LINKS)
  view.want(
    INCIDENTS,
    best.map(({ number }) => number),
  )
  const rivals = best.flatMap(({ number }) => view.get<CorrelatedIncident>(INCIDENTS, number) ?? [])
  view.want(
    CANDIDATES,
    rivals.flatMap(({ candidate }) => candidate ?? []),
  )
  return rivals.map((rival, i) => {
    const { fingerprint, bits } = best[i] as (typeof best)[number]
    const { agreements } = comparer.compare(fingerprint)
    const beyond = surprise(bits, background.incidents)
    return { rival, incident, to: rival.traits, toTitle: rival.title ?? '', bits: beyond, agreements }
  })
}
