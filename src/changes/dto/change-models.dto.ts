import { IsBoolean, IsIn, IsInt, IsOptional, IsString } from 'class-validator'
import { Conforms, Field, IsInstant } from '#libs/platform'
import { FreshnessQuery, listing } from '../../http/listing.dto.js'
import { ListedRow, listOf, Page } from '../../http/record-view.js'

/** What lists of models take. */
export class ChangeModelsQuery extends listing(
  FreshnessQuery,
  'state = "approved" AND expiresAt < "2027-01-01T00:00:00Z"',
  'expiresAt',
) {}

export class ChangeModelRow extends ListedRow {
  @IsString() id!: string
  @Field('Of the latest revision.') @IsString() title!: string
  @Field('`draft`: no revision is approved yet, or since the last was retired.')
  @IsIn(['draft', 'approved', 'retired'])
  state!: string
  @Field('The latest.') @IsInt() revision!: number
  @Field('Of the latest revision.') @IsString() author!: string
  @IsInstant() draftedAt!: string
  @IsOptional() @Field('The latest revision is not approved.') @IsBoolean() awaitingApproval?: boolean
  @IsOptional() @Field('The one that changes follow.') @IsInt() approvedRevision?: number
  @IsOptional() @IsString() approver?: string
  @IsOptional() @IsInstant() approvedAt?: string
  @IsOptional() @Field('From then on it schedules nothing.') @IsInstant() expiresAt?: string
  @IsInstant() updatedAt!: string
}

export class ChangeModelPage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/ChangeModelRow' }),
    () => [ChangeModelRow],
  )
  items!: ChangeModelRow[]
}
