import type { Principal } from '#libs/access'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, compare, eq, type Filter, has, isIn, not, or } from '#libs/read-store'
import {
  type IncidentDetails,
  incidentDetails,
  shownIncident,
} from '#projections/incident-details/incident-details'
import { pageSizeOf } from '../../http/listing.js'

const OPEN = ['New', 'In Progress', 'On Hold'] as const

/**
 * What a person looks at for the incidents that are about her (she is the caller or the affected user), and those she
 * watches. Every open one of hers stands in one section.
 */
export async function myIncidents(
  { principal, pageSize, minPosition }: { principal: Principal; pageSize?: number; minPosition?: string },
  { models, waitMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const details = models.of<IncidentDetails>(incidentDetails.name)
  let freshness: { position: string; lag: number } | undefined
  const answer: Record<string, unknown> = {}
  for (const [name, filter] of Object.entries(sectionsOf(principal.id))) {
    const asking = { principal, filter, minPosition, timeoutMilliseconds: waitMilliseconds }
    const { rows, position, lag } = await details.list({
      ...asking,
      orderBy: [{ column: 'openedAt', direction: 'desc' }],
      pageSize: pageSizeOf(pageSize),
    })
    const { count } = await details.count(asking)
    const items = rows.map(({ document, stale }) => ({ ...shownIncident(document), ...(stale && { stale }) }))
    answer[name] = { count, items }
    // What all sections hold: the first was read first
    freshness ??= { position, lag }
  }
  return { json: JSON.stringify({ ...answer, ...freshness }), position: freshness?.position }
}

function sectionsOf(person: string): Record<string, Filter> {
  const aboutMe = or(eq('caller', person), eq('affectedUser', person))
  // Found by index, which the other two conditions narrow down
  const mine = (...conditions: Filter[]) => and(has('visibleTo', person), ...conditions)
  const awaited = and(eq('state', 'On Hold'), eq('awaitsCaller', true), eq('caller', person))
  return {
    awaitingMyReply: mine(awaited),
    toConfirm: mine(eq('state', 'Resolved'), aboutMe),
    open: mine(isIn('state', OPEN), aboutMe, not(awaited)),
    watched: mine(
      has('watchers', person),
      not(aboutMe),
      compare('state', '!=', 'Closed'),
      compare('state', '!=', 'Canceled'),
    ),
  }
}
