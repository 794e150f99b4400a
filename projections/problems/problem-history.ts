import { defineView } from '#libs/projections-runtime'
import type { ProblemEvent } from '../../src/problems/domain/problem.events.js'
import { DESK_READERS, forReaders } from '../access.js'
import {
  BLANK_INTERVAL,
  begin,
  begun,
  ended,
  endedId,
  INTERVAL_COLUMNS,
  type Interval,
} from '../intervals.js'
import { evolvedProblem, openedProblem } from './problem-details.js'
import type { ProblemDetails } from './problem-document.js'
import { problems, shownProblem } from './problems.js'

/** A problem as it was during a part of the two time axes. All events of one command are one step. */
export interface ProblemInterval extends ProblemDetails, Omit<Interval, 'effectiveAt'> {}

const COLLECTION = 'problem_history'

/**
 * Problems at any moment, by all their fields: there are few of them, so that each step may keep the whole. The interval that lasts
 * is stored under the problem's stream, ended ones under the stream and the position they began at.
 */
export const problemHistory = defineView<ProblemEvent>({
  name: COLLECTION,
  version: 1,
  from: ['problem-'],
  collections: {
    [COLLECTION]: {
      columns: { ...problems.columns, ...INTERVAL_COLUMNS },
      // The interval's ends stand in the indexes so that intervals of other times are passed over without being read.
      indexes: [
        ['openedAt', 'validFrom', 'validTo'],
        ['updatedAt', 'validFrom', 'validTo'],
        ['number', 'validFrom', 'validTo'],
        ['priority', 'openedAt', 'validFrom', 'validTo'],
      ],
      checked: [
        'state',
        'assignmentGroup',
        'assignee',
        'category',
        'service',
        'knownError',
        'audienceKind',
        ...(problems.checked ?? []),
        'positionFrom',
        'positionTo',
      ],
      ...forReaders(DESK_READERS),
    },
  },
  reads: (event) => [{ collection: COLLECTION, ids: [event.stream] }],
  fold(event, intervals) {
    const { stream } = event
    if (event.type === 'ProblemOpened') {
      const opened: ProblemInterval = { ...BLANK_INTERVAL, ...openedProblem(event) }
      begin(opened, event)
      intervals.put(COLLECTION, stream, opened)
      return
    }
    const current = intervals.get<ProblemInterval>(COLLECTION, stream)
    if (current === undefined) return
    const evolved = evolvedProblem(current, event)
    if (evolved === current) return
    const next = { ...evolved } as ProblemInterval
    if (!begun(current, event)) {
      begin(next, event)
      // Of a problem it is a field like others, in every interval
      const { effectiveAt } = current
      intervals.put(COLLECTION, endedId(stream, current), { ...ended(current, next), effectiveAt })
    }
    intervals.put(COLLECTION, stream, next)
  },
})

/** What is known of a problem at a past point, as answers show it. */
export function shownProblemInterval(interval: ProblemInterval): object {
  const { validFrom, validTo, positionFrom, positionTo, begunBy, ...problem } = interval
  return shownProblem(problem)
}
