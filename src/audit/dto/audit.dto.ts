import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator'
import { RECORD_NUMBER } from '#libs/event-sourcing'
import { Conforms, Field, IsInstant } from '#libs/platform'
import { AUDIT_QUESTIONS } from '#projections/audit-findings/finding'
import { FreshnessQuery, listing } from '../../http/listing.dto.js'
import { Reasoned } from '../../http/reasoned.js'
import { listOf, Page } from '../../http/record-view.js'
import { DISPOSITIONS, type Disposition } from '../domain/audit.events.js'

const FROM = 'Findings of this time and later; left out: from the beginning.'
const TO = 'Findings before this time; left out: until now.'
const NOT_ASSESSABLE =
  'Commits of a source’s configuration in that time: nothing can be asked of them, so they are left out.'

export class FindingParams {
  @Matches(/^[0-9a-f-]{36}$/) id!: string
}

export class FindingsQuery extends listing(
  FreshnessQuery,
  'question = "started-before-approval" AND standing = true',
  'at desc',
) {
  @IsOptional() @Field(FROM, '2026-01-01T00:00:00Z') @IsInstant() from?: string
  @IsOptional() @Field(TO, '2027-01-01T00:00:00Z') @IsInstant() to?: string
}

export class AsOfQuery {
  @IsOptional()
  @Field('What was recorded up to this time or position; left out: all.', '2026-03-01T00:00:00Z')
  @IsString()
  @Length(1, 40)
  asOf?: string
}

export class ExtractQuery extends FreshnessQuery {
  @IsOptional() @Field(FROM, '2026-01-01T00:00:00Z') @IsInstant() from?: string
  @IsOptional() @Field(TO, '2027-01-01T00:00:00Z') @IsInstant() to?: string
  @IsOptional()
  @Field('What was recorded up to this time or position; left out: all.', '2026-03-01T00:00:00Z')
  @IsString()
  @Length(1, 40)
  asOf?: string
}

export class DisposeFindingDto extends Reasoned {
  @IsIn(DISPOSITIONS as readonly string[] as string[]) disposition!: Disposition
  @Field('Why.', 'The only person on call had both duties that night')
  @IsString()
  @Length(1, 10_000)
  comment!: string
}

const text = { type: 'string' }

export class AuditFindingView {
  @IsString() id!: string
  @IsIn(AUDIT_QUESTIONS as readonly string[] as string[]) question!: string
  @IsIn(['change', 'configuration-item', 'person', 'group', 'setting', 'audit']) recordType!: string
  @IsString() record!: string
  @IsOptional() @IsString() change?: string
  @IsInstant() at!: string
  @Field('Of the event that told it first.') @Matches(/^\d{20}$/) position!: string
  @Field('Who is behind it, or has two duties.') @IsArray() @IsString({ each: true }) persons!: string[]
  @Field('Ids of the events behind it.') @IsArray() @IsString({ each: true }) events!: string[]
  @Field('False: put right since.') @IsBoolean() standing!: boolean
  @IsArray() @IsString({ each: true }) details!: string[]
  @IsOptional()
  @Field('Of a modification: each verdict stands beside those before it.')
  @Conforms(() => ({
    type: 'array',
    items: {
      type: 'object',
      properties: { verdict: text, change: text, event: text, position: text },
      required: ['verdict', 'event', 'position'],
      additionalProperties: false,
    },
  }))
  verdicts?: object[]
  @IsOptional() @IsIn(DISPOSITIONS as readonly string[] as string[]) disposition?: string
  @IsOptional() @IsString() reviewer?: string
  @IsOptional() @IsString() comment?: string
}

export class FindingPage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/AuditFindingView' }),
    () => [AuditFindingView],
  )
  items!: AuditFindingView[]
  @Field(NOT_ASSESSABLE) @IsInt() notAssessable!: number
}

export class AuditedChangeParams {
  @Field('Number of the change.', 'CHG0000001') @Matches(RECORD_NUMBER) id!: string
}

export class SampleQuery extends AsOfQuery {
  @IsOptional()
  @Field('Changes whose implementation ended at this time or later; left out: from the beginning.')
  @IsInstant()
  from?: string
  @IsOptional()
  @Field('And before this time; left out: until now.')
  @IsInstant()
  to?: string
  @IsOptional()
  @Field('How many; default 25.', 25)
  @IsInt()
  @Min(1)
  @Max(500)
  size?: number
  @IsOptional()
  @Field('Left out: one is made up, and told.', 'audit-2026-q1')
  @IsString()
  @Length(1, 100)
  seed?: string
}

export class SampledChangeView {
  @IsString() number!: string
  @IsString() title!: string
  @IsString() type!: string
  @IsOptional() @IsString() outcome?: string
  @IsInstant() endedAt!: string
  @Field('SHA-256 of seed, line feed and number.') @Matches(/^[0-9a-f]{64}$/) digest!: string
  @Field('Path of its evidence.') @IsString() evidence!: string
}

export class ChangeSampleView {
  @IsString() seed!: string
  @IsInt() size!: number
  @IsOptional() @IsInstant() from?: string
  @IsOptional() @IsInstant() to?: string
  @Field('Give it as `asOf` to draw the same again.') @Matches(/^\d{20}$/) position!: string
  @Field('Changes that it was drawn from.') @IsInt() population!: number
  @Field(NOT_ASSESSABLE) @IsInt() notAssessable!: number
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/SampledChangeView' }),
    () => [SampledChangeView],
  )
  items!: SampledChangeView[]
}
