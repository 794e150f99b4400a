import type { AssignmentRule, HoldReason, IncidentSettings, PriorityMatrix } from './settings.events.js'

export { DEFAULT_TEMPLATES, DEFAULT_WEBHOOKS } from '../../notifications/domain/defaults.js'

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
}

/** No custom field, for any kind of record. */
export const DEFAULT_CUSTOM_FIELDS: { schema: Record<string, unknown>; filterable: readonly string[] } = {
  schema: { type: 'object', additionalProperties: false },
  filterable: [],
}
