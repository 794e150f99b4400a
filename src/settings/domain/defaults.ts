import type { AssignmentRule, HoldReason, IncidentSettings, PriorityMatrix } from './settings.events.js'

/** What a new organisation starts with: published as version 1 of each setting before the first incident. */

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

/** Seven days to object to a resolution are the customary ones; nobody is reminded unless a shop wants it. */
export const DEFAULT_INCIDENT_SETTINGS: IncidentSettings = {
  autoCloseAfterDays: 7,
  remindCallerAfterDays: null,
  resolveSilentAfterDays: null,
}

/** No custom field, for any kind of record. */
export const DEFAULT_CUSTOM_FIELDS: { schema: Record<string, unknown>; filterable: readonly string[] } = {
  schema: { type: 'object', additionalProperties: false },
  filterable: [],
}
