import type { Audience } from '#libs/access'
import type { DomainEvent } from '#libs/event-sourcing'
import type { RecordFile } from '#libs/record-files'
import type { HeldIncidentStep } from './defaults.js'

/** States of the lifecycle, in the words people see; On Hold stands beside the middle ones. */
export const PROBLEM_STATES = [
  'New',
  'Assess',
  'Root Cause Analysis',
  'Fix in Progress',
  'Resolved',
  'Closed',
] as const
export type ProblemState = (typeof PROBLEM_STATES)[number]

/** How it ended. Canceled and duplicate: Closed at once; the others are Resolved first. */
export const PROBLEM_OUTCOMES = ['fix applied', 'risk accepted', 'duplicate', 'canceled'] as const
export type ProblemOutcome = (typeof PROBLEM_OUTCOMES)[number]

/** `reactive`: incidents had happened; `proactive`: nobody has been disturbed yet. */
export const PROBLEM_ORIGINS = ['reactive', 'proactive'] as const
export type ProblemOrigin = (typeof PROBLEM_ORIGINS)[number]

/** What describes a problem. Groups, people and CIs by id only. */
export interface ProblemFields {
  title: string
  description?: string
  category?: string
  subcategory?: string
  symptom?: string
  service?: string
  /** Numbers, in order. */
  affectedCis: readonly string[]
  customFields?: Record<string, unknown>
}
/** Before and after of one field; null: not set. */
export interface ProblemFieldChange<Value = unknown> {
  from: Value | null
  to: Value | null
}
export type ProblemChanges = { readonly [Field in keyof ProblemFields]?: ProblemFieldChange }

/** How this problem relates to the target; the inverse is a projection. Its incidents say so in their own streams. */
export const PROBLEM_LINK_RELATIONS = ['fixed-by-change', 'caused-by-change', 'related-to'] as const
export type ProblemLinkRelation = (typeof PROBLEM_LINK_RELATIONS)[number]
export interface ProblemLink {
  relation: ProblemLinkRelation
  /** Kind of the target: `change`, `problem`, `knowledge`, ... */
  targetType: string
  /** Number, or name, of the target, which need not exist yet. */
  target: string
}

/** What an imported event carries besides the fact itself. */
export interface ImportedProblem {
  /** First event of each source row: columns without a home, as far as they differ from the row before; null: empty since. */
  sourceFields?: Readonly<Record<string, string | null>>
  /** Code of the rule that would have refused this as a live command. */
  irregular?: string
}
type Fact<Type extends string, Data extends object> = DomainEvent<Type, Data & ImportedProblem>
type Nothing = Record<never, never>

/**
 * `candidate`: id of the candidate that it was made from. `openedAt`: from imports only, when the source says that it is older.
 * `audience`: absent: public.
 */
export type ProblemOpened = Fact<
  'ProblemOpened',
  ProblemFields & {
    origin: ProblemOrigin
    candidate?: string
    audience?: Audience
    group?: string
    assignee?: string
    openedAt?: string
    /** Version of their schema that the custom fields were checked with. */
    customFieldsVersion?: number
  }
>
/** Only what differs. */
export type ProblemDetailsChanged = Fact<
  'ProblemDetailsChanged',
  { changes: ProblemChanges; customFieldsVersion?: number }
>
/** Priority from impact × urgency by the matrix version in force; null values only from imports. */
export type ProblemPrioritized = Fact<
  'ProblemPrioritized',
  {
    impact: number | null
    urgency: number | null
    priority: number | null
    matrixVersion: number | null
    previous: number | null
  }
>
export type ProblemAssigned = Fact<
  'ProblemAssigned',
  { group: string | null; assignee: string | null; previousAssignee: string | null }
>
export type ProblemFile = RecordFile
export type ProblemFileAttached = Fact<'ProblemFileAttached', ProblemFile>
export type ProblemWatcherAdded = Fact<'ProblemWatcherAdded', { person: string }>
export type ProblemWatcherRemoved = Fact<'ProblemWatcherRemoved', { person: string }>
/** `tasks`: those that were to be done then: they stand in queues by themselves, and are seen by the same people. */
export type ProblemAudienceChanged = Fact<
  'ProblemAudienceChanged',
  { audience: Audience; previous: Audience; tasks: readonly string[] }
>
export type ProblemCommentAdded = Fact<'ProblemCommentAdded', { text: string }>
export type ProblemWorkNoteAdded = Fact<'ProblemWorkNoteAdded', { text: string }>
export type ProblemLinked = Fact<'ProblemLinked', { link: ProblemLink }>
export type ProblemUnlinked = Fact<'ProblemUnlinked', { link: ProblemLink }>
/**
 * These incidents are to be linked to it, which a policy has them do: the link itself stands in the incident's stream.
 * `candidate`: id of the accepted one that they are members of.
 */
export type ProblemIncidentsNamed = Fact<
  'ProblemIncidentsNamed',
  { incidents: readonly string[]; candidate?: string }
>
/**
 * These incidents of an accepted candidate are not linked to it: by then there is no such problem any more. `survivor`: the one whose
 * duplicate it is, to which they are linked instead.
 */
export type ProblemIncidentsLeftOut = Fact<
  'ProblemIncidentsLeftOut',
  {
    incidents: readonly string[]
    candidate: string
    because: Extract<ProblemOutcome, 'canceled' | 'duplicate'>
    survivor?: string
  }
