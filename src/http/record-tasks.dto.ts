import { IsIn, IsOptional, Matches } from 'class-validator'
import { Field } from '#libs/platform'
import { Reasoned } from './reasoned.js'
import { IsText } from './text-fields.js'

/** What is said of a task of a change or a problem. */
export class TaskDto extends Reasoned {
  @Field('Id of the task.', 'T1') @Matches(/^T\d{1,6}$/) task!: string
}
export class FinishTaskDto extends TaskDto {
  @Field('How it went.', 'done') @IsIn(['done', 'skipped', 'failed']) result!: 'done' | 'skipped' | 'failed'
  @IsOptional() @IsText('Needed of what was skipped or failed.', 'It ran already.', 20_000) notes?: string
}
