import { PUBLIC } from '#libs/access'
import type { RecordedEvent, StreamFold } from '#libs/event-sourcing'
import type { ProblemEvent } from '../../problems/domain/problem.events.js'
import type { RecordAsTold } from './record-as-told.js'

/** The problem as it is after all its events; undefined: not opened. */
export const problemAsTold: StreamFold<RecordAsTold | undefined, ProblemEvent> = {
  initial: undefined,
  evolve(problem, event) {
    if (event.type === 'ProblemOpened') {
      const { title, group, assignee, audience = PUBLIC } = event.data
      return { title, state: 'New', group, assignee, audience, watchers: [] }
    }
    return problem && { ...problem, ...changes(problem, event) }
  },
}

function changes(problem: RecordAsTold, event: RecordedEvent<ProblemEvent>): Partial<RecordAsTold> {
  switch (event.type) {
    case 'ProblemDetailsChanged': {
      const { title } = event.data.changes
      return title ? { title: (title.to as string | null) ?? '' } : {}
    }
    case 'ProblemPrioritized':
      return { priority: event.data.priority ?? undefined }
    case 'ProblemAssigned':
      return { group: event.data.group ?? undefined, assignee: event.data.assignee ?? undefined }
    case 'ProblemWatcherAdded':
      return { watchers: [...problem.watchers, event.data.person] }
    case 'ProblemWatcherRemoved':
      return { watchers: problem.watchers.filter((watcher) => watcher !== event.data.person) }
    case 'ProblemAudienceChanged':
      return { audience: event.data.audience }
    default: {
      const state = stateAfter(event)
      return state === undefined ? {} : { state }
    }
  }
}

function stateAfter(event: RecordedEvent<ProblemEvent>): string | undefined {
  switch (event.type) {
    case 'ProblemAssessmentStarted':
      return 'Assess'
    case 'ProblemAnalysisStarted':
    case 'ProblemReanalysed':
      return 'Root Cause Analysis'
    case 'ProblemFixStarted':
      return 'Fix in Progress'
    case 'ProblemResolved':
    case 'ProblemRiskAccepted':
      return 'Resolved'
    case 'ProblemMarkedDuplicate':
    case 'ProblemCanceled':
    case 'ProblemClosed':
      return 'Closed'
    case 'ProblemStateObserved':
      return event.data.to === 'On Hold' ? undefined : event.data.to
    default:
      return undefined
  }
}
