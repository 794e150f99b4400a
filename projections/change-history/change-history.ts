import { later, type RecordedEvent } from '#libs/event-sourcing'
import { defineView } from '#libs/projections-runtime'
import { columnType } from '#libs/read-store'
import type { CabEvent } from '../../src/changes/domain/cab.events.js'
import type { ChangeEvent } from '../../src/changes/domain/change.events.js'
import { forEverybody, wholeFor } from '../access.js'
import { CHANGE_COLUMNS, type ChangeDetails, changeToldOf, evolveChangeDetails } from '../change-details.js'
import {
  BLANK_INTERVAL,
  begin,
  begun,
  ended,
  endedId,
  INTERVAL_COLUMNS,
  type Interval,
} from '../intervals.js'

type Column = keyof typeof CHANGE_COLUMNS
const COLUMNS = Object.keys(CHANGE_COLUMNS) as Column[]
const SHOWN = [...COLUMNS, 'cabMeetings'] as const

/**
 * What a list of changes may be asked by, and during which part of the two time axes it was so. All else of a change at a point is
 * folded from its stream: texts, plans and findings need not be kept once for each step.
 */
export interface ChangeInterval extends Interval, Pick<ChangeDetails, Column> {
  /** Meetings of the board on whose agenda it stood by then. */
  cabMeetings?: readonly string[]
}

export const INTERVALS = 'change_history'
/** By the change's stream: how it stands, to fold its next event. */
const LATEST = 'change_history_latest'

/** The intervals' ends stand in the indexes so that intervals of other times are passed over without being read. */
const INDEXES: readonly (readonly (keyof ChangeInterval)[])[] = [
  ['openedAt', 'validFrom', 'validTo'],
  ['state', 'openedAt', 'validFrom', 'validTo'],
  ['number', 'validFrom', 'validTo'],
  ['plannedStart', 'validFrom', 'validTo'],
  ['assignmentGroup', 'openedAt'],
  ['assignee', 'openedAt'],
  ['requester', 'openedAt'],
]

/** The list of changes at any time. */
export const changeHistory = defineView<ChangeEvent | CabEvent>({
  name: 'change_history',
  version: 2,
  from: ['change-', 'cab-'],
  collections: {
    [INTERVALS]: {
      columns: { ...CHANGE_COLUMNS, ...INTERVAL_COLUMNS },
      indexes: INDEXES,
      checked: [
        ...COLUMNS.filter(
          (column) =>
            columnType(CHANGE_COLUMNS[column]) !== 'strings' && !INDEXES.some(([first]) => first === column),
        ),
        'positionFrom',
        'positionTo',
      ],
      ...forEverybody,
    },
    [LATEST]: { columns: {}, indexes: [], ...wholeFor([]) },
  },
  reads(event) {
    const stream = changeToldOf(event)
    return stream === undefined
      ? []
      : [
          { collection: LATEST, ids: [stream] },
          { collection: INTERVALS, ids: [stream] },
        ]
  },
  fold(event, view) {
    const stream = changeToldOf(event)
    if (stream === undefined) return
    const before = view.get<ChangeDetails>(LATEST, stream)
    const after = evolveChangeDetails(before, event)
    if (after === undefined) return
    if (after !== before) view.put(LATEST, stream, after)
    const current = view.get<ChangeInterval>(INTERVALS, stream)
    const next = { ...BLANK_INTERVAL, ...current, ...columnsOf(after) }
    next.effectiveAt = effectiveBy(current, event)
    if (current !== undefined && SHOWN.every((column) => isSame(current[column], next[column]))) {
      if (next.effectiveAt !== current.effectiveAt) view.put(INTERVALS, stream, next)
      return
    }
    if (current === undefined) begin(next, event)
    else if (!begun(current, event)) {
      begin(next, event)
      view.put(INTERVALS, endedId(stream, current), ended(current, next))
    }
    view.put(INTERVALS, stream, next)
  },
})

function effectiveBy(current: ChangeInterval | undefined, { metadata }: RecordedEvent): string {
  return current === undefined
    ? metadata.occurredAt
    : later(current.effectiveAt as string, metadata.occurredAt)
}

function columnsOf(change: ChangeDetails): Pick<ChangeInterval, Column | 'cabMeetings'> {
  const shown = Object.fromEntries(COLUMNS.map((column) => [column, change[column]]))
  return { ...shown, cabMeetings: change.cabMeetings } as Pick<ChangeInterval, Column | 'cabMeetings'>
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}
