import { INCIDENT_STATES } from '../incidents/domain/incident.events.js'
import { PROBLEM_OUTCOMES, PROBLEM_STATES } from '../problems/domain/problem.events.js'

/** Units in which a column may give a length of time. */
export const DURATION_UNITS = ['milliseconds', 'seconds', 'minutes', 'hours', 'days'] as const
/**
 * What only the source can tell, by the names under which figures look for it: its word for the state, its verdict on
 * its service level (`true`, `false`), when it resolved, how often it reopened and passed on. ServiceNow's own names.
 */
export const TOLD_NAMES = ['state', 'made_sla', 'resolved_at', 'reopen_count', 'reassignment_count'] as const

const name = { type: 'string', minLength: 1 } as const
const names = { type: 'array', items: name, uniqueItems: true } as const
const text = { type: 'string' } as const
const levels = { type: 'array', items: name, minItems: 1, maxItems: 20, uniqueItems: true } as const

const rankColumn = {
  description: 'a column, or a column with the rank of each of its labels',
  anyOf: [
    name,
    {
      type: 'object',
      required: ['column', 'ranks'],
      additionalProperties: false,
      properties: {
        column: name,
        ranks: {
          type: 'object',
          minProperties: 1,
          additionalProperties: { type: 'integer', minimum: 1, maximum: 20 },
        },
      },
    },
  ],
} as const

const flagColumn = {
  description: 'a column, or a column with what it says for yes and for no',
  anyOf: [
    name,
    {
      type: 'object',
      required: ['column', 'yes', 'no'],
      additionalProperties: false,
      properties: { column: name, yes: names, no: names },
    },
  ],
} as const

/** An object with these parts and no others. */
function parts<Properties extends Record<string, object>>(
  properties: Properties,
  required: readonly (keyof Properties & string)[],
) {
  return { type: 'object', required, additionalProperties: false, properties } as const
}

const textColumn = {
  description: 'a column, { column } or { constant }, these with or without "when"',
  anyOf: [
    name,
    parts({ column: name, when: { ...names, minItems: 1 } }, ['column']),
    parts({ constant: name, when: { ...names, minItems: 1 } }, ['constant']),
  ],
} as const

const durationColumn = parts({ column: name, unit: { enum: DURATION_UNITS } }, ['column', 'unit'])

const customColumn = {
  description: 'a column, { column, as: number }, or a column with what it says for yes and for no',
  anyOf: [
    name,
    parts({ column: name, as: { const: 'number' } }, ['column', 'as']),
    parts({ column: name, yes: names, no: names }, ['column', 'yes', 'no']),
  ],
} as const

const toldColumn = {
  description: 'a column, or a column with what its values mean',
  anyOf: [
    name,
    parts({ column: name, values: { type: 'object', minProperties: 1, additionalProperties: text } }, [
      'column',
      'values',
    ]),
  ],
} as const

