import { PUBLIC } from '#libs/access'
import type { RecordedEvent, StreamFold } from '#libs/event-sourcing'
import type { ProblemEvent, ProblemState } from '../../problems/domain/problem.events.js'
import { problemStateAfter } from '../../problems/domain/problem.states.js'
import type { RecordAsTold } from './record-as-told.js'

export interface ProblemAsTold extends RecordAsTold {
  readonly state: ProblemState
}

/** The problem as it is after all its events; undefined: not opened. */
export const problemAsTold: StreamFold<ProblemAsTold | undefined, ProblemEvent> = {
  initial: undefined,
  evolve(problem, event) {
    if (event.type === 'ProblemOpened') {
      const { title, group, assignee, audience = PUBLIC } = event.data
      return { title, state: 'New', group, assignee, audience, watchers: [] }
    }
    return problem && { ...problem, ...changes(problem, event) }
  },
}

function changes(problem: ProblemAsTold, event: RecordedEvent<ProblemEvent>): Partial<ProblemAsTold> {
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
    default:
      return { state: problemStateAfter(problem.state, event) }
  }
}
