import type { Audience } from '#libs/access'
import type { DomainEvent } from '#libs/event-sourcing'
import type { RecordFile } from '#libs/record-files'
import type { AttributeValue, MovedValues } from '../../configuration/domain/configuration.events.js'
import type { ChangeType, ConflictKind, Risk } from './defaults.js'

/** States of the lifecycle, in the words people see; On Hold stands beside them. */
export const CHANGE_STATES = [
  'New',
  'Assess',
  'Authorize',
  'Scheduled',
  'Implement',
  'Review',
  'Closed',
  'Canceled',
] as const
export type ChangeState = (typeof CHANGE_STATES)[number]

export const OUTCOMES = ['successful', 'with issues', 'failed', 'backed out'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Half-open, [start, end); ISO 8601 UTC. */
export interface Period {
  start: string
  end: string
}
/** What an affected CI is to be like afterwards; null: without the attribute. */
export interface ProposedValues {
  ci: string
  attributes: Readonly<Record<string, AttributeValue | null>>
}

/** What an approval may be bound to; which of it is material, the approval policy says. */
export interface Plan {
  title: string
  description?: string
  implementation?: string
  backout?: string
  test?: string
  /** When it may be done: approved with the plan. The planned times lie within. */
  window?: Period
  /** Numbers, in order. */
  affectedCis: readonly string[]
  proposedValues: readonly ProposedValues[]
}
/** Before and after of one field; null: not set. */
export interface PlanFieldChange<Value = unknown> {
  from: Value | null
  to: Value | null
}
export type PlanChanges = { readonly [Field in keyof Plan | 'type']?: PlanFieldChange }

/** A use of the same thing at the same time, or a time that does not fit. */
export interface Conflict {
  kind: ConflictKind
  /** The affected CI that it is about. */
  ci?: string
  /** `related-ci-busy`: the other change's CI, one step of impact away. */
  relatedCi?: string
  assignee?: string
  /** Number of the other change. */
  change?: string
  /** Name of the blackout window, or of the maintenance windows that it lies outside of. */
  window?: string
  /** The common time; outside of a maintenance window: the first time that no window covers. */
  period: Period
}
/** What a finding about conflicts was made with. */
export interface ConflictInputs {
  period: Period
  assignee?: string
  /** Impact relations, one step from the affected CIs, valid at the planned start. */
  related: readonly { ci: string; relatedCi: string }[]
  /** By affected CI: its class and all above it, as far as they are known. */
  classes: Readonly<Record<string, readonly string[]>>
  /** Revisions of the calendars of CIs and assignee that were read, by stream. */
  calendars: Readonly<Record<string, number>>
  maintenanceVersion: number
  blackoutVersion: number
  /** More CIs are related than were looked at. */
  truncated?: boolean
  /** How far the view that told relations and classes had read; absent: none was asked. */
  viewPosition?: string
}

/**
 * What stands around the affected CIs, as the CMDB's view told it when the command was sent: deciders read streams only. Where
 * nothing was told, what was told last stays.
 */
export interface Surroundings {
  /** Impact relations, one step from the affected CIs, either way, valid at the planned start. */
  readonly related: readonly { readonly ci: string; readonly relatedCi: string }[]
  /** By affected CI: its class and all above it. */
  readonly classes: Readonly<Record<string, readonly string[]>>
  /** There are more than are given: those further on are not looked at. */
  readonly truncated?: boolean
  /** How far the view had read. */
  readonly position: string
}

/** What approval is asked about. */
export interface PlanDocument {
  /** Number of the change. */
  change: string
  /** The material fields; null: not set. */
  plan: Readonly<Record<string, unknown>>
  /** Those that the approver is shown. */
  conflicts: readonly Conflict[]
  /** What the CIs are like where values are proposed. */
  baseValues: readonly ProposedValues[]
}

/** What a standing approval stands on. */
export type ApprovalBasis =
  | { kind: 'approval'; approval: string; round: number; hash: string; approvers: readonly string[] }
  /** `approver`: of the model; absent in what was scheduled before that was recorded. */
  | { kind: 'model'; model: string; revision: number; hash: string; approver?: string }

export interface Segregated {
  rule: 'requester-implements' | 'approver-implements'
  person: string
}

/** What an imported event carries besides the fact itself. */
export interface ImportedChange {
  /** Columns of the source without a home, as far as they differ from the row before. */
  sourceFields?: Readonly<Record<string, string | null>>
  /** Code of the rule that would have refused this as a live command. */
  irregular?: string
}
type Fact<Type extends string, Data extends object> = DomainEvent<Type, Data & ImportedChange>

/**
 * `configuration-commit`: imported; the source has changes of configuration, but no evidence of approval or outcome. `audience`: absent:
 * public.
 */
export type ChangeOpened = Fact<
  'ChangeOpened',
  Plan & {
    type: ChangeType | 'configuration-commit'
    requester?: string
    audience?: Audience
    group?: string
    assignee?: string
    /** Of a standard change: what its plan was made from. */
    model?: { id: string; revision: number; variables: Readonly<Record<string, string>> }
    /** The change whose values it brings back. */
    reverts?: string
    customFields?: Record<string, unknown>
    /** Version of their schema that the custom fields were checked with. */
    customFieldsVersion?: number
  }
>
/** Only what differs. */
export type ChangePlanEdited = Fact<'ChangePlanEdited', { changes: PlanChanges }>
/** No part of the plan: no approval is bound to them. All of them, before and after, and the version of the schema that these fit. */
export type ChangeCustomFieldsChanged = Fact<
  'ChangeCustomFieldsChanged',
  { from: Record<string, unknown>; to: Record<string, unknown>; version: number }
>
/** Within the window: no edit of the plan. Null: the whole window. */
export type PlannedTimesMoved = Fact<'PlannedTimesMoved', { previous: Period | null; planned: Period | null }>
export type ChangeAssigned = Fact<
  'ChangeAssigned',
  { group: string | null; assignee: string | null; previousAssignee: string | null }
>
export type ChangeCommentAdded = Fact<'ChangeCommentAdded', { text: string }>
export type ChangeWorkNoteAdded = Fact<'ChangeWorkNoteAdded', { text: string }>
/** No part of the plan: no approval is bound to it. */
export type ChangeFileAttached = Fact<'ChangeFileAttached', RecordFile>
export type ChangeWatcherAdded = Fact<'ChangeWatcherAdded', { person: string }>
export type ChangeWatcherRemoved = Fact<'ChangeWatcherRemoved', { person: string }>
/** `approvals`: ids of all rounds that were asked: they are seen by the same people, and whoever was asked. */
export type ChangeAudienceChanged = Fact<
  'ChangeAudienceChanged',
  { audience: Audience; previous: Audience; approvals: readonly string[] }
>
/** `caused`: an incident; `reverts`, `related-to`: any record, which need not exist yet. */
export interface ChangeLink {
  relation: 'caused' | 'related-to'
  targetType: string
  target: string
}
export type ChangeLinked = Fact<'ChangeLinked', { link: ChangeLink }>
export type ChangeUnlinked = Fact<'ChangeUnlinked', { link: ChangeLink }>

export type ChangeAssessmentStarted = Fact<'ChangeAssessmentStarted', Record<never, never>>
export type ChangeRiskAssessed = Fact<
  'ChangeRiskAssessed',
  {
    risk: Risk
    byRules: { risk: Risk; rules: readonly string[] }
    /** Null: nobody has answered it. */
    byAnswers: { risk: Risk; score: number; answers: Readonly<Record<string, string>> } | null
    matrixVersion: number
  }
>
/** It enters Authorize; its CIs are reserved next, and then approval is asked. */
export type ChangeSubmitted = Fact<
  'ChangeSubmitted',
  { round: number; period: Period; surroundings?: Surroundings }
>
/** `ratification`: it was implemented already. */
export type ChangeApprovalAsked = Fact<
  'ChangeApprovalAsked',
  {
    round: number
    approval: string
    purpose: 'authorization' | 'ratification'
    /** Of the change: what approvers see in lists. */
    title: string
    document: PlanDocument
    /** SHA-256 (hex) of the document's canonical JSON (RFC 8785). */
    hash: string
    policy: string
    policyVersion: number
    materialFields: readonly string[]
    changeType: ChangeType
    risk: Risk | null
    /** Of the change; absent: public. */
    audience?: Audience
    requester: string
    /** Who has a part in it besides: opened it, submitted it, or implemented what is to be ratified. */
    involved?: readonly string[]
    group: string | null
  }
>
export type ChangeApproved = Fact<
  'ChangeApproved',
  { round: number; approval: string; hash: string; approvers: readonly string[] }
>
/** Granted while it is on hold: it stands, and brings the change on as it is resumed (`ChangeApproved`). */
export type ChangeApprovedOnHold = Fact<'ChangeApprovedOnHold', ChangeApproved['data']>
export type ChangeRejected = Fact<
  'ChangeRejected',
  { round: number; approval: string; hash: string; comment: string | null }
>
/** `because`: too few were left of those who were asked; otherwise nobody has decided in time. */
export type ChangeApprovalLapsed = Fact<
  'ChangeApprovalLapsed',
  { round: number; approval: string; because?: 'seats-lost' }
>
/** The plan is no longer what was asked about, or approved; `nextRound` is asked about the new one. */
export type ChangeApprovalVoided = Fact<
  'ChangeApprovalVoided',
  {
    round: number
    approval: string
    hash: string
    fields: readonly string[]
    from: 'Authorize' | 'Scheduled'
    nextRound: number
    /** Null: the window was taken away, and nothing is asked before there is one. */
    period: Period | null
  }
>
/** Nobody waits for the round any more: the change went back to New, or was canceled. */
export type ChangeApprovalWithdrawn = Fact<
  'ChangeApprovalWithdrawn',
  { round: number; approval: string | null }
>
/** What lapsed is asked again. */
export type ChangeApprovalRenewed = Fact<
  'ChangeApprovalRenewed',
  { round: number; period: Period; surroundings?: Surroundings }
>
/** A standard change, by the approval of its model. */
export type ChangeScheduled = Fact<
  'ChangeScheduled',
  {
    model: string
    revision: number
    /** Who approved the model, and through it this change. */
    approver?: string
    hash: string
    document: PlanDocument
    period: Period
    surroundings?: Surroundings
  }
>
export type ChangeReturned = Fact<'ChangeReturned', { from: ChangeState }>
export type ConflictAppeared = Fact<'ConflictAppeared', { conflict: Conflict; inputs: ConflictInputs }>
export type ConflictCleared = Fact<'ConflictCleared', { conflict: Conflict; inputs: ConflictInputs }>
/** By a change manager; why is the event's `metadata.reason`. Holds for this window in this time. */
export type BlackoutOverridden = Fact<'BlackoutOverridden', { window: string; period: Period }>
export type ChangeHeld = Fact<'ChangeHeld', { reason: string; comment?: string }>
/** `renewRound`: what lapsed meanwhile is asked again. */
export type ChangeResumed = Fact<'ChangeResumed', { renewRound?: number; period?: Period }>

export type ChangeTaskAdded = Fact<
  'ChangeTaskAdded',
  { task: string; title: string; group?: string; assignee?: string }
>
export type ChangeTaskStarted = Fact<'ChangeTaskStarted', { task: string }>
export type ChangeTaskFinished = Fact<
  'ChangeTaskFinished',
  { task: string; result: 'done' | 'skipped' | 'failed'; notes: string | null }
>
export type ChangeTaskRemoved = Fact<'ChangeTaskRemoved', { task: string }>

/** `baseValues`: what the CIs were like where values are proposed; when approval was asked, or the model scheduled. */
export type BaseValuesRecorded = Fact<'BaseValuesRecorded', { baseValues: readonly ProposedValues[] }>
export type ImplementationStarted = Fact<
  'ImplementationStarted',
  { basis: ApprovalBasis; implementer: string; breaches: readonly Segregated[] }
>
/** An emergency that could not wait. `ratifyBy`: ISO 8601. */
export type ImplementedBeforeApproval = Fact<
  'ImplementedBeforeApproval',
  {
    startedAt: string
    implementer: string
    ratifyBy: string
    settingsVersion: number
    round: number
    period: Period
  }
>
export type ChangeRatified = Fact<
  'ChangeRatified',
  { round: number; approval: string; hash: string; approvers: readonly string[]; late: boolean }
>
export type RatificationRefused = Fact<
  'RatificationRefused',
  { round: number; approval: string; hash: string; comment: string | null }
>
export type RatificationOverdue = Fact<'RatificationOverdue', { ratifyBy: string }>
/** What was done otherwise than planned: the plan that was approved stays as it is. */
export type PlanDeviated = Fact<'PlanDeviated', { fields: readonly string[]; description: string }>
export type ImplementationEnded = Fact<
  'ImplementationEnded',
  { outcome: Outcome; endedAt: string; notes: string }
>
/** To be written to the CMDB, with the number of this change. `base`: what must not have moved until then; absent: anything may. */
export type ProposedValuesReleased = Fact<
  'ProposedValuesReleased',
  ProposedValues & { base?: ProposedValues['attributes'] }
>
/** The CI was changed otherwise since approval was asked, or the values are not possible: somebody must look. */
export type ProposedValuesRefused = Fact<
  'ProposedValuesRefused',
  {
    ci: string
    moved: MovedValues
    /** The CI is gone. */
    retired?: boolean
    /** They were released, and service configuration refused them: by this rule. */
    code?: string
  }
>
export type ChangeReviewed = Fact<
  'ChangeReviewed',
  { objectivesMet: boolean; conclusion: string; lessons: string | null }
>
export type ChangeClosed = Fact<'ChangeClosed', Record<never, never>>
export type ChangeCanceled = Fact<'ChangeCanceled', { from: ChangeState; notes: string }>
/** A step that only a source tells of. `evidence`: what it does not say at all of authorisation and outcome. */
export type ChangeStateObserved = Fact<
  'ChangeStateObserved',
  {
    from: ChangeState | null
    to: ChangeState
    outcome?: Outcome | 'no evidence in source'
    authorisation?: 'no evidence in source'
  }
>

export type ChangeEvent =
  | ChangeOpened
  | ChangePlanEdited
  | ChangeCustomFieldsChanged
  | PlannedTimesMoved
  | ChangeAssigned
  | ChangeCommentAdded
  | ChangeWorkNoteAdded
  | ChangeFileAttached
  | ChangeWatcherAdded
  | ChangeWatcherRemoved
  | ChangeAudienceChanged
  | ChangeLinked
  | ChangeUnlinked
  | ChangeAssessmentStarted
  | ChangeRiskAssessed
  | ChangeSubmitted
  | BaseValuesRecorded
  | ChangeApprovalAsked
  | ChangeApproved
  | ChangeApprovedOnHold
  | ChangeRejected
  | ChangeApprovalLapsed
  | ChangeApprovalVoided
  | ChangeApprovalWithdrawn
  | ChangeApprovalRenewed
  | ChangeScheduled
  | ChangeReturned
  | ConflictAppeared
  | ConflictCleared
  | BlackoutOverridden
  | ChangeHeld
  | ChangeResumed
  | ChangeTaskAdded
  | ChangeTaskStarted
  | ChangeTaskFinished
  | ChangeTaskRemoved
  | ImplementationStarted
  | ImplementedBeforeApproval
  | ChangeRatified
  | RatificationRefused
  | RatificationOverdue
  | PlanDeviated
  | ImplementationEnded
  | ProposedValuesReleased
  | ProposedValuesRefused
  | ChangeReviewed
  | ChangeClosed
  | ChangeCanceled
  | ChangeStateObserved
