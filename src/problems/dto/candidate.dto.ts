import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator'
import { RECORD_NUMBER } from '#libs/event-sourcing'
import { Conforms, Field, IsInstant } from '#libs/platform'
import { MOST_MEMBERS } from '#projections/problem-correlation/candidates'
import { TRENDS } from '#projections/problem-correlation/reasons'
import { FreshnessQuery, listing } from '../../http/listing.dto.js'
import { Reasoned } from '../../http/reasoned.js'
import { closed, instant, integer, listOf, Page, text } from '../../http/record-view.js'
import { MOST_SIMILAR } from '../queries/similar.query.js'

export class CandidateParams {
  @Field('Number of the incident that it began with.', 'INC0000001') @Matches(RECORD_NUMBER) id!: string
}

export class CandidatesQuery extends listing(
  FreshnessQuery,
  'status = "open" AND memberCount >= 3',
  'lastSeenAt desc',
) {}

export class AcceptCandidateDto extends Reasoned {
  @IsOptional()
  @Field(
    'Number of a problem that is there already: the incidents are linked to it. Absent: one is opened.',
    'PRB0000001',
  )
  @Matches(RECORD_NUMBER)
  problem?: string
}

export class DismissCandidateDto {
  @Field('Why there is no problem behind it; who sees it again will ask.', 'A planned outage')
  @IsString()
  @Length(1, 2_000)
  reason!: string
}

const STATUSES = ['open', 'accepted', 'dismissed', 'merged', 'dissolved']

export class CandidateView {
  @Field('Number of the incident that it began with; stays.', 'INC0000001') @IsString() id!: string
  @Field(
    '`accepted`: there is a problem; `dismissed`: there is none. Open again when an incident joins that was opened after it was dismissed, or after its problem was closed. `merged`: goes on in another one, which tells all else. `dissolved`: fewer than two of its incidents are left for everybody at the desk to see, until another one joins.',
  )
  @IsIn(STATUSES)
  status!: string
  @Field('Of the first of its incidents; where that is but a number, what most of them have in common.')
  @IsString()
  title!: string
  @Field(
    'Bits of evidence beyond chance, the mean over its links: at 10, one in a thousand of such links is chance.',
  )
  @IsNumber()
  score!: number
  @IsInt() memberCount!: number
  @Field(
    `Its incidents, the ${MOST_MEMBERS} newest (accepting it links all), by when they were opened; \`linkedTo\`: by which earlier one, and with how many bits; \`alsoLinkedTo\`: by which others, of what was another candidate before; \`problems\`: which it is linked to.`,
  )
  @ArrayMaxSize(MOST_MEMBERS)
  @Conforms(() =>
    listOf(
      closed(
        {
          number: text,
          openedAt: instant,
          linkedTo: text,
          bits: { type: 'number' },
          alsoLinkedTo: { type: 'array', items: text },
          problems: { type: 'array', items: text },
        },
        ['number', 'openedAt'],
      ),
    ),
  )
  members!: object[]
  @Field('How many of `members` are linked to no problem (yet).') @IsInt() notLinked!: number
  @IsInstant() firstSeenAt!: string
  @IsInstant() lastSeenAt!: string
  @Field('The last seven days against the seven before; `faded`: no new member for thirty days.')
  @IsIn(TRENDS as readonly string[] as string[])
  trend!: string
  @Field('Why they belong together, in words.') @IsArray() @IsString({ each: true }) reasons!: string[]
  @IsOptional() @IsString() mergedInto?: string
  @IsOptional()
  @Field('What was decided last.')
  @Conforms(() =>
    closed({ by: text, at: instant, reason: text, memberCount: integer }, ['by', 'at', 'memberCount']),
  )
  decided?: object
  @IsOptional()
  @Field('Number of the problem that it became, the last one; of a duplicate, that of the survivor.')
  @IsString()
  problem?: string
}

export class CandidateAtPosition extends CandidateView {
  @Field('The answer holds everything up to here.') @Matches(/^\d{20}$/) position!: string
}

export class CandidatePage extends Page {
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/CandidateView' }),
    () => [CandidateView],
  )
  items!: CandidateView[]
}

export class SimilarParams {
  @Field('Number of the incident.', 'INC0000001') @Matches(RECORD_NUMBER) number!: string
}

export class SimilarQuery extends FreshnessQuery {
  @IsOptional()
  @Field(`How many at most; 0: the usual ten.`, 10)
  @IsInt()
  @Min(0)
  @Max(MOST_SIMILAR)
  pageSize?: number
}

export class SimilarIncident {
  @Field('Number.', 'INC0000001') @IsString() number!: string
  @IsString() title!: string
  @IsString() state!: string
  @IsInstant() openedAt!: string
  @Field(
    'Bits of evidence for one cause, beyond chance among all incidents: at 0 one other may agree as well by chance, at 10 one in a thousand searches finds such a one. Below 0 it is a hint and no more.',
  )
  @IsNumber()
  score!: number
  @Field('Why, the weightiest first.') @IsArray() @IsString({ each: true }) reasons!: string[]
  @IsOptional() @Field('The candidate that it belongs to.') @IsString() candidate?: string
}

export class SimilarIncidents {
  @Field('Of the incident asked about.') @IsString() number!: string
  @Conforms(
    () => listOf({ $ref: '#/components/schemas/SimilarIncident' }),
    () => [SimilarIncident],
  )
  items!: SimilarIncident[]
  @Field('The answer holds everything up to here.') @Matches(/^\d{20}$/) position!: string
  @Field('Seconds that it is behind the log.') @IsNumber() lag!: number
}
