import type {
  AlertMapping,
  AssignmentRule,
  CiWindow,
  EscalationRule,
  HoldReason,
  IncidentSettings,
  IncidentTemplate,
  MailIntake,
  MajorIncidentSettings,
  NamedCalendar,
  PriorityMatrix,
} from './settings.events.js'

export { DEFAULT_APPROVAL_POLICIES } from '../../approvals/domain/defaults.js'
export {
  CHANGE_TYPES,
  type ChangeType,
  DEFAULT_CHANGE_SETTINGS,
  DEFAULT_RISK_MATRIX,
  RISKS,
  type Risk,
  type Segregation,
} from '../../changes/domain/defaults.js'
export { DEFAULT_TEMPLATES, DEFAULT_WEBHOOKS } from '../../notifications/domain/defaults.js'
export {
  DEFAULT_PROBLEM_SETTINGS,
  HELD_INCIDENT_STEPS,
  type HeldIncidentStep,
} from '../../problems/domain/defaults.js'
export { attributeErrors, attributesOf, lineageOf } from './ci-attributes.js'
export {
  DEFAULT_CI_CLASSES,
  DEFAULT_CI_RECONCILIATION,
  DEFAULT_CI_RELATION_TYPES,
} from './ci-defaults.js'

/** What holds until something is published (version 0), and what a new organisation may publish as its version 1. */

export const DEFAULT_PRIORITY_MATRIX: PriorityMatrix = {
  impacts: ['1 - High', '2 - Medium', '3 - Low'],
  urgencies: ['1 - High', '2 - Medium', '3 - Low'],
  priorities: ['1 - Critical', '2 - High', '3 - Moderate', '4 - Low', '5 - Planning'],
  cells: [
    [1, 2, 3],
    [2, 3, 4],
    [3, 4, 5],
  ],
}

/** Priority of a cell; null: the matrix has none there (an empty cell, or a place outside of it). */
export function priorityAt(
  matrix: PriorityMatrix,
  impact: number | null,
  urgency: number | null,
): number | null {
  if (impact === null || urgency === null) return null
  return matrix.cells[impact - 1]?.[urgency - 1] ?? null
}

export const DEFAULT_ASSIGNMENT_RULES: readonly AssignmentRule[] = []

const waiting = (code: string, label: string, awaitsCaller = false): HoldReason => ({
  code,
  label,
  commentRequired: awaitsCaller,
  awaitsCaller,
})

export const DEFAULT_HOLD_REASONS: readonly HoldReason[] = [
  waiting('awaiting-caller', 'Awaiting caller', true),
  waiting('awaiting-change', 'Awaiting change'),
  waiting('awaiting-problem', 'Awaiting problem'),
  waiting('awaiting-vendor', 'Awaiting vendor'),
  waiting('awaiting-evidence', 'Awaiting evidence'),
]

/** Nothing happens by itself unless a shop wants it. */
export const DEFAULT_INCIDENT_SETTINGS: IncidentSettings = {
  autoCloseAfterDays: null,
  remindCallerAfterDays: null,
  resolveSilentAfterDays: null,
  reopenWithinDays: null,
}

export const DEFAULT_INCIDENT_TEMPLATES: readonly IncidentTemplate[] = []
/** Nobody is registered, and nothing is opened, because of a mail of somebody unknown. */
export const DEFAULT_MAIL_INTAKE: MailIntake = {
  unknownSenders: 'review',
  ownAddresses: [],
  assignmentGroup: null,
}

/** No custom field, for any kind of record. */
export const DEFAULT_CUSTOM_FIELDS: { schema: Record<string, unknown>; filterable: readonly string[] } = {
  schema: { type: 'object', additionalProperties: false },
  filterable: [],
}

export const DEFAULT_ESCALATION_RULES: readonly EscalationRule[] = []

/** Proposed by people only; an update is promised, and reminded of, when somebody says so. */
export const DEFAULT_MAJOR_INCIDENT_SETTINGS: MajorIncidentSettings = {
  proposeAtPriority: null,
  proposeAboveChildren: null,
  updateEveryMinutes: null,
  remindEveryMinutes: null,
}

/** The severities that Prometheus' own rules use; an alert of another, or of none, gets the lowest place in the matrix. */
const ofSeverity = (severity: string, impact: number, urgency: number) => ({
  name: `severity ${severity}`,
  when: [{ label: 'severity', equals: severity }],
  impact,
  urgency,
})

/** What is older than this is no retry of anything, whatever the mapping says. */
export const LONGEST_RETRY_WINDOW_SECONDS = 86_400

/**
 * One incident per group of alerts. The window is a minute shorter than Alertmanager's usual `group_interval`, which is
 * also how long it tries again.
 */
export const DEFAULT_ALERT_MAPPING: AlertMapping = {
  key: 'group',
  retryWindowSeconds: 240,
  rules: [
    ofSeverity('critical', 1, 1),
    ofSeverity('error', 2, 1),
    ofSeverity('warning', 2, 2),
    {
      name: 'every alert',
      when: [],
      service: '{{labels.service}}',
      primaryCi: '{{labels.instance}}',
      title: '{{annotations.summary | annotations.title | labels.alertname}}',
      description: '{{annotations.description | annotations.message}}',
    },
  ],
}

export const DEFAULT_CALENDARS: readonly NamedCalendar[] = []

/** Everything may be changed at any time. */
export const DEFAULT_MAINTENANCE_WINDOWS: readonly CiWindow[] = []
export const DEFAULT_BLACKOUT_WINDOWS: readonly CiWindow[] = []

/**
 * Whether a window is for this item.
 * @param ci `classes`: its own and all above it
 */
export function appliesTo(window: CiWindow, ci: { number: string; classes: readonly string[] }): boolean {
  const { cis, classes } = window.appliesTo
  if (cis === undefined && classes === undefined) return true
  return (cis?.includes(ci.number) ?? false) || (classes?.some((name) => ci.classes.includes(name)) ?? false)
}
