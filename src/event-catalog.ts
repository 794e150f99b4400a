import type { DuplicateNamed } from '#libs/duplicates'
import { type DomainEvent, InvalidInput, Upcasters } from '#libs/event-sourcing'
import type { NumberBlockReserved } from '#libs/event-store/eventstoredb'
import type { AlertEvent } from './alerts/domain/alert.events.js'
import type { ApprovalEvent } from './approvals/domain/approval.events.js'
import type { AuditDataRead, FindingDisposed, JudgementEvent } from './audit/domain/audit.events.js'
import type { CabEvent } from './changes/domain/cab.events.js'
import type { ChangeEvent, ImportedChange } from './changes/domain/change.events.js'
import type { ChangeModelEvent } from './changes/domain/change-model.events.js'
import type { ScheduleEvent } from './changes/domain/schedule.events.js'
import type {
  BaselineTaken,
  CiEvent,
  CiNameEvent,
  DiscoveryRunRecorded,
  ReconciliationEvent,
  RelationEvent,
} from './configuration/domain/configuration.events.js'
import type { GroupEvent, PersonEvent } from './directory/domain/directory.events.js'
import type { FilterEvent } from './filters/domain/filters.events.js'
import type { ExternalIdClaimed, ImportRunEvent } from './imports/domain/imports.events.js'
import type { Imported, IncidentEvent } from './incidents/domain/incident.events.js'
import type { MailEvent } from './mail/domain/mail.events.js'
import type {
  NotificationEvent,
  NotificationPreferencesSet,
} from './notifications/domain/notification.events.js'
import type { CandidateEvent } from './problems/domain/candidate.events.js'
import type { ImportedProblem, ProblemEvent } from './problems/domain/problem.events.js'
import type { SettingsEvent } from './settings/domain/settings.events.js'

/** The number, or the id of a person or group, that a create with an `Idempotency-Key` is about, in `key-<command id>`. */
export type NumberClaimed = DomainEvent<'NumberClaimed', { number: string }>

/** The records that a bulk request with an `Idempotency-Key` is about, in `key-<command id>`, before anything is done to them. */
export type RecordsSelected = DomainEvent<'RecordsSelected', { numbers: readonly string[] }>

/** Every event that this release writes. */
export type CatalogueEvent =
  | IncidentEvent
  | PersonEvent
  | GroupEvent
  | SettingsEvent
  | FilterEvent
  | AlertEvent
  | ImportRunEvent
  | MailEvent
  | ExternalIdClaimed
  | ApprovalEvent
  | FindingDisposed
  | AuditDataRead
  | JudgementEvent
  | CandidateEvent
  | NotificationEvent
  | NotificationPreferencesSet
  | CiEvent
  | CiNameEvent
  | RelationEvent
  | DiscoveryRunRecorded
  | ReconciliationEvent
  | BaselineTaken
  | ChangeEvent
  | ChangeModelEvent
  | ScheduleEvent
  | CabEvent
  | ProblemEvent
  | DuplicateNamed
  | NumberClaimed
  | RecordsSelected
  | NumberBlockReserved
export type EventType = CatalogueEvent['type']

/**
 * Of those events the types whose `hash` (SHA-256, lower-case hex) and `size` (bytes) are of content in the blob store, as fields
 * that are always there.
 */
export type ContentEventType<E extends DomainEvent> = Extract<
  E,
  { data: { hash: string; size: number } }
>['type']

/** Every type whose events name content: one that is missing here does not compile. */
const CONTENT_EVENTS: Readonly<Record<ContentEventType<CatalogueEvent>, true>> = {
  AttachmentAdded: true,
  ChangeFileAttached: true,
  ProblemFileAttached: true,
  MailReceived: true,
}
export const CONTENT_EVENT_TYPES: readonly string[] = Object.keys(CONTENT_EVENTS)

/** What a field holds of people, and whose it is. */
export interface PersonalMark {
  /** `personId`: an id from the directory; `personalData`: what tells who somebody is; `freeText`: may say anything. */
  readonly holds: 'personId' | 'personalData' | 'freeText'
  /**
   * `named`: the person whose id it is; `stream`: the person whose stream it is; `caller`: the caller of the record, about
   * whom it is; `author`: the event's actor (or `attributedTo`), whose words they are.
   */
  readonly whose: 'named' | 'stream' | 'caller' | 'author'
}
type Mark = 'plain' | PersonalMark

/** A mark for every field, or one for a whole object: a field without a mark does not compile. */
type Marks<Data> = { readonly [Field in keyof Data]-?: MarkOf<NonNullable<Data[Field]>> }
type MarkOf<Value> =
  | Mark
  | (Value extends readonly unknown[] ? never : Value extends object ? Marks<Value> : never)
export type Entries<E extends DomainEvent, Shared = unknown> = {
  readonly [Type in E['type']]: {
    readonly version: number
    readonly fields: Marks<Omit<Extract<E, { type: Type }>['data'], keyof Shared>>
  }
}

const plain = 'plain'
const personId: PersonalMark = { holds: 'personId', whose: 'named' }
const identifying: PersonalMark = { holds: 'personalData', whose: 'stream' }
const aboutCaller: PersonalMark = { holds: 'freeText', whose: 'caller' }
/** Of whoever wrote a mail. */
const writtenBySender: PersonalMark = { holds: 'freeText', whose: 'author' }
const authored: PersonalMark = { holds: 'freeText', whose: 'author' }

