import { withListedChanges, withListedFields } from '#libs/event-publisher'
import type { RecordedEvent } from '#libs/event-sourcing'
import type { CandidateEvent } from './domain/candidate.events.js'
import type { ImportedProblem, ProblemEvent, ProblemFields } from './domain/problem.events.js'

type Shown<Type extends ProblemEvent['type']> = readonly Exclude<
  keyof Extract<ProblemEvent, { type: Type }>['data'],
  keyof ImportedProblem
>[]

/**
 * What of each event stands on the topic of problems, which everybody may read who works at the desk. Fields are listed by
 * name, so that a new field is internal until it is listed; `internal`: the event never leaves. Reasons and what an import brought
 * along are internal with all.
 */
const ON_TOPIC: { readonly [Type in ProblemEvent['type']]: Shown<Type> | 'internal' } = {
  ProblemOpened: [
    'title',
    'category',
    'subcategory',
    'symptom',
    'service',
    'affectedCis',
    'origin',
    'candidate',
    'group',
    'assignee',
    'openedAt',
  ],
  ProblemDetailsChanged: ['changes'],
  ProblemPrioritized: ['impact', 'urgency', 'priority', 'matrixVersion', 'previous'],
  ProblemAssigned: ['group', 'assignee', 'previousAssignee'],
  ProblemAssessmentStarted: [],
  ProblemAnalysisStarted: [],
  ProblemReanalysed: ['from', 'outcome'],
  KnownErrorDeclared: [],
  KnownErrorWithdrawn: [],
  ProblemFixStarted: [],
  ProblemHeld: ['reason'],
  ProblemResumed: [],
  ProblemResolved: ['heldIncidents', 'settingsVersion'],
  ProblemRiskAccepted: ['from'],
  ProblemMarkedDuplicate: ['from', 'survivor'],
  ProblemCanceled: ['from'],
  ProblemClosed: [],
  ProblemStateObserved: ['from', 'to', 'phase', 'outcome'],
  // What people say of it and find out, and what a number tells of restricted incidents
  ProblemCommentAdded: 'internal',
  ProblemWorkNoteAdded: 'internal',
  ProblemFileAttached: 'internal',
  ProblemWatcherAdded: 'internal',
  ProblemWatcherRemoved: 'internal',
  ProblemAudienceChanged: 'internal',
  ProblemLinked: 'internal',
  ProblemUnlinked: 'internal',
  ProblemIncidentsNamed: 'internal',
  ProblemIncidentsLeftOut: 'internal',
  RootCauseRecorded: 'internal',
  WorkaroundRecorded: 'internal',
  ProblemTaskAdded: 'internal',
  ProblemTaskStarted: 'internal',
  ProblemTaskFinished: 'internal',
  ProblemTaskRemoved: 'internal',
  ProblemReviewed: 'internal',
  ProblemFindingsObserved: 'internal',
  ProblemUpdateObserved: 'internal',
}

/** Of details that changed, what `ProblemOpened` tells of them. */
const CHANGES_ON_TOPIC: readonly (keyof ProblemFields)[] = [
  'title',
  'category',
  'subcategory',
  'symptom',
  'service',
  'affectedCis',
]

/** That a candidate was decided on, and what it had become; its title and numbers are those of incidents. */
const CANDIDATES_ON_TOPIC = {
  ProblemCandidateAccepted: ['score', 'memberCount', 'problem', 'into'],
  ProblemCandidateDismissed: ['score', 'memberCount', 'problem'],
} as const satisfies Readonly<Record<CandidateEvent['type'], readonly string[]>>

/** The decision as it may stand on the topic; undefined: a type that this release does not know. */
export function candidateEventOnTopic(event: RecordedEvent<CandidateEvent>): RecordedEvent | undefined {
  return withListedFields(event, CANDIDATES_ON_TOPIC)
}

/** The event as it may stand on the topic; undefined: it never leaves. */
export function problemEventOnTopic(event: RecordedEvent<ProblemEvent>): RecordedEvent | undefined {
  const shown = withListedFields(event, ON_TOPIC)
  return event.type === 'ProblemDetailsChanged' ? withListedChanges(shown, CHANGES_ON_TOPIC) : shown
}
