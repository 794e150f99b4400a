import type { Position } from '#libs/event-sourcing'
import { defineView } from '#libs/projections-runtime'
import { and, compare, type Filter, or } from '#libs/read-store'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import { accessColumns, visibleRows } from '../access.js'
import { headChanges, headOf, type IncidentHead, later, type RecordedIncident } from '../incident-folds.js'

/** `validTo` of an interval that has not ended: later than every time, so that one comparison does for both. */
export const UNENDED = '9999-12-31T23:59:59.999Z'
/** `positionTo` of an interval that has not ended: beyond every position. */
export const UNENDED_POSITION: Position = '9'.repeat(20)

/**
 * What a queue shows of a record, and during which part of the two time axes it stood so. An interval begins with an
 * event that changes one of these fields and ends with the next one that does.
 */
export interface QueueInterval extends IncidentHead {
  type: 'incident'
  /** Effective time of the event that began it (the latest `occurredAt` of the record until then), ISO 8601 UTC. */
  validFrom: string
  /** Effective time of the event that ended it; equal to `validFrom` when both count for the same moment. */
  validTo: string
  /** Positions of these events. */
  positionFrom: Position
  positionTo: Position
}

/** The interval that lasts, with the record's latest effective time, which later events may not fall behind. */
type CurrentInterval = QueueInterval & { effectiveAt: string }

/**
 * The intervals in force at a valid time, as known at a position (default: at the end of the log, as far as the view
 * has read it): exactly one per record that existed then, the one that a fold of the record's events up to both
 * would show.
 *
 * An event counts at (v, p) when its effective time is ≤ v and its position ≤ p; both rise along a record's stream, so
 * what counts is a prefix of it. An interval is in force when its first event counts and the one that ended it does
 * not.
 */
export function inForceAt(validAt: string, asOf?: Position): Filter {
  const begun = compare('validFrom', '<=', validAt)
  const lasting = compare('validTo', '>', validAt)
  if (asOf === undefined) return and(begun, lasting)
  return and(begun, compare('positionFrom', '<=', asOf), or(lasting, compare('positionTo', '>', asOf)))
}

const COLLECTION = 'queue_history'

/**
 * Any queue at any time. The interval that lasts is stored under the record's stream, ended ones under the stream and
 * the position they began at, so that an event reads one document and rewrites no other than its own.
 */
export const queueHistory = defineView<IncidentEvent>({
  name: 'queue_history',
  version: 1,
  from: ['incident-'],
  collections: {
    [COLLECTION]: {
      columns: {
        ...accessColumns,
        type: 'string',
        number: 'string',
        state: 'string',
        priority: 'integer',
        caller: 'string',
        watchers: 'strings',
        openedAt: 'timestamp',
        validFrom: 'timestamp',
        validTo: 'timestamp',
        positionFrom: 'string',
        positionTo: 'string',
      },
      // The interval's ends stand in the indexes so that intervals of other times are passed over without being read.
      indexes: [
        // A group's queue
        ['assignmentGroup', 'state', 'priority', 'openedAt', 'validFrom', 'validTo'],
        // All that is open
        ['state', 'priority', 'openedAt', 'validFrom', 'validTo'],
        // A person's queue
        ['assignee', 'priority', 'openedAt'],
      ],
      checked: ['type', 'number', 'caller', 'audienceKind', 'positionFrom', 'positionTo'],
      rows: visibleRows,
    },
  },
  reads: (event) => [{ collection: COLLECTION, id: event.stream }],
  fold(event, intervals) {
    const { stream, position, metadata } = event
    if (event.type === 'IncidentOpened') {
      intervals.put(COLLECTION, stream, opened(event))
      return
    }
    const current = intervals.get<CurrentInterval>(COLLECTION, stream)
    if (current === undefined) return
    const effectiveAt = later(current.effectiveAt, metadata.occurredAt)
    const changes = headChanges(current, event)
    if (changes === undefined || !differs(current, changes)) {
      if (effectiveAt !== current.effectiveAt) intervals.put(COLLECTION, stream, { ...current, effectiveAt })
      return
    }
    const { effectiveAt: _, ...ended } = current
    intervals.put(COLLECTION, endedId(stream, current), {
      ...ended,
      validTo: effectiveAt,
      positionTo: position,
    })
    intervals.put(COLLECTION, stream, {
      ...current,
      ...changes,
      validFrom: effectiveAt,
      positionFrom: position,
      effectiveAt,
    })
  },
})

function endedId(stream: string, { positionFrom }: QueueInterval): string {
  return `${stream}#${positionFrom}`
}

function opened(event: RecordedIncident<'IncidentOpened'>): CurrentInterval {
  const { occurredAt } = event.metadata
  return {
    type: 'incident',
    ...headOf(event),
    validFrom: occurredAt,
    validTo: UNENDED,
    positionFrom: event.position,
    positionTo: UNENDED_POSITION,
    effectiveAt: occurredAt,
  }
}

function differs(current: QueueInterval, changes: Partial<QueueInterval>): boolean {
  for (const name in changes) {
    const before = current[name as keyof QueueInterval]
    const after = changes[name as keyof QueueInterval]
    if (before !== after && !sameList(before, after)) return true
  }
  return false
}

function sameList(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return false
  return a.length === b.length && a.every((item, i) => item === b[i])
}