const hold = { reason: plain, comment: authored, until: plain } as const
const callerWait = { awaitsCaller: plain, remindAt: plain, settingsVersion: plain } as const
const resolution = { code: plain, notes: authored, resolvedBy: personId, serviceRestoredAt: plain } as const

/** What every incident event may carry besides; columns of a source without a home may say anything. */
const imported: Marks<Imported> = { source: aboutCaller, irregular: plain }

const INCIDENT_EVENTS: Entries<IncidentEvent, Imported> = {
  IncidentOpened: {
    version: 1,
    fields: {
      title: aboutCaller,
      description: aboutCaller,
      caller: personId,
      affectedUser: personId,
      openedBy: personId,
      contactType: plain,
      service: plain,
      primaryCi: plain,
      category: plain,
      subcategory: plain,
      symptom: plain,
      location: plain,
      vendor: plain,
      detectedAt: plain,
      customFields: aboutCaller,
      audience: plain,
      openedAt: plain,
      customFieldsVersion: plain,
      template: plain,
      alert: plain,
    },
  },
  IncidentDetailsChanged: {
    version: 1,
    fields: {
      changes: {
        title: aboutCaller,
        description: aboutCaller,
        caller: personId,
        affectedUser: personId,
        openedBy: personId,
        contactType: plain,
        service: plain,
        primaryCi: plain,
        location: plain,
        vendor: plain,
        detectedAt: plain,
        openedAt: plain,
        customFields: aboutCaller,
      },
      customFieldsVersion: plain,
    },
  },
  IncidentCategorized: { version: 1, fields: { category: plain, subcategory: plain, symptom: plain } },
  PriorityDerived: {
    version: 1,
    fields: { impact: plain, urgency: plain, priority: plain, matrixVersion: plain, previous: plain },
  },
  PriorityOverridden: {
    version: 1,
    fields: { impact: plain, urgency: plain, priority: plain, derived: plain, previous: plain },
  },
  AssignedToGroup: {
    version: 1,
    fields: { group: plain, previousGroup: plain, previousPerson: personId, rule: plain },
  },
  AssignedToPerson: { version: 1, fields: { person: personId, previousPerson: personId } },
  IncidentAccepted: { version: 1, fields: { person: personId, previousPerson: personId } },
  WorkStarted: { version: 1, fields: {} },
  IncidentHeld: { version: 1, fields: { hold, listVersion: plain, ...callerWait } },
  HoldReasonChanged: { version: 1, fields: { hold, previous: hold, listVersion: plain, ...callerWait } },
  IncidentResumed: { version: 1, fields: { cause: plain } },
  CallerReminded: { version: 1, fields: { count: plain, resolveAt: plain, settingsVersion: plain } },
  IncidentEscalated: { version: 1, fields: { kind: plain, group: plain, informed: personId, rule: plain } },
  EscalationsScheduled: { version: 1, fields: { rulesVersion: plain, due: plain } },
  MajorIncidentProposed: { version: 1, fields: { reason: authored, rule: plain, settingsVersion: plain } },
  MajorIncidentPromoted: {
    version: 1,
    fields: {
      manager: personId,
      communications: personId,
      resolver: personId,
      nextUpdateAt: plain,
      settingsVersion: plain,
    },
  },
  MajorIncidentDemoted: { version: 1, fields: {} },
  MajorIncidentRoleAssigned: { version: 1, fields: { role: plain, person: personId, previous: personId } },
  MajorIncidentUpdatePosted: {
    version: 1,
    fields: { text: authored, visibility: plain, nextUpdateAt: plain, settingsVersion: plain },
  },
  MajorIncidentUpdatePromised: { version: 1, fields: { nextUpdateAt: plain, settingsVersion: plain } },
  MajorIncidentUpdateOverdue: {
    version: 1,
    fields: { promisedAt: plain, count: plain, remindAt: plain, settingsVersion: plain },
  },
  MajorIncidentReviewed: {
    version: 1,
    fields: {
      summary: authored,
      wentWell: authored,
      wentBadly: authored,
      rootCause: authored,
      actions: authored,
    },
  },
  ParentLinked: { version: 1, fields: { parent: plain } },
  ParentUnlinked: { version: 1, fields: { parent: plain, cause: plain } },
  OnCallPaged: {
    version: 1,
    fields: {
      group: plain,
      person: personId,
      order: plain,
      round: plain,
      acknowledgeBy: plain,
      skipped: personId,
      rule: plain,
    },
  },
  OnCallAcknowledged: { version: 1, fields: { person: personId } },
  OnCallExhausted: { version: 1, fields: { group: plain, skipped: personId, rule: plain } },
  CommentAdded: { version: 1, fields: { text: authored, forChildren: plain, ofParent: plain } },
  AlertConditionObserved: { version: 1, fields: { alert: plain, condition: plain, count: plain } },
  WorkNoteAdded: { version: 1, fields: { text: authored, workaroundOf: plain } },
  LinkAdded: { version: 1, fields: { link: plain } },
  LinkRemoved: { version: 1, fields: { link: plain, relinkedTo: plain } },
  KnowledgeApplied: { version: 1, fields: { article: plain, revision: plain } },
  KnowledgeWithdrawn: { version: 1, fields: { article: plain } },
  AttachmentAdded: {
    version: 1,
    fields: { hash: plain, name: authored, contentType: plain, size: plain, visibility: plain },
  },
  WatcherAdded: { version: 1, fields: { person: personId } },
  WatcherRemoved: { version: 1, fields: { person: personId } },
  AudienceChanged: { version: 1, fields: { audience: plain, previous: plain } },
  IncidentResolved: {
    version: 1,
    fields: { ...resolution, cause: plain, autoCloseAt: plain, settingsVersion: plain },
  },
  ResolutionRecorded: { version: 1, fields: { resolution, previous: resolution } },
  IncidentReopened: { version: 1, fields: { from: plain, to: plain, count: plain, hold, cause: plain } },
  IncidentClosed: { version: 1, fields: { cause: plain } },
  IncidentCanceled: { version: 1, fields: { code: plain, notes: authored } },
  IncidentMerged: { version: 1, fields: { survivor: plain, caller: personId, watchers: personId } },
  StateObserved: { version: 1, fields: { from: plain, to: plain, hold } },
  UpdateObserved: { version: 1, fields: {} },
  IncidentActivated: {
    version: 1,
    fields: { run: plain, autoCloseAt: plain, until: plain, ...callerWait },
  },
}

