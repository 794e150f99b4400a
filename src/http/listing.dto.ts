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

// biome-ignore lint/suspicious/noExplicitAny: TypeScript asks it of what a class is mixed into
type Freshness = new (...args: any[]) => FreshnessQuery

/**
 * What every list takes, beside what its moment is asked by: `FreshnessQuery` for lists of now only, `TimePointQuery` for those
 * of any moment.
 * @param filter example of an AIP-160 filter
 * @param orderBy example of an order
 */
export function listing<Moment extends Freshness>(Base: Moment, filter: string, orderBy: string) {
  class Listing extends Base {
    @IsOptional()
    @Field('AIP-160 filter. `field:*`: it is set; `NOT field:*`: it is not, as of what no group has.', filter)
    @IsString()
    @Length(0, 4_000)
    filter?: string
    @IsOptional()
    @Field('Columns, each with `desc` or not.', orderBy)
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
  return Listing
}

/** What a list takes that can be asked for at any moment. */
export class ListQuery extends listing(
  TimePointQuery,
  'state = "New" AND priority <= 2',
  'priority, openedAt desc',
) {}

/** What a list takes beside the rest whose filters may be saved. */
export function filtered<List extends ReturnType<typeof listing>>(Base: List) {
  class Filtered extends Base {
    @IsOptional()
    @Field(
      'A saved filter, by its `id`: your own by name, a group’s as `group/name`; with `filter`, both must hold.',
      'Service Desk/Unassigned',
    )
    @IsString()
    @Length(1, 400)
    savedFilter?: string
  }
  return Filtered
}

/** A list of any moment whose filters may be saved. */
export class FilteredListQuery extends filtered(ListQuery) {}
