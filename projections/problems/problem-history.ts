import { defineView } from '#libs/projections-runtime'
import type { ProblemEvent } from '../../src/problems/domain/problem.events.js'
import { DESK_READERS, forReaders } from '../access.js'
import { type Interval, intervalColumns, UNENDED, UNENDED_POSITION } from '../intervals.js'
import { evolvedProblem, openedProblem } from './problem-details.js'
import type { ProblemDetails } from './problem-document.js'
import { problems, shownProblem } from './problems.js'

/** A problem as it was during a part of the two time axes. All events of one command are one step. */
export interface ProblemInterval extends ProblemDetails, Interval {}

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
      columns: { ...problems.columns, ...intervalColumns },
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
  reads: (event) => [{ collection: COLLECTION, id: event.stream }],
  fold(event, intervals) {
    const { stream, position, metadata } = event
    if (event.type === 'ProblemOpened') {
      const { occurredAt: validFrom, commandId: begunBy } = metadata
      const lasting = { validFrom, validTo: UNENDED, positionFrom: position, positionTo: UNENDED_POSITION }
      const opened: ProblemInterval = { ...openedProblem(event), ...lasting, begunBy }
      intervals.put(COLLECTION, stream, opened)
      return
    }
    const current = intervals.get<ProblemInterval>(COLLECTION, stream)
    if (current === undefined) return
    const evolved = evolvedProblem(current, event)
    if (evolved === current) return
    const next = { ...evolved } as ProblemInterval
    if (metadata.commandId !== current.begunBy) {
      next.begunBy = metadata.commandId
      next.validFrom = next.effectiveAt
      next.positionFrom = position
      const ended = { ...current, validTo: next.validFrom, positionTo: position, begunBy: undefined }
      intervals.put(COLLECTION, `${stream}#${current.positionFrom}`, ended)
    }
    intervals.put(COLLECTION, stream, next)
  },
})

/** What is known of a problem at a past point, as answers show it. */
export function shownProblemInterval(interval: ProblemInterval): object {
  const { validFrom, validTo, positionFrom, positionTo, begunBy, ...problem } = interval
  return shownProblem(problem)
}
