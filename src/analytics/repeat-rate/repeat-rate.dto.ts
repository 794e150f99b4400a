import { IsBoolean, IsIn, IsInt, IsNumber, IsOptional, IsString, Matches, Max, Min } from 'class-validator'
import { RECORD_NUMBER } from '#libs/event-sourcing'
import { Conforms, Field, IsInstant } from '#libs/platform'
import { FreshnessQuery } from '../../http/listing.dto.js'
import { closed, instant, listOf, text } from '../../http/record-view.js'
import { rateTest, watched } from '../rates/rate.schemas.js'

export class FixedProblemParams {
  @Field('Number of the problem.', 'PRB0000001') @Matches(RECORD_NUMBER) id!: string
}

export class RepeatRateQuery extends FreshnessQuery {
  @IsOptional()
  @Field('How long before the fix and after it to look, at most; usually 90.', 90)
  @IsInt()
  @Min(1)
  @Max(730)
  days?: number
  @IsOptional()
  @Field('How many are shown; usually 50. All are counted.', 50)
  @IsInt()
  @Min(1)
  @Max(200)
  pageSize?: number
}

const kind = closed(
  {
    by: { type: 'string', enum: ['configuration items', 'description'] },
    cis: listOf(text),
    service: text,
    category: text,
    subcategory: text,
  },
  ['by'],
)
const fix = closed({
  basis: { type: 'string', enum: ['changes', 'resolution'] },
  changes: listOf(text),
  startedAt: instant,
  endedAt: instant,
})
/** `pValue`: of fewer than before; `pMore`: of more. */
const statistic = rateTest('pMore')

export class RepeatedIncidentView {
  @IsString() number!: string
  @IsString() title!: string
  @IsInstant() openedAt!: string
  @IsOptional() @IsInstant() detectedAt?: string
  @IsOptional() @IsInt() priority?: number
  @IsString() state!: string
  @IsOptional() @IsString() primaryCi?: string
  @Field('From the end of the fix to when it was detected, or else opened.') @IsNumber() hoursAfter!: number
  @IsOptional() @Field('It says that this problem is behind it.') @IsBoolean() linked?: boolean
}

export class RepeatRateView {
  @IsString() number!: string
  @IsString() title!: string
  @IsString() state!: string
  @IsOptional() @IsString() outcome?: string
  @Field('Which incidents are counted: of its items; of a problem without any, what is described as it is.')
  @Conforms(() => kind)
  kind!: object
  @Field('Of its items, what the configuration does not know.')
  @IsString({ each: true })
  unknownCis!: string[]
  @Field(
    'When it was fixed: the changes that fix it, from the beginning of the first to the end of the last; without any, when it was resolved.',
  )
  @Conforms(() => fix)
  fix!: object
  @Field('From the end of the fix on.') @Conforms(() => watched) after!: object
  @Field('Up to its beginning, from when records were kept.') @Conforms(() => watched) before!: object
  @Field('While it was being fixed: counted on neither side.') @IsInt() during!: number
  @Conforms(() => statistic) statistic!: object
  @IsIn(['fewer than before', 'more than before', 'no difference shown', 'too little to tell'])
  verdict!: string
  @Field('The same in words.') @IsString() summary!: string
  @Field('What came back, the earliest first.')
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/RepeatedIncidentView' }),
    () => [RepeatedIncidentView],
  )
  items!: RepeatedIncidentView[]
  @Matches(/^\d{20}$/) position!: string
  @Conforms(() => ({ type: 'number', minimum: 0 })) lag!: number
}