const PERSON_EVENTS: Entries<PersonEvent> = {
  PersonRegistered: {
    version: 1,
    fields: { kind: plain, name: identifying, email: identifying, manager: personId },
  },
  PersonChanged: { version: 1, fields: { name: identifying, email: identifying, manager: personId } },
  PersonDeactivated: { version: 1, fields: {} },
  PersonReactivated: { version: 1, fields: {} },
  IdentityLinked: { version: 1, fields: { issuer: plain, subject: identifying } },
  IdentityUnlinked: { version: 1, fields: { issuer: plain, subject: identifying } },
  RoleGranted: { version: 1, fields: { role: plain, source: plain } },
  RoleRevoked: { version: 1, fields: { role: plain, source: plain } },
  ApiTokenIssued: {
    version: 1,
    fields: { tokenId: plain, hash: plain, label: authored, expiresAt: plain },
  },
  ApiTokenRevoked: { version: 1, fields: { tokenId: plain } },
  DelegationGranted: {
    version: 1,
    fields: { delegationId: plain, to: personId, from: plain, until: plain, scope: plain },
  },
  DelegationRevoked: { version: 1, fields: { delegationId: plain, to: personId } },
}

const GROUP_EVENTS: Entries<GroupEvent> = {
  GroupRegistered: { version: 1, fields: { name: plain, manager: personId } },
  GroupChanged: { version: 1, fields: { name: plain, manager: personId } },
  MemberAdded: { version: 1, fields: { person: personId } },
  MemberRemoved: { version: 1, fields: { person: personId } },
  OnCallContactsSet: {
    version: 1,
    fields: { contacts: personId, acknowledgeWithinMinutes: plain, rounds: plain },
  },
}

const SETTINGS_EVENTS: Entries<SettingsEvent> = {
  PriorityMatrixPublished: {
    version: 1,
    fields: { version: plain, matrix: plain, imported: plain, emptyCells: plain, warnings: plain },
  },
  AssignmentRulesPublished: { version: 1, fields: { version: plain, rules: plain, warnings: plain } },
  HoldReasonsPublished: { version: 1, fields: { version: plain, reasons: plain } },
  IncidentSettingsPublished: { version: 1, fields: { version: plain, settings: plain } },
  IncidentTemplatesPublished: { version: 1, fields: { version: plain, templates: plain } },
  MailIntakePublished: { version: 1, fields: { version: plain, intake: plain } },
  CustomFieldsPublished: {
    version: 1,
    fields: { version: plain, recordType: plain, schema: plain, filterable: plain },
  },
  NotificationTemplatesPublished: { version: 1, fields: { version: plain, templates: plain } },
  WebhooksPublished: { version: 1, fields: { version: plain, endpoints: plain } },
  CalendarsPublished: { version: 1, fields: { version: plain, calendars: plain } },
  MaintenanceWindowsPublished: { version: 1, fields: { version: plain, windows: plain } },
  BlackoutWindowsPublished: { version: 1, fields: { version: plain, windows: plain } },
  ChangeRiskPublished: { version: 1, fields: { version: plain, matrix: plain } },
  ChangeSettingsPublished: { version: 1, fields: { version: plain, settings: plain } },
  ProblemSettingsPublished: { version: 1, fields: { version: plain, settings: plain } },
  // Approvers are people.
  ApprovalPoliciesPublished: { version: 1, fields: { version: plain, policies: personId } },
  AlertMappingPublished: { version: 1, fields: { version: plain, mapping: plain } },
  EscalationRulesPublished: { version: 1, fields: { version: plain, rules: plain } },
  MajorIncidentSettingsPublished: { version: 1, fields: { version: plain, settings: plain } },
  CiClassesPublished: { version: 1, fields: { version: plain, classes: plain, warnings: plain } },
  CiRelationTypesPublished: { version: 1, fields: { version: plain, types: plain } },
  CiReconciliationPublished: { version: 1, fields: { version: plain, reconciliation: plain } },
}

const FINDING_EVENTS: Entries<FindingDisposed> = {
  FindingDisposed: {
    version: 1,
    fields: { disposition: plain, comment: authored, question: plain, record: personId, persons: personId },
  },
}

