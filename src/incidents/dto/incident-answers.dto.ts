import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches } from 'class-validator'
import { Conforms, Field, IsInstant, type JsonSchema } from '#libs/platform'
import { attachmentSchema } from '../../http/attachments/attachments.js'
import { RecordHistory } from '../../http/history-entry.js'
import {
  closed,
  instant,
  integer,
  listOf,
  mapOf,
  nullable,
  Page,
  QueueEntry,
  text,
} from '../../http/record-view.js'
import { INCIDENT_STATES } from '../domain/incident.events.js'

const _States = INCIDENT_STATES as readonly string[] as string[]
/** An incident; absent fields are not set, or not for you to see. */
export class IncidentView extends QueueEntry {
  @IsOptional() @IsString() description?: string
  @IsOptional() @IsString() contactType?: string
  @IsOptional() @IsString() service?: string
  @IsOptional() @IsString() primaryCi?: string
  @IsOptional() @IsString() category?: string
  @IsOptional() @IsString() subcategory?: string
  @IsOptional() @IsString() symptom?: string
  @IsOptional() @IsString() location?: string
  @IsOptional() @IsString() vendor?: string
  @IsOptional() @IsInstant() detectedAt?: string
  @IsOptional() @Conforms(() => ({ type: 'object' })) customFields?: object

  @IsOptional()
  @Conforms(() =>
    closed(
      { reason: text, comment: text, until: instant, since: instant, awaitsCaller: { type: 'boolean' } },
      ['reason', 'since'],
    ),
  )
  hold?: object

  @IsOptional() @IsInt() matrixVersion?: number
  @IsOptional() @IsBoolean() priorityOverridden?: boolean
  @IsOptional() @IsInt() derivedPriority?: number
  @IsOptional() @Conforms(() => closed({ version: integer, name: text })) assignmentRule?: object

  @IsOptional()
  @Conforms(() =>
    closed(
      {
        kind: { type: 'string', enum: ['functional', 'hierarchical'] },
        group: text,
        informed: text,
        at: instant,
        rule: closed({ version: integer, name: text }),
      },
      ['kind', 'at'],
    ),
  )
  escalation?: object
  @IsOptional() @IsInt() escalations?: number

  @IsOptional()
  @Field('Of a major incident: who does what.')
  @Conforms(() => closed({ manager: text, communications: text, resolver: text }, []))
  majorRoles?: object

  @IsOptional()
  @Field('Why it was proposed as a major incident.')
  @Conforms(() => closed({ reason: text, rule: text }, ['reason']))
  majorProposal?: object

  @IsOptional()
  @Field('Of a major incident that is resolved: what was learned is still to be said, or has been.')
  @IsIn(['missing', 'done'])
  review?: 'missing' | 'done'

  @IsOptional()
  @Conforms(() =>
    closed(
      {
        summary: text,
        wentWell: text,
        wentBadly: text,
        rootCause: text,
        actions: listOf(text),
        at: instant,
        by: text,
      },
      ['summary', 'at', 'by'],
    ),
  )
  majorReview?: object

  @IsOptional() @Field('Whose people on call are being asked.') @IsString() pagedGroup?: string
  @IsOptional() @Field('By when who is being asked is to answer.') @IsInstant() acknowledgeBy?: string

  @IsOptional()
  @Conforms(() => listOf(closed({ relation: text, targetType: text, target: text })))
  links?: object[]

  @IsOptional()
  @Conforms(() => listOf(closed({ article: nullable('string'), revision: nullable('integer') })))
  knowledge?: object[]

  @IsOptional()
  @Conforms(() => listOf(attachmentSchema({ visibility: { type: 'string', enum: ['public', 'internal'] } })))
  attachments?: object[]

  @IsOptional() @IsInt() comments?: number
  @IsOptional() @IsInt() workNotes?: number

  @IsOptional()
  @Conforms(() =>
    closed(
      {
        code: nullable('string'),
        notes: nullable('string'),
        resolvedBy: nullable('string'),
        serviceRestoredAt: instant,
      },
      [],
    ),
  )
  resolution?: object

