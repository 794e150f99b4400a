import type { BusinessCalendar, TimeWindow } from '#libs/business-time'
import type { DomainEvent } from '#libs/event-sourcing'
import type { ApprovalPolicy } from '../../approvals/domain/defaults.js'
import type { ChangeSettings, RiskMatrix } from '../../changes/domain/defaults.js'
import type { Templates, WebhookEndpoint } from '../../notifications/domain/defaults.js'
import type { ProblemSettings } from '../../problems/domain/defaults.js'

/**
 * Configuration that decides something. Each kind is one stream (`settings-priority-matrix`, ...), every publication a
 * new version, so that an old decision can be explained by the version then in force.
 */

/** `cells[impact - 1][urgency - 1]` = priority; null only in an imported version: a live incident that meets it is refused. */
export interface PriorityMatrix {
  /** Names, highest first: `['1 - High', '2 - Medium', '3 - Low']`; their place (from 1) is the number used. */
  impacts: readonly string[]
  urgencies: readonly string[]
  /** Names of the priorities, highest first. */
  priorities: readonly string[]
  cells: readonly (readonly (number | null)[])[]
}
/** `emptyCells`: the pairs without a priority; `warnings`: the cells at which the matrix is not monotone. */
export type PriorityMatrixPublished = DomainEvent<
  'PriorityMatrixPublished',
  {
    version: number
    matrix: PriorityMatrix
    imported: boolean
    emptyCells: readonly string[]
    warnings: readonly string[]
  }
>

/** The first rule whose conditions all hold decides; an absent condition always holds. */
export interface AssignmentRule {
  name: string
  when: { category?: string; subcategory?: string; ci?: string; service?: string }
  group: string
}
/** `warnings`: rules that never decide. */
export type AssignmentRulesPublished = DomainEvent<
  'AssignmentRulesPublished',
  { version: number; rules: readonly AssignmentRule[]; warnings: readonly string[] }
>

export interface HoldReason {
  /** `awaiting-caller`, ... */
  code: string
  label: string
  commentRequired: boolean
  /** The caller's reply resumes, and the reminders of the incident settings apply. */
  awaitsCaller: boolean
}
export type HoldReasonsPublished = DomainEvent<
  'HoldReasonsPublished',
  { version: number; reasons: readonly HoldReason[] }
>

export interface IncidentSettings {
  /** Days after Resolved at which an incident closes by itself; null: never. */
  autoCloseAfterDays: number | null
  /** Days of a caller's silence after which he is reminded; null: never. */
  remindCallerAfterDays: number | null
  /** Days of silence after the reminder at which the incident is resolved; null: never. */
  resolveSilentAfterDays: number | null
  /** Days after Resolved within which the caller may reopen; null or absent: for as long as it is not closed. */
  reopenWithinDays?: number | null
}
export type IncidentSettingsPublished = DomainEvent<
  'IncidentSettingsPublished',
  { version: number; settings: IncidentSettings }
>

/** Fields that a template may fill in: not who calls, nor who may see it. */
export const TEMPLATE_FIELDS = [
  'title',
  'description',
  'contactType',
  'service',
  'primaryCi',
  'category',
  'subcategory',
  'symptom',
  'location',
  'vendor',
  'impact',
  'urgency',
  'assignmentGroup',
  'customFields',
] as const

/** What a frequent incident is opened with. */
export interface IncidentTemplate {
  name: string
  fields: {
    title?: string
    description?: string
    contactType?: string
    service?: string
    primaryCi?: string
    category?: string
    subcategory?: string
    symptom?: string
    location?: string
    vendor?: string
    /** Places in the matrix, 1 is the highest. */
    impact?: number
    urgency?: number
    assignmentGroup?: string
    customFields?: Record<string, unknown>
  }
}
export type IncidentTemplatesPublished = DomainEvent<
  'IncidentTemplatesPublished',
  { version: number; templates: readonly IncidentTemplate[] }
>

/** `schema`: JSON Schema (draft 2020-12) of an object; `filterable`: its properties that lists may filter by. */
export type CustomFieldsPublished = DomainEvent<
  'CustomFieldsPublished',
  { version: number; recordType: string; schema: Record<string, unknown>; filterable: readonly string[] }
>

