import type { Audience } from '#libs/access'
import type { DomainEvent } from '#libs/event-sourcing'

/** States of the lifecycle, in the words people see. */
export const INCIDENT_STATES = ['New', 'In Progress', 'On Hold', 'Resolved', 'Closed', 'Canceled'] as const
export type IncidentState = (typeof INCIDENT_STATES)[number]

/** What describes an incident, apart from its state, priority and assignment. People, groups and CIs by id only. */
export interface IncidentFields {
  title: string
  description?: string
  caller?: string
  affectedUser?: string
  openedBy?: string
  contactType?: string
  service?: string
  primaryCi?: string
  category?: string
  subcategory?: string
  symptom?: string
  location?: string
  vendor?: string
  /** ISO 8601: when the disturbance began, which may be before anybody opened the incident. */
  detectedAt?: string
  customFields?: Record<string, unknown>
}

/** What an imported event carries besides the fact itself. */
export interface Imported {
  /** First event of each source row: what of the row has no home here, as far as it differs from the row before. */
  source?: {
    fields: Record<string, string | null>
    /**
     * Updates that the source counted between the row before (for the first row: the creation, count 0) and this one,
     * but does not tell.
     */
    updatesMissing?: number
    /** The source's update counter after this row. */
    updateCounter?: number
  }
  /** Code of the rule that would have refused this as a live command. */
  irregular?: string
}

/** Before and after of one field; null: not set. */
export interface FieldChange<Value = unknown> {
  from: Value | null
  to: Value | null
}

export interface Link {
  /** How this incident relates to the target; the inverse is a projection. */
  relation: LinkRelation
  /** Kind of the target: `incident`, `problem`, `change`, `configuration-item`, `knowledge`, ... */
  targetType: string
  /** Number, or name, of the target, which need not exist yet. */
  target: string
}
export const LINK_RELATIONS = [
  'affects',
  'related-to',
  'has-problem',
  'fixed-by-change',
  'caused-by-change',
  'duplicate-of',
] as const
export type LinkRelation = (typeof LINK_RELATIONS)[number]

type Fact<Type extends string, Data extends object> = DomainEvent<Type, Data & Imported>

/**
 * `openedAt`: set by imports only, when the source says that the incident is older than its first row. `template`: filled
 * in what whoever opened it left out. `alert`: id of the alert that it was opened for.
 */
export type IncidentOpened = Fact<
  'IncidentOpened',
  IncidentFields & {
    audience: Audience
    openedAt?: string
    customFieldsVersion?: number
    template?: { name: string; version: number }
    alert?: string
  }
>
/** Any descriptive field; only those that differ. `openedAt`: from imports only. */
export type IncidentDetailsChanged = Fact<
  'IncidentDetailsChanged',
  {
    changes: {
      [Field in
        | Exclude<keyof IncidentFields, 'category' | 'subcategory' | 'symptom'>
        | 'openedAt']?: FieldChange
    }
    /** Version of the schema that the custom fields were checked with, when they changed. */
    customFieldsVersion?: number
  }
>
export type IncidentCategorized = Fact<
  'IncidentCategorized',
  { category: FieldChange<string>; subcategory: FieldChange<string>; symptom: FieldChange<string> }
>
/** Priority from impact × urgency by the matrix version in force. 1 is the highest of each. */
export type PriorityDerived = Fact<
  'PriorityDerived',
  { impact: number; urgency: number; priority: number; matrixVersion: number; previous: number | null }
>
/**
 * Somebody set another priority than the matrix gives; why is the event's `metadata.reason`. Null values only from
 * imports: sources that know no impact, urgency or priority.
 */
export type PriorityOverridden = Fact<
  'PriorityOverridden',
  {
    impact: number | null
    urgency: number | null
    priority: number | null
    derived: number | null
    previous: number | null
  }
>
/**
 * Whoever had it has it no longer: the assignee is nobody until an `AssignedToPerson` or `IncidentAccepted` follows.
 * `rule`: the assignment rule that decided, when no person did. `group: null` takes it out of every queue.
 */
export type AssignedToGroup = Fact<
  'AssignedToGroup',
  {
    group: string | null
    previousGroup: string | null
    previousPerson: string | null
    rule?: { version: number; name: string }
  }
>
/** `person: null` puts it back into the group's queue. */
export type AssignedToPerson = Fact<
  'AssignedToPerson',
  { person: string | null; previousPerson: string | null }
>
/** The assignee takes it on: acknowledged, and In Progress when it was New. */
export type IncidentAccepted = Fact<'IncidentAccepted', { person: string; previousPerson: string | null }>
/** New → In Progress without a change of hands. */
export type WorkStarted = Fact<'WorkStarted', Record<never, never>>
export type IncidentHeld = Fact<'IncidentHeld', { hold: Hold; listVersion: number | null } & CallerWait>
export interface Hold {
  /** Code from the list of hold reasons: `awaiting-caller`, `awaiting-vendor`, ... */
  reason: string
  comment?: string
  /** ISO 8601: wakes up by itself then. */
  until?: string
}
/** What the list of hold reasons and the settings then in force say of the wait; absent in imported events. */
export interface CallerWait {
  /** The caller's reply resumes, and the hold's comment is meant for him. */
  awaitsCaller?: boolean
  /** ISO 8601: when a silent caller is reminded. */
  remindAt?: string
  settingsVersion?: number
}
export type HoldReasonChanged = Fact<
  'HoldReasonChanged',
  { hold: Hold; previous: Hold; listVersion: number | null } & CallerWait
