import { PUBLIC } from '#libs/access'
import type { RecordedEvent } from '#libs/event-sourcing'
import type { ProblemEvent, ProblemState } from '../src/problems/domain/problem.events.js'
import { problemStateAfter } from '../src/problems/domain/problem.states.js'
import { type AccessColumns, peopleNamed, setAudience } from './access.js'
import { type Blank, type Draft, present, withItem, withoutItem } from './drafts.js'

/** What every fold of problem events has to agree on: where a problem stands, and the fields that all of them show. */

export type RecordedProblemEvent = RecordedEvent<ProblemEvent>
export type RecordedProblem<Type extends ProblemEvent['type']> = RecordedEvent<
  Extract<ProblemEvent, { type: Type }>
>

/** What a queue shows of a problem. Absent fields are not set; times are ISO 8601 UTC. */
export interface ProblemHead extends AccessColumns {
  number: string
  title: string
  state: ProblemState
  impact?: number
  urgency?: number
  priority?: number
  watchers?: readonly string[]
  openedAt: string
}

/** The head of every blank. */
export const BLANK_PROBLEM_HEAD: Blank<ProblemHead> = {
  number: '',
  title: '',
  state: 'New',
  impact: undefined,
  urgency: undefined,
  priority: undefined,
  assignmentGroup: undefined,
  assignee: undefined,
  watchers: undefined,
  audienceKind: 'public',
  audienceGroups: undefined,
  visibleTo: undefined,
  openedAt: '',
}

/** Fills the head of a blank. */
export function openProblemHead(
  head: Draft<ProblemHead>,
  { stream, data, metadata }: RecordedProblem<'ProblemOpened'>,
): void {
  head.number = stream.slice('problem-'.length)
  head.title = data.title
  head.state = 'New'
  head.assignmentGroup = data.group
  head.assignee = data.assignee
  head.openedAt = data.openedAt ?? metadata.occurredAt
  setAudience(head, data.audience ?? PUBLIC)
}

/** Brings the head of a draft up to an event; events of other fields leave it as it is. */
export function applyToProblemHead(head: Draft<ProblemHead>, event: RecordedProblemEvent): void {
  switch (event.type) {
    case 'ProblemAssigned':
      head.assignmentGroup = present(event.data.group)
      head.assignee = present(event.data.assignee)
      break
    case 'ProblemWatcherAdded':
      head.watchers = withItem(head.watchers, event.data.person)
      head.visibleTo = peopleNamed(head)
      break
    case 'ProblemWatcherRemoved':
      head.watchers = withoutItem(head.watchers, event.data.person)
      head.visibleTo = peopleNamed(head)
      break
    case 'ProblemAudienceChanged':
      setAudience(head, event.data.audience)
      break
    case 'ProblemDetailsChanged':
      if (event.data.changes.title) head.title = (event.data.changes.title.to as string | null) ?? ''
      break
    case 'ProblemPrioritized':
      head.impact = present(event.data.impact)
      head.urgency = present(event.data.urgency)
      head.priority = present(event.data.priority)
      break
    default:
      head.state = problemStateAfter(head.state, event)
  }
}

/** What it waits for after an event; undefined: for nothing. A step of the lifecycle ends a hold. */
export function problemHoldAfter(hold: string | undefined, event: RecordedProblemEvent): string | undefined {
  switch (event.type) {
    case 'ProblemHeld':
      return event.data.reason
    case 'ProblemStateObserved':
      return event.data.to === 'On Hold' ? (event.data.hold ?? 'unspecified') : undefined
    case 'ProblemResumed':
    case 'ProblemAssessmentStarted':
    case 'ProblemAnalysisStarted':
    case 'ProblemReanalysed':
    case 'ProblemFixStarted':
    case 'ProblemResolved':
    case 'ProblemRiskAccepted':
    case 'ProblemMarkedDuplicate':
    case 'ProblemCanceled':
    case 'ProblemClosed':
      return undefined
    default:
      return hold
  }
}