/** What becomes of mail that comes in. */
export interface MailIntake {
  /** A sender whom nobody knows: his message waits for a person, or he is registered and it opens an incident. */
  unknownSenders: 'review' | 'register'
  /** Addresses that our own mail comes from, lower case: mail from them is ignored. */
  ownAddresses: readonly string[]
  /** Group that new incidents go to; null: the assignment rules decide. */
  assignmentGroup: string | null
}
export type MailIntakePublished = DomainEvent<'MailIntakePublished', { version: number; intake: MailIntake }>
/** Every rule whose conditions all hold acts, once its time has come; an absent condition always holds. */
export interface EscalationRule {
  name: string
  when: {
    priorities?: readonly number[]
    group?: string
    category?: string
    /** Absent: as long as there is something to do. */
    states?: readonly ('New' | 'In Progress' | 'On Hold')[]
  }
  /** What the age counts from: the opening, the latest change of group or person, the latest deed of the assignee. */
  since: 'opened' | 'assigned' | 'assignee-update'
  afterMinutes: number
  /** Absent group: the one that has it; absent `informed`: its manager. */
  action:
    | { kind: 'hierarchical'; informed?: string }
    | { kind: 'functional'; group: string }
    | { kind: 'on-call'; group?: string }
}
export type EscalationRulesPublished = DomainEvent<
  'EscalationRulesPublished',
  { version: number; rules: readonly EscalationRule[] }
>

/** null: never. */
export interface MajorIncidentSettings {
  /** An incident of this priority or a more urgent one is proposed. */
  proposeAtPriority: number | null
  /** A parent of more children is proposed. */
  proposeAboveChildren: number | null
  /** The next update is promised for then, unless something else is said. */
  updateEveryMinutes: number | null
  /** How often a missing update is reminded of, after the first time. */
  remindEveryMinutes: number | null
}
export type MajorIncidentSettingsPublished = DomainEvent<
  'MajorIncidentSettingsPublished',
  { version: number; settings: MajorIncidentSettings }
>

/** Exactly one of `equals` and `matches`; a label that an alert does not have counts as empty. */
export interface LabelMatcher {
  label: string
  equals?: string
  /** Regular expression that the whole value must match, as Prometheus has it; of long values the first 256 characters count. */
  matches?: string
}

/** What an alert whose labels fit becomes. Texts but the group may name labels and annotations: `{{labels.alertname}}`. */
export interface AlertRule {
  name: string
  /** All must hold; none: the rule fits every alert. */
  when: readonly LabelMatcher[]
  group?: string
  impact?: number
  urgency?: number
  category?: string
  subcategory?: string
  service?: string
  primaryCi?: string
  title?: string
  description?: string
}

export interface AlertMapping {
  /** What of Alertmanager's notifications is one alert here: the group of alerts, or each alert by itself. */
  key: 'group' | 'fingerprint'
  /** An identical notification within so many seconds is a retry, no repeat. Shorter than the sender's `group_interval`. */
  retryWindowSeconds: number
  rules: readonly AlertRule[]
}
export type AlertMappingPublished = DomainEvent<
  'AlertMappingPublished',
  { version: number; mapping: AlertMapping }
>

/** Subject and text of mails, by kind; a kind that is not there has the built-in ones. */
export type NotificationTemplatesPublished = DomainEvent<
  'NotificationTemplatesPublished',
  { version: number; templates: Templates }
>

/** Who is told over HTTP. Their secrets stand in the configuration: the log keeps what it has been told for ever. */
export type WebhooksPublished = DomainEvent<
  'WebhooksPublished',
  { version: number; endpoints: readonly WebhookEndpoint[] }
>

/** One attribute that CIs of a class have. */
export interface CiAttribute {
  /** JSON Schema (draft 2020-12) of one value: text, a number, true or false, or a list of these. */
  schema: Readonly<Record<string, unknown>>
  /** `required`: refused without; `recommended`: a CI without it counts as incomplete. */
  presence: 'optional' | 'recommended' | 'required'
  /** Whether it may be modified by an approved change only: other modifications are found, not refused. */
  changeControlled: boolean
}

