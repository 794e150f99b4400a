import type { RecordedEvent } from '#libs/event-sourcing'
import type { CandidateEvent } from './domain/candidate.events.js'
import type { ProblemChanges, ProblemEvent } from './domain/problem.events.js'

type Data<Type extends ProblemEvent['type']> = Extract<ProblemEvent, { type: Type }>['data']
type Shown<Type extends ProblemEvent['type']> = readonly (keyof Data<Type> & string)[]

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
  ProblemLinked: 'internal',
  ProblemUnlinked: 'internal',
  ProblemIncidentsNamed: 'internal',
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
const CHANGES_ON_TOPIC: ReadonlySet<string> = new Set([
  'title',
  'category',
  'subcategory',
  'symptom',
  'service',
  'affectedCis',
])

/** That a candidate was decided on, and what it had become; its title and numbers are those of incidents. */
const OF_CANDIDATES = new Set(['score', 'memberCount', 'problem'])

const CANDIDATE_TYPES: ReadonlySet<string> = new Set<CandidateEvent['type']>([
  'ProblemCandidateAccepted',
  'ProblemCandidateDismissed',
])

/** The decision as it may stand on the topic; undefined: a type that this release does not know. */
export function candidateEventOnTopic(event: RecordedEvent<CandidateEvent>): RecordedEvent | undefined {
  if (!CANDIDATE_TYPES.has(event.type)) return undefined
  const data = Object.fromEntries(Object.entries(event.data).filter(([field]) => OF_CANDIDATES.has(field)))
  const { reason: _, ...metadata } = event.metadata
  return { ...event, data, metadata }
}

/** The event as it may stand on the topic; undefined: it never leaves. */
export function problemEventOnTopic(event: RecordedEvent<ProblemEvent>): RecordedEvent | undefined {
  // Also a type that this release does not know.
  const shown = ON_TOPIC[event.type] ?? 'internal'
  if (shown === 'internal') return undefined
  const given = event.data as Record<string, unknown>
  const data: Record<string, unknown> = {}
  for (const field of shown) if (given[field] !== undefined) data[field] = given[field]
  if (event.type === 'ProblemDetailsChanged') {
    const changes = Object.entries(given.changes as ProblemChanges)
    const told = changes.filter(([field]) => CHANGES_ON_TOPIC.has(field))
    if (told.length === 0) return undefined
    data.changes = Object.fromEntries(told)
  }
  const { reason: _, ...metadata } = event.metadata
  return { ...event, data, metadata }
}
