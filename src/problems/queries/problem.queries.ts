import type { Principal } from '#libs/access'
import { eventsAt, NotFound, type RecordedEvent } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, type Filter, has } from '#libs/read-store'
import { DESK_READERS, readerSees } from '#projections/access'
import { type IncidentDetails, incidentDetails } from '#projections/incident-details/incident-details'
import { inForceAt } from '#projections/intervals'
import {
  type ProblemInterval,
  problemHistory,
  shownProblemInterval,
} from '#projections/problems/problem-history'
import {
  foldProblemDetails,
  type ProblemDetails,
  problems,
  shownProblem,
} from '#projections/problems/problems'
import { requireFilterable } from '../../http/custom-field-filter.js'
import { type ListArguments, listPage } from '../../http/listing.js'
import { withSavedFilter } from '../../http/saved-filters.js'
import { seenNow } from '../../http/seen-now.js'
import { type AskedTimePoint, isPast, requireKnown, settleTimePoint } from '../../http/time-point.js'
import type { ProblemEvent } from '../domain/problem.events.js'
import { CUSTOM_FIELDS } from '../domain/problem.facts.js'
import { problemTimeline } from '../domain/problem.history.js'
import { unknownProblem } from '../problem.record.js'
import { withVisibleIncidents } from './named-incidents.js'

type Recorded = RecordedEvent<ProblemEvent>

export interface OneProblem extends AskedTimePoint {
  principal: Principal
  number: string
  /** A stream is always read up to its end; this can only be unknown. */
  minPosition?: string
}

/** Problems as they are now, or as they were. */
export async function listProblems(
  asked: ListArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const args = await withSavedFilter(asked, 'problems', dependencies.eventStore)
  const check = (filter: Filter) => requireFilterable(filter, dependencies.eventStore, CUSTOM_FIELDS)
  const usualOrder = [{ column: 'openedAt', direction: 'desc' }] as const
  if (isPast(args)) {
    const point = await settleTimePoint(dependencies.eventStore, args)
    const inForce = inForceAt(point.validAt, args.asOf === undefined ? undefined : point.asOf)
    const seen = await seenNow(dependencies, args.principal, args.minPosition, problems)
    const render = shownProblemInterval
    const scope = and(inForce, seen)
    const listed = { definition: problemHistory, scope, scopeName: 'at', usualOrder, check, render }
    return listPage<ProblemInterval>(dependencies, args, listed, point)
  }
  return listPage<ProblemDetails>(dependencies, args, {
    definition: problems,
    usualOrder,
    check,
    render: (problem, stale) => ({ ...shownProblem(problem), ...(stale && { stale }) }),
  })
}

/**
 * One problem, read from its stream: always current, and exact at any point of both time axes.
 * @throws NotFound when there is none, none that the principal may see, or none yet at that point
 */
export async function readProblem(args: OneProblem, { eventStore }: QueryDependencies): Promise<QueryAnswer> {
  const events = await visibleEvents(args, eventStore)
  const point = await settleTimePoint(eventStore, args)
  const counted = isPast(args) ? eventsAt(events, point) : events
  const { details, stale } = foldProblemDetails(counted)
  const last = counted.at(-1)
  if (!details || !last)
    throw new NotFound(
      'PROBLEM.NOT_YET',
      `${args.number} did not exist yet at ${point.validAt} as of ${point.asOf}`,
    )
  const { revision, position } = last
  const answer = { ...shownProblem(details), ...(stale && { stale }), revision, position, ...point }
  return { json: JSON.stringify(answer), etag: revision, position: point.asOf }
}

/** Every event of one problem: who, when, before and after, why. */
export async function readProblemHistory(
  args: OneProblem,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { eventStore } = dependencies
  const events = await visibleEvents(args, eventStore)
  const point = await settleTimePoint(eventStore, args)
  const counted = isPast(args) ? eventsAt(events, point) : events
  const items = problemTimeline(await withVisibleIncidents(counted, args.principal, dependencies))
  const answer = { number: args.number, items, ...point }
  // The revision is that of the record now: it names no past of it.
  const etag = isPast(args) ? undefined : events.at(-1)?.revision
  return { json: JSON.stringify(answer), etag, position: point.asOf }
}

/**
 * Incidents that are linked to a problem now, of those that the principal may see.
 * @throws NotFound when there is no such problem, or none that she may see
 */
export async function listProblemIncidents(
  args: ListArguments & { number: string },
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  await visibleEvents(args, dependencies.eventStore)
  return listPage<IncidentDetails>(dependencies, args, {
    definition: incidentDetails,
    scope: has('problems', args.number),
    usualOrder: [{ column: 'openedAt', direction: 'desc' }],
    render: shownIncident,
  })
}

function shownIncident(incident: IncidentDetails, stale: boolean): object {
  const { number, title, state, priority, assignmentGroup, assignee, hold, openedAt, resolvedAt } = incident
  const shown = { number, title, state, priority, assignmentGroup, assignee, openedAt, resolvedAt }
  return { ...shown, holdReason: hold?.reason, ...(stale && { stale }) }
}

/** Where an attachment's content lies, for whoever may see it. */
export async function findProblemAttachment(
  args: OneProblem & { hash: string },
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const { number, hash } = args
  const { details } = foldProblemDetails(await visibleEvents(args, eventStore))
  const attachment = details?.attachments?.find((candidate) => candidate.hash === hash)
  if (!attachment) throw new NotFound('ATTACHMENT.UNKNOWN', `${number} has no attachment ${hash}`)
  return { json: JSON.stringify(attachment) }
}

/** @throws NotFound when there is no such problem, or none that the principal may see */
async function visibleEvents(
  { principal, number, minPosition }: OneProblem,
  eventStore: QueryDependencies['eventStore'],
): Promise<readonly Recorded[]> {
  if (minPosition !== undefined) await requireKnown(eventStore, minPosition, 'minPosition')
  const events = (await eventStore.readStream(`problem-${number}`)) as Recorded[]
  const { details } = foldProblemDetails(events)
  if (details && readerSees(DESK_READERS, principal, details)) return events
  throw unknownProblem(number)
}
