import { IsInt, IsString, Matches } from 'class-validator'
import type { CommandReceipt } from '#libs/command-handling'
import { Answer, Field } from '#libs/platform'

/** What a command answers: rebuilt from the stored events, so a repeat with the same key says the same. */
export class Receipt {
  @Field('Number or id of the record.', 'INC0000001')
  @IsString()
  id!: string

  @Field('The record’s revision: its ETag.', 4)
  @IsInt()
  revision!: number

  @Field(
    'Place in the log; give it to a query as `minPosition` to read your own write.',
    '00000000000000000042',
  )
  @Matches(/^\d{20}$/)
  position!: string
}

/** The answer of a command, with ETag and position. */
export function receiptAnswer(receipt: CommandReceipt, created?: { location: string }): Answer<Receipt> {
  const { id, revision, position } = receipt
  return new Answer(
    { id, revision, position },
    { etag: revision, position, ...(created && { status: 201, location: created.location }) },
  )
}
