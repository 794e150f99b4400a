import type { Position, RecordedEvent } from '#libs/event-sourcing'
import { and, compare, type Filter, or } from '#libs/read-store'
import type { Blank, Draft } from './drafts.js'

/** Records as they stood at any point of both time axes: each document is one interval in which nothing of it changed. */

/** End on the valid axis of what has not ended: later than every time, so that one comparison does for both. */
export const UNENDED = '9999-12-31T23:59:59.999Z'
/** The same on the axis of knowledge: beyond every position. */
export const UNENDED_POSITION: Position = '9'.repeat(20)

/**
 * A part of the two time axes in which a record stood so. It begins with an event that changes something and ends with the next
 * one that does. All events of one command are one step, as they were when they were appended.
 */
export interface Interval {
  /** Effective time of the event that began it (the latest `occurredAt` of the record until then), ISO 8601 UTC. */
  validFrom: string
  /** Effective time of the event that ended it; equal to `validFrom` when both count for the same moment. */
  validTo: string
  /** Positions of these events. */
  positionFrom: Position
  positionTo: Position
  /** Of the interval that lasts: the record's latest effective time, which later events may not fall behind. */
  effectiveAt?: string
  /** Of the interval that lasts: id of the command that began it. */
  begunBy?: string
}

export const BLANK_INTERVAL: Blank<Interval> = {
  validFrom: '',
  validTo: UNENDED,
  positionFrom: '',
  positionTo: UNENDED_POSITION,
  effectiveAt: undefined,
  begunBy: undefined,
}

export const INTERVAL_COLUMNS = {
  validFrom: 'timestamp',
  validTo: 'timestamp',
  positionFrom: 'string',
  positionTo: 'string',
} as const

/** Begins a draft's interval with an event; its `effectiveAt` is brought up to the event before. */
export function begin(draft: Draft<Interval>, { position, metadata }: RecordedEvent): void {
  draft.begunBy = metadata.commandId
  draft.validFrom = draft.effectiveAt as string
  draft.positionFrom = position
}

/** Whether the command of this event has begun the interval: then this is part of the same step. */
export function begun({ begunBy }: Interval, { metadata }: RecordedEvent): boolean {
  return metadata.commandId === begunBy
}

/** Id under which an interval is kept that has ended: the one that lasts stands under the record's stream. */
export function endedId(stream: string, { positionFrom }: Interval): string {
  return `${stream}#${positionFrom}`
}

/** The interval, ended by the next. */
export function ended<Document extends Interval>(current: Document, next: Interval): Document {
  const draft: Draft<Interval> & Document = { ...current }
  draft.validTo = next.validFrom
  draft.positionTo = next.positionFrom
  draft.effectiveAt = undefined
  draft.begunBy = undefined
  return draft
}

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
