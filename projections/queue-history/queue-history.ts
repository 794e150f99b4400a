import { later } from '#libs/event-sourcing'
import { defineView } from '#libs/projections-runtime'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import { accessColumns, audienceOf, forEverybody } from '../access.js'
import { incidentState } from '../closed-columns.js'
import { type Blank, draftsOf, withoutFields } from '../drafts.js'
import {
  applyToHead,
  BLANK_HEAD,
  type IncidentHead,
  openHead,
  type RecordedIncident,
} from '../incident-folds.js'
import {
  BLANK_INTERVAL,
  begin,
  begun,
  ended,
  endedId,
  INTERVAL_COLUMNS,
  type Interval,
} from '../intervals.js'

/**
 * What a queue shows of a record, and during which part of the two time axes it stood so. An interval begins with an
 * event that changes one of these fields and ends with the next one that does. All events of one command are one step,
 * as they were when they were appended: they begin one interval, at the first of them that changes something.
 */
export interface QueueInterval extends IncidentHead, Interval {
  type: 'incident'
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
        ...INTERVAL_COLUMNS,
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
  reads: (event) => [{ collection: COLLECTION, ids: [event.stream] }],
  fold(event, intervals) {
    const { stream, metadata } = event
    if (event.type === 'IncidentOpened') {
      intervals.put(COLLECTION, stream, opened(event))
      return
    }
    const current = intervals.get<QueueInterval>(COLLECTION, stream)
    if (current === undefined) return
    const draft = draftOf(current)
    draft.effectiveAt = later(current.effectiveAt as string, metadata.occurredAt)
    applyToHead(draft, event)
    const changed = differs(current, draft)
    if (changed && !begun(current, event)) {
      begin(draft, event)
      intervals.put(COLLECTION, endedId(stream, current), ended(current, draft))
    } else if (!changed && draft.effectiveAt === current.effectiveAt) return
    intervals.put(COLLECTION, stream, draft)
  },
})

const BLANK: Blank<QueueInterval> = {
  type: 'incident',
  ...BLANK_HEAD,
  ...BLANK_INTERVAL,
}

const draftOf = draftsOf(BLANK)

function opened(event: RecordedIncident<'IncidentOpened'>): QueueInterval {
  const draft = draftOf(BLANK)
  openHead(draft, event)
  draft.title = event.data.title
  draft.effectiveAt = event.metadata.occurredAt
  begin(draft, event)
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

/** What only serves the row rule, and what bounds the interval. */
const HIDDEN = new Set([
  'audienceKind',
  'audienceGroups',
  'visibleTo',
  'validFrom',
  'validTo',
  'positionFrom',
  'positionTo',
  'effectiveAt',
  'begunBy',
] as const)

/** What is known of a record at a past point, as answers show it. */
export function shownInterval(interval: QueueInterval): object {
  return Object.assign(withoutFields(interval, HIDDEN), { audience: audienceOf(interval) })
}
