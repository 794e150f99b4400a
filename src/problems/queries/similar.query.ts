import type { Principal } from '#libs/access'
import { NotFound } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { type IncidentDetails, incidentDetails } from '#projections/incident-details/incident-details'
import {
  CANDIDATES,
  type Candidate,
  candidateNumber,
  rounded,
} from '#projections/problem-correlation/candidates'
import { type CorrelatedIncident, INCIDENTS } from '#projections/problem-correlation/linking'
import {
  backgroundOf,
  type Lookup,
  listedWith,
  listReads,
  type Reads,
} from '#projections/problem-correlation/lists'
import { fingerprintsOf, NO_FINGERPRINT, PAGES, pagesOf } from '#projections/problem-correlation/pages'
import { problemCorrelation } from '#projections/problem-correlation/problem-correlation'
import { reasonsOf } from '#projections/problem-correlation/reasons'
import { Comparer, mostAlike, surprise, USUAL_PARAMETERS } from '#projections/problem-correlation/similarity'

export interface SimilarArguments {
  principal: Principal
  number: string
  /** How many at most; 0 and none: ten. */
  pageSize?: number
  minPosition?: string
}

const USUAL_SIMILAR = 10
export const MOST_SIMILAR = 50
/** Of the best so many are looked at for those that the principal may see. */
const LOOKED_AT = 100

/**
 * The incidents that speak most for having one cause with this one, the best first, and why. Found in lists of bounded length: the
 * newest of each trait that it has. One whose traits speak against it on the whole is none, whatever else there is.
 * @throws NotFound when there is none, or none that the principal may see
 */
export async function similarIncidents(
  { principal, number, pageSize, minPosition }: SimilarArguments,
  { models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const asking = { principal, minPosition, timeoutMilliseconds }
  const details = models.of<IncidentDetails>(incidentDetails.name)
  const { row } = await details.get(`incident-${number}`, asking)
  if (!row) throw new NotFound('INCIDENT.UNKNOWN', `There is no incident ${number}, or none that you may see`)
  const correlated = models.of<CorrelatedIncident>(problemCorrelation.name, INCIDENTS)
  const { row: asked, position, lag } = await correlated.get(number, asking)
  const items: object[] = []
  if (asked && !asked.document.restricted) {
    const { traits } = asked.document
    const loading = { models, asking }
    const lookup = await loaded(listReads(traits), loading)
    const ordinals = listedWith(lookup, traits)
    const pages = await loaded(
      pagesOf(ordinals).map((id) => ({ collection: PAGES, id })),
      loading,
    )
    const background = backgroundOf(lookup)
    const comparer = new Comparer(traits, background, USUAL_PARAMETERS)
    const listed = fingerprintsOf({ get: pages }, ordinals).filter((one) => one !== NO_FINGERPRINT)
    const best = mostAlike(listed, comparer)
      .filter(({ bits, number: other }) => bits > 0 && other !== number)
      .slice(0, LOOKED_AT)
    const others = await correlated.getMany(
      best.map((other) => other.number),
      asking,
    )
    const own = new Map(others.rows.map(({ id, document }) => [id, document.candidate]))
    const candidates = await standingNow([...own.values()], loading)
    const streams = best.map((other) => `incident-${other.number}`)
    const { rows } = await details.getMany(streams, asking)
    const seen = new Map(rows.map(({ document }) => [document.number, document]))
    for (const { number: other, fingerprint, bits } of best) {
      const record = seen.get(other)
      if (record === undefined || items.length >= Math.min(pageSize || USUAL_SIMILAR, MOST_SIMILAR)) continue
      const { title, state, openedAt } = record
      const candidate = candidates.get(own.get(other))
      items.push({
        number: other,
        title,
        state,
        openedAt,
        score: rounded(surprise(bits, background.incidents)),
        reasons: reasonsOf(comparer.compare(fingerprint).agreements),
        ...(candidate !== undefined && { candidate: candidateNumber(candidate) }),
      })
    }
  }
  return { json: JSON.stringify({ number, items, position, lag }), position }
}

interface Loading {
  models: QueryDependencies['models']
  asking: { principal: Principal; minPosition?: string; timeoutMilliseconds?: number }
}

/** Candidates by the id under which they were known: as they go on. Those of whom too little is left are none. */
async function standingNow(
  ids: readonly (string | undefined)[],
  loading: Loading,
): Promise<ReadonlyMap<string | undefined, string>> {
  const into = new Map<string, string | undefined>()
  const gone = new Set<string>()
  for (let asked = named(ids); asked.length > 0; asked = named([...into.values()])) {
    const lookup = await loaded(
      asked.map((id) => ({ collection: CANDIDATES, id })),
      loading,
    )
    for (const id of asked) {
      const candidate = lookup<Candidate>(CANDIDATES, id)
      into.set(id, candidate?.mergedInto)
      if (candidate === undefined || candidate.status === 'dissolved') gone.add(id)
    }
  }
  const standing = new Map<string, string>()
  for (const id of into.keys()) {
    let last = id
    for (let next = into.get(last); next !== undefined; next = into.get(last)) last = next
    if (!gone.has(last)) standing.set(id, last)
  }
  return standing

  function named(all: readonly (string | undefined)[]): readonly string[] {
    return [...new Set(all.filter((id) => id !== undefined && !into.has(id)))] as string[]
  }
}

/** Documents of the view. */
async function loaded(reads: Reads, { models, asking }: Loading): Promise<Lookup> {
  const documents = new Map<string, object>()
  for (const collection of new Set(reads.map((read) => read.collection))) {
    const ids = reads.filter((read) => read.collection === collection).map(({ id }) => id)
    const { rows } = await models.of<object>(problemCorrelation.name, collection).getMany(ids, asking)
    for (const { id, document } of rows) documents.set(`${collection}/${id}`, document)
  }
  return <Document extends object>(collection: string, id: string) =>
    documents.get(`${collection}/${id}`) as Document | undefined
}
