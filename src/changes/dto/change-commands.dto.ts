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
  Matches,
  Min,
  ValidateNested,
} from 'class-validator'
import type { Audience } from '#libs/access'
import { RECORD_NUMBER } from '#libs/event-sourcing'
import { Conforms, Field, IsInstant, type JsonSchema, Nullable } from '#libs/platform'
import { IsAudience } from '../../http/audience.dto.js'
import { Reasoned } from '../../http/reasoned.js'
import { closed } from '../../http/record-view.js'
import { IsId, IsText } from '../../http/text-fields.js'
import { OUTCOMES, type Outcome, type ProposedValues } from '../domain/change.events.js'
import { PLAN_FIELDS } from '../domain/change.plan.js'
import { CHANGE_TYPES, type ChangeType } from '../domain/defaults.js'

const MOST_CIS = 1_000

const ci: JsonSchema = { type: 'string', pattern: RECORD_NUMBER.source }
const simple: JsonSchema = { type: ['string', 'number', 'boolean', 'null'], maxLength: 20_000 }
const value: JsonSchema = { anyOf: [simple, { type: 'array', items: simple, maxItems: 1_000 }] }
export const proposedValuesSchema: JsonSchema = {
  type: 'array',
  items: closed({
    ci,
    attributes: { type: 'object', additionalProperties: value, maxProperties: 200 },
  }),
  maxItems: MOST_CIS,
}
const PROPOSED = [{ ci: 'CI0000001', attributes: { ramGigabytes: 64 } }]

function AreCis(): PropertyDecorator {
  return (prototype, property) => {
    Field('Numbers of the configuration items that are changed.', ['CI0000001'])(prototype, property as never)
    Conforms(() => ({ type: 'array', items: ci, maxItems: MOST_CIS }))(prototype, property as string)
  }
}

export class ChangeParams {
  @Field('Number of the change.', 'CHG0000001') @Matches(RECORD_NUMBER) id!: string
}

export class PeriodDto {
  @Field('It begins then.', '2026-03-02T20:00:00Z') @IsInstant() start!: string
  @Field('It is over then.', '2026-03-02T23:00:00Z') @IsInstant() end!: string
}

export class OpenChangeDto extends Reasoned {
  @Field('`standard` follows an approved model, `emergency` may be approved afterwards.', 'normal')
  @IsIn(CHANGE_TYPES)
  type!: ChangeType
  @IsOptional()
  @IsText('In one line; a standard change has that of its model.', 'Swap the disk', 500)
  title?: string
  @IsOptional() @IsText('What it is for.', 'The disk fails its self-test.') description?: string
  @IsOptional() @IsText('How it is done.', 'Swap disk 2.') implementation?: string
  @IsOptional() @IsText('How it is undone.', 'Put the old disk back.') backout?: string
  @IsOptional() @IsText('How it is tested.', 'The array is whole.') test?: string
  @IsOptional()
  @Field('When it may be done; approved with the plan.')
  @ValidateNested()
  @Type(() => PeriodDto)
  window?: PeriodDto
  @IsOptional() @AreCis() affectedCis?: string[]
  @IsOptional()
  @Field('What the items are to be like afterwards; null takes an attribute away.', PROPOSED)
  @Conforms(() => proposedValuesSchema)
  proposedValues?: ProposedValues[]
  @IsOptional() @IsId('Who wants it; absent: whoever opens it.', 'rita') requester?: string
  @IsOptional() @IsId('The group that has it; its manager approves by default.', 'Network') group?: string
  @IsOptional() @IsId('Who is to do it.', 'ben') assignee?: string
  @IsOptional() @IsId('`standard`: id of its model.', 'restart-service') model?: string
  @IsOptional()
  @Field('`standard`: what the variables of the model are.', { service: 'web' })
  @Conforms(() => ({ type: 'object', additionalProperties: { type: 'string', maxLength: 2_000 } }))
  variables?: Record<string, string>
  @IsOptional() @IsAudience({ kind: 'public' }) audience?: Audience
  @IsOptional()
  @Field('Custom fields, by the schema in force.', { costCentre: '4711' })
  @IsObject()
  customFields?: Record<string, unknown>
}

