import type { Principal } from '#libs/access'
import { eventsAt, NotFound, type RecordedEvent } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, parseFilter } from '#libs/read-store'
import { canSee, seesInternalFields } from '#projections/access'
import {
  type FoldedIncident,
  foldIncidentDetails,
  type IncidentDetails,
  incidentDetails,
  shownIncident,
} from '#projections/incident-details/incident-details'
import { inForceAt } from '#projections/intervals'
import { type QueueInterval, queueHistory, shownInterval } from '#projections/queue-history/queue-history'
import { requireFilterable } from '../../http/custom-field-filter.js'
import { columnsOf, type ListArguments, listPage } from '../../http/listing.js'
import { withSavedFilter } from '../../http/saved-filters.js'
import { seenNow } from '../../http/seen-now.js'
import { type AskedTimePoint, isPast, requireKnown, settleTimePoint } from '../../http/time-point.js'
import type { IncidentEvent } from '../domain/incident.events.js'
import { CUSTOM_FIELDS } from '../domain/incident.facts.js'
import { requesterTimeline, timeline } from '../domain/incident.history.js'
import { unknownIncident } from '../incident.record.js'

export interface OneIncident extends AskedTimePoint {
  principal: Principal
  number: string
  /** A stream is always read up to its end; this can only be unknown. */
  minPosition?: string
}

/**
 * One incident, read from its stream: always current, and exact at any point of both time axes.
 * @throws NotFound when there is none, none that the principal may see now, or none yet at that point
 */
export async function readIncident(
  args: OneIncident,
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const { events, stale } = await visibleEvents(args, eventStore)
  const point = await settleTimePoint(eventStore, args)
  const counted = isPast(args) ? eventsAt(events, point) : events
  const { details } = foldIncidentDetails(counted)
  const last = counted.at(-1)
  if (!details || !last) {
    throw new NotFound(
      'INCIDENT.NOT_YET',
      `${args.number} did not exist yet at ${point.validAt} as of ${point.asOf}`,
    )
  }
  const shown = fieldsShown(args.principal, details)
  const { revision, position } = last
  const answer = { ...shownIncident(shown), ...(stale && { stale }), revision, position, ...point }
  return { json: JSON.stringify(answer), etag: revision, position: point.asOf }
}

/** Every change of one incident: who, when, before and after, why; internal ones left out for requesters. */
export async function readHistory(
  args: OneIncident,
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const { events } = await visibleEvents(args, eventStore)
  const point = await settleTimePoint(eventStore, args)
  const entries = timeline(isPast(args) ? eventsAt(events, point) : events)
  const { principal } = args
  const items = seesInternalFields(principal) ? entries : requesterTimeline(entries, principal.id)
  const answer = { number: args.number, items, ...point }
  // The revision is that of the record now: it names no past of it.
  const etag = isPast(args) ? undefined : events.at(-1)?.revision
  return { json: JSON.stringify(answer), etag, position: point.asOf }
}

/** The order that the queue history keeps for everything that was there at a time. */
const BY_STATE = [
  { column: 'state', direction: 'asc' },
  { column: 'priority', direction: 'asc' },
  { column: 'openedAt', direction: 'asc' },
] as const

/** Incidents now, by all their fields; or at a past point, by those that the queue history keeps. */
export async function listIncidents(
  asked: ListArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const args = await withSavedFilter(asked, 'incidents', dependencies.eventStore)
  if (!isPast(args)) {
    return listPage<IncidentDetails>(dependencies, args, {
      definition: incidentDetails,
      columns: columnsShown(args.principal, columnsOf(incidentDetails, incidentDetails.name)),
      usualOrder: [{ column: 'openedAt', direction: 'desc' }],
      check: (filter) => requireFilterable(filter, dependencies.eventStore, CUSTOM_FIELDS),
      render: (incident, stale) => Object.assign(shownIncident(incident), stale && { stale }),
    })
  }
  const point = await settleTimePoint(dependencies.eventStore, args)
  return listPage<QueueInterval>(
    dependencies,
    args,
    {
      definition: queueHistory,
      columns: columnsShown(args.principal, columnsOf(queueHistory, queueHistory.name)),
      scope: and(
        inForceAt(point.validAt, args.asOf === undefined ? undefined : point.asOf),
        await seenNow(dependencies, args.principal, args.minPosition),
      ),
      scopeName: 'at',
      usualOrder: BY_STATE,
      render: (interval) => shownInterval(fieldsShown(args.principal, interval)),
    },
    point,
  )
}

/**
 * Numbers of the incidents that a filter finds now, oldest first and at most so many; and how many there are. Level
 * with the log, since something is about to be done to them.
 */
export async function selectIncidents(
  { principal, filter, limit }: { principal: Principal; filter: string; limit: number },
  { eventStore, models, waitMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const columns = columnsShown(principal, columnsOf(incidentDetails, incidentDetails.name))
  const wanted = parseFilter(filter, columns)
  await requireFilterable(wanted, eventStore, CUSTOM_FIELDS)
  const details = models.of<IncidentDetails>(incidentDetails.name)
  const asking = {
    principal,
    filter: wanted,
    minPosition: await eventStore.head(),
    timeoutMilliseconds: waitMilliseconds,
  }
  const { rows, next } = await details.list({
    ...asking,
    orderBy: [{ column: 'openedAt', direction: 'asc' }],
    pageSize: limit,
  })
  const count = next === undefined ? rows.length : (await details.count(asking)).count
  return { json: JSON.stringify({ count, numbers: rows.map(({ document }) => document.number) }) }
}

/** Of an incident's fields, those that the principal may see. */
function fieldsShown<Fields extends object>(principal: Principal, fields: Fields): Fields {
  return (incidentDetails.fields?.(fields as never, principal) ?? fields) as Fields
}

/** Columns that the principal may filter and sort by: of the fields that she sees, lest the answers tell of others. */
function columnsShown<Type>(
  principal: Principal,
  columns: Readonly<Record<string, Type>>,
): Readonly<Record<string, Type>> {
  return fieldsShown(principal, columns)
}

/** Where an attachment's content lies, for whoever may see it. */
export async function findAttachment(
  { principal, number, hash }: OneIncident & { hash: string },
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const { details } = await visibleEvents({ principal, number }, eventStore)
  const shown = details && fieldsShown(principal, details)
  const attachment = shown?.attachments?.find((candidate) => candidate.hash === hash)
  if (!attachment)
    throw new NotFound('ATTACHMENT.UNKNOWN', `${number} has no attachment ${hash} that you may see`)
  return { json: JSON.stringify(attachment) }
}

/** @throws NotFound when there is no such incident, or none that the principal may see now */
export async function visibleEvents(
  { principal, number, minPosition }: OneIncident,
  eventStore: QueryDependencies['eventStore'],
): Promise<FoldedIncident> {
  if (minPosition !== undefined) await requireKnown(eventStore, minPosition, 'minPosition')
  const readable = foldIncidentDetails(
    (await eventStore.readStream(`incident-${number}`)) as RecordedEvent<IncidentEvent>[],
  )
  if (!readable.details || !canSee(principal, readable.details)) throw unknownIncident(number)
  return readable
}