>

export type ProblemAssessmentStarted = Fact<'ProblemAssessmentStarted', Nothing>
export type ProblemAnalysisStarted = Fact<'ProblemAnalysisStarted', Nothing>
/** Back to Root Cause Analysis: the cause was another, or the fix did not hold. */
export type ProblemReanalysed = Fact<
  'ProblemReanalysed',
  { from: ProblemState; outcome: ProblemOutcome | null; notes: string }
>
export type RootCauseRecorded = Fact<'RootCauseRecorded', { cause: string; previous: string | null }>
/** `number`: counts the workarounds of this problem, from 1. */
export type WorkaroundRecorded = Fact<
  'WorkaroundRecorded',
  { workaround: string; number: number; previous: string | null }
>
/** Root cause or workaround are known: from now on its workaround is told to its open incidents. */
export type KnownErrorDeclared = Fact<'KnownErrorDeclared', Nothing>
export type KnownErrorWithdrawn = Fact<'KnownErrorWithdrawn', { notes: string }>
export type ProblemFixStarted = Fact<'ProblemFixStarted', Nothing>
export type ProblemHeld = Fact<'ProblemHeld', { reason: string; comment?: string }>
export type ProblemResumed = Fact<'ProblemResumed', Nothing>

/** `priority`, `audience`: those of the problem, as they were then; no audience: public. */
export type ProblemTaskAdded = Fact<
  'ProblemTaskAdded',
  {
    task: string
    title: string
    group?: string
    assignee?: string
    priority: number | null
    audience?: Audience
  }
>
export type ProblemTaskStarted = Fact<'ProblemTaskStarted', { task: string }>
export type ProblemTaskFinished = Fact<
  'ProblemTaskFinished',
  { task: string; result: 'done' | 'skipped' | 'failed'; notes: string | null }
>
export type ProblemTaskRemoved = Fact<'ProblemTaskRemoved', { task: string }>

/** The fix is applied. `heldIncidents`: what becomes of those that wait for it, by the settings then in force. */
export type ProblemResolved = Fact<
  'ProblemResolved',
  { notes: string; heldIncidents: HeldIncidentStep; settingsVersion: number }
>
/** It will not be fixed, for which somebody answers: Resolved. */
export type ProblemRiskAccepted = Fact<'ProblemRiskAccepted', { from: ProblemState; notes: string }>
/** Closed in favour of another one, which its incidents are linked to. */
export type ProblemMarkedDuplicate = Fact<
  'ProblemMarkedDuplicate',
  { from: ProblemState; survivor: string; notes: string | null }
>
/** Closed: there is none. */
export type ProblemCanceled = Fact<'ProblemCanceled', { from: ProblemState; notes: string }>
export interface ProblemReview {
  conclusion: string
  wentWell?: string
  wentBadly?: string
  lessons?: string
  actions?: readonly string[]
}
/** A major problem review; a later one replaces the one before. */
export type ProblemReviewed = Fact<'ProblemReviewed', ProblemReview>
export type ProblemClosed = Fact<'ProblemClosed', Nothing>

/**
 * A step that only a source tells of. `to: 'On Hold'`: beside the state that it was in. `phase: 'unknown'`: the source says that it is
 * being worked on, not in which phase. `outcome`: as far as it says how it ended.
 */
export type ProblemStateObserved = Fact<
  'ProblemStateObserved',
  {
    from: ProblemState | 'On Hold'
    to: ProblemState | 'On Hold'
    phase?: 'unknown'
    outcome?: ProblemOutcome
    hold?: string
  }
>
/** From imports: root cause, workaround and notes as the source tells them; only what differs, null: no longer said. */
export type ProblemFindingsObserved = Fact<
  'ProblemFindingsObserved',
  { rootCause?: string | null; workaround?: string | null; resolutionNotes?: string | null }
>
/**
 * From imports: a row in which nothing with a home here changed. `late`: one that happened before others that were imported
 * earlier, with all that it says; it tells of the past and moves nothing.
 */
export type ProblemUpdateObserved = Fact<
  'ProblemUpdateObserved',
  { late?: Readonly<Record<string, string | null>> }
>

export type ProblemEvent =
  | ProblemOpened
  | ProblemDetailsChanged
  | ProblemPrioritized
  | ProblemAssigned
  | ProblemFileAttached
  | ProblemWatcherAdded
  | ProblemWatcherRemoved
  | ProblemAudienceChanged
  | ProblemCommentAdded
  | ProblemWorkNoteAdded
  | ProblemLinked
  | ProblemUnlinked
  | ProblemIncidentsNamed
  | ProblemIncidentsLeftOut
  | ProblemAssessmentStarted
  | ProblemAnalysisStarted
  | ProblemReanalysed
  | RootCauseRecorded
  | WorkaroundRecorded
  | KnownErrorDeclared
  | KnownErrorWithdrawn
  | ProblemFixStarted
  | ProblemHeld
  | ProblemResumed
  | ProblemTaskAdded
  | ProblemTaskStarted
  | ProblemTaskFinished
  | ProblemTaskRemoved
  | ProblemResolved
  | ProblemRiskAccepted
  | ProblemMarkedDuplicate
  | ProblemCanceled
  | ProblemReviewed
  | ProblemClosed
  | ProblemStateObserved
  | ProblemFindingsObserved
  | ProblemUpdateObserved
