import { IsInt, IsOptional, IsString, Length, Min } from 'class-validator'
import { Field } from '#libs/platform'
import { FreshnessQuery } from '../http/listing.dto.js'

export class SearchQuery extends FreshnessQuery {
  @Field(
    'Words that must all be found, in quotation marks a phrase; half a word suffices, of two characters its beginning. A number: `INC123` or `123`.',
    'printer "third floor"',
  )
  @IsString()
  @Length(1, 200)
  q!: string
  @IsOptional()
  @Field('AIP-160 filter.', 'state = "New" AND priority <= 2')
  @IsString()
  @Length(0, 4_000)
  filter?: string
  @IsOptional()
  @Field('Rows a page; 0: the usual 50; at most 1,000, though no more than about 400 are ranked.', 20)
  @IsInt()
  @Min(0)
  pageSize?: number
  @IsOptional()
  @Field('`nextPageToken` of the page before; all else as it was.')
  @IsString()
  @Length(1, 4_000)
  pageToken?: string
}