export class RevertChangeDto extends Reasoned {
  @Field('A revert takes its own way through approval.', 'normal')
  @IsIn(['normal', 'emergency'])
  type!: Exclude<ChangeType, 'standard'>
  @IsOptional() @IsText('In one line.', 'Bring the old disk back', 500) title?: string
  @IsOptional() @ValidateNested() @Type(() => PeriodDto) window?: PeriodDto
  @IsOptional()
  @Field('Absent: those of the change that is reverted.', { costCentre: '4711' })
  @IsObject()
  customFields?: Record<string, unknown>
}

/** Absent stays, null clears. */
export class EditPlanDto extends Reasoned {
  @IsOptional() @Field('While New.', 'emergency') @IsIn(['normal', 'emergency']) type?: Exclude<
    ChangeType,
    'standard'
  >
  @IsOptional() @IsText('In one line.', 'Swap the disk', 500) title?: string
  @IsOptional() @Nullable() @IsText('What it is for.', 'The disk fails.') description?: string | null
  @IsOptional() @Nullable() @IsText('How it is done.', 'Swap disk 2.') implementation?: string | null
  @IsOptional() @Nullable() @IsText('How it is undone.', 'Put it back.') backout?: string | null
  @IsOptional() @Nullable() @IsText('How it is tested.', 'The array is whole.') test?: string | null
  @IsOptional()
  @Nullable()
  @Field('When it may be done.')
  @ValidateNested()
  @Type(() => PeriodDto)
  window?: PeriodDto | null
  @IsOptional() @AreCis() affectedCis?: string[]
  @IsOptional()
  @Field('All of them.', PROPOSED)
  @Conforms(() => proposedValuesSchema)
  proposedValues?: ProposedValues[]
  @IsOptional()
  @Field('No part of the plan; null takes one away.', { costCentre: '4711' })
  @IsObject()
  customFields?: Record<string, unknown>
}

export class MovePlannedTimesDto extends Reasoned {
  @Nullable()
  @Field('Within the window; null: the whole window.')
  @ValidateNested()
  @Type(() => PeriodDto)
  planned!: PeriodDto | null
}

/** Absent stays, null takes it away. */
export class AssignChangeDto extends Reasoned {
  @IsOptional() @Nullable() @IsId('The group that has it.', 'Network') group?: string | null
  @IsOptional() @Nullable() @IsId('Who is to do it: a member of the group.', 'ben') assignee?: string | null
}

export class ChangeTextDto extends Reasoned {
  @IsText('What is to be said.', 'The supplier has the part.') text!: string
}

export class ChangeWatcherDto extends Reasoned {
  @IsId('The person who is to watch it, or no longer.', 'ben') person!: string
}

export class ChangeLinkDto extends Reasoned {
  @Field('An incident that it caused, or any record.', 'caused')
  @IsIn(['caused', 'related-to'])
  relation!: 'caused' | 'related-to'
  @IsText('Type of the record, which need not exist yet.', 'incident', 50) targetType!: string
  @IsText('Its number or name.', 'INC0000001', 200) target!: string
}

export class AssessRiskDto extends Reasoned {
  @IsOptional()
  @Field('Of every question of the setting `change-risk`; without, the rules alone say.', {
    success: 'often',
    backout: 'at once',
    failure: 'nobody',
  })
  @Conforms(() => ({ type: 'object', additionalProperties: { type: 'string', maxLength: 200 } }))
  answers?: Record<string, string>
}

export class OverrideBlackoutDto {
  @IsText('Name of the blackout window.', 'Year end', 200) window!: string
  @IsText('Why it is done nevertheless.', 'The fix cannot wait.', 2_000) reason!: string
}

export class HoldChangeDto {
  @IsText('What it waits for.', 'awaiting vendor', 2_000) holdReason!: string
  @IsOptional() @IsText('More of it.', 'The part comes on Monday.', 20_000) comment?: string
  @IsOptional() @IsText('Why; stands in the history.', 'The vendor rang', 2_000) reason?: string
}

export class AddTaskDto extends Reasoned {
  @IsText('In one line.', 'Stop the service', 500) title!: string
  @IsOptional() @IsId('Who has it.', 'Network') group?: string
  @IsOptional() @IsId('Who does it.', 'ben') assignee?: string
}

