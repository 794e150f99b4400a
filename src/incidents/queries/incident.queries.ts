import type { Principal } from '#libs/access'
import { NotFound, type RecordedEvent } from '#libs/event-sourcing'
import { canSee, seesInternalFields } from '#projections/access'
import { type IncidentDetails, incidentDetails } from '#projections/incident-details/incident-details'
import { inForceAt, type QueueInterval, queueHistory } from '#projections/queue-history/queue-history'
import { type ListArguments, listPage } from '../../http/listing.js'
import { type AskedTimePoint, isPast, settleTimePoint } from '../../http/time-point.js'
import type { QueryAnswer, QueryDependencies } from '../../runtime/query.js'
import type { IncidentEvent } from '../domain/incident.events.js'
import { eventsAt, timeline } from '../domain/incident.history.js'
import { unknownIncident } from '../incident.record.js'
import { renderIncident, renderInterval } from './incident.rendering.js'

export interface OneIncident extends AskedTimePoint {
  principal: Principal
  number: string
}

/**
 * One incident, read from its stream: always current, and exact at any point of both time axes.
 * @throws NotFound when there is none, none that the principal may see now, or none yet at that point
 */
export async function readIncident(
  args: OneIncident,
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const events = await visibleEvents(args, eventStore)
  const point = await settleTimePoint(eventStore, args)
  const counted = isPast(args) ? eventsAt(events, point) : events
  const details = foldDetails(counted)
  const last = counted.at(-1)
  if (!details || !last) {
    throw new NotFound(
      'INCIDENT.NOT_YET',
      `${args.number} did not exist yet at ${point.validAt} as of ${point.asOf}`,
    )
  }
  const shown = (incidentDetails.fields?.(details, args.principal) ?? details) as IncidentDetails
  const answer = { ...renderIncident(shown), revision: last.revision, position: last.position, ...point }
  return { json: JSON.stringify(answer), etag: last.revision, position: point.asOf }
}

/** Every change of one incident: who, when, before and after, why; internal ones left out for requesters. */
export async function readHistory(
  args: OneIncident,
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const events = await visibleEvents(args, eventStore)
  const point = await settleTimePoint(eventStore, args)
  const internal = seesInternalFields(args.principal)
  const entries = timeline(isPast(args) ? eventsAt(events, point) : events)
    .filter(({ visibility }) => internal || visibility === 'public')
    .map(({ sourceFields, ...entry }) => (internal ? { ...entry, sourceFields } : entry))
  const answer = { number: args.number, items: entries, ...point }
  return { json: JSON.stringify(answer), etag: events.at(-1)?.revision, position: point.asOf }
}

/** Incidents now, by all their fields; or at a past point, by those that the queue history keeps. */
export async function listIncidents(
  args: ListArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  if (!isPast(args)) {
    return listPage<IncidentDetails>(dependencies, args, {
      definition: incidentDetails,
      usualOrder: [{ column: 'openedAt', direction: 'desc' }],
      render: (incident, stale) => ({ ...renderIncident(incident), ...(stale && { stale }) }),
    })
  }
  const point = await settleTimePoint(dependencies.eventStore, args)
  return listPage<QueueInterval>(
    dependencies,
    args,
    {
      definition: queueHistory,
      scope: inForceAt(point.validAt, args.asOf === undefined ? undefined : point.asOf),
      scopeName: 'at',
      usualOrder: [{ column: 'openedAt', direction: 'desc' }],
      render: renderInterval,
    },
    point,
  )
}

/** Where an attachment's content lies, for whoever may see it. */
export async function findAttachment(
  { principal, number, hash }: OneIncident & { hash: string },
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const details = foldDetails(await visibleEvents({ principal, number }, eventStore))
  const shown = details && (incidentDetails.fields?.(details, principal) ?? details)
  const attachment = shown?.attachments?.find((candidate) => candidate.hash === hash)
  if (!attachment)
    throw new NotFound('ATTACHMENT.UNKNOWN', `${number} has no attachment ${hash} that you may see`)
  return { json: JSON.stringify(attachment) }
}

async function visibleEvents(
  { principal, number }: OneIncident,
  eventStore: QueryDependencies['eventStore'],
): Promise<RecordedEvent<IncidentEvent>[]> {
  const events = (await eventStore.readStream(`incident-${number}`)) as RecordedEvent<IncidentEvent>[]
  const current = foldDetails(events)
  if (!current || !canSee(principal, current)) throw unknownIncident(number)
  return events
}

function foldDetails(events: readonly RecordedEvent<IncidentEvent>[]): IncidentDetails | undefined {
  let details: IncidentDetails | undefined
  for (const event of events) details = incidentDetails.evolve(details, event) ?? undefined
  return details
}
