import { IsBoolean, IsIn, IsInt, IsNumber, IsOptional, IsString, Matches } from 'class-validator'
import { Conforms, Field, IsInstant } from '#libs/platform'
import { INCIDENT_STATES } from '../incidents/domain/incident.events.js'

const secondsBy = () => ({ type: 'object', additionalProperties: { type: 'number' } })

/** One incident as analysts count it. Absent: not set, never happened, or 0. */
export class IncidentFactsRow {
  @IsString() number!: string
  @IsIn(INCIDENT_STATES as readonly string[] as string[]) state!: string
  @IsOptional() @IsInt() priority?: number
  @IsOptional() @IsInt() impact?: number
  @IsOptional() @IsInt() urgency?: number
  @IsBoolean() priorityOverridden!: boolean
  @IsOptional() @IsString() assignmentGroup?: string
  @IsOptional() @IsString() assignee?: string
  @IsOptional() @IsString() resolver?: string
  @IsOptional() @IsString() resolutionCode?: string
  @IsOptional() @IsString() caller?: string
  @IsOptional() @IsString() affectedUser?: string
  @IsOptional() @IsString() openedBy?: string
  @IsOptional() @IsString({ each: true }) watchers?: string[]
  @IsOptional() @IsString() contactType?: string
  @IsOptional() @IsString() service?: string
  @IsOptional() @IsString() primaryCi?: string
  @IsOptional() @IsString() category?: string
  @IsOptional() @IsString() subcategory?: string
  @IsOptional() @IsString() symptom?: string
  @IsOptional() @IsString() location?: string
  @IsOptional() @IsString() vendor?: string
  @IsOptional() @Conforms(() => ({ type: 'object' })) customFields?: object
  @IsIn(['api', 'import', 'policy', 'alert', 'email']) channel!: string
  @IsInstant() openedAt!: string
  @Field('When the record began to exist.') @IsInstant() firstRowAt!: string
  @IsOptional() @IsInstant() acknowledgedAt?: string
  @IsOptional() @IsInstant() firstResponseAt?: string
  @IsOptional() @Field('Last entry into Resolved.') @IsInstant() resolvedAt?: string
  @IsOptional()
  @Field('As the source says, which may know it only afterwards.')
  @IsInstant()
  resolvedAtSource?: string
  @IsOptional() @IsInstant() closedAt?: string
  @IsOptional() @IsInstant() canceledAt?: string
  @IsInstant() effectiveAt!: string
  @IsOptional() @Field('`resolvedAt` − `openedAt`.') @IsNumber() resolveSeconds?: number
  @IsOptional() @Field('`resolvedAtSource` − `openedAt`.') @IsNumber() resolveSecondsSource?: number
  @IsOptional() @Field('Including the interval that lasts.') @Conforms(secondsBy) secondsPerState?: object
  @IsOptional() @Conforms(secondsBy) secondsPerGroup?: object
  @IsOptional() @IsInt() groupHops?: number
  @IsOptional() @IsInt() personHops?: number
  @IsOptional() @IsInt() reopens?: number
  @IsOptional() @IsInt() reopensFromClosed?: number
  @IsOptional() @Field('As the source counts, which may not tell when.') @IsInt() reopensSource?: number
  @IsOptional() @IsInt() reassignmentsSource?: number
  @IsOptional() @IsInt() escalations?: number
  @IsOptional() @Field('Was promoted to a major incident.') @IsBoolean() major?: boolean
  @IsOptional() @Field('The incident that it follows.') @IsString() parent?: string
  @IsOptional() @Field('How many follow it.') @IsInt() children?: number

  @IsOptional()
  @Conforms(() => ({
    type: 'array',
    items: {
      type: 'object',
      properties: { code: { type: 'string' }, count: { type: 'integer' } },
      required: ['code', 'count'],
      additionalProperties: false,
    },
  }))
  irregular?: object[]

  @IsOptional() @IsInt() updates?: number
  @IsOptional() @IsInt() updatesMissing?: number
  @IsOptional() @IsString() sourceState?: string
  @IsOptional()
  @Conforms(() => ({ type: 'object', additionalProperties: { type: 'integer' } }))
  rowsBySourceState?: object
  @IsOptional() @Field('The source’s verdict on its service level.') @IsBoolean() madeSla?: boolean
  @IsOptional() @IsBoolean() stale?: boolean
}

/** Columns of the CSV form, in order; objects stand as JSON. */
export const FACT_COLUMNS = [
  'number',
  'state',
  'priority',
  'impact',
  'urgency',
  'priorityOverridden',
  'assignmentGroup',
  'assignee',
  'resolver',
  'resolutionCode',
  'caller',
  'affectedUser',
  'openedBy',
  'contactType',
  'service',
  'primaryCi',
  'category',
  'subcategory',
  'symptom',
  'location',
  'vendor',
  'channel',
  'openedAt',
  'firstRowAt',
  'acknowledgedAt',
  'firstResponseAt',
  'resolvedAt',
  'resolvedAtSource',
  'closedAt',
  'canceledAt',
  'effectiveAt',
  'resolveSeconds',
  'resolveSecondsSource',
  'groupHops',
  'personHops',
  'reopens',
  'reopensFromClosed',
  'reopensSource',
  'reassignmentsSource',
  'escalations',
  'major',
  'parent',
  'children',
  'updates',
  'updatesMissing',
  'sourceState',
  'madeSla',
  'secondsPerState',
  'secondsPerGroup',
  'rowsBySourceState',
  'irregular',
  'watchers',
  'customFields',
] as const satisfies readonly (keyof IncidentFactsRow)[]

export class IncidentFactsPage {
  @Conforms(
    () => ({ type: 'array', items: { $ref: '#/components/schemas/IncidentFactsRow' } }),
    () => [IncidentFactsRow],
  )
  items!: IncidentFactsRow[]

  @IsOptional() @Field('Absent on the last page.') @IsString() nextPageToken?: string
  @Matches(/^\d{20}$/) position!: string
  @Conforms(() => ({ type: 'number', minimum: 0 })) lag!: number
}
