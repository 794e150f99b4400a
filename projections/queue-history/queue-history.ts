import { later, type Position } from '#libs/event-sourcing'
import { defineView } from '#libs/projections-runtime'
import { and, compare, type Filter, or } from '#libs/read-store'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import { accessColumns, audienceOf, forEverybody } from '../access.js'
import { incidentState } from '../closed-columns.js'
import { type Blank } from '../drafts.js'
import {
  applyToHead,
  BLANK_HEAD,
  type IncidentHead,
  openHead,
  type RecordedIncident,
} from '../incident-folds.js'

/** `validTo` of an interval that has not ended: later than every time, so that one comparison does for both. */
export const UNENDED = '9999-12-31T23:59:59.999Z'
/** `positionTo` of an interval that has not ended: beyond every position. */
export const UNENDED_POSITION: Position = '9'.repeat(20)

/**
 * What a queue shows of a record, and during which part of the two time axes it stood so. An interval begins with an
 * event that changes one of these fields and ends with the next one that does. All events of one command are one step,
 * as they were when they were appended: they begin one interval, at the first of them that changes something.
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
  /** Of the interval that lasts: the record's latest effective time, which later events may not fall behind. */
  effectiveAt?: string
  /** Of the interval that lasts: id of the command that began it. */
  begunBy?: string
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

const COLLECTION = 'queue_history'

/**
 * Any queue at any time. The interval that lasts is stored under the record's stream, ended ones under the stream and
 * the position they began at, so that an event reads one document and rewrites no other than its own.
 */
export const queueHistory = defineView<IncidentEvent>({
  name: 'queue_history',
  version: 1,
  pace: 'unhurried',
  from: ['incident-'],
  collections: {
    [COLLECTION]: {
      columns: {
        ...accessColumns,
        type: 'string',
        number: 'string',
        state: incidentState,
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
      ...forEverybody,
    },
  },
  reads: (event) => [{ collection: COLLECTION, id: event.stream }],
  fold(event, intervals) {
    const { stream, position, metadata } = event
    if (event.type === 'IncidentOpened') {
      intervals.put(COLLECTION, stream, opened(event))
      return
    }
    const current = intervals.get<QueueInterval>(COLLECTION, stream)
    if (current === undefined) return
    const draft = { ...current }
    draft.effectiveAt = later(current.effectiveAt as string, metadata.occurredAt)
    applyToHead(draft, event)
    const changed = differs(current, draft)
    if (changed && metadata.commandId !== current.begunBy) {
      draft.begunBy = metadata.commandId
      draft.validFrom = draft.effectiveAt
      draft.positionFrom = position
      intervals.put(COLLECTION, endedId(stream, current), ended(current, draft))
    } else if (!changed && draft.effectiveAt === current.effectiveAt) return
    intervals.put(COLLECTION, stream, draft)
  },
})

function endedId(stream: string, { positionFrom }: QueueInterval): string {
  return `${stream}#${positionFrom}`
}

function ended(current: QueueInterval, next: QueueInterval): QueueInterval {
  const draft = { ...current }
  draft.validTo = next.validFrom
  draft.positionTo = next.positionFrom
  draft.effectiveAt = undefined
  draft.begunBy = undefined
  return draft
}

const BLANK: Blank<QueueInterval> = {
  type: 'incident',
  ...BLANK_HEAD,
  validFrom: '',
  validTo: UNENDED,
  positionFrom: '',
  positionTo: UNENDED_POSITION,
  effectiveAt: undefined,
  begunBy: undefined,
}

function opened(event: RecordedIncident<'IncidentOpened'>): QueueInterval {
  const { occurredAt, commandId } = event.metadata
  const draft = { ...BLANK }
  openHead(draft, event)
  draft.title = event.data.title
  draft.validFrom = occurredAt
  draft.positionFrom = event.position
  draft.effectiveAt = occurredAt
  draft.begunBy = commandId
  return draft
}

/** The fields whose change begins an interval. `visibleTo` follows from these. */
const TRACKED = [
  'state',
  'assignmentGroup',
  'assignee',
  'priority',
  'caller',
  'affectedUser',
  'openedBy',
  'openedAt',
  'title',
  'audienceKind',
] as const

function differs(a: QueueInterval, b: QueueInterval): boolean {
  for (const field of TRACKED) if (a[field] !== b[field]) return true
  return !isSameList(a.watchers, b.watchers) || !isSameList(a.audienceGroups, b.audienceGroups)
}

function isSameList(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a === b || (a.length === b.length && a.every((item, i) => item === b[i]))
}

/** What is known of a record at a past point, as answers show it. */
export function shownInterval(interval: QueueInterval): object {
  const { audienceKind, audienceGroups, visibleTo, ...shown } = interval
  const { validFrom, validTo, positionFrom, positionTo, effectiveAt, begunBy, ...entry } = shown
  return { ...entry, audience: audienceOf(interval) }
}