export class RecordImplementedDto {
  @Field('When it was begun.', '2026-03-02T02:00:00Z') @IsInstant() startedAt!: string
  @IsText('Why it could not wait.', 'The shop was down.', 2_000) reason!: string
}

export class RecordDeviationDto extends Reasoned {
  @Field('Fields of the plan.', ['implementation'])
  @IsIn(PLAN_FIELDS, { each: true })
  @ArrayMaxSize(PLAN_FIELDS.length)
  fields!: string[]
  @IsText('What was done otherwise.', 'Installed by hand.', 20_000) description!: string
}

export class EndImplementationDto extends Reasoned {
  @Field('How it went; values are proposed no more unless it went well.', 'successful')
  @IsIn(OUTCOMES)
  outcome!: Outcome
  @IsText('What was done.', 'Swapped; the array is whole.') notes!: string
  @IsOptional() @Field('Absent: now.', '2026-03-02T22:00:00Z') @IsInstant() endedAt?: string
}

export class ReviewChangeDto extends Reasoned {
  @Field('Whether it did what it was for.', true) @IsBoolean() objectivesMet!: boolean
  @IsText('What is to be said of it.', 'The array is whole.') conclusion!: string
  @IsOptional() @IsText('What to do otherwise next time.', 'Order the part earlier.') lessons?: string
}

export class CancelChangeDto extends Reasoned {
  @IsText('Why it is not to be done.', 'The server is replaced.', 20_000) notes!: string
}

class ModelVariableDto {
  @Field('Stands as `{{name}}` in texts.', 'service') @Matches(/^[A-Za-z][A-Za-z0-9_-]{0,99}$/) name!: string
  @IsOptional()
  @Field('One of these; absent: any text.', ['web', 'mail'])
  @IsString({ each: true })
  @Length(1, 200, { each: true })
  @ArrayMaxSize(1_000)
  choices?: string[]
}

class ModelContentDto {
  @IsText('In one line.', 'Restart {{service}}', 500) title!: string
  @IsText('How it is done.', 'Restart {{service}}.') implementation!: string
  @IsText('How it is undone.', 'Start the old version.') backout!: string
  @IsText('How it is tested.', 'It answers.') test!: string
  @Field('What a change fills in.')
  @ValidateNested({ each: true })
  @Type(() => ModelVariableDto)
  @ArrayMaxSize(100)
  variables!: ModelVariableDto[]
  @Field('What each change may say for itself; the window always.', ['window'])
  @IsIn(['description', 'window', 'affectedCis', 'proposedValues'], { each: true })
  @ArrayMaxSize(4)
  freeFields!: ('description' | 'window' | 'affectedCis' | 'proposedValues')[]
  @AreCis() affectedCis!: string[]
  @Field('Where a change does not say for itself.', PROPOSED)
  @Conforms(() => proposedValuesSchema)
  proposedValues!: ProposedValues[]
  @Nullable() @Field('Of the window; null: any.', 60) @IsInt() @Min(1) longestMinutes!: number | null
}

const MODEL_ID = /^[a-z0-9]+(-[a-z0-9]+)*$/

export class ChangeModelParams {
  @Field('Id of the model.', 'restart-service') @Matches(MODEL_ID) @Length(1, 60) id!: string
}

export class DraftChangeModelDto extends Reasoned {
  @Field('Of the model; one that is there gets another revision.', 'restart-service')
  @Matches(MODEL_ID)
  @Length(1, 60)
  id!: string
  @ValidateNested() @Type(() => ModelContentDto) content!: ModelContentDto
}

export class ApproveChangeModelDto extends Reasoned {
  @Field('That was read: its latest.', 1) @IsInt() @Min(1) revision!: number
  @Field('Until then; changes after it need another approval.', '2027-01-01T00:00:00Z')
  @IsInstant()
  expiresAt!: string
}

/** A model as it is now. */
export class ChangeModelView {
  @IsString() id!: string
  @Field('The latest revision.')
  @Conforms(() => ({ type: 'object' }))
  draft!: object
  @Nullable()
  @Field('The one that changes follow; null: none is approved.')
  @Conforms(() => ({ type: ['object', 'null'] }))
  approved!: object | null
  @Field('Its ETag.') @IsInt() streamRevision!: number
}
