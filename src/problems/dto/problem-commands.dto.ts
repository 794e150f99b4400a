import {
  ArrayMaxSize,
  ArrayMinSize,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator'
import type { Audience } from '#libs/access'
import { RECORD_NUMBER } from '#libs/event-sourcing'
import { Field, Nullable } from '#libs/platform'
import { IsAudience } from '../../http/audience.dto.js'
import { Reasoned } from '../../http/reasoned.js'
import { IsId, IsText } from '../../http/text-fields.js'
import {
  PROBLEM_LINK_RELATIONS,
  PROBLEM_ORIGINS,
  type ProblemLinkRelation,
  type ProblemOrigin,
} from '../domain/problem.events.js'

const MOST_CIS = 1_000
/** So many incidents are told of a problem by one request. */
const MOST_INCIDENTS = 200

function AreCis(): PropertyDecorator {
  return (prototype, property) => {
    Field('Numbers of configuration items, or names as long as no such item is known.', ['CI0000001'])(
      prototype,
      property as never,
    )
    IsString({ each: true })(prototype, property as string)
    Length(1, 200, { each: true })(prototype, property as string)
    ArrayMaxSize(MOST_CIS)(prototype, property as string)
  }
}

function AreIncidents(least: number): PropertyDecorator {
  return (prototype, property) => {
    Field('Numbers of the incidents that it is behind.', ['INC0000001'])(prototype, property as never)
    Matches(RECORD_NUMBER, { each: true })(prototype, property as string)
    ArrayMinSize(least)(prototype, property as string)
    ArrayMaxSize(MOST_INCIDENTS)(prototype, property as string)
  }
}

function IsLevel(description: string): PropertyDecorator {
  return (prototype, property) => {
    Field(description, 2)(prototype, property as never)
    IsInt()(prototype, property as string)
    Min(1)(prototype, property as string)
    Max(99)(prototype, property as string)
  }
}

export class ProblemParams {
  @Field('Number of the problem.', 'PRB0000001') @Matches(RECORD_NUMBER) id!: string
}

export class OpenProblemDto extends Reasoned {
  @IsText('In one line.', 'Mail is slow every Monday', 500) title!: string
  @IsOptional() @IsText('What is known of it.', 'Queues fill up after the weekend.') description?: string
  @IsOptional() @IsText('As incidents are categorised.', 'Mail', 200) category?: string
  @IsOptional() @IsText('More closely.', 'Delivery', 200) subcategory?: string
  @IsOptional() @IsText('What people notice.', 'slow', 200) symptom?: string
  @IsOptional() @IsText('The service that suffers.', 'Mail', 200) service?: string
  @IsOptional() @AreCis() affectedCis?: string[]
  @IsOptional()
  @Field('`reactive`: incidents have happened; `proactive`: none yet. Absent: reactive.', 'reactive')
  @IsIn(PROBLEM_ORIGINS)
  origin?: ProblemOrigin
  @IsOptional() @IsText('Id of the candidate that it is made from.', 'INC0000001', 200) candidate?: string
  @IsOptional() @IsLevel('1 is the highest; absent: the lowest.') impact?: number
  @IsOptional() @IsLevel('1 is the highest; absent: the lowest.') urgency?: number
  @IsOptional() @IsId('The group that has it.', 'Messaging') group?: string
  @IsOptional() @IsId('Who works on it: a member of the group.', 'ann') assignee?: string
  @IsOptional() @AreIncidents(0) incidents?: string[]
  @IsOptional() @IsAudience({ kind: 'public' }) audience?: Audience
  @IsOptional()
  @Field('Custom fields, by the schema in force.', { costCentre: '4711' })
  @IsObject()
  customFields?: Record<string, unknown>
}

/** Absent stays, null clears. */
export class EditProblemDto extends Reasoned {
  @IsOptional() @IsText('In one line.', 'Mail is slow after weekends', 500) title?: string
  @IsOptional() @Nullable() @IsText('What is known of it.', 'Queues fill up.') description?: string | null
  @IsOptional() @Nullable() @IsText('As incidents are categorised.', 'Mail', 200) category?: string | null
  @IsOptional() @Nullable() @IsText('More closely.', 'Delivery', 200) subcategory?: string | null
  @IsOptional() @Nullable() @IsText('What people notice.', 'slow', 200) symptom?: string | null
  @IsOptional() @Nullable() @IsText('The service that suffers.', 'Mail', 200) service?: string | null
  @IsOptional() @AreCis() affectedCis?: string[]
  @IsOptional()
  @Field('Merged one by one; null removes one.', { costCentre: '4711' })
  @IsObject()
  customFields?: Record<string, unknown>
}

export class PrioritizeProblemDto extends Reasoned {
  @IsOptional() @IsLevel('1 is the highest; absent: stays.') impact?: number
  @IsOptional() @IsLevel('1 is the highest; absent: stays.') urgency?: number
}

/** Absent stays, null takes it away. */
export class AssignProblemDto extends Reasoned {
  @IsOptional() @Nullable() @IsId('The group that has it.', 'Messaging') group?: string | null
  @IsOptional() @Nullable() @IsId('Who works on it: a member of the group.', 'ann') assignee?: string | null
}

export class ProblemWatcherDto extends Reasoned {
  @IsId('Person.', 'ann') person!: string
}

export class ProblemTextDto extends Reasoned {
  @IsText('What is to be said.', 'The spool is full.') text!: string
}

export class ProblemNotesDto extends Reasoned {
  @IsText('Why, or what was done.', 'The disk is larger.', 20_000) notes!: string
}

export class ProblemLinkDto extends Reasoned {
  @Field('How it relates to the record.', 'fixed-by-change')
  @IsIn(PROBLEM_LINK_RELATIONS)
  relation!: ProblemLinkRelation
  @IsText('Type of the record, which need not exist yet.', 'change', 50) targetType!: string
  @IsText('Its number or name.', 'CHG0000001', 200) target!: string
}

export class LinkIncidentsDto extends Reasoned {
  @AreIncidents(1) incidents!: string[]
}

export class RootCauseDto extends Reasoned {
  @IsText('What is behind it.', 'The spool is on a small disk.') cause!: string
}
export class WorkaroundDto extends Reasoned {
  @IsText('What helps meanwhile.', 'Empty the spool on Sunday.') workaround!: string
}

export class StartFixDto extends Reasoned {
  @IsOptional()
  @IsText('The change with which the fix travels, which need not exist yet.', 'CHG0000001', 200)
  change?: string
}

export class HoldProblemDto {
  @IsText('What it waits for.', 'awaiting vendor', 2_000) holdReason!: string
  @IsOptional() @IsText('More of it.', 'The patch comes on Monday.', 20_000) comment?: string
  @IsOptional() @IsText('Why; stands in the history.', 'The vendor rang', 2_000) reason?: string
}

export class AddProblemTaskDto extends Reasoned {
  @IsText('In one line.', 'Measure the spool', 500) title!: string
  @IsOptional() @IsId('Who has it.', 'Messaging') group?: string
  @IsOptional() @IsId('Who does it: a member of the group.', 'ann') assignee?: string
}

export class DuplicateProblemDto extends Reasoned {
  @Field('Number of the problem that goes on.', 'PRB0000002') @Matches(RECORD_NUMBER) survivor!: string
  @IsOptional() @IsText('What is to be said of it.', 'The same disk.', 20_000) notes?: string
}

export class ReviewProblemDto extends Reasoned {
  @IsText('What is to be said of it.', 'It was found late.') conclusion!: string
  @IsOptional() @IsText('What went well.', 'The workaround helped.') wentWell?: string
  @IsOptional() @IsText('What did not.', 'Nobody watched the disk.') wentBadly?: string
  @IsOptional() @IsText('What to do otherwise next time.', 'Watch disks.') lessons?: string
  @IsOptional()
  @Field('What follows from it.', ['An alert at 80 %'])
  @IsString({ each: true })
  @Length(1, 2_000, { each: true })
  @ArrayMaxSize(100)
  actions?: string[]
}
