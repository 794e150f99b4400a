import { InvalidInput, type Position } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { isInstant } from '#libs/platform/instant'
import { toUtc } from './instants.js'

/** A point on both time axes as a caller gives it. */
export interface AskedTimePoint {
  /** RFC 3339 instant: what had happened by then. */
  validAt?: string
  /** RFC 3339 instant or position: as far as it was recorded then. */
  asOf?: string
}

/** The same, settled: both are said in every as-of answer. */
export interface TimePoint {
  validAt: string
  asOf: Position
}

/** Whether a past view is asked for at all. */
export function isPast({ validAt, asOf }: AskedTimePoint): boolean {
  return validAt !== undefined || asOf !== undefined
}

/**
 * Settles both axes; the defaults are now and the end of the log.
 * @throws InvalidInput `AS_OF.MALFORMED`; `POSITION.UNKNOWN` for a position this log never gave
 */
export async function settleTimePoint(
  store: EventStore,
  { validAt, asOf }: AskedTimePoint,
): Promise<TimePoint> {
  return {
    validAt: validAt === undefined ? new Date().toISOString() : toUtc(validAt),
    asOf: asOf === undefined ? await store.head() : await settleAsOf(store, asOf),
  }
}

async function settleAsOf(store: EventStore, asOf: string): Promise<Position> {
  if (isInstant(asOf)) return store.positionAt(toUtc(asOf))
  if (!/^\d{20}$/.test(asOf)) {
    const message = `give a time with offset, such as 2016-05-10T09:00:00Z, or the 20 digits of a position`
    throw new InvalidInput('AS_OF.MALFORMED', `"${asOf}" is no point of the system axis: ${message}`, [
      { pointer: 'asOf', message },
    ])
  }
  const position = await store.currentPosition(asOf)
  await requireKnown(store, position, 'asOf')
  return position
}

/**
 * The arguments of a query with its `minPosition` and `after` as the log gives them now; only in a log that was migrated do
 * they change. `asOf` stays as it was asked, since page tokens are bound to it: {@link settleTimePoint} brings it up to date.
 */
export async function withCurrentPositions<Args extends object>(
  store: EventStore,
  args: Args,
): Promise<Args> {
  const { minPosition, after } = args as { minPosition?: unknown; after?: unknown }
  return {
    ...args,
    ...(typeof minPosition === 'string' && { minPosition: await store.currentPosition(minPosition) }),
    ...(typeof after === 'string' && { after: await store.currentPosition(after) }),
  }
}

/** @throws InvalidInput `POSITION.UNKNOWN` for a position this log never gave */
export async function requireKnown(store: EventStore, position: Position, pointer: string): Promise<void> {
  if (/^0+$/.test(position) || (await store.eventIdAt(position)) !== undefined) return
  throw new InvalidInput('POSITION.UNKNOWN', `This log never gave the position ${position}`, [
    { pointer, message: 'give a position from an answer of this server' },
  ])
}
