import type { Principal } from '#libs/access'
import { InvalidInput, NotFound, type RecordedEvent } from '#libs/event-sourcing'
import type { Filter } from '#libs/read-store'
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

const CUSTOM_FIELDS_STREAM = 'settings-custom-fields-incident'

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
      check: (filter) => checkCustomTerms(filter, dependencies),
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
      usualOrder: BY_STATE,
      render: renderInterval,
    },
    point,
  )
}

/** The order in which the past is indexed when no group is asked for. */
const BY_STATE = ['state', 'priority', 'openedAt'].map((column) => ({ column, direction: 'asc' as const }))

/** `custom:"<name>=<value>"` is for custom fields that the schema in force declares filterable. */
async function checkCustomTerms(filter: Filter, { eventStore }: QueryDependencies): Promise<void> {
  const asked = customTerms(filter)
  if (asked.length === 0) return
  const [published] = await eventStore.readStream(CUSTOM_FIELDS_STREAM, { direction: 'backwards', limit: 1 })
  const { filterable = [] } = (published?.data ?? {}) as { filterable?: readonly string[] }
  for (const term of asked) {
    const name = term.split('=', 1)[0]!
    if (filterable.includes(name)) continue
    const message = `custom field "${name}" is not declared filterable; declared are: ${filterable.join(', ') || 'none'}`
    throw new InvalidInput('FILTER.CUSTOM_FIELD', message, [{ pointer: 'filter', message }])
  }
}

function customTerms(filter: Filter): string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.flatMap(customTerms)
    case 'not':
      return customTerms(filter.filter)
    case 'has':
      return filter.column === 'custom' ? [filter.value] : []
    default:
      return []
  }
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