  @IsOptional() @IsString() closeCause?: string
  @IsOptional() @Conforms(() => closed({ code: text, notes: text }, ['code'])) cancellation?: object
  @IsOptional() @IsString() mergedInto?: string
  @IsOptional() @IsInstant() acknowledgedAt?: string
  @IsOptional() @IsInstant() resolvedAt?: string
  @IsOptional() @IsInstant() closedAt?: string
  @IsOptional() @IsInstant() canceledAt?: string
  @IsOptional() @IsInstant() recordExistsFrom?: string
  @IsOptional() @IsInstant() effectiveAt?: string

  @IsOptional()
  @Field('Imports: where it comes from, and what of it has no field here.')
  @Conforms(() =>
    closed({ name: text, externalId: text, fields: mapOf(text), rows: integer, updatesMissing: integer }, [
      'name',
      'externalId',
      'fields',
      'rows',
    ]),
  )
  source?: object

  @IsOptional()
  @Field('Id of its alert; `alertCondition` says whether that fires.')
  @IsString()
  alert?: string

  @IsOptional() @Field('Imported steps that would have been refused here.') @IsInt() irregular?: number
}

/** One incident at a point of both time axes. */
export class IncidentAtPoint extends IncidentView {
  @Field('Revision of its last event that counts: its ETag.') @IsInt() revision!: number
  @Field('Position of that event.') @Matches(/^\d{20}$/) position!: string
  @IsInstant() validAt!: string
  @Matches(/^\d{20}$/) asOf!: string
}

export class IncidentPage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/IncidentView' }),
    () => [IncidentView],
  )
  items!: IncidentView[]
}

export class IncidentHistory extends RecordHistory {}

export class BulkResult {
  @Field('HTTP status that the item would have got by itself.', 200) @IsInt() status!: number
  @IsOptional() @IsString() id?: string
  @IsOptional() @IsInt() revision?: number
  @IsOptional() @Matches(/^\d{20}$/) position?: string
  @IsOptional()
  @Field('Why it was refused.')
  @Conforms(() => ({ $ref: '#/components/schemas/ProblemDetails' }))
  problem?: object
}

export class BulkResults {
  @Field('One per item, in the same order.')
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/BulkResult' }),
    () => [BulkResult],
  )
  results!: BulkResult[]
}

export class BulkByFilterResults {
  @Field('How many the filter finds.', 12) @IsInt() count!: number
  @IsOptional()
  @Field('Preview: the first of them.', ['INC0000001'])
  @IsString({ each: true })
  first?: string[]
  @IsOptional()
  @Field(
    'Preview: stands for these records, to be sent with the command; absent when they are too many for one.',
    '12-9f86d081884c7d659a2feaa0c55ad015',
  )
  @IsString()
  selection?: string
  @IsOptional()
  @Field(
    'One per record: status as the record’s own endpoint would have answered, and the code of a refusal.',
  )
  @Conforms(() =>
    listOf(
      closed(
        {
          number: text,
          status: integer,
          code: text,
          id: text,
          revision: integer,
          position: text,
          problem: { $ref: '#/components/schemas/ProblemDetails' },
        },
        ['number', 'status'],
      ),
    ),
  )
  results?: object[]
}

const mySection = (): JsonSchema =>
  closed({ count: integer, items: listOf({ $ref: '#/components/schemas/IncidentView' }) })

/** What somebody has to do with, as the person whose incidents they are. */
export class MyIncidents {
  @Conforms(mySection, () => [IncidentView]) awaitingMyReply!: object
  @Conforms(mySection, () => [IncidentView]) toConfirm!: object
  @Conforms(mySection, () => [IncidentView]) open!: object
  @Conforms(mySection, () => [IncidentView]) watched!: object
  @Matches(/^\d{20}$/) position!: string
  @Conforms(() => ({ type: 'number', minimum: 0 })) lag!: number
}

/** One update on a major incident. */
export class MajorIncidentUpdate {
  @IsString() id!: string
  @IsString() text!: string
  @IsIn(['internal', 'public']) visibility!: 'internal' | 'public'
  @IsInstant() at!: string
  @IsString() by!: string
  @IsOptional() @Field('When the next one was promised.') @IsInstant() nextUpdateAt?: string
}

export class MajorIncidentUpdates {
  @IsString() number!: string
  @Field('Oldest first; requesters see public ones.')
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/MajorIncidentUpdate' }),
    () => [MajorIncidentUpdate],
  )
  items!: MajorIncidentUpdate[]
  @IsInstant() validAt!: string
  @Matches(/^\d{20}$/) asOf!: string
}
