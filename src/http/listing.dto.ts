import { IsInt, IsOptional, IsString, Length, Matches, MaxLength, Min } from 'class-validator'
import { Field, IsInstant } from '#libs/platform'

// Apart from what answers lists: the thread that does so needs no validator, which takes 60 MB and a second to load.

/** Freshness of an answer. */
export class FreshnessQuery {
  @IsOptional()
  @Field('Wait until the answer holds everything up to this position.', '00000000000000000042')
  @Matches(/^\d{20}$/)
  minPosition?: string
}

/** A point on both time axes. */
export class TimePointQuery extends FreshnessQuery {
  @IsOptional()
  @Field('Valid time: what had happened by then.', '2016-05-10T09:00:00Z')
  @IsInstant()
  validAt?: string

  @IsOptional()
  @Field('System time: as far as it was recorded by then; a time, or a position.', '00000000000000000042')
  @IsString()
  @MaxLength(40)
  asOf?: string
}

/** What every list takes. */
export class ListQuery extends TimePointQuery {
  @IsOptional()
  @Field('AIP-160 filter.', 'state = "New" AND priority <= 2')
  @IsString()
  @Length(0, 4_000)
  filter?: string
  @IsOptional()
  @Field('Columns, each with `desc` or not.', 'priority, openedAt desc')
  @IsString()
  @Length(0, 500)
  orderBy?: string
  @IsOptional()
  @Field('Rows a page; 0: the usual 50; at most 1,000, more is taken as that.', 50)
  @IsInt()
  @Min(0)
  pageSize?: number
  @IsOptional()
  @Field('`nextPageToken` of the page before; all else as it was.')
  @IsString()
  @Length(1, 4_000)
  pageToken?: string
}

/** What a list takes whose filters may be saved. */
export class FilteredListQuery extends ListQuery {
  @IsOptional()
  @Field(
    'A saved filter, by its `id`: your own by name, a group’s as `group/name`; with `filter`, both must hold.',
    'Service Desk/Unassigned',
  )
  @IsString()
  @Length(1, 400)
  savedFilter?: string
}
