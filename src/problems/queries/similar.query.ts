import type { Principal } from '#libs/access'
import { NotFound } from '#libs/event-sourcing'
import type { Reading } from '#libs/projections-runtime'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { type IncidentDetails, incidentDetails } from '#projections/incident-details/incident-details'
import { candidateNumber, rounded } from '#projections/problem-correlation/candidates'
import { type CorrelatedIncident, INCIDENTS } from '#projections/problem-correlation/linking'
import type { Lookup } from '#projections/problem-correlation/lists'
import { problemCorrelation } from '#projections/problem-correlation/problem-correlation'
import { reasonsOf } from '#projections/problem-correlation/reasons'
import { candidatesNow, mostSimilar } from '#projections/problem-correlation/similar'

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
    const load = (reads: readonly Reading[]) => loaded(reads, { models, asking })
    const best = await mostSimilar(asked.document, load, LOOKED_AT)
    const others = await correlated.getMany(
      best.map((other) => other.number),
      asking,
    )
    const own = new Map(others.rows.map(({ id, document }) => [id, document.candidate]))
    const candidates = await candidatesNow([...own.values()], load)
    const streams = best.map((other) => `incident-${other.number}`)
    const { rows } = await details.getMany(streams, asking)
    const seen = new Map(rows.map(({ document }) => [document.number, document]))
    for (const { number: other, bits, compare } of best) {
      const record = seen.get(other)
      if (record === undefined || items.length >= Math.min(pageSize || USUAL_SIMILAR, MOST_SIMILAR)) continue
      const { title, state, openedAt } = record
      const candidate = candidates.get(own.get(other))
      items.push({
        number: other,
        title,
        state,
        openedAt,
        score: rounded(bits),
        reasons: reasonsOf(compare().agreements),
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

/** Documents of the view. */
async function loaded(reads: readonly Reading[], { models, asking }: Loading): Promise<Lookup> {
  const documents = new Map<string, object>()
  for (const { collection, ids } of reads) {
    const { rows } = await models.of<object>(problemCorrelation.name, collection).getMany(ids, asking)
    for (const { id, document } of rows) documents.set(`${collection}/${id}`, document)
  }
  return <Document extends object>(collection: string, id: string) =>
    documents.get(`${collection}/${id}`) as Document | undefined
}