const holdReason = { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' } as const
const heldColumn = parts(
  { column: name, values: { type: 'object', minProperties: 1, additionalProperties: holdReason } },
  ['column', 'values'],
)

const held = parts({ state: { const: 'On Hold' }, hold: { anyOf: [holdReason, heldColumn] } }, [
  'state',
  'hold',
])

const incidentState = {
  description: `one of ${INCIDENT_STATES.join(', ')}, "keep", { state: On Hold, hold: <reason> }, or a list of states gone through`,
  anyOf: [
    { enum: [...INCIDENT_STATES, 'keep'] },
    { type: 'array', items: { enum: INCIDENT_STATES }, minItems: 1, uniqueItems: true },
    held,
  ],
} as const

const problemState = {
  description: `one of ${PROBLEM_STATES.join(', ')}, "keep", { state: On Hold, hold: <reason> }, { state, phase: unknown } or { state, outcome }`,
  anyOf: [
    { enum: [...PROBLEM_STATES, 'keep'] },
    held,
    parts({ state: { enum: PROBLEM_STATES }, phase: { const: 'unknown' } }, ['state', 'phase']),
    parts({ state: { enum: ['Resolved', 'Closed'] }, outcome: { enum: PROBLEM_OUTCOMES } }, [
      'state',
      'outcome',
    ]),
  ],
} as const

const openedAt = {
  description: 'a column, or { earlierBy: { column, unit } }',
  anyOf: [name, parts({ earlierBy: durationColumn }, ['earlierBy'])],
} as const

/** What rows may tell of an incident. */
const INCIDENT_FIELDS = {
  title: textColumn,
  description: textColumn,
  caller: textColumn,
  affectedUser: textColumn,
  openedBy: textColumn,
  contactType: textColumn,
  service: textColumn,
  primaryCi: textColumn,
  category: textColumn,
  subcategory: textColumn,
  symptom: textColumn,
  location: textColumn,
  vendor: textColumn,
  problem: textColumn,
  fixedByChange: textColumn,
  causedByChange: textColumn,
  assignmentGroup: textColumn,
  assignee: textColumn,
  knowledgeArticle: textColumn,
  openedAt,
  impact: rankColumn,
  urgency: rankColumn,
  priority: rankColumn,
  knowledgeUsed: flagColumn,
  resolutionCode: name,
  resolutionNotes: name,
  resolvedBy: name,
} as const

/** What rows may tell of a problem. */
const PROBLEM_FIELDS = {
  title: textColumn,
  description: textColumn,
  service: textColumn,
  primaryCi: textColumn,
  category: textColumn,
  subcategory: textColumn,
  symptom: textColumn,
  rootCause: textColumn,
  workaround: textColumn,
  fixedByChange: textColumn,
  assignmentGroup: textColumn,
  assignee: textColumn,
  openedAt,
  impact: rankColumn,
  urgency: rankColumn,
  priority: rankColumn,
  resolutionNotes: name,
} as const

/** What all mappings of rows have in common; {@link ImportMapping} says what each part means. */
const SHARED = {
  source: { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength: 60 },
  format: {
    type: 'object',
    required: ['delimiter'],
    additionalProperties: false,
    properties: {
      delimiter: { type: 'string', minLength: 1, maxLength: 1 },
      quote: { type: ['string', 'null'], minLength: 1, maxLength: 1, default: '"' },
      encoding: { enum: ['utf8', 'utf16le', 'latin1'], default: 'utf8' },
      missing: { type: 'array', items: text, default: [''] },
      repeatedColumns: { enum: ['refuse', 'number'], default: 'refuse' },
    },
  },
  externalId: {
    description: 'a column, or { from: row }',
    anyOf: [name, parts({ from: { const: 'row' } }, ['from'])],
  },
  number: {
    type: 'object',
    required: ['policy'],
    additionalProperties: false,
    properties: { policy: { enum: ['keep', 'allot'] }, pattern: name },
  },
  time: {
    type: 'object',
    required: ['zone', 'precision'],
    additionalProperties: false,
    description: 'a time with either a column and its format, or a constant',
    oneOf: [{ required: ['column'] }, { required: ['constant'] }],
    properties: {
      column: name,
      constant: name,
      laterBy: durationColumn,
      format: name,
      zone: name,
      precision: { enum: ['minute', 'second', 'millisecond'] },
    },
  },
  namespaces: {
    type: 'object',
    required: ['people', 'groups'],
    additionalProperties: false,
    properties: { people: text, groups: text, records: text },
  },
  attributedTo: name,
  told: {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(TOLD_NAMES.map((told) => [told, toldColumn])),
    default: {},
  },
  trimmed: { ...names, default: [] },
  backFilled: { ...names, default: [] },
  times: { ...names, default: [] },
} as const

/** What only incidents have. */
const OF_INCIDENTS = {
  updateCounter: name,
  customFields: {
    type: 'object',
    propertyNames: { pattern: '^[A-Za-z][A-Za-z0-9_]*$' },
    additionalProperties: customColumn,
    default: {},
  },
  priorityMatrix: {
    type: 'object',
    required: ['impacts', 'urgencies', 'priorities', 'cells'],
    additionalProperties: false,
    properties: {
      impacts: levels,
      urgencies: levels,
      priorities: levels,
      cells: {
        type: 'array',
        items: {
          type: 'array',
          items: { type: ['integer', 'null'], minimum: 1, maximum: 20 },
        },
      },
    },
  },
} as const

function stateOf(mapped: object) {
  return {
    type: 'object',
    additionalProperties: false,
    description: 'either { column, values }, with "otherwise" or without, or { constant }',
    oneOf: [
      { required: ['column', 'values'], properties: { constant: false } },
      { required: ['constant'], maxProperties: 1 },
    ],
    properties: {
      column: name,
      values: { type: 'object', minProperties: 1, additionalProperties: mapped },
      otherwise: mapped,
      constant: mapped,
    },
  } as const
}

function mappingOf(properties: Readonly<Record<string, object>>) {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    required: [
      'source',
      'recordType',
      'format',
      'rowOrder',
      'externalId',
      'number',
      'time',
      'namespaces',
      'state',
      'fields',
    ],
    additionalProperties: false,
    properties: { ...SHARED, ...properties },
  } as const
}

/** JSON Schemas (draft 2020-12) of mapping files, by their record type. */
export const MAPPING_SCHEMAS = {
  incident: mappingOf({
    recordType: { const: 'incident' },
    rowOrder: { const: 'file' },
    state: stateOf(incidentState),
    fields: { type: 'object', additionalProperties: false, properties: INCIDENT_FIELDS },
    ...OF_INCIDENTS,
  }),
  problem: mappingOf({
    recordType: { const: 'problem' },
    rowOrder: { enum: ['file', 'time'] },
    state: stateOf(problemState),
    fields: { type: 'object', additionalProperties: false, properties: PROBLEM_FIELDS },
    // None is declared for problems.
    customFields: { type: 'object', maxProperties: 0, default: {} },
  }),
} as const
