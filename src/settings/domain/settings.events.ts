import type { DomainEvent } from '#libs/event-sourcing'
import type { Templates, WebhookEndpoint } from '../../notifications/domain/defaults.js'

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
}
export type IncidentSettingsPublished = DomainEvent<
  'IncidentSettingsPublished',
  { version: number; settings: IncidentSettings }
>

/** `schema`: JSON Schema (draft 2020-12) of an object; `filterable`: its properties that lists may filter by. */
export type CustomFieldsPublished = DomainEvent<
  'CustomFieldsPublished',
  { version: number; recordType: string; schema: Record<string, unknown>; filterable: readonly string[] }
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

export type SettingsEvent =
  | PriorityMatrixPublished
  | AssignmentRulesPublished
  | HoldReasonsPublished
  | IncidentSettingsPublished
  | CustomFieldsPublished
  | NotificationTemplatesPublished
  | WebhooksPublished