>
export type IncidentResumed = Fact<
  'IncidentResumed',
  { cause: 'agent' | 'caller-replied' | 'hold-expired' | 'parent-resumed' | 'problem-ended' }
>
/** The silent caller was reminded; `count` starts at 1 with each hold. `resolveAt`: when silence will resolve it. */
export type CallerReminded = Fact<
  'CallerReminded',
  { count: number; resolveAt?: string; settingsVersion?: number }
>
/** `rule`: the escalation rule that decided, when no person did. */
export type IncidentEscalated = Fact<
  'IncidentEscalated',
  { kind: 'functional' | 'hierarchical'; group?: string; informed?: string; rule?: AppliedRule }
>
/** A rule of a versioned setting, by the version in which it decided. */
export interface AppliedRule {
  version: number
  name: string
}
/** Which escalation rules wait for the incident, and until when (ISO 8601); replaces what was said before. */
export type EscalationsScheduled = Fact<
  'EscalationsScheduled',
  { rulesVersion: number; due: readonly { rule: string; at: string }[] }
>

/** Somebody thinks that it is a major incident. `rule`: what proposed it, when no person did. */
export type MajorIncidentProposed = Fact<
  'MajorIncidentProposed',
  { reason: string; rule?: 'priority' | 'children'; settingsVersion?: number }
>
/** `nextUpdateAt`: ISO 8601, by when the first update is promised. */
export type MajorIncidentPromoted = Fact<
  'MajorIncidentPromoted',
  {
    manager: string
    communications?: string
    resolver?: string
    nextUpdateAt?: string
    settingsVersion?: number
  }
>
/** It is none, or none any more; why is the event's `metadata.reason`. */
export type MajorIncidentDemoted = Fact<'MajorIncidentDemoted', Record<never, never>>
export const MAJOR_INCIDENT_ROLES = ['manager', 'communications', 'resolver'] as const
export type MajorIncidentRole = (typeof MAJOR_INCIDENT_ROLES)[number]
export type MajorIncidentRoleAssigned = Fact<
  'MajorIncidentRoleAssigned',
  { role: MajorIncidentRole; person: string; previous: string | null }
>
/** `nextUpdateAt`: ISO 8601, by when another one is promised; absent: none is. */
export type MajorIncidentUpdatePosted = Fact<
  'MajorIncidentUpdatePosted',
  { text: string; visibility: 'internal' | 'public'; nextUpdateAt?: string; settingsVersion?: number }
>
/** Reopened: whoever is told of it waits for an update again. By the settings then in force. */
export type MajorIncidentUpdatePromised = Fact<
  'MajorIncidentUpdatePromised',
  { nextUpdateAt: string; settingsVersion: number }
>
/** A promised update is missing; `count` starts at 1 with each promise. `remindAt`: when it is reminded of again. */
export type MajorIncidentUpdateOverdue = Fact<
  'MajorIncidentUpdateOverdue',
  { promisedAt: string; count: number; remindAt?: string; settingsVersion?: number }
>
export interface MajorIncidentReview {
  summary: string
  wentWell?: string
  wentBadly?: string
  rootCause?: string
  actions?: readonly string[]
}
/** A later review replaces the one before. */
export type MajorIncidentReviewed = Fact<'MajorIncidentReviewed', MajorIncidentReview>

/** From now on it follows its parent on progress, hold and resolution. */
export type ParentLinked = Fact<'ParentLinked', { parent: string }>
/** `cause`: two were linked at the same moment, so that the parent led back to it, or too many stood above it. */
export type ParentUnlinked = Fact<'ParentUnlinked', { parent: string; cause?: 'cycle' | 'too-deep' }>

/**
 * A person on call is asked to take it on, by `acknowledgeBy` (ISO 8601). `order`: her place among the contacts, from 1;
 * `skipped`: contacts before her who have left, or have no role at the desk.
 */
export type OnCallPaged = Fact<
  'OnCallPaged',
  {
    group: string
    person: string
    order: number
    round: number
    acknowledgeBy: string
    skipped?: readonly string[]
    rule?: AppliedRule
  }
>
export type OnCallAcknowledged = Fact<'OnCallAcknowledged', { person: string }>
/** Nobody on call has answered, or nobody is left who could. */
export type OnCallExhausted = Fact<
  'OnCallExhausted',
  { group: string; skipped?: readonly string[]; rule?: AppliedRule }
>
/** `forChildren`: its author has told the children's callers the same. `ofParent`: it was said on that one, which this one follows. */
export type CommentAdded = Fact<'CommentAdded', { text: string; forChildren?: true; ofParent?: string }>
/** `workaroundOf`: it is the workaround of a problem behind the incident, by its number among that one's workarounds. */
export type WorkNoteAdded = Fact<
  'WorkNoteAdded',
  { text: string; workaroundOf?: { problem: string; number: number } }
