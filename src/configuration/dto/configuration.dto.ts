import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  ValidateNested,
} from 'class-validator'
import { RECORD_NUMBER } from '#libs/event-sourcing'
import { Conforms, Field, IsInstant, type JsonSchema } from '#libs/platform'
import { Reasoned } from '../../http/reasoned.js'
import { closed, listOf, text } from '../../http/record-view.js'
import type { Attributes, AttributeValue, RelationEnd } from '../domain/configuration.events.js'

/** `people` is what was entered by hand: no source calls itself so. */
const SOURCE = /^(?!people$)[a-z0-9]+(-[a-z0-9]+)*$/

const simple: JsonSchema = { type: ['string', 'number', 'boolean'], maxLength: 20_000 }
const value: JsonSchema = { anyOf: [simple, { type: 'array', items: simple, maxItems: 1_000 }] }
const attributes: JsonSchema = { type: 'object', additionalProperties: value, maxProperties: 200 }
/** null takes one away. */
const changes: JsonSchema = {
  type: 'object',
  additionalProperties: { anyOf: [{ type: 'null' }, ...(value.anyOf as JsonSchema[])] },
  maxProperties: 200,
}

export class CiParams {
  @Field('Number of a configuration item.', 'CI0000001') @Matches(RECORD_NUMBER) id!: string
}

/** What allowed it. */
class Authorised extends Reasoned {
  @IsOptional()
  @Field('Number of the change that allows it.', 'CHG0000001')
  @Matches(RECORD_NUMBER)
  change?: string
}
class FromSource extends Authorised {
  @IsOptional() @Field('The source that says so.', 'vcenter') @Matches(SOURCE) @Length(1, 60) source?: string
}

export class RegisterCiDto extends FromSource {
  @Field('Name of the class.', 'server') @IsString() @Length(1, 100) class!: string
  @Field('No other live CI of the class has it.', 'db-01') @IsString() @Length(1, 200) name!: string
  @IsOptional()
  @Field('As the class describes them.', { serialNumber: 'SN-1', ramGigabytes: 64 })
  @Conforms(() => attributes)
  attributes?: Attributes
}

export class ChangeCiDto extends FromSource {
  @Field('Those to set; null takes one away, those left out stay.', { ramGigabytes: 128, assetNumber: null })
  @Conforms(() => changes)
  attributes!: Record<string, AttributeValue | null>
}

export class RenameCiDto extends FromSource {
  @Field('New name.', 'db-02') @IsString() @Length(1, 200) name!: string
}

export class ReclassifyCiDto extends Authorised {
  @Field('Name of the new class.', 'virtual-machine') @IsString() @Length(1, 100) class!: string
  @IsOptional()
  @Field('What changes with it: attributes that the new class does not have must go.', { serialNumber: null })
  @Conforms(() => changes)
  attributes?: Record<string, AttributeValue | null>
}

export class RetireCiDto extends FromSource {}

export class ObserveCiDto extends Reasoned {
  @IsOptional() @Field('The source that saw it.', 'nmap') @Matches(SOURCE) @Length(1, 60) source?: string
  @IsOptional() @Field('The run in which it did.', '2026-01-05') @IsString() @Length(1, 200) run?: string
}

class BackDated extends Authorised {
  @Field('From when on it was so; not in the future.', '2026-01-05T09:00:00Z') @IsInstant() validFrom!: string
  @IsOptional()
  @Field('Until when, if it is so no more: after that the correction says nothing.', '2026-02-01T00:00:00Z')
  @IsInstant()
  until?: string
}

export class CorrectCiDto extends BackDated {
  @IsOptional() @Field('Its name then.', 'db-1') @IsString() @Length(1, 200) name?: string
  @IsOptional() @Field('Whether it was there.', 'retired') @IsIn(['live', 'retired']) status?:
    | 'live'
    | 'retired'
  @IsOptional()
  @Field('Attributes as they were; null: not set.', { ramGigabytes: 12 })
  @Conforms(() => changes)
  attributes?: Record<string, AttributeValue | null>
}

