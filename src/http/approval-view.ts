import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches } from 'class-validator'
import { Conforms, Field, IsInstant } from '#libs/platform'
import { audienceSchema, closed, instant, integer, listOf, text } from './record-view.js'

const approver = closed({ person: text, via: text, group: text }, ['person', 'via'])
const answer = closed(
  {
    answer: { type: 'string', enum: ['granted', 'rejected'] },
    at: instant,
    approver: text,
    onBehalfOf: text,
    delegation: text,
    roles: listOf(closed({ role: text, grant: text })),
    comment: text,
    hash: text,
    breach: text,
  },
  ['answer', 'at', 'approver', 'roles', 'hash'],
)

/** A round of asking for approval, as lists and queues show it. */
export class ApprovalView {
  @IsString() id!: string
  @IsIn(['change', 'request']) subjectType!: string
  @Field('Number of the record that is to be approved.', 'CHG0000001') @IsString() subject!: string
  @IsString() title!: string
  @Field('The how manieth asking about it.', 1) @IsInt() round!: number
  @IsIn(['open', 'approved', 'rejected', 'lapsed', 'voided']) status!: string
  @IsString() requester!: string
  @IsOptional()
  @Field('Who has a part in it besides, and may approve it no more than the requester.')
  @IsString({ each: true })
  involved?: string[]
  @Field('SHA-256 of the document’s canonical JSON (RFC 8785): answers repeat it.')
  @Matches(/^[0-9a-f]{64}$/)
  hash!: string
  @IsOptional() @Field('Absent: none fits.') @IsString() policy?: string
  @IsInt() policyVersion!: number
  @Conforms(() => closed({ kind: text, n: integer }, ['kind'])) rule!: object
  @Conforms(() => listOf(approver)) approvers!: object[]
  @Field('Named by the policy, and not asked.')
  @Conforms(() => listOf(closed({ person: text, because: text })))
  leftOut!: object[]
  @IsIn(['refused', 'recorded']) selfApproval!: string
  @IsOptional()
  @Field('Whose answer is awaited, of those who may still give it.')
  @IsString({ each: true })
  awaiting?: string[]
  @IsOptional()
  @Field('Who was asked and lost what he was asked for before he answered: nobody may answer for him.')
  @Conforms(() => listOf(closed({ person: text, because: text })))
  lostSeats?: object[]
  @Conforms(() => listOf(answer)) answers!: object[]
  @IsInt() granted!: number
  @IsInt() rejected!: number
  @IsInstant() askedAt!: string
  @IsOptional() @IsInstant() expiresAt?: string
  @IsOptional() @IsInstant() endedAt?: string
  @IsOptional()
  @Field('Why it could never be met, or can be no longer (`seats-lost`).')
  @IsString()
  because?: string
  @IsOptional()
  @Field('What was edited, when it was voided.')
  @IsString({ each: true })
  voidedFields?: string[]
  @IsOptional()
  @Field('Of what awaits you: for whom you may answer.', ['ann'])
  @IsString({ each: true })
  seats?: string[]
  @IsOptional() @Conforms(() => audienceSchema) audience?: object
  @IsOptional() @Field('True while an event of it could not be folded.') @IsBoolean() stale?: boolean
}
