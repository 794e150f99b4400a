import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
  ValidateNested,
} from 'class-validator'
import { Conforms, Field, Nullable } from '#libs/platform'
import { Reasoned } from '../../http/reasoned.js'

const NAMES = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: 100 },
  minItems: 1,
  maxItems: 99,
}

/** Cells that are null are refused unless they come with an import. */
export class PriorityMatrixDto extends Reasoned {
  @Field('Names, highest first.', ['1 - High', '2 - Medium', '3 - Low'])
  @Conforms(() => NAMES)
  impacts!: string[]
  @Field('Names, highest first.', ['1 - High', '2 - Medium', '3 - Low'])
  @Conforms(() => NAMES)
  urgencies!: string[]

  @Field('Names, highest first.', ['1 - Critical', '2 - High', '3 - Moderate', '4 - Low', '5 - Planning'])
  @Conforms(() => NAMES)
  priorities!: string[]

  @Field('`cells[impact - 1][urgency - 1]` is the number of a priority.', [
    [1, 2, 3],
    [2, 3, 4],
    [3, 4, 5],
  ])
  @Conforms(() => ({
    type: 'array',
    maxItems: 99,
    items: { type: 'array', maxItems: 99, items: { type: ['integer', 'null'], minimum: 1, maximum: 99 } },
  }))
  cells!: (number | null)[][]
}

class RuleConditions {
  @IsOptional() @IsString() @Length(1, 200) category?: string
  @IsOptional() @IsString() @Length(1, 200) subcategory?: string
  @IsOptional() @IsString() @Length(1, 200) ci?: string
  @IsOptional() @IsString() @Length(1, 200) service?: string
}

class AssignmentRuleDto {
  @IsString() @Length(1, 200) name!: string
  @Field('All must hold; absent ones do.') @ValidateNested() @Type(() => RuleConditions) when!: RuleConditions
  @Field('Directory id of the group.', 'Group 70') @IsString() @Length(1, 200) group!: string
}

export class AssignmentRulesDto extends Reasoned {
  @Field('The first that fits decides.')
  @ValidateNested({ each: true })
  @Type(() => AssignmentRuleDto)
  @ArrayMaxSize(1_000)
  rules!: AssignmentRuleDto[]
}

class HoldReasonDto {
  @Field('Code.', 'awaiting-vendor') @IsString() @Length(1, 100) code!: string
  @Field('For people.', 'Awaiting vendor') @IsString() @Length(1, 200) label!: string
  @IsBoolean() commentRequired!: boolean
  @Field('The caller’s reply resumes, and reminders apply.') @IsBoolean() awaitsCaller!: boolean
}

export class HoldReasonsDto extends Reasoned {
  @ValidateNested({ each: true }) @Type(() => HoldReasonDto) @ArrayMaxSize(200) reasons!: HoldReasonDto[]
}

export class IncidentSettingsDto extends Reasoned {
  @Nullable() @Field('Days after Resolved; null: never.', 5) @IsInt() @Min(1) @Max(365) autoCloseAfterDays!:
    | number
    | null
  @Nullable() @Field('Days of silence; null: never.', 3) @IsInt() @Min(1) @Max(365) remindCallerAfterDays!:
    | number
    | null
  @Nullable()
  @Field('Days after the reminder; null: never.', 3)
  @IsInt()
  @Min(1)
  @Max(365)
  resolveSilentAfterDays!: number | null
}

export class CustomFieldsDto extends Reasoned {
  @Field('JSON Schema (draft 2020-12) of an object.', {
    type: 'object',
    properties: { costCentre: { type: 'string' } },
  })
  @IsObject()
  schema!: Record<string, unknown>

  @Field('Properties that lists may filter by.', ['costCentre'])
  @IsString({ each: true })
  @ArrayMaxSize(50)
  filterable!: string[]
}

const TEMPLATE = {
  type: 'object',
  properties: {
    subject: { type: 'string', minLength: 1, maxLength: 200 },
    text: { type: 'string', minLength: 1, maxLength: 10_000 },
  },
  required: ['subject', 'text'],
  additionalProperties: false,
}

export class NotificationTemplatesDto extends Reasoned {
  @Field('By kind; a kind that is not there has the built-in words.', {
    resolved: { subject: 'Solved: {{title}}', text: '{{number}} is solved:\n\n{{detail}}\n\n{{link}}' },
  })
  @Conforms(() => ({ type: 'object', additionalProperties: TEMPLATE }))
  templates!: Record<string, { subject: string; text: string }>
}

class WebhookEndpointDto {
  @Field('Names it, and its secret in the configuration.', 'chat') @IsString() @Length(1, 50) name!: string
  @Field('https; http for this machine only.', 'https://chat.example.org/hooks/itsm')
  @IsString()
  @Length(1, 2_000)
  url!: string
  @Field('What it is told of.', ['major-incident-promoted'])
  @IsString({ each: true })
  @ArrayMaxSize(100)
  kinds!: string[]
}

export class WebhooksDto extends Reasoned {
  @Field('Those of LEDGERDESK_WEBHOOK_SECRETS are told.')
  @ValidateNested({ each: true })
  @Type(() => WebhookEndpointDto)
  @ArrayMaxSize(50)
  endpoints!: WebhookEndpointDto[]
}

export const SETTING_NAMES = [
  'priority-matrix',
  'assignment-rules',
  'hold-reasons',
  'incident',
  'custom-fields-incident',
  'notification-templates',
  'webhooks',
]

/** A setting in force. */
export class SettingView {
  @IsIn(SETTING_NAMES)
  name!: string
  @Field('0: nothing has been published, the default holds.') @IsInt() version!: number
  @Field('As its own endpoint takes it.') @Conforms(() => ({ type: ['object', 'array'] })) content!: object
  @Field('Its ETag; -1: nothing has been published.') @IsInt() revision!: number
}
