import type { Position } from '#libs/event-sourcing'
import { and, compare, type Filter, or } from '#libs/read-store'

/** How views keep what a record was during which part of the two time axes. */

/** `validTo` of an interval that has not ended: later than every time, so that one comparison does for both. */
export const UNENDED = '9999-12-31T23:59:59.999Z'
/** `positionTo` of an interval that has not ended: beyond every position. */
export const UNENDED_POSITION: Position = '9'.repeat(20)

/** During which part of the two time axes a record stood so. */
export interface Interval {
  /** Effective time of the event that began it (the latest `occurredAt` of the record until then), ISO 8601 UTC. */
  validFrom: string
  /** Effective time of the event that ended it; equal to `validFrom` when both count for the same moment. */
  validTo: string
  /** Positions of these events. */
  positionFrom: Position
  positionTo: Position
  /** Of the interval that lasts: id of the command that began it. */
  begunBy?: string
}

/** Its columns. */
export const intervalColumns = {
  validFrom: 'timestamp',
  validTo: 'timestamp',
  positionFrom: 'string',
  positionTo: 'string',
} as const

/**
 * The intervals in force at a valid time, as known at a position (default: at the end of the log, as far as the view
 * has read it): exactly one per record that existed then, the one that a fold of the record's events up to both
 * would show.
 *
 * An event counts at (v, p) when its effective time is ≤ v and its position ≤ p; both rise along a record's stream, so
 * what counts is a prefix of it. An interval is in force when its first event counts and the one that ended it does
 * not. A position between two events of one command counts the whole command.
 */
export function inForceAt(validAt: string, asOf?: Position): Filter {
  const begun = compare('validFrom', '<=', validAt)
  const lasting = compare('validTo', '>', validAt)
  if (asOf === undefined) return and(begun, lasting)
  return and(begun, compare('positionFrom', '<=', asOf), or(lasting, compare('positionTo', '>', asOf)))
}
