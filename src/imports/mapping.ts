import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { DateTime, IANAZone } from 'luxon'
import type { FieldError } from '#libs/event-sourcing'
import { checkId } from '../directory/domain/directory-id.js'
import type { IncidentState } from '../incidents/domain/incident.events.js'
import type { ProblemOutcome, ProblemState } from '../problems/domain/problem.events.js'
import type { PriorityMatrix } from '../settings/domain/settings.events.js'
import { type DURATION_UNITS, MAPPING_SCHEMAS, type TOLD_NAMES } from './mapping.schema.js'
import { checkedMapping, readYaml } from './mapping-file.js'

/** Kinds of records that rows may be of. */
export type RowRecordType = keyof typeof MAPPING_SCHEMAS

/** Fields of a record that hold what the column says, as it says it. */
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
  'rootCause',
  'workaround',
  'resolutionCode',
  'resolutionNotes',
] as const
export const PEOPLE_FIELDS = ['caller', 'affectedUser', 'openedBy', 'assignee', 'resolvedBy'] as const
export const RANK_FIELDS = ['impact', 'urgency', 'priority'] as const

/** Name a record that the row links to. */
export const LINK_FIELDS = ['problem', 'fixedByChange', 'causedByChange'] as const

export type TextField = (typeof TEXT_FIELDS)[number]
export type PeopleField = (typeof PEOPLE_FIELDS)[number]
export type RankField = (typeof RANK_FIELDS)[number]
/** Told together, when a row resolves. */
export const RESOLUTION_FIELDS = ['resolutionCode', 'resolutionNotes', 'resolvedBy'] as const
export type ResolutionField = (typeof RESOLUTION_FIELDS)[number]

/**
 * What tells a field: a column, or the same text for every row. With `when`, only rows whose state column says one of
 * these tell it, and in the others the field stays as it was: so an activity of a log can leave a mark.
 */
export type TextColumn = string | { column: string; when?: string[] } | { constant: string; when?: string[] }
/** A column that holds a length of time, decimals with a point. */
export interface DurationColumn {
  column: string
  unit: DurationUnit
}
export type DurationUnit = (typeof DURATION_UNITS)[number]
/** A column of labels; without `ranks` each label begins with its number (`1 - High`). 1 is the highest. */
export type RankColumn = string | { column: string; ranks: Record<string, number> }
/** A column of yes and no; `true` and `false` when nothing else is said. */
export type FlagColumn = string | { column: string; yes: string[]; no: string[] }
/** A custom field: text as it stands, a number, or yes and no. */
export type CustomColumn = string | { column: string; as: 'number' } | Exclude<FlagColumn, string>
/** A hold's reason, or the column that tells it; where that says nothing, it is `unspecified`. */
export type MappedHold = string | { column: string; values: Record<string, string> }
/**
 * What a state, or an activity, of the source is here. `keep`: it means nothing, the record stays in the state it had. A
 * list: the states that the record went through by then, the last one being where it is; the row times them all. `phase`:
 * the source says that a problem is worked on, not in which phase, and this one is where most of the work is. `outcome`: how
 * a problem ended.
 */
export type MappedState =
  | IncidentState
  | ProblemState
  | 'keep'
  | { state: 'On Hold'; hold: MappedHold }
  | { state: ProblemState; phase: 'unknown' }
  | { state: 'Resolved' | 'Closed'; outcome: ProblemOutcome }
  | IncidentState[]

export type ToldName = (typeof TOLD_NAMES)[number]
/** A column, kept under that name instead of its own; or what its values mean, kept besides. Other values mean nothing. */
export type ToldColumn = string | { column: string; values: Record<string, string> }

/** How the rows of one kind of export become observations of records: everything that is the source's own, and no code. */
export interface ImportMapping {
  /** Name of the source system; with the external id it names a record for ever. */
  source: string
  recordType: RowRecordType
  format: {
    delimiter: string
    /** null: nothing is quoted, and a quotation mark is a character like any other. */
    quote: string | null
    encoding: 'utf8' | 'utf16le' | 'latin1'
    /** Cells that say "not set". */
    missing: string[]
    /** `number`: of columns with one name, the second is `<name> (2)` here; `refuse`: there must be none. */
    repeatedColumns: 'refuse' | 'number'
  }
  /**
   * `file`: rows of one record stand in the order in which they happened, whatever their times say. `time`: a row that is
   * earlier than one imported before, from whichever file, is late: it is kept and moves nothing.
   */
  rowOrder: 'file' | 'time'
  /**
   * Column of the record's identifier in the source. `{ from: row }`: the source gives none and each row is a record,
   * named by a hash of what it says and its ordinal among equal rows.
   */
  externalId: string | { from: 'row' }
  /** `keep`: the external id is the record's number here; `allot`: it gets the next free one. */
  number: { policy: 'keep' | 'allot'; pattern?: string }
  /** When a row happened: what a column says, or `constant` (ISO 8601), later by a length of time or not. */
  time: {
    column?: string
    constant?: string
    laterBy?: DurationColumn
    /** Tokens of Luxon, https://moment.github.io/luxon/#/parsing?id=table-of-tokens */
    format?: string
    /** IANA time zone in which the source writes all its times. */
    zone: string
    precision: 'minute' | 'second' | 'millisecond'
  }
  /**
   * Put before the source's ids of people and groups, '' when they are those of this directory. `records`: before the names
   * of problems and changes that rows link to; without it they are numbers of this desk.
   */
  namespaces: { people: string; groups: string; records?: string }
  /** Column that says who made the update. */
  attributedTo?: string
  /** Column that counts the record's updates, from 0. */
  updateCounter?: string
  /** `otherwise`: what values mean that are not listed; without it their rows can't be used. */
  state:
    | { column: string; values: Record<string, MappedState>; otherwise?: MappedState }
    | { constant: MappedState }
  fields: { [Field in ResolutionField]?: string } & {
    [Field in
      | Exclude<TextField | PeopleField, ResolutionField>
      | 'assignmentGroup'
      | 'knowledgeArticle']?: TextColumn
  } & { [Field in RankField]?: RankColumn } & {
    knowledgeUsed?: FlagColumn
    openedAt?: string | { earlierBy: DurationColumn }
  }
  /** Custom fields by their names here. */
  customFields: Record<string, CustomColumn>
  told: { [Name in ToldName]?: ToldColumn }
  /** Columns whose values are taken without the blanks at their ends; in all others blanks are part of what is said. */
  trimmed: string[]
  /** Columns whose last value the source writes on all rows: kept, but no part of a row's identity. */
  backFilled: string[]
  /** Columns without a field that hold a time; they are kept in ISO 8601. */
  times: string[]
  /** By what the source derives its priorities. */
  priorityMatrix?: PriorityMatrix
}

