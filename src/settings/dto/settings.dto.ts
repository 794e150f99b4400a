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
import { WEEKDAYS, type Weekday } from '#libs/business-time'
import { Conforms, Field, IsInstant, MapOf, Nullable } from '#libs/platform'
import { Reasoned } from '../../http/reasoned.js'
import {
  CHANGE_TYPES,
  type ChangeType,
  HELD_INCIDENT_STEPS,
  type HeldIncidentStep,
  RISKS,
  type Risk,
  type Segregation,
} from '../domain/defaults.js'

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
  @IsOptional()
  @Nullable()
  @Field(
    'Days after Resolved within which the caller may reopen; null or absent: while it is not closed.',
    14,
  )
  @IsInt()
  @Min(1)
  @Max(365)
  reopenWithinDays?: number | null
}

/** Fields of an incident, as opening one takes them. */
class TemplateFields {
  @IsOptional() @Field('In one line.', 'New laptop') @IsString() @Length(1, 500) title?: string
  @IsOptional() @IsString() @Length(1, 200_000) description?: string
  @IsOptional() @IsString() @Length(1, 200) contactType?: string
  @IsOptional() @IsString() @Length(1, 200) service?: string
  @IsOptional() @IsString() @Length(1, 200) primaryCi?: string
  @IsOptional() @IsString() @Length(1, 200) category?: string
  @IsOptional() @IsString() @Length(1, 200) subcategory?: string
  @IsOptional() @IsString() @Length(1, 200) symptom?: string
  @IsOptional() @IsString() @Length(1, 200) location?: string
  @IsOptional() @IsString() @Length(1, 200) vendor?: string
  @IsOptional() @Field('1 is the highest.', 2) @IsInt() @Min(1) @Max(99) impact?: number
  @IsOptional() @Field('1 is the highest.', 2) @IsInt() @Min(1) @Max(99) urgency?: number
  @IsOptional() @Field('Directory id.', 'Group 70') @IsString() @Length(1, 200) assignmentGroup?: string
  @IsOptional() @Field('By the schema in force.', { costCentre: '4711' }) @IsObject() customFields?: Record<
    string,
    unknown
  >
}

class IncidentTemplateDto {
  @Field('By which whoever opens an incident names it.', 'Password') @IsString() @Length(1, 100) name!: string
  @Field('What it fills in where the request says nothing.')
  @ValidateNested()
  @Type(() => TemplateFields)
  fields!: TemplateFields
}

export class IncidentTemplatesDto extends Reasoned {
  @ValidateNested({ each: true })
  @Type(() => IncidentTemplateDto)
  @ArrayMaxSize(500)
  templates!: IncidentTemplateDto[]
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

export class MailIntakeDto extends Reasoned {
  @Field(
    'Mail of somebody unknown waits for a person; or he is registered, and it opens an incident.',
    'review',
  )
  @IsIn(['review', 'register'])
  unknownSenders!: 'review' | 'register'

  @Field('Addresses that our own mail comes from, besides LEDGERDESK_MAIL_FROM: mail from them is ignored.', [
    'desk@example.org',
  ])
  @IsString({ each: true })
  @ArrayMaxSize(100)
  ownAddresses!: string[]

