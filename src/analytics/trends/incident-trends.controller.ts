import { Controller, Get, Query } from '@nestjs/common'
import { IsIn, IsInt, IsNumber, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator'
import { type Answer, Conforms, Context, Endpoint, Field, IsInstant, RequestContext } from '#libs/platform'
import { FACT_READERS } from '#projections/incident-facts/incident-facts'
import { FreshnessQuery } from '../../http/listing.dto.js'
import { Queries } from '../../http/queries.js'
import { closed, integer, listOf } from '../../http/record-view.js'
import { Estate } from '../forensics/estate.js'
import {
  type NamedItem,
  readIncidentTrends,
  readTrendValues,
  TRENDS_BY,
  type TrendBy,
  type TrendsAsked,
} from './incident-trends.query.js'
import { INTERVALS, type Interval } from './intervals.js'

const BY = Object.keys(TRENDS_BY)
const TRENDS = ['rising', 'falling', 'no trend shown', 'too little to tell']
const DAY = /^\d{4}-\d{2}-\d{2}$/

class IncidentTrendsQuery extends FreshnessQuery {
  @IsOptional() @Field('What comes back; usually `ci`.', 'ci') @IsIn(BY) by?: TrendBy
  @IsOptional()
  @Field('In what the series is told, in UTC; weeks begin on Monday; usually `week`.', 'week')
  @IsIn(INTERVALS as readonly string[] as string[])
  interval?: Interval
  @IsOptional()
  @Field('From its UTC day on; left out: 90 days before the end.', '2026-01-01T00:00:00Z')
  @IsInstant()
  from?: string
  @IsOptional()
  @Field('Up to its UTC day, which is not counted; left out: today, which is.', '2026-04-01T00:00:00Z')
  @IsInstant()
  to?: string
  @IsOptional() @Field('This one alone.', 'CI0000001') @IsString() @Length(1, 1_000) value?: string
  @IsOptional() @Field('How many are shown; usually 10.', 10) @IsInt() @Min(1) @Max(50) top?: number
}

class RecurrenceView {
  @IsString() value!: string
  @IsOptional() @Field('Of a configuration item, whose `value` is its number.') @IsString() name?: string
  @IsInt() incidents!: number
  @Field('Days on which it came.') @IsInt() activeDays!: number
  @IsOptional() @Matches(DAY) firstOn?: string
  @IsOptional() @Matches(DAY) lastOn?: string
  @IsOptional() @Field('From one of these days to the next.') @IsNumber() meanDaysBetween?: number
  @Field(
    'The later half of the time against the earlier one, from `recordedFrom` to `recordedTo`: exact conditional binomial test, two-sided.',
  )
  @IsIn(TRENDS)
  trend!: string
  @IsNumber() pValue!: number
  @Conforms(() => listOf(closed({ start: { type: 'string', format: 'date' }, count: integer })))
  series!: object[]
}

class IncidentTrendsView {
  @IsIn(BY) by!: string
  @IsIn(INTERVALS as readonly string[] as string[]) interval!: string
  @Matches(DAY) from!: string
  @Field('Not counted.') @Matches(DAY) to!: string
  @Field('From this day on there are records; the trend is told of the time from it on.')
  @Matches(DAY)
  recordedFrom!: string
  @Field('From this day on there are none yet; the trend is told of the time before it.')
  @Matches(DAY)
  recordedTo!: string
  @Field('All that were opened in the time.') @IsInt() incidents!: number
  @Field('Of these, without such a value.') @IsInt() unset!: number
  @Field('How many values there are.') @IsInt() values!: number
  @Field('Of the 60 most frequent, those that came on the most days.')
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/RecurrenceView' }),
    () => [RecurrenceView],
  )
  items!: RecurrenceView[]
  @Matches(/^\d{20}$/) position!: string
  @Conforms(() => ({ type: 'number', minimum: 0 })) lag!: number
}

/** What comes back, and how often. */
@Controller('incident-trends')
export class IncidentTrendsController {
  constructor(
    private readonly queries: Queries,
    private readonly estate: Estate,
  ) {}

  @Get()
  @Endpoint({
    summary: 'What recurs most, over time: by configuration item, category, service or group',
    description:
      'Incidents by the day on which they were opened, with the values that they have now, as far as you may see them. At most 1,100 days.',
    roles: FACT_READERS,
    query: IncidentTrendsQuery,
    answer: IncidentTrendsView,
    responseHeaders: ['ITSM-Position'],
  })
  async read(
    @Query() { by = 'ci', interval = 'week', top = 10, ...query }: IncidentTrendsQuery,
    @Context() { principal }: RequestContext,
  ): Promise<Answer> {
    const asked = { ...query, by, interval, top, principal }
    return this.queries.answer(
      readIncidentTrends,
      by === 'ci' ? { ...asked, items: await this.itemsOf(asked) } : asked,
    )
  }

  /** Items are named by number in some incidents and by name in others. */
  private async itemsOf(asked: TrendsAsked): Promise<readonly NamedItem[]> {
    const { json } = await this.queries.ask(readTrendValues, asked)
    const { items } = await this.estate.reach({
      ...{ principal: asked.principal, minPosition: asked.minPosition, validAt: new Date().toISOString() },
      ...{ cis: JSON.parse(json) as string[], direction: 'up', depth: 0, most: 0 },
    })
    return items
  }
}
