import type { Principal } from '#libs/access'
import { eventsAt, type HistoryPoint, NotFound, type RecordedEvent } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, type Filter } from '#libs/read-store'
import { canSee, seesInternalFields } from '#projections/access'
import { changesInTheWay, conflictsAsSeen } from '#projections/change-conflicts'
import { type ChangeInterval, changeHistory, INTERVALS } from '#projections/change-history/change-history'
import { type ChangeDetails, changes, foldChangeDetails, shownChange } from '#projections/changes/changes'
import { inForceAt } from '#projections/intervals'
import { requireFilterable } from '../../http/custom-field-filter.js'
import { columnsOf, type ListArguments, listPage } from '../../http/listing.js'
import { withSavedFilter } from '../../http/saved-filters.js'
import { seenAmong } from '../../http/seen-among.js'
import { seenNow } from '../../http/seen-now.js'
import { type AskedTimePoint, isPast, requireKnown, settleTimePoint } from '../../http/time-point.js'
import { unknownChange } from '../change.record.js'
import type { ChangeEvent, Conflict, ConflictInputs, PlanDocument } from '../domain/change.events.js'
import { CUSTOM_FIELDS } from '../domain/change.facts.js'
import { changeTimeline, requesterChangeTimeline } from '../domain/change.history.js'

type Recorded = RecordedEvent<ChangeEvent>

export interface OneChange extends AskedTimePoint {
  principal: Principal
  number: string
  /** A stream is always read up to its end; this can only be unknown. */
  minPosition?: string
}

/** Changes as they are now, or were at a point of both time axes. */
export async function listChanges(
  asked: ListArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const args = await withSavedFilter(asked, 'changes', dependencies.eventStore)
  const check = (filter: Filter) => requireFilterable(filter, dependencies.eventStore, CUSTOM_FIELDS)
  if (isPast(args)) return listChangesAt(args, check, dependencies)
  const listed = await listPage<ChangeDetails>(dependencies, args, {
    definition: changes,
    // Of the fields that she sees, lest the answers tell of others
    columns: fieldsShown(args.principal, columnsOf(changes, changes.name)),
    usualOrder: [{ column: 'openedAt', direction: 'desc' }],
    check,
    render: (change, stale) => ({ ...shownChange(change), ...(stale && { stale }) }),
  })
  if (!listed.json.includes('"conflicts":')) return listed
  const page = JSON.parse(listed.json) as { items: { conflicts?: readonly Conflict[] }[] }
  const items = await withConflictsAsSeen(page.items, args, dependencies)
  return { ...listed, json: JSON.stringify({ ...page, items }) }
}

/**
 * Which they are, a view of intervals tells; what they were like, their streams. Shown is what the principal might see then, and may
 * see now.
 */
async function listChangesAt(
  args: ListArguments,
  check: (filter: Filter) => Promise<void>,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { eventStore } = dependencies
  const point = await settleTimePoint(eventStore, args)
  const listed = await listPage<ChangeInterval>(
    dependencies,
    args,
    {
      definition: changeHistory,
      collection: INTERVALS,
      columns: fieldsShown(args.principal, columnsOf(changes, changes.name)),
      scope: and(
        inForceAt(point.validAt, args.asOf === undefined ? undefined : point.asOf),
        await seenNow(dependencies, args.principal, args.minPosition, changes),
      ),
      scopeName: 'changes',
      usualOrder: [{ column: 'openedAt', direction: 'desc' }],
      check,
      render: ({ number, cabMeetings = [] }) => ({ number, cabMeetings }),
    },
    point,
  )
  const page = JSON.parse(listed.json) as { items: { number: string; cabMeetings: readonly string[] }[] }
  const items = await Promise.all(
    page.items.map(async ({ number, cabMeetings }) => {
      const own = eventsAt(await eventStore.readStream(`change-${number}`), point)
      const ofBoard = await wordsInMeetings(cabMeetings, number, point, eventStore)
      const { details, stale } = foldChangeDetails(inLogOrder([...own, ...ofBoard]))
      return {
        ...(shownChange(fieldsShown(args.principal, details!)) as { conflicts?: readonly Conflict[] }),
        ...(stale && { stale }),
      }
    }),
  )
  const shown = await withConflictsAsSeen(items, args, dependencies)
  return { ...listed, json: JSON.stringify({ ...page, items: shown }) }
}

/** Changes and plans as the principal may read them: of what is in their way only those that she may see are named. */
async function withConflictsAsSeen<Item extends { conflicts?: readonly Conflict[] }>(
  items: readonly Item[],
  { principal, minPosition }: { principal: Principal; minPosition?: string },
  dependencies: QueryDependencies,
): Promise<Item[]> {
  const named = items.flatMap(({ conflicts }) => changesInTheWay(conflicts))
  const seen = await seenAmong(named, changes, { principal, minPosition }, dependencies)
  return items.map((item) =>
    item.conflicts === undefined ? item : { ...item, conflicts: conflictsAsSeen(item.conflicts, seen) },
  )
}

/**
 * One change, read from its stream: always current, and exact at any point of both time axes.
 * @throws NotFound when there is none, none that the principal may see now, or none yet at that point
 */
