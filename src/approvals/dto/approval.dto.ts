import { IsOptional, IsString, Length, Matches } from 'class-validator'
import { Conforms, Field } from '#libs/platform'
import { ApprovalView } from '../../http/approval-view.js'
import { FreshnessQuery, listing } from '../../http/listing.dto.js'
import { Reasoned } from '../../http/reasoned.js'
import { listOf, Page } from '../../http/record-view.js'

export class ApprovalParams {
  @Matches(/^[0-9a-f-]{36}$/) id!: string
}

/** What lists of approvals take: those of now only. */
export class ApprovalsQuery extends listing(
  FreshnessQuery,
  'status = "open" AND subject = "CHG0000001"',
  'askedAt desc',
) {}

export class AnswerDto extends Reasoned {
  @Field('Of the document that was read.', 'a'.repeat(64)) @Matches(/^[0-9a-f]{64}$/) hash!: string
  @IsOptional()
  @Field('Whose answer it is, by a delegation of his; absent: your own.', 'ann')
  @IsString()
  @Length(1, 200)
  onBehalfOf?: string
  @IsOptional()
  @Field('Why; a rejection needs one.', 'The back-out plan was rehearsed')
  @IsString()
  @Length(1, 10_000)
  comment?: string
}

export class ApprovalPage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/ApprovalView' }),
    () => [ApprovalView],
  )
  items!: ApprovalView[]
}

export class ApprovalWithDocument extends ApprovalView {
  @Field('What it asks about, as it was.') @Conforms(() => ({ type: 'object' })) document!: object
  @Matches(/^\d{20}$/) position!: string
}
