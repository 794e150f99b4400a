import { type Position, type RecordedEvent, utcDayOf } from '#libs/event-sourcing'
import type { ViewTransaction } from '#libs/projections-runtime'
import { and, compare, type Filter, or } from '#libs/read-store'
import type { ConfigurationEvent } from '../../src/configuration/domain/configuration.events.js'
import { UNENDED, UNENDED_POSITION } from '../intervals.js'
import { isCi } from './effects.js'

export const SIGHTINGS = 'cmdb_sightings'

/**
 * That a source saw an item on a day (UTC), and until when, on both time axes, nothing newer was told. The first sighting of
 * a day stands for the day: sources run often, and staleness is told in days.
 */
export interface Sighting {
  number: string
  seenAt: string
  /** `seenAt` of the next one. */
  until: string
  /** Position of the event that told so. */
  knownFrom: Position
  /** `knownFrom` of the next one. */
  knownUntil: Position
}

/**
 * The latest sighting at a point of both time axes: one per item that was ever seen by then. Sightings follow each other on both
 * axes alike, so that of those before a point the latest is the one whose next lies beyond the point on either.
 */
export function latestSightingAt({ validAt, asOf }: { validAt: string; asOf: Position }): Filter {
  return and(
    compare('seenAt', '<=', validAt),
    compare('knownFrom', '<=', asOf),
    or(compare('until', '>', validAt), compare('knownUntil', '>', asOf)),
  )
}

/** The items that a source saw, by this event. */
export function sightedBy({ type, stream, data }: RecordedEvent<ConfigurationEvent>): readonly string[] {
  if (type === 'DiscoveryRunRecorded') return data.seen
  const isSeen = type === 'CiObserved' || ('source' in data && data.source !== undefined)
  return isCi(stream) && isSeen ? [stream.slice('ci-'.length)] : []
}

/**
 * The last sighting of an item is stored under its number, earlier ones under that and their time. What is told late counts no
 * earlier than what was told before it, as all events of an item do; so it says nothing new.
 */
export function noteSighting(
  view: ViewTransaction,
  number: string,
  { position, metadata: { occurredAt: seenAt } }: RecordedEvent,
): void {
  const last = view.get<Sighting>(SIGHTINGS, number)
  if (last !== undefined && utcDayOf(seenAt) <= utcDayOf(last.seenAt)) return
  if (last !== undefined)
    view.put(SIGHTINGS, `${number}@${last.seenAt}`, {
      ...last,
      until: seenAt,
      knownUntil: position,
    } satisfies Sighting)
  const open = { until: UNENDED, knownUntil: UNENDED_POSITION }
  view.put(SIGHTINGS, number, { number, seenAt, knownFrom: position, ...open } satisfies Sighting)
}
