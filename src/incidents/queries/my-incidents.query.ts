import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, compare, eq, type Filter, has, isIn, not, or } from '#libs/read-store'
import {
  type IncidentDetails,
  incidentDetails,
  shownIncident,
} from '#projections/incident-details/incident-details'
import { listSections, type SectionsArguments } from '../../http/listing.js'

const OPEN = ['New', 'In Progress', 'On Hold'] as const

/**
 * What a person looks at for the incidents that are about her (she is the caller or the affected user), and those she
 * watches. Every open one of hers stands in one section.
 */
export function myIncidents(args: SectionsArguments, dependencies: QueryDependencies): Promise<QueryAnswer> {
  const orderBy = [{ column: 'openedAt', direction: 'desc' as const }]
  const render = (incident: IncidentDetails, stale: boolean) => ({
    ...shownIncident(incident),
    ...(stale && { stale }),
  })
  const sections = Object.entries(sectionsOf(args.principal.id)).map(
    ([name, filter]) => [name, { definition: incidentDetails, filter, orderBy, render }] as const,
  )
  return listSections(dependencies, args, Object.fromEntries(sections))
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
