import type { RecordedEvent } from '#libs/event-sourcing'
import { defineProjection } from '#libs/projections-runtime'
import { oneOf } from '#libs/read-store'
import type { ProblemEvent } from '../../src/problems/domain/problem.events.js'
import { accessColumns, audienceOf, DESK_READERS, forReaders } from '../access.js'
import { problemState } from '../closed-columns.js'
import type { RecordedProblemEvent } from '../problem-folds.js'
import { evolvedProblem, openedProblem } from './problem-details.js'
import type { ProblemDetails } from './problem-document.js'

export type { ProblemDetails } from './problem-document.js'

/** One document per problem. */
export const problems = defineProjection<ProblemDetails, ProblemEvent>({
  name: 'problems',
  version: 3,
  from: ['problem-'],
  key: (event) => event.stream,
  evolve(problem, event) {
    if (event.type === 'ProblemOpened') return openedProblem(event)
    return problem && evolvedProblem(problem, event)
  },
  columns: {
    ...accessColumns,
    watchers: 'strings',
    number: 'string',
    state: problemState,
    priority: 'integer',
    impact: 'integer',
    urgency: 'integer',
    onHold: 'boolean',
    category: 'string',
    subcategory: 'string',
    symptom: 'string',
    service: 'string',
    affectedCis: 'strings',
    custom: 'strings',
    origin: oneOf<ProblemDetails['origin']>({ reactive: true, proactive: true }),
    candidate: 'string',
    knownError: 'boolean',
    outcome: oneOf<NonNullable<ProblemDetails['outcome']>>({
      'fix applied': true,
      'risk accepted': true,
      duplicate: true,
      canceled: true,
    }),
    survivor: 'string',
    fixedByChanges: 'strings',
    openTasks: 'integer',
    openedAt: 'timestamp',
    resolvedAt: 'timestamp',
    closedAt: 'timestamp',
    updatedAt: 'timestamp',
    irregular: 'integer',
  },
  indexes: [
    ['openedAt'],
    ['updatedAt'],
    ['number'],
    ['state', 'openedAt'],
    ['priority', 'openedAt'],
    ['assignmentGroup', 'openedAt'],
    ['assignee', 'openedAt'],
    ['category', 'openedAt'],
    ['service', 'openedAt'],
    ['knownError', 'openedAt'],
    ['audienceKind', 'openedAt'],
  ],
  checked: [
    'impact',
    'urgency',
    'onHold',
    'subcategory',
    'symptom',
    'origin',
    'candidate',
    'outcome',
    'survivor',
    'openTasks',
    'resolvedAt',
    'closedAt',
    'irregular',
  ],
  ...forReaders(DESK_READERS),
})

/** A record's events up to the first that can't be folded: what follows it waits, as it does in the read model. */
export function foldProblemDetails(events: readonly RecordedEvent[]): {
  details: ProblemDetails | undefined
  stale: boolean
} {
  let details: ProblemDetails | undefined
  for (const event of events) {
    try {
      details = problems.evolve(details, event as RecordedProblemEvent) ?? undefined
    } catch {
      return { details, stale: true }
    }
  }
  return { details, stale: false }
}

/** A problem as answers show it: without the columns that only serve filters and the row rule. */
export function shownProblem(problem: ProblemDetails): object {
  const { audienceKind, audienceGroups, visibleTo, custom, onHold, fixedByChanges, openTasks, ...shown } =
    problem
  return { ...shown, audience: audienceOf(problem) }
}
