import { IsOptional, IsString, Length } from 'class-validator'
import { Field } from '#libs/platform'

/** Every command may say why. */
export class Reasoned {
  @IsOptional()
  @Field('Why; stands in the history.', 'Caller rang again')
  @IsString()
  @Length(1, 2_000)
  reason?: string
}