const candidate = {
  title: aboutCaller,
  score: plain,
  memberCount: plain,
  incidents: plain,
  problem: plain,
  common: plain,
} as const
const CANDIDATE_EVENTS: Entries<CandidateEvent> = {
  ProblemCandidateAccepted: { version: 1, fields: { ...candidate, into: plain } },
  ProblemCandidateDismissed: { version: 1, fields: candidate },
}

const judged = {
  ci: plain,
  change: plain,
  modification: plain,
  attributes: plain,
  by: personId,
  at: plain,
} as const
const JUDGEMENT_EVENTS: Entries<JudgementEvent> = {
  UnauthorisedChangeDetected: { version: 1, fields: { ...judged, verdict: plain } },
  ModificationAuthorised: { version: 1, fields: judged },
}

const AUDIT_READ_EVENTS: Entries<AuditDataRead> = {
  // A query may name people
  AuditDataRead: {
    version: 1,
    fields: { what: plain, query: authored, rows: plain, form: plain, sha256: plain },
  },
}

const FILTER_EVENTS: Entries<FilterEvent> = {
  // A filter may name people, and a name may say anything.
  FilterSaved: { version: 1, fields: { name: authored, list: plain, filter: authored } },
  FilterRemoved: { version: 1, fields: { name: authored } },
}

/** Only what its sender wrote and who he is; the message itself lies among the attachments. */
const MAIL_EVENTS: Entries<MailEvent> = {
  MailReceived: {
    version: 1,
    fields: {
      messageId: writtenBySender,
      sender: personId,
      subject: writtenBySender,
      hash: plain,
      size: plain,
      content: plain,
      decision: personId,
    },
  },
  MailReviewed: { version: 1, fields: { decision: personId } },
  MailHandled: { version: 1, fields: { record: plain, attached: writtenBySender, leftOut: writtenBySender } },
  MailRefused: { version: 1, fields: { code: plain, detail: plain } },
}

/** Labels and annotations are the monitoring's, which may say anything, of its users too. */
const alertSays = {
  labels: authored,
  annotations: authored,
  startsAt: plain,
  firing: plain,
  truncated: plain,
  hash: plain,
} as const
const ALERT_EVENTS: Entries<AlertEvent> = {
  AlertFired: { version: 1, fields: { source: plain, key: authored, keyedBy: plain, ...alertSays } },
  AlertRepeated: { version: 1, fields: { count: plain, firing: plain, hash: plain, incident: plain } },
  AlertCleared: { version: 1, fields: { count: plain, hash: plain, clearedAt: plain, incident: plain } },
  AlertEndHeard: {
    version: 1,
    fields: { source: plain, key: authored, keyedBy: plain, hash: plain, clearedAt: plain },
  },
  AlertRefired: { version: 1, fields: { count: plain, firings: plain, ...alertSays, incident: plain } },
  AlertIncidentRequested: {
    version: 1,
    fields: { episode: plain, previous: plain, incident: authored, mapping: plain },
  },
  AlertIncidentBound: {
    version: 1,
    fields: {
      number: plain,
      episode: plain,
      previous: plain,
      condition: plain,
      count: plain,
      merged: plain,
    },
  },
}

/** What somebody says who is asked to approve. */
const answer = {
  approver: personId,
  onBehalfOf: personId,
  delegation: plain,
  roles: plain,
  comment: authored,
  hash: plain,
  breach: plain,
} as const
const APPROVAL_EVENTS: Entries<ApprovalEvent> = {
  ApprovalRequested: {
    version: 1,
    fields: {
      subject: plain,
      title: authored,
      round: plain,
      requester: personId,
      involved: personId,
      audience: plain,
      document: authored,
      hash: plain,
      policy: plain,
      policyVersion: plain,
      rule: plain,
      approvers: personId,
      leftOut: personId,
      selfApproval: plain,
      expiresAt: plain,
    },
  },
  ApprovalGranted: { version: 1, fields: answer },
  ApprovalRejected: { version: 1, fields: answer },
  ApprovalLapsed: { version: 1, fields: { expiresAt: plain } },
  ApprovalVoided: { version: 1, fields: { fields: plain } },
  ApprovalAudienceChanged: { version: 1, fields: { audience: plain, previous: plain } },
  ApprovalSeatLost: { version: 1, fields: { person: personId, because: plain } },
  ApprovalSeatRegained: { version: 1, fields: { person: personId } },
  ApprovalRoundEnded: {
    version: 1,
    fields: { subject: plain, outcome: plain, granted: plain, rejected: plain, because: plain },
  },
}

const importCounts = {
  rows: plain,
  applied: plain,
  known: plain,
  rejected: plain,
  later: plain,
  events: plain,
} as const

const IMPORT_RUN_EVENTS: Entries<ImportRunEvent> = {
  ImportStarted: {
    version: 1,
    fields: {
      source: plain,
      recordType: plain,
      file: plain,
      otherFiles: plain,
      mapping: plain,
      until: plain,
    },
  },
  // A reason quotes what a column said.
  RowRejected: { version: 1, fields: { row: plain, reason: aboutCaller, externalId: plain } },
  ImportCompleted: { version: 1, fields: importCounts },
  ImportStopped: { version: 1, fields: importCounts },
  ImportActivated: { version: 1, fields: { source: plain, activated: plain } },
}

const notificationHead = {
  kind: plain,
  channel: plain,
  recipient: personId,
  reason: plain,
  record: plain,
  cause: plain,
} as const

