import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator'
import { Conforms, Field } from '#libs/platform'
import { Reasoned } from '../../http/reasoned.js'
import { closed, listOf, nullable, text } from '../../http/record-view.js'
import { FILTERED_LISTS, type FilteredList } from '../domain/filters.events.js'

const NAME_LENGTH = 100
const FILTER_LENGTH = 4_000

class NamedFilter extends Reasoned {
  @Field('Unique among the owner’s; without a slash.', 'Unassigned')
  @IsString()
  @Length(1, NAME_LENGTH)
  @Matches(/^[^/]+$/)
  name!: string

  @IsOptional()
  @Field('Directory id of the group whose filter it is; absent: your own.', 'Service Desk')
  @IsString()
  @Length(1, 200)
  group?: string
}

export class SaveFilterDto extends NamedFilter {
  @Field(
    'The list that it is for: `GET /incidents`, `GET /changes`, `GET /problems`, or the queue of a group.',
    'queues',
  )
  @IsIn(FILTERED_LISTS as readonly string[] as string[])
  list!: FilteredList

  @Field('AIP-160, by the columns of that list.', 'assignee = null AND priority <= 2')
  @IsString()
  @Length(1, FILTER_LENGTH)
  filter!: string
}

export class RemoveFilterDto extends NamedFilter {}

export class SavedFilterList {
  @Field('Your own, then those of your groups.')
  @Conforms(() =>
    listOf(
      closed({
        id: text,
        name: text,
        group: nullable('string'),
        list: { type: 'string', enum: [...FILTERED_LISTS] },
        filter: text,
      }),
    ),
  )
  items!: object[]
}
