import type { Principal } from '#libs/access'
import { NotFound } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { type IncidentDetails, incidentDetails } from '#projections/incident-details/incident-details'
import { candidateNumber, rounded } from '#projections/problem-correlation/candidates'
import { type CorrelatedIncident, INCIDENTS } from '#projections/problem-correlation/linking'
import {
  backgroundOf,
  KEYS,
  KIN,
  type Lookup,
  listedWith,
  listReads,
  TOTALS,
} from '#projections/problem-correlation/lists'
import { problemCorrelation } from '#projections/problem-correlation/problem-correlation'
import { reasonsOf } from '#projections/problem-correlation/reasons'
import { Comparer, surprise, USUAL_PARAMETERS } from '#projections/problem-correlation/similarity'
import type { Traits } from '#projections/problem-correlation/traits'
import { WORDS } from '#projections/problem-correlation/word-counts'

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
    const lookup = await loaded(traits, { models, asking })
    const others = await correlated.getMany(listedWith(lookup, traits), asking)
    const background = backgroundOf(lookup)
    const comparer = new Comparer(traits, background, USUAL_PARAMETERS)
    const best = ranked(
      comparer,
      others.rows.map(({ document }) => document),
    )
    const streams = best.map(({ to }) => `incident-${to.number}`)
    const { rows } = await details.getMany(streams, asking)
    const seen = new Map(rows.map(({ document }) => [document.number, document]))
    for (const { to, candidate, bits } of best) {
      const record = seen.get(to.number)
      if (record === undefined || items.length >= Math.min(pageSize || USUAL_SIMILAR, MOST_SIMILAR)) continue
      const { title, state, openedAt } = record
      const reasons = reasonsOf(comparer.compare(to).agreements)
      items.push({
        number: to.number,
        title,
        state,
        openedAt,
        score: rounded(surprise(bits, background.incidents)),
        reasons,
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

/** The lists and counts that the incident stands in. */
async function loaded(traits: Traits, { models, asking }: Loading): Promise<Lookup> {
  const reads = listReads(traits)
  const documents = new Map<string, object>()
  for (const collection of [TOTALS, KEYS, KIN, WORDS]) {
    const ids = reads.filter((read) => read.collection === collection).map(({ id }) => id)
    const { rows } = await models.of<object>(problemCorrelation.name, collection).getMany(ids, asking)
    for (const { id, document } of rows) documents.set(`${collection}/${id}`, document)
  }
  return <Document extends object>(collection: string, id: string) =>
    documents.get(`${collection}/${id}`) as Document | undefined
}

function ranked(comparer: Comparer, others: readonly CorrelatedIncident[]) {
  return others
    .filter(({ restricted }) => !restricted)
    .map(({ traits: to, candidate }) => ({ to, candidate, bits: comparer.bits(to) }))
    .filter(({ bits }) => bits > 0)
    .sort((a, b) => b.bits - a.bits || b.to.time - a.to.time || (a.to.number < b.to.number ? 1 : -1))
    .slice(0, LOOKED_AT)
}