const NOTIFICATION_EVENTS: Entries<NotificationEvent> = {
  // Its words are those of the record.
  NotificationQueued: {
    version: 1,
    fields: { ...notificationHead, templateVersion: plain, subject: aboutCaller, text: aboutCaller },
  },
  NotificationSuppressed: { version: 1, fields: { ...notificationHead, because: plain } },
  DeliveryStarted: { version: 1, fields: { attempt: plain, until: plain } },
  NotificationDelivered: { version: 1, fields: { attempt: plain, messageId: plain } },
  DeliveryFailed: { version: 1, fields: { attempt: plain, error: plain, retryAt: plain } },
  NotificationDeadLettered: { version: 1, fields: { attempt: plain, because: plain } },
  NotificationRequeued: { version: 1, fields: { channel: plain } },
}

const PREFERENCE_EVENTS: Entries<NotificationPreferencesSet> = {
  NotificationPreferencesSet: { version: 1, fields: { preferences: plain } },
}

/** Attributes are a shop's own: who uses a PC may be one of them. Columns of a source may say anything. */
const because = { change: plain, source: plain, irregular: plain, sourceFields: authored } as const
const { source: _unsourced, ...authorised } = because

const CI_EVENTS: Entries<CiEvent> = {
  CiProposed: { version: 1, fields: { class: plain, name: plain } },
  CiNamingAbandoned: { version: 1, fields: { operation: plain } },
  CiRegistered: {
    version: 1,
    fields: { class: plain, name: plain, attributes: authored, classesVersion: plain, ...because },
  },
  CiChanged: { version: 1, fields: { changes: authored, classesVersion: plain, ...because } },
  CiRenamed: { version: 1, fields: { before: plain, after: plain, ...because } },
  CiReclassified: {
    version: 1,
    fields: { before: plain, after: plain, classesVersion: plain, ...authorised },
  },
  CiRetired: { version: 1, fields: because },
  CiObserved: { version: 1, fields: { run: plain, ...because } },
  CiCorrected: {
    version: 1,
    fields: { name: plain, status: plain, attributes: authored, until: plain, change: plain },
  },
  CiSourceValuesRecorded: { version: 1, fields: { source: plain, values: authored, run: plain } },
  ProposedValuesNotApplied: {
    version: 1,
    fields: {
      change: plain,
      attributes: authored,
      code: plain,
      detail: plain,
      errors: plain,
      moved: authored,
    },
  },
}

const CI_NAME_EVENTS: Entries<CiNameEvent> = {
  CiNameReserved: { version: 1, fields: { class: plain, name: plain, ci: plain, operation: plain } },
  CiNameReleased: { version: 1, fields: { operation: plain } },
}

const relationEnds = { type: plain, source: plain, target: plain } as const
const RELATION_EVENTS: Entries<RelationEvent> = {
  CiRelated: { version: 1, fields: { ...relationEnds, attributes: authored, ...authorised } },
  CiUnrelated: { version: 1, fields: { ...relationEnds, ...authorised } },
  RelationCorrected: {
    version: 1,
    fields: { ...relationEnds, present: plain, until: plain, change: plain },
  },
}

const DISCOVERY_EVENTS: Entries<DiscoveryRunRecorded> = {
  DiscoveryRunRecorded: { version: 1, fields: { source: plain, run: plain, seen: plain } },
}

const RECONCILIATION_EVENTS: Entries<ReconciliationEvent> = {
  ReconciliationReviewOpened: {
    version: 1,
    fields: {
      source: plain,
      run: plain,
      item: { class: plain, name: plain, attributes: authored },
      candidates: plain,
      rule: plain,
    },
  },
  ReconciliationReviewResolved: { version: 1, fields: { decision: plain, ci: plain } },
}

const BASELINE_EVENTS: Entries<BaselineTaken> = {
  BaselineTaken: { version: 1, fields: { name: plain, validAt: plain, asOf: plain } },
}

/** What every change event may carry besides; columns of a source without a home may say anything. */
const importedChange: Marks<ImportedChange> = { sourceFields: authored, irregular: plain }

/** What somebody plans, in his words; proposed values are attributes of configuration items. */
const plan = {
  title: authored,
  description: authored,
  implementation: authored,
  backout: authored,
  test: authored,
  window: plain,
  affectedCis: plain,
  proposedValues: authored,
} as const
/** Somebody who is busy may be in the way, and stands in both. */
const finding = { conflict: personId, inputs: personId } as const
const round = { round: plain, approval: plain } as const
const approved = { ...round, hash: plain, approvers: personId } as const
const rejected = { ...round, hash: plain, comment: authored } as const

