import { eventsAt } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, eq, isIn, or } from '#libs/read-store'
import { seesInternalFields } from '#projections/access'
import {
  type IncidentDetails,
  incidentDetails,
  shownIncident,
} from '#projections/incident-details/incident-details'
import { type ListArguments, listPage } from '../../http/listing.js'
import { isPast, settleTimePoint } from '../../http/time-point.js'
import type { IncidentEvent } from '../domain/incident.events.js'
import { type OneIncident, visibleEvents } from './incident.queries.js'

const render = (incident: IncidentDetails, stale: boolean): object => ({
  ...shownIncident(incident),
  ...(stale && { stale }),
})
const NEWEST_FIRST = [{ column: 'openedAt', direction: 'desc' }] as const

/** Major incidents and candidates that are not over, and those that still want their review. */
export function listMajorIncidents(
  args: ListArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  return listPage<IncidentDetails>(dependencies, args, {
    definition: incidentDetails,
    scope: and(
      isIn('major', ['candidate', 'yes']),
      or(isIn('state', ['New', 'In Progress', 'On Hold']), eq('review', 'missing')),
    ),
    scopeName: 'major incidents',
    usualOrder: NEWEST_FIRST,
    render,
  })
}

/**
 * The incidents that follow one.
 * @throws NotFound when there is no such incident, or none that the principal may see
 */
export async function listChildren(
  args: ListArguments & { number: string },
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  await visibleEvents({ principal: args.principal, number: args.number }, dependencies.eventStore)
  return listPage<IncidentDetails>(dependencies, args, {
    definition: incidentDetails,
    scope: eq('parent', args.number),
    usualOrder: NEWEST_FIRST,
    render,
  })
}

type Posted = Extract<IncidentEvent, { type: 'MajorIncidentUpdatePosted' }>

/** What was told of a major incident; public updates alone for requesters. */
export async function readUpdates(
  args: OneIncident,
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const { events } = await visibleEvents(args, eventStore)
  const point = await settleTimePoint(eventStore, args)
  const internal = seesInternalFields(args.principal)
  const items = (isPast(args) ? eventsAt(events, point) : events).flatMap((event) => {
    if (event.type !== 'MajorIncidentUpdatePosted') return []
    const { text, visibility, nextUpdateAt }: Posted['data'] = event.data
    if (visibility !== 'public' && !internal) return []
    const { occurredAt: at, onBehalfOf, actor } = event.metadata
    return [{ id: event.id, text, visibility, at, by: onBehalfOf ?? actor, nextUpdateAt }]
  })
  return { json: JSON.stringify({ number: args.number, items, ...point }), position: point.asOf }
}
