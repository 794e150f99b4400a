import { IsIn, IsInt, IsOptional, IsString, Matches } from 'class-validator'
import { Conforms, Field, IsInstant } from '#libs/platform'
import { closed, listOf, mapOf, nullable, text } from './record-view.js'

/** One event of a record, as its history tells it. */
export class HistoryEntry {
  @IsString() id!: string
  @IsInt() revision!: number
  @Matches(/^\d{20}$/) position!: string
  @Field('Type of the event.', 'IncidentResolved') @IsString() type!: string
  @Field('In words.') @IsString() what!: string
  @Conforms(() => closed({ actor: text, attributedTo: text, onBehalfOf: text }, ['actor'])) who!: object
  @IsInstant() occurredAt!: string
  @IsInstant() recordedAt!: string
  @Field('When it counts: the later of `occurredAt` and the effective time before it.')
  @IsInstant()
  effectiveAt!: string
  @IsIn(['api', 'import', 'policy', 'alert', 'email']) channel!: string
  @IsOptional() @IsString() reason?: string

  @Field('Before and after of each field that changed.')
  @Conforms(() => listOf(closed({ field: text, from: {}, to: {} }, ['field'])))
  changes!: object[]

  @IsOptional() @IsString() text?: string
  @IsOptional() @Field('Imports: code of the rule that would have refused it.') @IsString() irregular?: string
  @IsOptional()
  @Field('Imports: updates that the source counted before this one, but does not tell.')
  @IsInt()
  updatesMissing?: number
  @IsOptional() @Conforms(() => mapOf(nullable('string'))) sourceFields?: object
  @IsIn(['public', 'internal']) visibility!: string
}

/** The history of one record, up to a point of both time axes. */
export class RecordHistory {
  @IsString() number!: string
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/HistoryEntry' }),
    () => [HistoryEntry],
  )
  items!: HistoryEntry[]
  @IsInstant() validAt!: string
  @Matches(/^\d{20}$/) asOf!: string
}