const end: JsonSchema = {
  anyOf: [
    closed({ ci: { type: 'string', pattern: RECORD_NUMBER.source } }),
    closed(
      {
        name: { type: 'string', minLength: 1, maxLength: 200 },
        class: { type: 'string', minLength: 1, maxLength: 100 },
      },
      ['name'],
    ),
  ],
}

class Ends extends Authorised {
  @Field('Type, or how it reads the other way round.', 'runs-on') @IsString() @Length(1, 100) type!: string
  @Field('A CI, or a name that a CI may bear.', { ci: 'CI0000001' }) @Conforms(() => end) source!: RelationEnd
  @Field('A CI, or a name that a CI may bear.', { name: 'esx-07', class: 'hypervisor' })
  @Conforms(() => end)
  target!: RelationEnd
}

export class RelateDto extends Ends {
  @IsOptional()
  @Field('What else is known of the relation.', { port: 5432 })
  @Conforms(() => attributes)
  attributes?: Attributes
}

export class RelationParams {
  @Field('Id of a relation.') @IsUUID() id!: string
}

export class UnrelateDto extends Authorised {}

export class CorrectRelationDto extends Ends {
  @Field('Whether it was there.', true) @IsBoolean() present!: boolean
  @Field('From when on it was so; not in the future.', '2026-01-05T09:00:00Z') @IsInstant() validFrom!: string
  @IsOptional() @Field('Until when, if it is so no more.') @IsInstant() until?: string
}

export class TakeBaselineDto extends Reasoned {
  @Field('No other baseline has it.', 'before the move') @IsString() @Length(1, 200) name!: string
  @IsOptional() @Field('As it was then; the default is now.') @IsInstant() validAt?: string
  @IsOptional()
  @Field('As it was known then: a time, a position, or `change:<number>`; the default is the end of the log.')
  @IsString()
  @Length(1, 40)
  asOf?: string
}

class DiscoveredItemDto {
  @Field('Name of the class.', 'server') @IsString() @Length(1, 100) class!: string
  @Field('What the source calls it.', 'db-01') @IsString() @Length(1, 200) name!: string
  @IsOptional()
  @Field('What the source says of it.', { serialNumber: 'SN-1' })
  @Conforms(() => attributes)
  attributes?: Attributes
}

export class DiscoveryDto extends Reasoned {
  @Field('Name of the source.', 'vcenter') @Matches(SOURCE) @Length(1, 60) source!: string
  @Field('The run; one that comes in several requests has one name.', '2026-01-05')
  @IsString()
  @Length(1, 200)
  run!: string
  @Field('What it saw.')
  @ValidateNested({ each: true })
  @Type(() => DiscoveredItemDto)
  @ArrayMaxSize(1_000)
  items!: DiscoveredItemDto[]
}

/** What became of each item, in their order. */
export class DiscoveryResult {
  @Conforms(() =>
    listOf(
      closed(
        {
          outcome: { type: 'string', enum: ['registered', 'reconciled', 'review', 'dismissed', 'refused'] },
          ci: text,
          review: text,
          code: text,
          detail: text,
          errors: { type: 'array' },
        },
        ['outcome'],
      ),
    ),
  )
  results!: object[]
  @Field('How many CIs the run saw.') @IsInt() seen!: number
  @Field('Give it to a query as `minPosition` to read what was written.')
  @Matches(/^\d{20}$/)
  position!: string
}

export class ReviewParams {
  @Field('Id of a review.') @IsUUID() id!: string
}

export class ResolveReviewDto extends Reasoned {
  @Field('It is one of the candidates, none of them, or nothing of ours.', 'same-as')
  @IsIn(['same-as', 'new', 'dismissed'])
  decision!: 'same-as' | 'new' | 'dismissed'
  @IsOptional() @Field('Which one it is, with `same-as`.', 'CI0000001') @Matches(RECORD_NUMBER) ci?: string
}
