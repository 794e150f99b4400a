import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator'
import { Conforms, Field, IsInstant, type JsonSchema } from '#libs/platform'
import { FreshnessQuery, listing, TimePointQuery } from '../../http/listing.dto.js'
import { closed, instant, integer, listOf, mapOf, Page, text } from '../../http/record-view.js'

const AS_OF =
  'System time: as far as it was recorded by then; a time, a position, or `change:<number>`: when that change was closed.'

export class BaselineParams {
  @Field('Id of the baseline.') @Matches(/^[^\p{C}\p{Z}/@#]{1,100}$/u) id!: string
}

/** A point of both time axes; the system axis may be told by a change, too. */
export class ConfigurationPointQuery extends TimePointQuery {
  @IsOptional()
  @Field(AS_OF, 'change:CHG0000339')
  @IsString()
  @MaxLength(40)
  override asOf?: string
}

/** What lists of items take. */
export class CisQuery extends listing(
  ConfigurationPointQuery,
  'class = "server" AND status = "live" AND attribute:"osFamily=Linux"',
  'name',
) {}

/** What lists of baselines take. */
export class BaselinesQuery extends listing(FreshnessQuery, 'name = "before the move"', 'takenAt desc') {}

export class ImpactQuery extends ConfigurationPointQuery {
  @IsOptional()
  @Field('`down`: what suffers when it fails (usual); `up`: what it suffers from.', 'down')
  @IsIn(['up', 'down'])
  direction?: 'up' | 'down'

  @IsOptional()
  @Field('Steps from the item; usually 10.', 3)
  @IsInt()
  @Min(1)
  @Max(100)
  depth?: number
}

/** Two points of both time axes. */
export class DiffQuery extends FreshnessQuery {
  @IsOptional()
  @Field('Valid time of one point; left out: now.', '2016-05-10T09:00:00Z')
  @IsInstant()
  from?: string
  @IsOptional()
  @Field('Valid time of the other; left out: now.', '2016-06-10T09:00:00Z')
  @IsInstant()
  to?: string
  @IsOptional()
  @Field('As `asOf` elsewhere, for `from`: a time, a position, or `change:<number>`. Left out: by now.')
  @IsString()
  @MaxLength(40)
  fromAsOf?: string
  @IsOptional()
  @Field('The same for `to`.')
  @IsString()
  @MaxLength(40)
  toAsOf?: string
}

export class HealthQuery extends ConfigurationPointQuery {
  @IsOptional()
  @Field('Days unseen by its sources after which an item is stale; usually 30.', 30)
  @IsInt()
  @Min(1)
  @Max(10_000)
  staleAfterDays?: number

  @IsOptional()
  @Field('Findings shown of each kind; 0: the usual 50. All are counted.', 50)
  @IsInt()
  @Min(0)
  @Max(1_000)
  pageSize?: number
}

const bounds = { validFrom: instant, validTo: instant, systemFrom: text, systemTo: text }
const attributes: JsonSchema = { type: 'object' }
const fields = { class: text, name: text, status: { type: 'string', enum: ['live', 'retired'] }, attributes }
const end = closed({ ci: text, name: text, class: text }, [])
const relation = closed({ relation: text, type: text, source: end, target: end, attributes }, [
  'relation',
  'type',
  'source',
  'target',
])
const STATED = ['class', 'attributes', 'validFrom', 'systemFrom']

/** What every answer about the configuration says: the point that it is true of, and how fresh it is. */
export class AtPoint {
  @Field('Valid time that it is true of.') @IsInstant() validAt!: string
  @Field('As it was recorded up to here.') @Matches(/^\d{20}$/) asOf!: string
  @Field('What is known holds everything up to here.') @Matches(/^\d{20}$/) position!: string
  @Field('Seconds behind the log.') @Conforms(() => ({ type: 'number', minimum: 0 })) lag!: number
}

export class CiPage extends Page {
  @Conforms(() => listOf(closed({ number: text, ...fields, ...bounds }, ['number', ...STATED])))
  items!: object[]
}

/** An item at one point, with its relations there. */
export class CiAtPoint extends AtPoint {
  @IsString() number!: string
  @IsString() class!: string
  @IsOptional() @IsString() name?: string
  @IsOptional() @IsIn(['live', 'retired']) status?: 'live' | 'retired'
  @Conforms(() => attributes) attributes!: object
  @Field('From this valid time on.') @IsInstant() validFrom!: string
  @IsOptional() @Field('Until this valid time; absent: it lasts.') @IsInstant() validTo?: string
  @Field('Position of the event that told so.') @IsString() systemFrom!: string
  @IsOptional() @Field('Position of the event that told otherwise.') @IsString() systemTo?: string
  @Field('At most 1,000; the graph has all.') @Conforms(() => listOf(relation)) relations!: object[]
  @IsOptional() @Field('There are more relations than are shown.') @IsBoolean() moreRelations?: boolean
}

/** Versions on both axes, and the events that they came of. */
export class CiHistory extends AtPoint {
  @IsString() number!: string
  @Field('`event`: the id of the event that told so.')
  @Conforms(() => listOf(closed({ ...fields, ...bounds, event: text }, STATED)))
  versions!: object[]
  @Field('In the order in which they were recorded; `effectiveAt`: the valid time from which each counts.')
  @Conforms(() =>
    listOf(
      closed(
        {
          id: text,
          type: text,
          revision: integer,
          position: text,
          effectiveAt: instant,
          occurredAt: instant,
          recordedAt: instant,
          actor: text,
          attributedTo: text,
          onBehalfOf: text,
          channel: text,
          reason: text,
          data: { type: 'object' },
        },
        [
          'id',
          'type',
          'revision',
          'position',
          'effectiveAt',
          'occurredAt',
          'recordedAt',
          'actor',
          'channel',
          'data',
        ],
      ),
    ),
  )
  events!: object[]
}

/** What impact flows to, or from. */
export class Impact extends AtPoint {
  @IsString() number!: string
  @IsIn(['up', 'down']) direction!: 'up' | 'down'
  @IsInt() depth!: number
  @Field(
    'The nearest first, each once. `from`: the item before it on a shortest way, told before it; `relation`: what leads on from there, ' +
      'by its id; `byName`: it names the item and not its number.',
  )
  @Conforms(() =>
    listOf(
      closed(
        {
          number: text,
          name: text,
          class: text,
          level: integer,
          from: text,
          relation: text,
          type: text,
          byName: { type: 'boolean' },
        },
        ['number', 'level', 'from', 'relation', 'type'],
      ),
    ),
  )
  items!: object[]
  @Field('Names at the end of a relation that no live item bears.')
  @Conforms(() =>
    listOf(closed({ name: text, class: text, from: text, type: text }, ['name', 'from', 'type'])),
  )
  unresolved!: object[]
  @Field('There is more than one answer holds.') @IsBoolean() truncated!: boolean
}

const changes = mapOf(closed({ before: {}, after: {} }))
const itemFields = closed({ number: text, ...fields }, ['number', 'attributes'])
const point = closed({ validAt: instant, asOf: text })

/** What differs between two points. */
export class ConfigurationDiff {
  @Conforms(() => point) from!: object
  @Conforms(() => point) to!: object
  @Field('Added, removed: live at one of the points only.')
  @Conforms(() =>
    closed({
      added: listOf(itemFields),
      removed: listOf(itemFields),
      changed: listOf(closed({ number: text, name: text, class: text, changes }, ['number', 'changes'])),
    }),
  )
  items!: object
  @Conforms(() =>
    closed({
      added: listOf(relation),
      removed: listOf(relation),
      changed: listOf(
        closed({ relation: text, type: text, source: end, target: end, attributes, changes }, [
          'relation',
          'changes',
        ]),
      ),
    }),
  )
  relations!: object
  @Matches(/^\d{20}$/) position!: string
  @Conforms(() => ({ type: 'number', minimum: 0 })) lag!: number
}

export class BaselinePage extends Page {
  @Conforms(() =>
    listOf(
      closed({ baseline: text, name: text, validAt: instant, asOf: text, takenAt: instant, takenBy: text }),
    ),
  )
  items!: object[]
}

const findings = (properties: Record<string, JsonSchema>, required: string[]): JsonSchema =>
  closed({ count: integer, items: listOf(closed(properties, required)) })
const item = { number: text, name: text, class: text }

/** What is wrong with the configuration. */
export class ConfigurationHealth extends AtPoint {
  @Field('Live items.') @IsInt() live!: number
  @Field('In no relation.') @Conforms(() => findings(item, ['number'])) orphan!: object
  @Field('Taken for one by their name and class, or by a rule that matches what sources report.')
  @Conforms(() => findings({ by: listOf(text), items: listOf(closed(item, ['number'])) }, ['by', 'items']))
  duplicate!: object
  @Field('Without an attribute that their class requires or recommends.')
  @Conforms(() => findings({ ...item, missing: listOf(text) }, ['number', 'missing']))
  incomplete!: object
  @Field('Names at the end of a relation that no live item bears.')
  @Conforms(() => findings({ name: text, class: text, relations: integer }, ['name', 'relations']))
  unresolved!: object
  @Field(
    'Seen by a source once, and by none for so many days before. Of the sightings of a day (UTC) the first counts.',
  )
  @Conforms(() => findings({ ...item, lastSeenAt: instant }, ['number', 'lastSeenAt']))
  stale!: object
}
