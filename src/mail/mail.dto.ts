import { IsIn, IsInt, IsOptional, IsString, Length, Matches, Min } from 'class-validator'
import { Conforms, Field } from '#libs/platform'
import { FreshnessQuery, listing } from '../http/listing.dto.js'
import { Reasoned } from '../http/reasoned.js'
import { listOf, Page } from '../http/record-view.js'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

export class MailParams {
  @Field('Id of the message.', 'a0e3b3a5-6d3f-5c0e-9d3e-0c8d3c1c2f6a') @Matches(UUID) id!: string
}

/** What became of a message. */
export class MailAnswer {
  @Matches(UUID) id!: string
  @Field(
    '`decided`: nothing more is to be done, or a person is to look at it; `handled`; `refused`: by a rule.',
  )
  @IsIn(['decided', 'handled', 'refused'])
  status!: string
  @Conforms(() => ({
    type: 'object',
    properties: {
      kind: { enum: ['ignored', 'review', 'comment', 'open', 'dismissed'] },
      reason: { type: 'string' },
      number: { type: 'string' },
      person: { type: 'string' },
      followUpOf: { type: 'string' },
      register: { type: 'boolean' },
      reopen: { type: 'boolean' },
    },
    required: ['kind'],
    additionalProperties: false,
  }))
  decision!: object
  @IsOptional() @Field('The incident.', 'INC0000001') @IsString() record?: string
}

/** What a person decides about a message that waits for one. */
export class ReviewMailDto extends Reasoned {
  @Field('`open` an incident, add a `comment` to one, or `dismiss` it.', 'open')
  @IsIn(['open', 'comment', 'dismiss'])
  action!: 'open' | 'comment' | 'dismiss'

  @IsOptional()
  @Field('Whose words they are; needed unless it is dismissed.', 'alice')
  @IsString()
  @Length(1, 200)
  person?: string

  @IsOptional()
  @Field('Needed to comment.', 'INC0000001')
  @Matches(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$/)
  number?: string
}

export class MailItem {
  @Matches(UUID) id!: string
  @IsOptional() @IsString() messageId?: string
  @IsOptional()
  @Field('Stands for the address, which only the message itself tells.')
  @IsString()
  sender?: string
  @IsString() subject!: string
  @IsInt() @Min(0) size!: number
  @IsString() receivedAt!: string
  @IsIn(['ignored', 'review', 'pending', 'commented', 'opened', 'dismissed']) outcome!: string
  @IsOptional() @Field('Why it was ignored, or waits.', 'sender-unknown') @IsString() why?: string
  @IsOptional() @IsString() detail?: string
  @IsOptional() @IsString() person?: string
  @IsOptional() @IsString() record?: string
  @IsOptional() @IsString({ each: true }) attached?: string[]
  @IsOptional() @Field('Files that may not be attached.') @IsString({ each: true }) leftOut?: string[]
  @IsOptional() @Field('A later event of it could not be folded.') @IsIn([true]) stale?: true
}

export class MailsPage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/MailItem' }),
    () => [MailItem],
  )
  items!: MailItem[]
}

/** What lists of mail take: those of now only. */
export class MailsQuery extends listing(FreshnessQuery, 'outcome = "review"', 'receivedAt desc') {}
