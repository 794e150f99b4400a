import { IsIn, IsOptional, IsString } from 'class-validator'
import { Conforms, Field, IsInstant } from '#libs/platform'
import { FreshnessQuery, listing } from '../../http/listing.dto.js'
import { closed, ListedRow, listOf, Page, text } from '../../http/record-view.js'

/** What lists of reviews take. */
export class ReconciliationReviewsQuery extends listing(
  FreshnessQuery,
  'status = "open" AND source = "vcenter"',
  'openedAt',
) {}

export class ReconciliationReviewRow extends ListedRow {
  @Field('Resolve it under this.') @IsString() id!: string
  @IsIn(['open', 'resolved']) status!: string
  @Field('The source that reports it.', 'vcenter') @IsString() source!: string
  @Field('The run that it was asked after last.', '2026-01-05') @IsString() run!: string
  @Field('What the source says of it.')
  @Conforms(() => closed({ class: text, name: text, attributes: { type: 'object' } }, ['class', 'name']))
  item!: object
  @Field('Numbers of the items that it may be.') @Conforms(() => listOf(text)) candidates!: string[]
  @Field('The attributes that they have in common with it.') @Conforms(() => listOf(text)) rule!: string[]
  @IsInstant() openedAt!: string
  @IsOptional() @IsIn(['same-as', 'new', 'dismissed']) decision?: string
  @IsOptional() @Field('With `same-as`: which one it is.') @IsString() ci?: string
  @IsOptional() @IsInstant() resolvedAt?: string
  @IsOptional() @IsString() resolvedBy?: string
}

export class ReconciliationReviewPage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/ReconciliationReviewRow' }),
    () => [ReconciliationReviewRow],
  )
  items!: ReconciliationReviewRow[]
}
