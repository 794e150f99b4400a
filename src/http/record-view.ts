import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches } from 'class-validator'
import { Conforms, Field, IsInstant, type JsonSchema } from '#libs/platform'

export const text: JsonSchema = { type: 'string' }
export const integer: JsonSchema = { type: 'integer' }
export const instant: JsonSchema = { type: 'string', format: 'date-time' }
export const nullable = (type: string): JsonSchema => ({ type: [type, 'null'] })

/** A closed object: these members and no others. */
export function closed(
  properties: Record<string, JsonSchema>,
  required: string[] = Object.keys(properties),
): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false }
}
export function listOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items }
}
export function mapOf(value: JsonSchema): JsonSchema {
  return { type: 'object', additionalProperties: value }
}

export const audienceSchema: JsonSchema = closed(
  { kind: { type: 'string', enum: ['public', 'participants', 'groups'] }, groups: listOf(text) },
  ['kind'],
)

/** A record as queues show it; at a past point these fields are all that is known. Absent: not set. */
export class QueueEntry {
  @IsOptional() @IsIn(['incident', 'change', 'problem', 'problem-task']) type?: string
  @Field('Number.', 'INC0000001') @IsString() number!: string
  @IsString() title!: string
  @Field('State, as its process names it.', 'In Progress') @IsString() state!: string
  @IsOptional() @Field('1 is the highest.', 3) @IsInt() priority?: number
  @IsOptional() @IsInt() impact?: number
  @IsOptional() @IsInt() urgency?: number
  @IsOptional() @IsString() assignmentGroup?: string
  @IsOptional() @IsString() assignee?: string
  @IsOptional() @IsString() caller?: string
  @IsOptional() @IsString() affectedUser?: string
  @IsOptional() @IsString() openedBy?: string
  @IsOptional() @IsString({ each: true }) watchers?: string[]
  @IsInstant() openedAt!: string
  @IsOptional() @IsInstant() updatedAt?: string
  @IsOptional() @IsString() holdReason?: string
  @IsOptional() @Field('End of the hold.') @IsInstant() followUpAt?: string
  @IsOptional() @IsInstant() dueAt?: string
  @IsOptional() @IsInt() reopenCount?: number
  @IsOptional() @IsInstant() lastPublicReplyAt?: string
  @IsOptional() @IsString() lastReplyBy?: string
  @IsOptional() @IsInstant() lastActionByAssigneeAt?: string
  @IsOptional()
  @Field('First reply that the assignee has not acted upon.')
  @IsInstant()
  callerRepliedAt?: string
  @IsOptional()
  @Field('Proposed as a major incident, or one.')
  @IsIn(['candidate', 'yes'])
  major?: 'candidate' | 'yes'
  @IsOptional()
  @Field('Of a major incident: when the next update is promised.')
  @IsInstant()
  nextUpdateAt?: string
  @IsOptional() @Field('How often its absence was reminded of.') @IsInt() updatesOverdue?: number
  @IsOptional() @Field('Number of the incident that it follows.', 'INC0000002') @IsString() parent?: string
  @IsOptional() @Field('On call, and asked to take it on.') @IsString() paged?: string
  @IsOptional()
  @Field('Whether the alert that it was opened for fires.')
  @IsIn(['firing', 'cleared'])
  alertCondition?: string
  @IsOptional() @Conforms(() => audienceSchema) audience?: object
  @IsOptional() @Field('True while an event of this record could not be folded.') @IsBoolean() stale?: boolean
}

/** What a change or a problem says of itself besides what it is about. */
export class RecordDetails {
  @IsInstant() openedAt!: string
  @IsOptional() @IsInstant() closedAt?: string
  @IsInstant() updatedAt!: string
  @IsOptional() @IsInstant() effectiveAt?: string
  @IsOptional() @IsInt() comments?: number
  @IsOptional() @IsInt() workNotes?: number
  @IsOptional()
  @Field('Imports: where it comes from, and what of it has no field here.')
  @Conforms(() => closed({ name: text, externalId: text, fields: mapOf(text) }))
  source?: object
  @IsOptional() @Field('Imported steps that would have been refused here.') @IsInt() irregular?: number
  @IsOptional() @Conforms(() => audienceSchema) audience?: object
  @IsOptional() @Field('True while an event of it could not be folded.') @IsBoolean() stale?: boolean
}

/** What a row of a list says of itself besides what it is about. */
export class ListedRow {
  @IsOptional()
  @Field('Behind its stream: one of its events could not be read.')
  @IsBoolean()
  stale?: boolean
}

/** What every page of a list says besides its items. */
export class Page {
  @IsOptional() @Field('Absent on the last page.') @IsString() nextPageToken?: string
  @Field('The answer holds everything up to here.') @Matches(/^\d{20}$/) position!: string
  @Field('Seconds behind the log.') @Conforms(() => ({ type: 'number', minimum: 0 })) lag!: number
  @IsOptional() @IsInstant() validAt?: string
  @IsOptional() @Matches(/^\d{20}$/) asOf?: string
}
