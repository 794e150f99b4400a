import type { Principal } from '#libs/access'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import type { KeysetCursor } from '#libs/read-store'
import {
  type IncidentFacts,
  incidentFacts,
  withOpenInterval,
} from '#projections/incident-facts/incident-facts'
import { columnsOf, type ListArguments, listPage } from '../http/listing.js'
import { filterOf } from '../http/saved-filters.js'

/** One page of the analysts' rows. */
export function listIncidentFacts(
  args: ListArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const now = new Date().toISOString()
  return listPage<IncidentFacts>(dependencies, args, {
    definition: incidentFacts,
    usualOrder: [{ column: 'openedAt', direction: 'asc' }],
    render: (facts, stale) => ({ ...renderFacts(facts, now), ...(stale && { stale }) }),
  })
}

export interface FactsChunk {
  principal: Principal
  filter?: string
  after?: KeysetCursor
  /** Set by the first chunk: all rows are counted up to the same moment. */
  now: string
  minPosition?: string
}

/** The next rows of an export, with where to go on. */
export async function exportIncidentFacts(
  { principal, filter, after, now, minPosition }: FactsChunk,
  { models, waitMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const { rows, next, position } = await models.of<IncidentFacts>(incidentFacts.name).list({
    principal,
    filter: filterOf({ filter }, columnsOf(incidentFacts, incidentFacts.name)),
    orderBy: [{ column: 'openedAt', direction: 'asc' }],
    pageSize: 1_000,
    after,
    minPosition,
    timeoutMilliseconds: waitMilliseconds,
  })
  return {
    json: JSON.stringify({ rows: rows.map(({ document }) => renderFacts(document, now)), next }),
    position,
  }
}

function renderFacts(facts: IncidentFacts, now: string): object {
  const { audienceKind, audienceGroups, visibleTo, since, openedOn, ...shown } = withOpenInterval(facts, now)
  return shown
}