const CHANGE_EVENTS: Entries<ChangeEvent, ImportedChange> = {
  ChangeOpened: {
    version: 1,
    fields: {
      ...plan,
      type: plain,
      requester: personId,
      audience: plain,
      group: plain,
      assignee: personId,
      // What its variables are is said by whoever opens it.
      model: authored,
      reverts: plain,
      customFields: authored,
      customFieldsVersion: plain,
    },
  },
  ChangePlanEdited: { version: 1, fields: { changes: authored } },
  ChangeCustomFieldsChanged: { version: 1, fields: { from: authored, to: authored, version: plain } },
  PlannedTimesMoved: { version: 1, fields: { previous: plain, planned: plain } },
  ChangeAssigned: {
    version: 1,
    fields: { group: plain, assignee: personId, previousAssignee: personId },
  },
  ChangeCommentAdded: { version: 1, fields: { text: authored } },
  ChangeWorkNoteAdded: { version: 1, fields: { text: authored } },
  ChangeFileAttached: {
    version: 1,
    fields: { hash: plain, name: authored, contentType: plain, size: plain },
  },
  ChangeWatcherAdded: { version: 1, fields: { person: personId } },
  ChangeWatcherRemoved: { version: 1, fields: { person: personId } },
  ChangeAudienceChanged: { version: 1, fields: { audience: plain, previous: plain, approvals: plain } },
  ChangeLinked: { version: 1, fields: { link: plain } },
  ChangeUnlinked: { version: 1, fields: { link: plain } },
  ChangeAssessmentStarted: { version: 1, fields: {} },
  ChangeRiskAssessed: {
    version: 1,
    fields: { risk: plain, byRules: plain, byAnswers: plain, matrixVersion: plain },
  },
  ChangeSubmitted: { version: 1, fields: { round: plain, period: plain, surroundings: plain } },
  BaseValuesRecorded: { version: 1, fields: { baseValues: authored } },
  ChangeApprovalAsked: {
    version: 1,
    fields: {
      ...round,
      purpose: plain,
      title: authored,
      document: authored,
      hash: plain,
      policy: plain,
      policyVersion: plain,
      materialFields: plain,
      changeType: plain,
      risk: plain,
      audience: plain,
      requester: personId,
      involved: personId,
      group: plain,
    },
  },
  ChangeApproved: { version: 1, fields: approved },
  ChangeApprovedOnHold: { version: 1, fields: approved },
  ChangeRejected: { version: 1, fields: rejected },
  ChangeApprovalLapsed: { version: 1, fields: { ...round, because: plain } },
  ChangeApprovalVoided: {
    version: 1,
    fields: { ...round, hash: plain, fields: plain, from: plain, nextRound: plain, period: plain },
  },
  ChangeApprovalWithdrawn: { version: 1, fields: round },
  ChangeApprovalRenewed: { version: 1, fields: { round: plain, period: plain, surroundings: plain } },
  ChangeScheduled: {
    version: 1,
    fields: {
      model: plain,
      revision: plain,
      approver: personId,
      hash: plain,
      document: authored,
      period: plain,
      surroundings: plain,
    },
  },
  ChangeReturned: { version: 1, fields: { from: plain } },
  ConflictAppeared: { version: 1, fields: finding },
  ConflictCleared: { version: 1, fields: finding },
  BlackoutOverridden: { version: 1, fields: { window: plain, period: plain } },
  ChangeHeld: { version: 1, fields: { reason: plain, comment: authored } },
  ChangeResumed: { version: 1, fields: { renewRound: plain, period: plain } },
  ChangeTaskAdded: {
    version: 1,
    fields: { task: plain, title: authored, group: plain, assignee: personId },
  },
  ChangeTaskStarted: { version: 1, fields: { task: plain } },
  ChangeTaskFinished: { version: 1, fields: { task: plain, result: plain, notes: authored } },
  ChangeTaskRemoved: { version: 1, fields: { task: plain } },
  ImplementationStarted: {
    version: 1,
    fields: { basis: personId, implementer: personId, breaches: personId },
  },
  ImplementedBeforeApproval: {
    version: 1,
    fields: {
      startedAt: plain,
      implementer: personId,
      ratifyBy: plain,
      settingsVersion: plain,
      round: plain,
      period: plain,
    },
  },
  ChangeRatified: { version: 1, fields: { ...approved, late: plain } },
  RatificationRefused: { version: 1, fields: rejected },
  RatificationOverdue: { version: 1, fields: { ratifyBy: plain } },
  PlanDeviated: { version: 1, fields: { fields: plain, description: authored } },
  ImplementationEnded: { version: 1, fields: { outcome: plain, endedAt: plain, notes: authored } },
  ProposedValuesReleased: { version: 1, fields: { ci: plain, attributes: authored, base: authored } },
  ProposedValuesRefused: {
    version: 1,
    fields: { ci: plain, moved: authored, retired: plain, code: plain },
  },
  ChangeReviewed: {
    version: 1,
    fields: { objectivesMet: plain, conclusion: authored, lessons: authored },
  },
  ChangeClosed: { version: 1, fields: {} },
  ChangeCanceled: { version: 1, fields: { from: plain, notes: authored } },
  ChangeStateObserved: {
    version: 1,
    fields: { from: plain, to: plain, outcome: plain, authorisation: plain },
  },
}

/** What every problem event may carry besides; columns of a source without a home may say anything. */
const importedProblem: Marks<ImportedProblem> = { sourceFields: authored, irregular: plain }