const compiled = new Map<RowRecordType, ValidateFunction<ImportMapping>>()

/** Compiled when it is first asked for: that takes longer than all else that a process needs to start. */
function mappingCheck(recordType: RowRecordType): ValidateFunction<ImportMapping> {
  const known = compiled.get(recordType)
  if (known) return known
  // Not strict about unions of types: a column is a name or an object that tells more of it.
  const options = { allErrors: true, useDefaults: true, allowUnionTypes: true, verbose: true }
  const check = new Ajv2020(options).compile<ImportMapping>(MAPPING_SCHEMAS[recordType])
  compiled.set(recordType, check)
  return check
}

/**
 * Reads a mapping of rows from YAML 1.2.
 * @throws InvalidInput `IMPORT.MAPPING_INVALID`; every offending place is named by its path (or line, if it is no YAML)
 */
export function parseMapping(yaml: string): ImportMapping {
  const content = readYaml(yaml)
  return checkedMapping(content, mappingCheck(recordTypeOf(content)), meaningErrors)
}

/** Whoever names none that there is gets told so by the schema of incidents. */
function recordTypeOf(content: unknown): RowRecordType {
  const recordType = (content as { recordType?: unknown } | null)?.recordType
  return recordType === 'problem' ? 'problem' : 'incident'
}

/** What a schema can't say. */
function* meaningErrors(mapping: ImportMapping): Iterable<FieldError> {
  const { time, number } = mapping
  if (!IANAZone.isValidZone(time.zone)) {
    yield { pointer: '/time/zone', message: `"${time.zone}" is no IANA time zone` }
  }
  if (time.constant !== undefined && !isInstant(time.constant)) {
    yield {
      pointer: '/time/constant',
      message: `"${time.constant}" is no instant such as 2022-12-31T00:00:00Z`,
    }
  }
  if (number.pattern !== undefined && !isPattern(number.pattern)) {
    yield { pointer: '/number/pattern', message: 'is no regular expression' }
  }
  yield* identityErrors(mapping)
  yield* formatErrors(mapping)
  yield* occasionErrors(mapping)
  yield* constantErrors(mapping)
}

function* identityErrors({ externalId, time, backFilled, number }: ImportMapping): Iterable<FieldError> {
  if (typeof externalId !== 'string' && number.policy === 'keep') {
    yield {
      pointer: '/number/policy',
      message: 'must be allot: an external id that is made from the row is no number',
    }
  }
  for (const identifying of [externalId, time.column]) {
    const index = typeof identifying === 'string' ? backFilled.indexOf(identifying) : -1
    if (index >= 0)
      yield { pointer: `/backFilled/${index}`, message: `"${identifying}" tells one row from another` }
  }
}

/** Columns of times need a format. */
function* formatErrors({ time, times, fields }: ImportMapping): Iterable<FieldError> {
  if (time.format !== undefined) return
  const hasTimes = time.column !== undefined || times.length > 0 || typeof fields.openedAt === 'string'
  if (hasTimes)
    yield { pointer: '/time/format', message: 'is missing: the mapping speaks of columns of times' }
}

/** `when` names values of the state column. */
function* occasionErrors({ state, fields }: ImportMapping): Iterable<FieldError> {
  for (const [field, described] of Object.entries(fields)) {
    if (typeof described === 'string' || !('when' in described) || described.when === undefined) continue
    const pointer = `/fields/${field}/when`
    if (!('column' in state)) {
      yield { pointer, message: 'needs a state column, whose values it names' }
      continue
    }
    if (state.otherwise !== undefined) continue
    for (const [index, value] of described.when.entries()) {
      if (Object.hasOwn(state.values, value)) continue
      yield { pointer: `${pointer}/${index}`, message: `"${value}" is no value of /state/values` }
    }
  }
}

/** A constant is known before any row is. */
function* constantErrors({ fields, namespaces }: ImportMapping): Iterable<FieldError> {
  for (const field of [...PEOPLE_FIELDS, 'assignmentGroup' as const]) {
    const described = fields[field]
    if (typeof described !== 'object' || !('constant' in described)) continue
    const namespace = field === 'assignmentGroup' ? namespaces.groups : namespaces.people
    try {
      checkId(namespace + described.constant)
    } catch (error) {
      yield { pointer: `/fields/${field}/constant`, message: (error as Error).message }
    }
  }
}

/** With an offset: the same for every reader. */
function isInstant(text: string): boolean {
  return DateTime.fromISO(text, { setZone: true }).isValid && /(Z|[+-]\d\d:\d\d)$/.test(text)
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u')
    return true
  } catch {
    return false
  }
}
