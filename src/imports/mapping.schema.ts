import { INCIDENT_STATES } from '../incidents/domain/incident.events.js'

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

const mappedState = {
  description: `one of ${INCIDENT_STATES.join(', ')}, "keep", or { state: On Hold, hold: <reason> }`,
  anyOf: [
    { enum: [...INCIDENT_STATES, 'keep'] },
    {
      type: 'object',
      required: ['state', 'hold'],
      additionalProperties: false,
      properties: {
        state: { const: 'On Hold' },
        hold: { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' },
      },
    },
  ],
} as const

/** JSON Schema (draft 2020-12) of a mapping file; {@link ImportMapping} says what each part means. */
export const MAPPING_SCHEMA = {
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
  properties: {
    source: { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength: 60 },
    recordType: { const: 'incident' },
    format: {
      type: 'object',
      required: ['delimiter'],
      additionalProperties: false,
      properties: {
        delimiter: { type: 'string', minLength: 1, maxLength: 1 },
        quote: { type: ['string', 'null'], minLength: 1, maxLength: 1, default: '"' },
        encoding: { enum: ['utf8', 'utf16le', 'latin1'], default: 'utf8' },
        missing: { type: 'array', items: text, default: [''] },
      },
    },
    rowOrder: { const: 'file' },
    externalId: name,
    number: {
      type: 'object',
      required: ['policy'],
      additionalProperties: false,
      properties: { policy: { enum: ['keep', 'allot'] }, pattern: name },
    },
    time: {
      type: 'object',
      required: ['column', 'format', 'zone', 'precision'],
      additionalProperties: false,
      properties: {
        column: name,
        format: name,
        zone: name,
        precision: { enum: ['minute', 'second', 'millisecond'] },
      },
    },
    namespaces: {
      type: 'object',
      required: ['people', 'groups'],
      additionalProperties: false,
      properties: { people: text, groups: text },
    },
    attributedTo: name,
    updateCounter: name,
    state: {
      type: 'object',
      required: ['column', 'values'],
      additionalProperties: false,
      properties: {
        column: name,
        values: { type: 'object', minProperties: 1, additionalProperties: mappedState },
      },
    },
    fields: {
      type: 'object',
      additionalProperties: false,
      properties: {
        title: name,
        description: name,
        caller: name,
        affectedUser: name,
        openedBy: name,
        openedAt: name,
        contactType: name,
        service: name,
        primaryCi: name,
        category: name,
        subcategory: name,
        symptom: name,
        location: name,
        vendor: name,
        impact: rankColumn,
        urgency: rankColumn,
        priority: rankColumn,
        assignmentGroup: name,
        assignee: name,
        knowledgeUsed: flagColumn,
        problem: name,
        fixedByChange: name,
        causedByChange: name,
        resolutionCode: name,
        resolutionNotes: name,
        resolvedBy: name,
      },
    },
    backFilled: { ...names, default: [] },
    times: { ...names, default: [] },
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
  },
} as const
