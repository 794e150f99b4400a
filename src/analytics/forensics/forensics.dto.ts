import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator'
import { RECORD_NUMBER } from '#libs/event-sourcing'
import { Conforms, Field, IsInstant } from '#libs/platform'
import { FreshnessQuery } from '../../http/listing.dto.js'
import { closed, instant, integer, listOf, text } from '../../http/record-view.js'
import { number, rateTest, watched } from '../rates/rate.schemas.js'

const POSITION = /^\d{20}$/

export class ForensicIncidentParams {
  @Field('Number of the incident.', 'INC0000001') @Matches(RECORD_NUMBER) number!: string
}
export class ForensicChangeParams {
  @Field('Number of the change.', 'CHG0000001') @Matches(RECORD_NUMBER) id!: string
}

class ShownQuery extends FreshnessQuery {
  @IsOptional()
  @Field('How many are shown; usually 50. All are counted.', 50)
  @IsInt()
  @Min(1)
  @Max(200)
  pageSize?: number
}

export class SuspectChangesQuery extends ShownQuery {
  @IsOptional() @Field('How far back to look; usually 72.', 72) @IsInt() @Min(1) @Max(720) hours?: number
  @IsOptional()
  @Field(
    'As far as it was recorded by then: a time, or a position. Left out: when the incident was opened, or by now if it was imported.',
  )
  @IsString()
  @MaxLength(40)
  asOf?: string
}

export class IncidentImpactQuery extends ShownQuery {
  @IsOptional()
  @Field(
    'How long after its end to look; usually 72. Of a fix: weeks, since what stays away takes time to show.',
    72,
  )
  @IsInt()
  @Min(1)
  @Max(2_160)
  hours?: number
  @IsOptional()
  @Field('Days before the change that tell the usual rate; usually 90.', 90)
  @IsInt()
  @Min(1)
  @Max(730)
  baselineDays?: number
}

/** What both answers say of how true they are. */
class ForensicAnswer {
  @Field('Items that were looked at.') @IsInt() itemsInScope!: number
  @Field('Not everything within reach was looked at.') @IsBoolean() truncated!: boolean
  @Field('Valid time that the configuration is told of.') @IsInstant() validAt!: string
  @Field('As known at this position.') @Matches(POSITION) asOf!: string
  @Matches(POSITION) position!: string
  @Conforms(() => ({ type: 'number', minimum: 0 })) lag!: number
}

const reason = closed({
  signal: { type: 'string', enum: ['distance', 'time', 'outcome', 'authorisation'] },
  points: number,
  text,
})
const nearItem = closed({ number: text, name: text, level: integer }, ['number', 'level'])
const modification = closed(
  {
    event: text,
    type: text,
    at: instant,
    actor: text,
    channel: text,
    source: text,
    cis: listOf(text),
    values: { type: 'object' },
    relation: text,
    relationType: text,
    present: { type: 'boolean' },
    ends: { type: 'object' },
    verdict: text,
  },
  ['event', 'type', 'at', 'actor', 'channel', 'cis'],
)

export class SuspectView {
  @IsIn(['change', 'configuration-commit', 'modification']) kind!: string
  @IsOptional() @Field('Absent: no change is named.') @IsString() change?: string
  @IsOptional() @IsString() title?: string
  @IsOptional() @Field('As known then.') @IsString() state?: string
  @IsOptional() @IsString() risk?: string
  @IsOptional() @IsString() outcome?: string
  @IsOptional() @IsInstant() startedAt?: string
  @IsOptional() @IsInstant() endedAt?: string
  @Field('When it was at work last before the incident began.') @IsInstant() at!: string
  @IsInt() minutesBefore!: number
  @Field('Steps upstream; 0: on an item of the incident.') @IsInt() distance!: number
  @Conforms(() => listOf(nearItem)) cis!: object[]
  @IsOptional()
  @Field('As the audit judges it, by what was known then; absent: it needed no change.')
  @IsString()
  verdict?: string
  @IsOptional()
  @Field('The incident says that it was caused by it. Not scored.')
  @IsBoolean()
  declared?: boolean
  @Field('0 to 100, the sum of the points of its reasons: an order, no probability.')
  @IsNumber()
  score!: number
  @Conforms(() => listOf(reason)) reasons!: object[]
  @Field('The latest first, at most 20.') @Conforms(() => listOf(modification)) modifications!: object[]
  @IsInt() modificationCount!: number
}

export class SuspectChangesView extends ForensicAnswer {
  @IsString() number!: string
  @Field('When it was detected; else when it was opened.')
  @Conforms(() => closed({ at: instant, basis: { type: 'string', enum: ['detectedAt', 'openedAt'] } }))
  onset!: object
  @Field('What counts after this time.') @IsInstant() from!: string
  @IsInt() hours!: number
  @IsString({ each: true }) cis!: string[]
  @Field('`service`: the incident names no item.') @IsIn(['configuration items', 'service']) cisFrom!: string
  @Field('Of these, what is no item at that point.') @IsString({ each: true }) unknownCis!: string[]
  @Field('The most suspect first.')
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/SuspectView' }),
    () => [SuspectView],
  )
  items!: SuspectView[]
  @IsInt() count!: number
}

/** `pValue`: of more than usual; `pFewer`: of fewer. */
const statistic = rateTest('pFewer')

export class ImpactIncidentView {
  @IsString() number!: string
  @IsString() title!: string
  @IsInstant() openedAt!: string
  @IsOptional() @IsInstant() detectedAt?: string
  @IsOptional() @IsInt() priority?: number
  @IsString() state!: string
  @IsString() ci!: string
  @Field('Steps downstream of the change’s items.') @IsInt() level!: number
  @IsInt() minutesAfter!: number
  @IsOptional() @Field('People say that the change has caused it.') @IsBoolean() declared?: boolean
}

export class IncidentImpactView extends ForensicAnswer {
  @IsString() number!: string
  @IsString() title!: string
  @IsOptional() @IsString() outcome?: string
  @IsInstant() startedAt!: string
  @IsOptional() @IsInstant() endedAt?: string
  @IsString({ each: true }) cis!: string[]
  @Field('From the beginning of the change on.') @Conforms(() => watched) observed!: object
  @Field('Before it, from when records were kept.') @Conforms(() => watched) baseline!: object
  @Conforms(() => statistic) statistic!: object
  @IsIn(['more than usual', 'fewer than usual', 'no difference shown', 'too little to tell']) verdict!: string
  @Field('The same in words.') @IsString() summary!: string
  @Field('The earliest first.')
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/ImpactIncidentView' }),
    () => [ImpactIncidentView],
  )
  items!: ImpactIncidentView[]
}
