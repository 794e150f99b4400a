import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  Length,
  Matches,
  ValidateNested,
} from 'class-validator'
import { RECORD_NUMBER } from '#libs/event-sourcing'
import { Conforms, Field, IsInstant } from '#libs/platform'
import { FreshnessQuery, listing } from '../../http/listing.dto.js'
import { Reasoned } from '../../http/reasoned.js'
import { closed, instant, listOf, Page, text } from '../../http/record-view.js'
import { CAB_ADVICE, type CabAdvice } from '../domain/cab.events.js'
import { PeriodDto } from './change-commands.dto.js'

export class CabParams {
  @Field('Number of the meeting.', 'CAB0000001') @Matches(RECORD_NUMBER) id!: string
}

/** What lists of meetings take. */
export class CabMeetingsQuery extends listing(
  FreshnessQuery,
  'status = "scheduled" AND changes:"CHG0000001"',
  'start desc',
) {}

export class ScheduleCabMeetingDto extends Reasoned {
  @Field('What it is called.', 'Weekly board') @IsString() @Length(1, 300) title!: string
  @ValidateNested() @Type(() => PeriodDto) period!: PeriodDto
  @IsOptional() @Field('Left out: whoever schedules it.', 'chris') @IsString() @Length(1, 200) chair?: string
  @IsOptional()
  @Field('Who takes part besides.', ['ann', 'lea'])
  @IsString({ each: true })
  @Length(1, 200, { each: true })
  @ArrayMaxSize(200)
  members?: string[]
}
export class RescheduleCabMeetingDto extends Reasoned {
  @ValidateNested() @Type(() => PeriodDto) period!: PeriodDto
}
export class CabChangeDto extends Reasoned {
  @Field('Number of the change.', 'CHG0000001') @Matches(RECORD_NUMBER) change!: string
}
export class CabAdviceDto extends CabChangeDto {
  @Field('What the board advises; the change authority approves.', 'recommend')
  @IsIn([...CAB_ADVICE])
  advice!: CabAdvice
  @IsOptional()
  @Field('Why; needed unless it recommends.', 'Not in the week of the fair')
  @IsString()
  @Length(1, 10_000)
  comment?: string
}
export class CabMinutesDto extends Reasoned {
  @Field('What was said.', 'One change, deferred.') @IsString() @Length(1, 200_000) text!: string
}

/** A meeting of the change advisory board. */
export class CabMeetingView {
  @Field('Number.', 'CAB0000001') @IsString() id!: string
  @IsString() title!: string
  @IsIn(['scheduled', 'closed']) status!: string
  @IsInstant() start!: string
  @IsInstant() end!: string
  @IsString() chair!: string
  @IsString({ each: true }) members!: string[]
  @Field('Filter by `changes`.')
  @Conforms(() =>
    listOf(closed({ change: text, advice: text, comment: text, at: instant, by: text }, ['change'])),
  )
  agenda!: object[]
  @IsOptional() @IsString() minutes?: string
  @IsOptional() @IsInstant() closedAt?: string
  @IsOptional() @Field('True while an event of it could not be folded.') @IsBoolean() stale?: boolean
}
export class CabMeetingAnswer extends CabMeetingView {
  @Matches(/^\d{20}$/) position!: string
}
export class CabMeetingPage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/CabMeetingView' }),
    () => [CabMeetingView],
  )
  items!: CabMeetingView[]
}