>
export type LinkAdded = Fact<'LinkAdded', { link: Link }>
/** `relinkedTo`: the problem was a duplicate of this one, which the incident has now. */
export type LinkRemoved = Fact<'LinkRemoved', { link: Link; relinkedTo?: string }>
/** `article: null` only from imports: the source says that an article was used, not which. */
export type KnowledgeApplied = Fact<'KnowledgeApplied', { article: string | null; revision: number | null }>
/** From imports: the source no longer says that knowledge was used. */
export type KnowledgeWithdrawn = Fact<'KnowledgeWithdrawn', { article: string | null }>
export type AttachmentAdded = Fact<
  'AttachmentAdded',
  { hash: string; name: string; contentType: string; size: number; visibility: 'public' | 'internal' }
>
export type WatcherAdded = Fact<'WatcherAdded', { person: string }>
export type WatcherRemoved = Fact<'WatcherRemoved', { person: string }>
export type AudienceChanged = Fact<'AudienceChanged', { audience: Audience; previous: Audience }>
/** `autoCloseAt`: when it closes by itself, by the settings then in force; absent: never, or imported. */
export type IncidentResolved = Fact<
  'IncidentResolved',
  Resolution & {
    cause?: 'silent-caller' | 'parent-resolved' | 'alert-cleared' | 'problem-resolved'
    autoCloseAt?: string
    settingsVersion?: number
  }
>
export interface Resolution {
  code: string | null
  notes: string | null
  resolvedBy: string | null
  serviceRestoredAt?: string
}
/** From imports: the source tells or changes the resolution of an incident without an entry into Resolved. */
export type ResolutionRecorded = Fact<
  'ResolutionRecorded',
  { resolution: Resolution; previous: Resolution | null }
>
/**
 * `from: 'Closed'` only from imports (irregular). `count` includes this one. `cause`: the parent was reopened, with which it had
 * been resolved.
 */
export type IncidentReopened = Fact<
  'IncidentReopened',
  {
    from: IncidentState
    to: 'In Progress' | 'On Hold' | 'New'
    count: number
    hold?: Hold
    cause?: 'parent-reopened'
  }
>
export type IncidentClosed = Fact<'IncidentClosed', { cause: 'caller' | 'agent' | 'auto-close' | 'source' }>
export type IncidentCanceled = Fact<'IncidentCanceled', { code: string; notes: string | null }>
/** Canceled as a duplicate (a `LinkAdded` duplicate-of goes before it); the caller is made a watcher of the survivor by a policy. */
export type IncidentMerged = Fact<
  'IncidentMerged',
  { survivor: string; caller: string | null; watchers: readonly string[] }
>
/** From imports: a step for which the lifecycle has no command (In Progress → New, ...). */
export type StateObserved = Fact<'StateObserved', { from: IncidentState; to: IncidentState; hold?: Hold }>
/** From imports: a row in which nothing with a home here changed. */
export type UpdateObserved = Fact<'UpdateObserved', Record<never, never>>
/** After an import: from now on policies look after this record, with the times that the settings in force then gave. */
export type IncidentActivated = Fact<
  'IncidentActivated',
  { run: string; autoCloseAt?: string; until?: string } & CallerWait
>

/** The alert fires again, or has cleared; `count`: its notifications that it fires, so far. */
export type AlertConditionObserved = Fact<
  'AlertConditionObserved',
  { alert: string; condition: 'firing' | 'cleared'; count: number }
>

export type IncidentEvent =
  | AlertConditionObserved
  | IncidentOpened
  | IncidentDetailsChanged
  | IncidentCategorized
  | PriorityDerived
  | PriorityOverridden
  | AssignedToGroup
  | AssignedToPerson
  | IncidentAccepted
  | WorkStarted
  | IncidentHeld
  | HoldReasonChanged
  | IncidentResumed
  | CallerReminded
  | IncidentEscalated
  | EscalationsScheduled
  | MajorIncidentProposed
  | MajorIncidentPromoted
  | MajorIncidentDemoted
  | MajorIncidentRoleAssigned
  | MajorIncidentUpdatePosted
  | MajorIncidentUpdatePromised
  | MajorIncidentUpdateOverdue
  | MajorIncidentReviewed
  | ParentLinked
  | ParentUnlinked
  | OnCallPaged
  | OnCallAcknowledged
  | OnCallExhausted
  | CommentAdded
  | WorkNoteAdded
  | LinkAdded
  | LinkRemoved
  | KnowledgeApplied
  | KnowledgeWithdrawn
  | AttachmentAdded
  | WatcherAdded
  | WatcherRemoved
  | AudienceChanged
  | IncidentResolved
  | ResolutionRecorded
  | IncidentReopened
  | IncidentClosed
  | IncidentCanceled
  | IncidentMerged
  | StateObserved
  | UpdateObserved
  | IncidentActivated
