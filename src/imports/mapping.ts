import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import { IANAZone } from 'luxon'
import { parseDocument } from 'yaml'
import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import type { IncidentState } from '../incidents/domain/incident.events.js'
import type { PriorityMatrix } from '../settings/domain/settings.events.js'
import { MAPPING_SCHEMA } from './mapping.schema.js'

/** Fields of an incident that hold what the column says, as it says it. */
export const TEXT_FIELDS = [
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
  'problem',
  'fixedByChange',
  'causedByChange',
  'resolutionCode',
  'resolutionNotes',
] as const
export const PEOPLE_FIELDS = ['caller', 'affectedUser', 'openedBy', 'assignee', 'resolvedBy'] as const
export const RANK_FIELDS = ['impact', 'urgency', 'priority'] as const

export type TextField = (typeof TEXT_FIELDS)[number]
export type PeopleField = (typeof PEOPLE_FIELDS)[number]
export type RankField = (typeof RANK_FIELDS)[number]

/** A column of labels; without `ranks` each label begins with its number (`1 - High`). 1 is the highest. */
export type RankColumn = string | { column: string; ranks: Record<string, number> }
/** A column of yes and no; `true` and `false` when nothing else is said. */
export type FlagColumn = string | { column: string; yes: string[]; no: string[] }
/** What a state of the source is here; `keep`: it means nothing, the record stays in the state it had. */
export type MappedState = IncidentState | 'keep' | { state: 'On Hold'; hold: string }

/** How the rows of one kind of export become observations of incidents: everything that is the source's own, and no code. */
export interface ImportMapping {
  /** Name of the source system; with the external id it names a record for ever. */
  source: string
  recordType: 'incident'
  format: {
    delimiter: string
    /** null: nothing is quoted, and a quotation mark is a character like any other. */
    quote: string | null
    encoding: 'utf8' | 'utf16le' | 'latin1'
    /** Cells that say "not set". */
    missing: string[]
  }
  /** `file`: rows of one record stand in the order in which they happened, whatever their times say. */
  rowOrder: 'file'
  /** Column of the record's identifier in the source. */
  externalId: string
  /** `keep`: the external id is the record's number here; `allot`: it gets the next free one. */
  number: { policy: 'keep' | 'allot'; pattern?: string }
  time: {
    column: string
    /** Tokens of Luxon, https://moment.github.io/luxon/#/parsing?id=table-of-tokens */
    format: string
    /** IANA time zone in which the source writes all its times. */
    zone: string
    precision: 'minute' | 'second' | 'millisecond'
  }
  /** Put before the source's ids of people and groups; '' when they are those of this directory. */
  namespaces: { people: string; groups: string }
  /** Column that says who made the update. */
  attributedTo?: string
  /** Column that counts the record's updates, from 0. */
  updateCounter?: string
  state: { column: string; values: Record<string, MappedState> }
  fields: { [Field in TextField | PeopleField | 'openedAt' | 'assignmentGroup']?: string } & {
    [Field in RankField]?: RankColumn
  } & { knowledgeUsed?: FlagColumn }
  /** Columns whose last value the source writes on all rows: kept, but no part of a row's identity. */
  backFilled: string[]
  /** Columns without a field that hold a time; they are kept in ISO 8601. */
  times: string[]
  /** By what the source derives its priorities. */
  priorityMatrix?: PriorityMatrix
}

// Not strict about unions of types: a column is a name or an object that tells more of it.
const ajv = new Ajv2020({ allErrors: true, useDefaults: true, allowUnionTypes: true, verbose: true })
const isMapping = ajv.compile<ImportMapping>(MAPPING_SCHEMA)

/**
 * Reads a mapping from YAML 1.2.
 * @throws InvalidInput `IMPORT.MAPPING_INVALID`; every offending place is named by its path (or line, if it is no YAML)
 */
export function parseMapping(yaml: string): ImportMapping {
  const document = parseDocument(yaml)
  if (document.errors.length > 0) {
    throw invalidMapping(
      document.errors.map(({ message, linePos }) => ({
        pointer: `line ${linePos?.[0].line ?? '?'}`,
        message: message.split('\n', 1)[0]!.replace(/ at line.*$/, ''),
      })),
    )
  }
  const mapping: unknown = document.toJS()
  if (!isMapping(mapping)) throw invalidMapping(readable(isMapping.errors ?? []))
  const errors = [...meaningErrors(mapping)]
  if (errors.length > 0) throw invalidMapping(errors)
  return mapping
}

function invalidMapping(errors: FieldError[]): InvalidInput {
  const places = errors.map(({ pointer, message }) => `${pointer}: ${message}`)
  return new InvalidInput(
    'IMPORT.MAPPING_INVALID',
    `The mapping is not valid:\n  ${places.join('\n  ')}`,
    errors,
  )
}

/** One error per place; of a choice that nothing fits, the choice itself says more than each of its branches. */
function readable(errors: readonly ErrorObject[]): FieldError[] {
  const choices = new Set(
    errors.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath),
  )
  const told = new Map<string, FieldError>()
  for (const { instancePath, keyword, params, message, parentSchema } of errors) {
    const inChoice = [...choices].some((path) => instancePath === path || instancePath.startsWith(`${path}/`))
    if (inChoice && keyword !== 'anyOf') continue
    const property: unknown =
      params.additionalProperty ?? params.missingProperty ?? params.unevaluatedProperty
    const pointer = property === undefined ? instancePath || '/' : `${instancePath}/${property}`
    told.set(pointer, { pointer, message: explain(keyword, params, parentSchema, message) })
  }
  return [...told.values()]
}

function explain(
  keyword: string,
  params: ErrorObject['params'],
  schema: ErrorObject['parentSchema'],
  message = 'is not valid',
): string {
  switch (keyword) {
    case 'anyOf':
      return `must be ${schema?.description ?? 'one of the allowed forms'}`
    case 'required':
      return 'is missing'
    case 'additionalProperties':
      return 'is not known here'
    case 'enum':
      return `must be one of ${params.allowedValues.join(', ')}`
    case 'const':
      return `must be ${params.allowedValue}`
    default:
      return message
  }
}

/** What a schema can't say. */
function* meaningErrors({ time, number, backFilled, ...mapping }: ImportMapping): Iterable<FieldError> {
  if (!IANAZone.isValidZone(time.zone)) {
    yield { pointer: '/time/zone', message: `"${time.zone}" is no IANA time zone` }
  }
  if (number.pattern !== undefined && !isPattern(number.pattern)) {
    yield { pointer: '/number/pattern', message: 'is no regular expression' }
  }
  for (const identifying of [mapping.externalId, time.column]) {
    const index = backFilled.indexOf(identifying)
    if (index >= 0)
      yield { pointer: `/backFilled/${index}`, message: `"${identifying}" tells one row from another` }
  }
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u')
    return true
  } catch {
    return false
  }
}