/** A class of configuration items. Classes form trees: one has the attributes of all classes above it. */
export interface CiClass {
  /** Lower-case words joined by dashes: `virtual-machine`. */
  name: string
  label: string
  /** null: a root. */
  parent: string | null
  /** Only classes below it have CIs. */
  abstract: boolean
  /** Its own, besides those of the classes above it; by name. */
  attributes: Readonly<Record<string, CiAttribute>>
}
export type CiClassesPublished = DomainEvent<
  'CiClassesPublished',
  { version: number; classes: readonly CiClass[]; warnings: readonly string[] }
>

/** Which end suffers when the other fails. */
export type ImpactDirection = 'to-source' | 'to-target' | 'both' | 'none'

/** A type of relation reads from source to target: "source runs on target". */
export interface CiRelationType {
  /** `runs-on` */
  name: string
  label: string
  /** How it reads from target to source: `runs`. The same as `name`: the relation has no direction. */
  inverse: string
  inverseLabel: string
  impact: ImpactDirection
}
export type CiRelationTypesPublished = DomainEvent<
  'CiRelationTypesPublished',
  { version: number; types: readonly CiRelationType[] }
>

/** By which a source's item is taken for a CI that is known: all of these have the same value. `name` is the CI's name. */
export interface CiMatchRule {
  /** Of this class and those below it. */
  class: string
  attributes: readonly string[]
}

/** Whose word counts for an attribute, the first most. Sources that are not listed come after those that are. */
export interface CiSourcePrecedence {
  /** Of this class and those below it; absent: of all. */
  class?: string
  /** Absent: for every attribute that no other entry names. */
  attribute?: string
  /** Names of sources; `people`: what was entered by hand. */
  sources: readonly string[]
}

export interface CiReconciliation {
  /** For an item the first that finds a CI decides; the class and name are tried last, always. */
  matchRules: readonly CiMatchRule[]
  precedence: readonly CiSourcePrecedence[]
  /** A source that did not report a CI for so long has no precedence for it; null: it keeps it for ever. */
  silentAfterDays: number | null
}
export type CiReconciliationPublished = DomainEvent<
  'CiReconciliationPublished',
  { version: number; reconciliation: CiReconciliation }
>

/** Named by service levels and changes. */
export interface NamedCalendar extends BusinessCalendar {
  name: string
}
export type CalendarsPublished = DomainEvent<
  'CalendarsPublished',
  { version: number; calendars: readonly NamedCalendar[] }
>

/** A window of time for some configuration items; which, `appliesTo` of the defaults says. */
export interface CiWindow {
  name: string
  /** Numbers of items, and classes with those below them; both absent: every item. */
  appliesTo: { cis?: readonly string[]; classes?: readonly string[] }
  window: TimeWindow
}
export type MaintenanceWindowsPublished = DomainEvent<
  'MaintenanceWindowsPublished',
  { version: number; windows: readonly CiWindow[] }
>
export type BlackoutWindowsPublished = DomainEvent<
  'BlackoutWindowsPublished',
  { version: number; windows: readonly CiWindow[] }
>

export type ApprovalPoliciesPublished = DomainEvent<
  'ApprovalPoliciesPublished',
  { version: number; policies: readonly ApprovalPolicy[] }
>

export type ChangeRiskPublished = DomainEvent<'ChangeRiskPublished', { version: number; matrix: RiskMatrix }>
export type ChangeSettingsPublished = DomainEvent<
  'ChangeSettingsPublished',
  { version: number; settings: ChangeSettings }
>
export type ProblemSettingsPublished = DomainEvent<
  'ProblemSettingsPublished',
  { version: number; settings: ProblemSettings }
>

export type SettingsEvent =
  | CiClassesPublished
  | CiRelationTypesPublished
  | CiReconciliationPublished
  | AlertMappingPublished
  | PriorityMatrixPublished
  | AssignmentRulesPublished
  | HoldReasonsPublished
  | IncidentSettingsPublished
  | IncidentTemplatesPublished
  | CustomFieldsPublished
  | MailIntakePublished
  | EscalationRulesPublished
  | MajorIncidentSettingsPublished
  | NotificationTemplatesPublished
  | WebhooksPublished
  | CalendarsPublished
  | MaintenanceWindowsPublished
  | BlackoutWindowsPublished
  | ApprovalPoliciesPublished
  | ChangeRiskPublished
  | ChangeSettingsPublished
  | ProblemSettingsPublished