  @Nullable()
  @Field('Group that new incidents go to; null: the assignment rules decide.', 'Service Desk')
  @IsString()
  @Length(1, 200)
  assignmentGroup!: string | null
}

class EscalationConditions {
  @IsOptional()
  @Field('One of these.', [1, 2])
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(99, { each: true })
  @ArrayMaxSize(99)
  priorities?: number[]
  @IsOptional()
  @Field('Directory id of the group that has it.', 'Group 70')
  @IsString()
  @Length(1, 200)
  group?: string
  @IsOptional() @IsString() @Length(1, 200) category?: string
  @IsOptional()
  @Field('Absent: as long as there is something to do.', ['New'])
  @IsIn(['New', 'In Progress', 'On Hold'], { each: true })
  @ArrayMaxSize(3)
  states?: ('New' | 'In Progress' | 'On Hold')[]
}

class EscalationActionDto {
  @Field('A manager is informed, another group takes over, or the people on call are asked.', 'hierarchical')
  @IsIn(['hierarchical', 'functional', 'on-call'])
  kind!: 'hierarchical' | 'functional' | 'on-call'
  @IsOptional()
  @Field('`functional`: which group takes over; `on-call`: whose people, absent: of the group that has it.')
  @IsString()
  @Length(1, 200)
  group?: string
  @IsOptional()
  @Field('`hierarchical`: whom; absent: the group’s manager.', 'lead')
  @IsString()
  @Length(1, 200)
  informed?: string
}

class EscalationRuleDto {
  @IsString() @Length(1, 200) name!: string
  @Field('All must hold; absent ones do.')
  @ValidateNested()
  @Type(() => EscalationConditions)
  when!: EscalationConditions
  @Field('What its age counts from.', 'opened')
  @IsIn(['opened', 'assigned', 'assignee-update'])
  since!: 'opened' | 'assigned' | 'assignee-update'
  @Field('The age at which the rule acts; 0: at once.', 60)
  @IsInt()
  @Min(0)
  @Max(525_600)
  afterMinutes!: number
  @ValidateNested() @Type(() => EscalationActionDto) action!: EscalationActionDto
}

export class EscalationRulesDto extends Reasoned {
  @Field('Each by itself, once.')
  @ValidateNested({ each: true })
  @Type(() => EscalationRuleDto)
  @ArrayMaxSize(200)
  rules!: EscalationRuleDto[]
}

export class MajorIncidentSettingsDto extends Reasoned {
  @Nullable()
  @Field('An incident of this priority or a more urgent one is proposed; null: none.', 1)
  @IsInt()
  @Min(1)
  @Max(99)
  proposeAtPriority!: number | null
  @Nullable()
  @Field('A parent of more children is proposed; null: none.', 20)
  @IsInt()
  @Min(0)
  @Max(10_000)
  proposeAboveChildren!: number | null
  @Nullable()
  @Field('The next update is promised for then; null: when somebody says so.', 30)
  @IsInt()
  @Min(1)
  @Max(10_080)
  updateEveryMinutes!: number | null
  @Nullable()
  @Field('A missing update is reminded of again and again; null: once.', 15)
  @IsInt()
  @Min(1)
  @Max(10_080)
  remindEveryMinutes!: number | null
}

class LabelMatcherDto {
  @Field('A label that the alert does not have counts as empty.', 'severity')
  @IsString()
  @Length(1, 200)
  label!: string
  @IsOptional() @Field('Either this or `matches`.', 'critical') @IsString() @Length(0, 1_000) equals?: string
  @IsOptional()
  @Field('Regular expression that the whole value must match.', 'db-[0-9]+')
  @IsString()
  @Length(1, 200)
  matches?: string
}

class AlertRuleDto {
  @IsString() @Length(1, 200) name!: string
  @Field('All must hold; none: the rule fits every alert.')
  @ValidateNested({ each: true })
  @Type(() => LabelMatcherDto)
  @ArrayMaxSize(20)
  when!: LabelMatcherDto[]
  @IsOptional() @Field('Directory id of the group.', 'Group 70') @IsString() @Length(1, 200) group?: string
  @IsOptional() @Field('Place in the matrix; 1 is the highest.', 1) @IsInt() @Min(1) @Max(99) impact?: number
  @IsOptional() @Field('Place in the matrix; 1 is the highest.', 1) @IsInt() @Min(1) @Max(99) urgency?: number
  @IsOptional() @Field('Template.', 'Monitoring') @IsString() @Length(1, 500) category?: string
  @IsOptional() @Field('Template.', '{{labels.job}}') @IsString() @Length(1, 500) subcategory?: string
  @IsOptional() @Field('Template.', '{{labels.service}}') @IsString() @Length(1, 500) service?: string
  @IsOptional() @Field('Template.', '{{labels.instance}}') @IsString() @Length(1, 500) primaryCi?: string
  @IsOptional()
  @Field(
    'Template; of alternatives the first that says something.',
    '{{annotations.summary | labels.alertname}}',
  )
  @IsString()
  @Length(1, 500)
  title?: string
  @IsOptional()
  @Field('Template.', '{{annotations.description}}')
  @IsString()
  @Length(1, 4_000)
  description?: string
}

export class AlertMappingDto extends Reasoned {
  @Field('What of Alertmanager’s notifications is one alert: the group, or each by its fingerprint.', 'group')
  @IsIn(['group', 'fingerprint'])
  key!: 'group' | 'fingerprint'
  @Field('An identical notification within it is a retry. Shorter than the sender’s `group_interval`.', 240)
  @IsInt()
  @Min(0)
  @Max(86_400)
  retryWindowSeconds!: number
  @Field('For each field, the first that fits and says it decides.')
  @ValidateNested({ each: true })
  @Type(() => AlertRuleDto)
  @ArrayMaxSize(500)
  rules!: AlertRuleDto[]
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

class CiAttributeDto {
  @Field('JSON Schema (draft 2020-12) of one value: text, a number, true or false, or a list of these.', {
    type: 'string',
    maxLength: 200,
  })
  @IsObject()
  schema!: Record<string, unknown>
  @Field('`required`: refused without; `recommended`: a CI without it counts as incomplete.', 'recommended')
  @IsIn(['optional', 'recommended', 'required'])
  presence!: 'optional' | 'recommended' | 'required'
  @Field('Whether a modification without an approved change is reported as unauthorised.', true)
  @IsBoolean()
  changeControlled!: boolean
}

class CiClassDto {
  @Field('Name.', 'virtual-machine') @IsString() @Length(1, 100) name!: string
  @Field('For people.', 'Virtual machine') @IsString() @Length(1, 200) label!: string
  @Nullable()
  @Field('The class whose attributes it has besides its own; null: none.', 'virtual-device')
  @IsString()
  @Length(1, 100)
  parent!: string | null
  @Field('Only classes below it have CIs.', false) @IsBoolean() abstract!: boolean
  @Field('Its own, by name.') @MapOf(() => CiAttributeDto) attributes!: Record<string, CiAttributeDto>
}

export class CiClassesDto extends Reasoned {
  @Field('All of them: what is left out is gone.')
  @ValidateNested({ each: true })
  @Type(() => CiClassDto)
  @ArrayMaxSize(500)
  classes!: CiClassDto[]
}

class CiRelationTypeDto {
  @Field('From source to target.', 'runs-on') @IsString() @Length(1, 100) name!: string
  @Field('For people.', 'Runs on') @IsString() @Length(1, 200) label!: string
  @Field('From target to source; the same as `name`: without direction.', 'runs')
  @IsString()
  @Length(1, 100)
  inverse!: string
  @Field('For people.', 'Runs') @IsString() @Length(1, 200) inverseLabel!: string
  @Field('Which end suffers when the other fails.', 'to-source')
  @IsIn(['to-source', 'to-target', 'both', 'none'])
  impact!: 'to-source' | 'to-target' | 'both' | 'none'
}

export class CiRelationTypesDto extends Reasoned {
  @ValidateNested({ each: true })
  @Type(() => CiRelationTypeDto)
  @ArrayMaxSize(200)
  types!: CiRelationTypeDto[]
}

class CiMatchRuleDto {
  @Field('Of this class and those below it.', 'server') @IsString() @Length(1, 100) class!: string
  @Field('All must have the same value; `name` is the CI’s name.', ['serialNumber'])
  @IsString({ each: true })
  @ArrayMaxSize(10)
  attributes!: string[]
}

class CiSourcePrecedenceDto {
  @IsOptional()
  @Field('Of this class and those below it; absent: of all.', 'server')
  @IsString()
  @Length(1, 100)
  class?: string
  @IsOptional()
  @Field('Absent: for every attribute that no other entry names.', 'ram')
  @IsString()
  @Length(1, 100)
  attribute?: string
  @Field('The first counts most; `people`: what was entered by hand.', ['vcenter', 'people'])
  @IsString({ each: true })
  @ArrayMaxSize(50)
  sources!: string[]
}

export class CiReconciliationDto extends Reasoned {
  @Field('For an item the first that finds a CI decides; class and name are tried last, always.')
  @ValidateNested({ each: true })
  @Type(() => CiMatchRuleDto)
  @ArrayMaxSize(200)
  matchRules!: CiMatchRuleDto[]
  @Field('The most specific entry decides.')
  @ValidateNested({ each: true })
  @Type(() => CiSourcePrecedenceDto)
  @ArrayMaxSize(1_000)
  precedence!: CiSourcePrecedenceDto[]
  @Nullable()
  @Field('Days without a report of a CI, after which a source has no precedence for it; null: never.', 30)
  @IsInt()
  @Min(1)
  @Max(3_650)
  silentAfterDays!: number | null
}

class OpeningHoursDto {
  @Field('Weekday.', 'MO') @IsIn(WEEKDAYS) day!: Weekday
  @Field('By the clock of the zone.', '09:00') @IsString() @Length(5, 5) from!: string
  @Field('`24:00` is the end of the day.', '17:00') @IsString() @Length(5, 5) to!: string
}

class HolidayDto {
  @Field('That day; without the year: every year.', '12-25') @IsString() @Length(5, 10) date!: string
  @Field('Name.', 'Christmas Day') @IsString() @Length(1, 200) name!: string
}

class CalendarDto {
  @Field('Name.', 'Office hours') @IsString() @Length(1, 200) name!: string
  @Field('IANA name of the time zone.', 'Europe/Berlin') @IsString() @Length(1, 100) zone!: string
  @Field('Hours over midnight are two entries.')
  @ValidateNested({ each: true })
  @Type(() => OpeningHoursDto)
  @ArrayMaxSize(100)
  hours!: OpeningHoursDto[]
  @Field('Closed from midnight to midnight.')
  @ValidateNested({ each: true })
  @Type(() => HolidayDto)
  @ArrayMaxSize(1_000)
  holidays!: HolidayDto[]
}

export class CalendarsDto extends Reasoned {
  @ValidateNested({ each: true }) @Type(() => CalendarDto) @ArrayMaxSize(200) calendars!: CalendarDto[]
}

class AppliesToDto {
  @IsOptional()
  @Field('Numbers of configuration items.', ['CI0000001'])
  @IsString({ each: true })
  @Length(1, 60, { each: true })
  @ArrayMaxSize(1_000)
  cis?: string[]
  @IsOptional()
  @Field('Classes, each with those below it.', ['server'])
  @IsString({ each: true })
  @Length(1, 200, { each: true })
  @ArrayMaxSize(100)
  classes?: string[]
}

class TimeWindowDto {
  @Field('Once, or again and again by the clock of a zone.', 'recurring')
  @IsIn(['single', 'recurring'])
  kind!: 'single' | 'recurring'
  @IsOptional() @Field('`single`: belongs to it.', '2026-12-18T17:00:00Z') @IsInstant() start?: string
  @IsOptional() @Field('`single`: does not.', '2027-01-04T07:00:00Z') @IsInstant() end?: string
  @IsOptional()
  @Field('`recurring`: IANA name.', 'Europe/Berlin')
  @IsString()
  @Length(1, 100)
  zone?: string
  @IsOptional()
  @Field('`recurring`.', 'weekly')
  @IsIn(['weekly', 'monthly'])
  frequency?: 'weekly' | 'monthly'
  @IsOptional()
  @Field('`recurring`: every so many weeks or months, from those of `firstDay`; absent: each.', 2)
  @IsInt()
  @Min(1)
  @Max(100)
  interval?: number
  @IsOptional()
  @Field('Weekly: weekdays. Monthly: with their place, `2TU`, `-1SU` (the last).', ['SU'])
  @IsString({ each: true })
  @ArrayMaxSize(35)
  byDay?: string[]
  @IsOptional()
  @Field('Monthly: days of the month; -1 is the last.', [1, 15])
  @IsInt({ each: true })
  @Min(-1, { each: true })
  @Max(31, { each: true })
  @ArrayMaxSize(32)
  byMonthDay?: number[]
  @IsOptional()
  @Field('`recurring`: the first day on which it may begin.', '2026-01-01')
  @IsString()
  @Length(10, 10)
  firstDay?: string
  @IsOptional()
  @Field('The last one; absent: for ever.', '2026-12-31')
  @IsString()
  @Length(10, 10)
  lastDay?: string
  @IsOptional() @Field('`recurring`: begins then.', '02:00') @IsString() @Length(5, 5) from?: string
  @IsOptional()
  @Field('`recurring`: how long, by the clock.', 240)
  @IsInt()
  @Min(1)
  @Max(44_640)
  minutes?: number
}

class CiWindowDto {
  @Field('By which decisions name it.', 'Sunday night') @IsString() @Length(1, 200) name!: string
  @Field('One of these suffices; empty: every configuration item.')
  @ValidateNested()
  @Type(() => AppliesToDto)
  appliesTo!: AppliesToDto
  @ValidateNested() @Type(() => TimeWindowDto) window!: TimeWindowDto
}

export class CiWindowsDto extends Reasoned {
  @ValidateNested({ each: true }) @Type(() => CiWindowDto) @ArrayMaxSize(1_000) windows!: CiWindowDto[]
}

class ApprovalConditions {
  @IsOptional()
  @Field('One of these.', ['emergency'])
  @IsString({ each: true })
  @Length(1, 50, { each: true })
  @ArrayMaxSize(20)
  changeTypes?: string[]
  @IsOptional()
  @Field('One of these.', ['high'])
  @IsString({ each: true })
  @Length(1, 50, { each: true })
  @ArrayMaxSize(20)
  risks?: string[]
}

class ApprovalRuleDto {
  @Field('How many have to grant.', 'n-of-m') @IsIn(['any', 'all', 'n-of-m']) kind!: 'any' | 'all' | 'n-of-m'
  @IsOptional() @Field('`n-of-m`: so many.', 2) @IsInt() @Min(1) @Max(200) n?: number
}

class ApproverDto {
  @Field('A person, the members of a group, or its manager.', 'group')
  @IsIn(['person', 'group', 'group-manager'])
  kind!: 'person' | 'group' | 'group-manager'
  @IsOptional() @Field('`person`: directory id.', 'lead') @IsString() @Length(1, 200) person?: string
  @IsOptional()
  @Field('Directory id; absent: the group that has the subject.', 'CAB')
  @IsString()
  @Length(1, 200)
  group?: string
}

class ApprovalPolicyDto {
  @Field('By which approvals record it.', 'Risky changes') @IsString() @Length(1, 200) name!: string
  @Field('What it is for.', 'change') @IsIn(['change', 'request']) subjectType!: 'change' | 'request'
  @Field('All must hold; absent ones do.')
  @ValidateNested()
  @Type(() => ApprovalConditions)
  when!: ApprovalConditions
  @ValidateNested() @Type(() => ApprovalRuleDto) rule!: ApprovalRuleDto
  @ValidateNested({ each: true }) @Type(() => ApproverDto) @ArrayMaxSize(100) approvers!: ApproverDto[]
  @Nullable()
  @Field('A round lapses then; null: never.', 72)
  @IsInt()
  @Min(1)
  @Max(8_760)
  expiresAfterHours!: number | null
  @Field('Who asks does not approve; or may, and it is recorded as a breach.', 'refused')
  @IsIn(['refused', 'recorded'])
  selfApproval!: 'refused' | 'recorded'
  @Field('An edit of one of these voids the approval.', ['implementation', 'window', 'affectedCis'])
  @IsString({ each: true })
  @ArrayMaxSize(50)
  materialFields!: string[]
}

export class ApprovalPoliciesDto extends Reasoned {
  @Field('The first that fits holds.')
  @ValidateNested({ each: true })
  @Type(() => ApprovalPolicyDto)
  @ArrayMaxSize(200)
  policies!: ApprovalPolicyDto[]
}

class RiskConditionDto {
  @IsOptional()
  @Field('Its type is one of these.', ['emergency'])
  @IsIn(CHANGE_TYPES, { each: true })
  @ArrayMaxSize(3)
  types?: ChangeType[]
  @IsOptional() @Field('It affects so many items at least.', 10) @IsInt() @Min(1) affectedCis?: number
  @IsOptional()
  @Field('One of them is of one of these classes.', ['hypervisor'])
  @IsString({ each: true })
  @Length(1, 100, { each: true })
  @ArrayMaxSize(200)
  ciClasses?: string[]
  @IsOptional() @Field('Its window is longer.', 480) @IsInt() @Min(1) longerThanMinutes?: number
}

class RiskRuleDto {
  @Field('By which assessments record it.', 'many items') @IsString() @Length(1, 200) name!: string
  @Field('All must hold; absent ones do.')
  @ValidateNested()
  @Type(() => RiskConditionDto)
  when!: RiskConditionDto
  @Field('The risk is not less then.', 'medium') @IsIn(RISKS) risk!: Risk
}

class RiskAnswerDto {
  @Field('One may answer so.', 'never') @IsString() @Length(1, 200) answer!: string
  @Field('It adds so much.', 3) @IsInt() @Min(0) @Max(1_000) score!: number
}

class RiskQuestionDto {
  @Field('By which it is answered.', 'success') @IsString() @Length(1, 100) id!: string
  @Field('What people read.', 'How often has this been done?') @IsString() @Length(1, 1_000) question!: string
  @ValidateNested({ each: true }) @Type(() => RiskAnswerDto) @ArrayMaxSize(50) answers!: RiskAnswerDto[]
}

class RiskThresholdDto {
  @Field('From so much on.', 5) @IsInt() @Min(0) score!: number
  @IsIn(RISKS) risk!: Risk
}

export class ChangeRiskDto extends Reasoned {
  @Field('The worst of those that hold counts.')
  @ValidateNested({ each: true })
  @Type(() => RiskRuleDto)
  @ArrayMaxSize(200)
  rules!: RiskRuleDto[]
  @Field('The questionnaire.')
  @ValidateNested({ each: true })
  @Type(() => RiskQuestionDto)
  @ArrayMaxSize(50)
  questions!: RiskQuestionDto[]
  @Field('What the sum of the scores means, the least first.')
  @ValidateNested({ each: true })
  @Type(() => RiskThresholdDto)
  @ArrayMaxSize(10)
  thresholds!: RiskThresholdDto[]
}

const SEGREGATION = ['allowed', 'recorded', 'refused'] as const

export class ChangeSettingsDto extends Reasoned {
  @Field('Hours after the start in which an emergency implemented before approval is ratified.', 48)
  @IsInt()
  @Min(1)
  @Max(8_760)
  ratifyWithinHours!: number
  @Field('Whether the requester may implement it.', 'allowed')
  @IsIn(SEGREGATION)
  requesterImplements!: Segregation
  @Field('Whether one of its approvers may.', 'recorded') @IsIn(SEGREGATION) approverImplements!: Segregation
}

export class ProblemSettingsDto extends Reasoned {
  @Field('What becomes of incidents that wait for a problem once its fix is applied.', 'resolve')
  @IsIn(HELD_INCIDENT_STEPS)
  heldIncidentsAtFix!: HeldIncidentStep
  @Field('Problems of this priority and above are reviewed before they are closed; null: none need be.', 1)
  @Nullable()
  @IsInt()
  @Min(1)
  @Max(100)
  reviewUpToPriority!: number | null
}

export const SETTING_NAMES = [
  'priority-matrix',
  'assignment-rules',
  'hold-reasons',
  'incident',
  'incident-templates',
  'custom-fields-incident',
  'custom-fields-problem',
  'custom-fields-change',
  'mail-intake',
  'escalation-rules',
  'major-incident',
  'alert-mapping',
  'notification-templates',
  'webhooks',
  'ci-classes',
  'ci-relation-types',
  'ci-reconciliation',
  'calendars',
  'maintenance-windows',
  'blackout-windows',
  'approval-policies',
  'change-risk',
  'change',
  'problem',
]

/** A setting in force. */
export class SettingView {
  @IsIn(SETTING_NAMES)
  name!: string
  @Field('0: nothing has been published, the default holds.') @IsInt() version!: number
  @Field('As its own endpoint takes it.') @Conforms(() => ({ type: ['object', 'array'] })) content!: object
  @Field('Its ETag; -1: nothing has been published.') @IsInt() revision!: number
}

/** A setting as the list of them has it. */
export class SettingRow {
  @IsIn(SETTING_NAMES)
  name!: string
  @Field('0: nothing has been published, the default holds.') @IsInt() version!: number
  @Field('Its ETag; -1: nothing has been published.') @IsInt() revision!: number
}

export class SettingList {
  @Conforms(
    () => ({ type: 'array', items: { $ref: '#/components/schemas/SettingRow' } }),
    () => [SettingRow],
  )
  items!: SettingRow[]
}