const PROBLEM_EVENTS: Entries<ProblemEvent, ImportedProblem> = {
  ProblemOpened: {
    version: 1,
    fields: {
      title: authored,
      description: authored,
      category: plain,
      subcategory: plain,
      symptom: plain,
      service: plain,
      affectedCis: plain,
      origin: plain,
      candidate: plain,
      audience: plain,
      group: plain,
      assignee: personId,
      openedAt: plain,
      customFields: authored,
      customFieldsVersion: plain,
    },
  },
  ProblemDetailsChanged: { version: 1, fields: { changes: authored, customFieldsVersion: plain } },
  ProblemPrioritized: {
    version: 1,
    fields: { impact: plain, urgency: plain, priority: plain, matrixVersion: plain, previous: plain },
  },
  ProblemAssigned: {
    version: 1,
    fields: { group: plain, assignee: personId, previousAssignee: personId },
  },
  ProblemFileAttached: {
    version: 1,
    fields: { hash: plain, name: authored, contentType: plain, size: plain },
  },
  ProblemWatcherAdded: { version: 1, fields: { person: personId } },
  ProblemWatcherRemoved: { version: 1, fields: { person: personId } },
  ProblemAudienceChanged: { version: 1, fields: { audience: plain, previous: plain, tasks: plain } },
  ProblemCommentAdded: { version: 1, fields: { text: authored } },
  ProblemWorkNoteAdded: { version: 1, fields: { text: authored } },
  ProblemLinked: { version: 1, fields: { link: plain } },
  ProblemUnlinked: { version: 1, fields: { link: plain } },
  ProblemIncidentsNamed: { version: 1, fields: { incidents: plain, candidate: plain } },
  ProblemIncidentsLeftOut: {
    version: 1,
    fields: { incidents: plain, candidate: plain, because: plain, survivor: plain },
  },
  ProblemAssessmentStarted: { version: 1, fields: {} },
  ProblemAnalysisStarted: { version: 1, fields: {} },
  ProblemReanalysed: { version: 1, fields: { from: plain, outcome: plain, notes: authored } },
  RootCauseRecorded: { version: 1, fields: { cause: authored, previous: authored } },
  WorkaroundRecorded: { version: 1, fields: { workaround: authored, number: plain, previous: authored } },
  KnownErrorDeclared: { version: 1, fields: {} },
  KnownErrorWithdrawn: { version: 1, fields: { notes: authored } },
  ProblemFixStarted: { version: 1, fields: {} },
  ProblemHeld: { version: 1, fields: { reason: plain, comment: authored } },
  ProblemResumed: { version: 1, fields: {} },
  ProblemTaskAdded: {
    version: 1,
    fields: {
      task: plain,
      title: authored,
      group: plain,
      assignee: personId,
      priority: plain,
      audience: plain,
    },
  },
  ProblemTaskStarted: { version: 1, fields: { task: plain } },
  ProblemTaskFinished: { version: 1, fields: { task: plain, result: plain, notes: authored } },
  ProblemTaskRemoved: { version: 1, fields: { task: plain } },
  ProblemResolved: {
    version: 1,
    fields: { notes: authored, heldIncidents: plain, settingsVersion: plain },
  },
  ProblemRiskAccepted: { version: 1, fields: { from: plain, notes: authored } },
  ProblemMarkedDuplicate: { version: 1, fields: { from: plain, survivor: plain, notes: authored } },
  ProblemCanceled: { version: 1, fields: { from: plain, notes: authored } },
  ProblemReviewed: {
    version: 1,
    fields: {
      conclusion: authored,
      wentWell: authored,
      wentBadly: authored,
      lessons: authored,
      actions: authored,
    },
  },
  ProblemClosed: { version: 1, fields: {} },
  ProblemStateObserved: {
    version: 1,
    fields: { from: plain, to: plain, phase: plain, outcome: plain, hold: authored },
  },
  ProblemFindingsObserved: {
    version: 1,
    fields: { rootCause: authored, workaround: authored, resolutionNotes: authored },
  },
  ProblemUpdateObserved: { version: 1, fields: { late: authored } },
}

const CAB_EVENTS: Entries<CabEvent> = {
  CabMeetingScheduled: {
    version: 1,
    fields: { title: authored, period: plain, chair: personId, members: personId },
  },
  CabMeetingRescheduled: { version: 1, fields: { previous: plain, period: plain } },
  CabAgendaItemAdded: { version: 1, fields: { change: plain } },
  CabAgendaItemRemoved: { version: 1, fields: { change: plain } },
  CabAdviceGiven: { version: 1, fields: { change: plain, advice: plain, comment: authored } },
  CabMinutesRecorded: { version: 1, fields: { text: authored } },
  CabMeetingClosed: { version: 1, fields: {} },
}

const CHANGE_MODEL_EVENTS: Entries<ChangeModelEvent> = {
  ChangeModelDrafted: { version: 1, fields: { revision: plain, content: authored, author: personId } },
  ChangeModelApproved: {
    version: 1,
    fields: { revision: plain, hash: plain, approver: personId, expiresAt: plain },
  },
  ChangeModelRetired: { version: 1, fields: { revision: plain } },
}

type CiScheduleEvent = Extract<ScheduleEvent, { type: 'CiReserved' | 'CiReleased' }>
const CI_SCHEDULE_EVENTS: Entries<CiScheduleEvent> = {
  CiReserved: { version: 1, fields: { change: plain, period: plain, names: plain } },
  CiReleased: { version: 1, fields: { change: plain } },
}
const ASSIGNEE_SCHEDULE_EVENTS: Entries<Exclude<ScheduleEvent, CiScheduleEvent>> = {
  AssigneeReserved: { version: 1, fields: { change: plain, period: plain } },
  AssigneeReleased: { version: 1, fields: { change: plain } },
}

const EXTERNAL_ID_EVENTS: Entries<ExternalIdClaimed> = {
  ExternalIdClaimed: { version: 1, fields: { number: plain } },
}

