import type { ViewTransaction } from '#libs/projections-runtime'
import type { IncidentFields } from '../../src/incidents/domain/incident.events.js'
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
import { backgroundOf, kinOf, type Lookup } from './lists.js'
import { compare, type Parameters, surprise, USUAL_PARAMETERS } from './similarity.js'
import type { Traits } from './traits.js'

export const INCIDENTS = 'correlation_incidents'

/** What is kept of an incident. */
export interface CorrelatedIncident {
  traits: Traits
  fields: Partial<IncidentFields>
  /** The command that opened it: what it says counts as known when it was opened. */
  openedBy: string
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

/** The incident, in the candidate that it belongs to, if any. */
export function correlated(
  view: ViewTransaction,
  incident: CorrelatedIncident,
  settings: CorrelationSettings,
): CorrelatedIncident {
  const [best, ...others] = linksOf(view, incident.traits, settings)
  if (best === undefined) return incident
  const rival = view.get<CorrelatedIncident>(INCIDENTS, best.to.number)
  if (rival === undefined) return incident
  let candidate = rival.candidate === undefined ? undefined : standing(view, rival.candidate)
  if (candidate === undefined) {
    candidate = beginning({ ...best, toTitle: rival.fields.title ?? '' })
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
function mergedWith(view: ViewTransaction, candidate: Candidate, { to }: CandidateLink): Candidate {
  const id = view.get<CorrelatedIncident>(INCIDENTS, to.number)?.candidate
  const other = id === undefined ? undefined : standing(view, id)
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

/** Who it is alike beyond chance, the closest first. */
function linksOf(
  view: ViewTransaction,
  incident: Traits,
  { parameters, threshold, windowMilliseconds }: CorrelationSettings,
): readonly CandidateLink[] {
  const lookup: Lookup = (collection, id) => view.get(collection, id)
  const background = backgroundOf(lookup)
  const links: CandidateLink[] = []
  for (const to of kinOf(lookup, incident)) {
    if (Math.abs(to.time - incident.time) > windowMilliseconds) continue
    const { bits, agreements } = compare(incident, to, background, parameters)
    const beyond = surprise(bits, background.incidents)
    if (beyond >= threshold) links.push({ incident, to, toTitle: '', bits: beyond, agreements })
  }
  return links.sort((a, b) => b.bits - a.bits || (a.to.number < b.to.number ? -1 : 1)).slice(0, MOST_LINKS)
}