export async function readChange(args: OneChange, dependencies: QueryDependencies): Promise<QueryAnswer> {
  const { eventStore } = dependencies
  const events = await visibleEvents(args, eventStore)
  const point = await settleTimePoint(eventStore, args)
  const counted = isPast(args) ? eventsAt(events, point) : events
  const { details, stale } = foldChangeDetails(
    inLogOrder([...counted, ...(await wordsOfTheBoard(args, point, dependencies))]),
  )
  const last = counted.at(-1)
  if (!details || !last) {
    throw new NotFound(
      'CHANGE.NOT_YET',
      `${args.number} did not exist yet at ${point.validAt} as of ${point.asOf}`,
    )
  }
  const { revision, position } = last
  const { principal } = args
  const read = { principal, minPosition: position }
  const [shown] = await withConflictsAsSeen([fieldsShown(principal, details)], read, dependencies)
  const [document] = await withConflictsAsSeen(documentOf(counted), read, dependencies)
  const answer = {
    ...shownChange(shown!),
    ...(seesInternalFields(principal) && {
      document,
      conflictInputs: inputsOf(counted),
    }),
    ...(stale && { stale }),
    revision,
    position,
    ...point,
  }
  return { json: JSON.stringify(answer), etag: revision, position: point.asOf }
}

/** What the board said of it by then. Which meetings there were the read model tells; what they said, their streams. */
async function wordsOfTheBoard(
  { principal, number, minPosition }: OneChange,
  point: HistoryPoint,
  { eventStore, models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
): Promise<readonly RecordedEvent[]> {
  if (!seesInternalFields(principal)) return []
  const { row } = await models
    .of<ChangeDetails>(changes.name)
    .get(`change-${number}`, { principal, minPosition, timeoutMilliseconds })
  return wordsInMeetings(row?.document.cabMeetings ?? [], number, point, eventStore)
}

async function wordsInMeetings(
  meetings: readonly string[],
  number: string,
  point: HistoryPoint,
  eventStore: QueryDependencies['eventStore'],
): Promise<readonly RecordedEvent[]> {
  const streams = await Promise.all(meetings.map((meeting) => eventStore.readStream(`cab-${meeting}`)))
  return streams
    .flatMap((events) => eventsAt(events, point))
    .filter(({ data }) => (data as { change?: string }).change === number)
}

function inLogOrder(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  return [...events].sort((one, other) => (one.position < other.position ? -1 : 1))
}

/** What approval was asked about last, as it was; by a model: what was scheduled. None: neither. */
function documentOf(events: readonly Recorded[]): PlanDocument[] {
  for (const { type, data } of [...events].reverse())
    if (type === 'ChangeApprovalAsked' || type === 'ChangeScheduled') return [data.document]
  return []
}

/** What the latest finding about conflicts was made with. */
function inputsOf(events: readonly Recorded[]): ConflictInputs | undefined {
  for (const { type, data } of [...events].reverse())
    if (type === 'ConflictAppeared' || type === 'ConflictCleared') return data.inputs
  return undefined
}

/** Every event of one change: who, when, before and after, why; internal ones left out for requesters. */
export async function readChangeHistory(
  args: OneChange,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { eventStore } = dependencies
  const { principal } = args
  const events = await visibleEvents(args, eventStore)
  const point = await settleTimePoint(eventStore, args)
  const counted = isPast(args) ? eventsAt(events, point) : events
  const found = counted.filter(({ type }) => type === 'ConflictAppeared' || type === 'ConflictCleared')
  const named = found.flatMap(({ data }) => changesInTheWay([(data as { conflict: Conflict }).conflict]))
  const reader = { principal, minPosition: found.at(-1)?.position }
  const entries = changeTimeline(counted, await seenAmong(named, changes, reader, dependencies))
  const items = seesInternalFields(principal) ? entries : requesterChangeTimeline(entries, principal.id)
  const answer = { number: args.number, items, ...point }
  // The revision is that of the record now: it names no past of it.
  const etag = isPast(args) ? undefined : events.at(-1)?.revision
  return { json: JSON.stringify(answer), etag, position: point.asOf }
}

/** Where an attachment's content lies, for whoever may see it. */
export async function findChangeAttachment(
  args: OneChange & { hash: string },
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const { principal, number, hash } = args
  const { details } = foldChangeDetails(await visibleEvents(args, eventStore))
  const { attachments } = fieldsShown(principal, details!)
  const attachment = attachments?.find((candidate) => candidate.hash === hash)
  if (!attachment) throw new NotFound('ATTACHMENT.UNKNOWN', `${number} has no attachment ${hash}`)
  return { json: JSON.stringify(attachment) }
}

/** Of a change's fields, or of its columns, those that the principal may see. */
function fieldsShown<Fields extends object>(principal: Principal, fields: Fields): Fields {
  return (changes.fields?.(fields as never, principal) ?? fields) as Fields
}

/** @throws NotFound when there is no such change, or none that the principal may see now */
async function visibleEvents(
  { principal, number, minPosition }: OneChange,
  eventStore: QueryDependencies['eventStore'],
): Promise<readonly Recorded[]> {
  if (minPosition !== undefined) await requireKnown(eventStore, minPosition, 'minPosition')
  const events = (await eventStore.readStream(`change-${number}`)) as Recorded[]
  const { details } = foldChangeDetails(events)
  if (details && canSee(principal, details)) return events
  throw unknownChange(number)
}