const DUPLICATE_EVENTS: Entries<DuplicateNamed> = {
  DuplicateNamed: { version: 1, fields: { survivor: plain } },
}

const KEY_EVENTS: Entries<NumberClaimed | RecordsSelected> = {
  NumberClaimed: { version: 1, fields: { number: plain } },
  RecordsSelected: { version: 1, fields: { numbers: plain } },
}

/** Written by the event store itself, where several processes give out numbers. */
const NUMBER_BLOCK_EVENTS: Entries<NumberBlockReserved> = {
  NumberBlockReserved: {
    version: 1,
    fields: { series: plain, first: plain, last: plain, skipped: { first: plain, last: plain } },
  },
}

export interface CatalogueEntry {
  readonly type: EventType
  /** What it is written with today; a higher one needs an upcaster and a sample of each version. */
  readonly schemaVersion: number
  /** Prefix of the streams it stands in, with its dash. */
  readonly stream: string
  /** Fields of its `data`, as paths (`hold.comment`), that hold something of people; a path covers all below it. */
  readonly personal: ReadonlyMap<string, PersonalMark>
}

/** Turns what older releases wrote into what this one reads. */
export const eventUpcasters = new Upcasters()

/** Every event type on one page. */
export const EVENT_CATALOGUE: ReadonlyMap<string, CatalogueEntry> = new Map([
  ...entries('incident-', INCIDENT_EVENTS, imported),
  ...entries('person-', PERSON_EVENTS),
  ...entries('group-', GROUP_EVENTS),
  ...entries('settings-', SETTINGS_EVENTS),
  ...entries('filters-', FILTER_EVENTS),
  ...entries('alert-', ALERT_EVENTS),
  ...entries('approval-', APPROVAL_EVENTS),
  ...entries('finding-', FINDING_EVENTS),
  ...entries('auditread-', AUDIT_READ_EVENTS),
  ...entries('judgement-', JUDGEMENT_EVENTS),
  ...entries('candidate-', CANDIDATE_EVENTS),
  ...entries('import-', IMPORT_RUN_EVENTS),
  ...entries('mail-', MAIL_EVENTS),
  ...entries('external-', EXTERNAL_ID_EVENTS),
  ...entries('notification-', NOTIFICATION_EVENTS),
  ...entries('preferences-', PREFERENCE_EVENTS),
  ...entries('ci-', CI_EVENTS),
  ...entries('ciname-', CI_NAME_EVENTS),
  ...entries('relation-', RELATION_EVENTS),
  ...entries('discovery-', DISCOVERY_EVENTS),
  ...entries('reconciliation-', RECONCILIATION_EVENTS),
  ...entries('baseline-', BASELINE_EVENTS),
  ...entries('change-', CHANGE_EVENTS, importedChange),
  ...entries('changemodel-', CHANGE_MODEL_EVENTS),
  ...entries('cab-', CAB_EVENTS),
  ...entries('problem-', PROBLEM_EVENTS, importedProblem),
  ...entries('cischedule-', CI_SCHEDULE_EVENTS),
  ...entries('assigneeschedule-', ASSIGNEE_SCHEDULE_EVENTS),
  ...entries('duplicate-', DUPLICATE_EVENTS),
  ...entries('key-', KEY_EVENTS),
  ...entries('numbers-', NUMBER_BLOCK_EVENTS),
])

/**
 * The schema version that events of this type are written with.
 * @throws Error for a type that the catalogue does not know: nobody could read it later
 */
export function schemaVersionOf(type: string): number {
  const entry = EVENT_CATALOGUE.get(type)
  if (entry === undefined)
    throw new Error(`Event type ${type} is not in the catalogue (src/event-catalog.ts)`)
  return entry.schemaVersion
}

/**
 * For readers that name the types they want: one who waits for a type that never comes would skip all that does.
 * @throws InvalidInput `EVENTS.TYPE_UNKNOWN` naming each type that the catalogue does not know
 */
export function refuseUnknownTypes(types: readonly string[] = []): void {
  const unknown = types.filter((type) => !EVENT_CATALOGUE.has(type))
  if (unknown.length === 0) return
  const known = [...EVENT_CATALOGUE.keys()].sort().join(', ')
  throw new InvalidInput(
    'EVENTS.TYPE_UNKNOWN',
    `There is no event type ${unknown.join(', ')}; there are ${known}`,
    unknown.map((type) => ({ pointer: 'types', message: `${type} is no event type` })),
  )
}

function entries(
  stream: string,
  events: Readonly<Record<string, { version: number; fields: object }>>,
  shared: object = {},
): [string, CatalogueEntry][] {
  return Object.entries(events).map(([type, { version, fields }]) => {
    const personal = new Map(personalPaths({ ...fields, ...shared }))
    return [type, { type: type as EventType, schemaVersion: version, stream, personal }]
  })
}

function personalPaths(marks: object, above = ''): [string, PersonalMark][] {
  return Object.entries(marks).flatMap(([field, mark]: [string, Mark | object]): [string, PersonalMark][] => {
    if (mark === plain) return []
    if (isPersonalMark(mark)) return [[above + field, mark]]
    return personalPaths(mark as object, `${above}${field}.`)
  })
}

function isPersonalMark(mark: Mark | object): mark is PersonalMark {
  return typeof mark === 'object' && 'holds' in mark && typeof mark.holds === 'string'
}
