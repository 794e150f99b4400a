import { NotFound, type RecordedEvent } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, eq } from '#libs/read-store'
import { isSame, rectanglesOf, type VersionRow } from '#projections/cmdb-history/bitemporal-fold'
import {
  CIS,
  type CiVersion,
  cmdbHistory,
  type RelationVersion,
  registered,
  standingAt,
} from '#projections/cmdb-history/cmdb-history'
import { ciEffect } from '#projections/cmdb-history/effects'
import { UNENDED, UNENDED_POSITION } from '#projections/intervals'
import { type ListArguments, listPage } from '../../http/listing.js'
import type { CiEvent } from '../domain/configuration.events.js'
import { type AskedOfCmdb, CmdbReader, type SettledPoint, settle } from './cmdb-reader.js'
import { effectiveEvents } from './effective-events.js'
import { endsOf } from './graph-parts.js'
import { shownBounds, shownFields, shownItem, shownRelation } from './shown.js'

/** What callers may filter by. */
const FILTERABLE = {
  number: 'string',
  class: 'string',
  name: 'string',
  status: 'string',
  attribute: 'strings',
} as const

/** One page of the items that are registered at a point, retired ones too; usually by name. */
export async function listConfigurationItems(
  args: ListArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { validAt, asOf } = await settle(dependencies, args)
  const point = { validAt, asOf }
  return listPage<CiVersion>(
    dependencies,
    args,
    {
      definition: cmdbHistory,
      collection: CIS,
      columns: FILTERABLE,
      scope: and(registered, standingAt(point)),
      scopeName: 'at',
      usualOrder: [{ column: 'name', direction: 'asc' }],
      render: (item) => shownItem(item, point),
    },
    point,
  )
}

export interface OneItem extends AskedOfCmdb {
  number: string
}

/** Relations that an answer about one item shows at most: the graph has them all. */
const MOST_RELATIONS = 1_000

/** One item at a point, with its relations there. */
export async function readConfigurationItem(
  args: OneItem,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const reader = await CmdbReader.at(dependencies, args)
  const item = await reader.item(args.number)
  if (!item) throw await unknownItem(args.number, reader.point, dependencies)
  const relations = await relationsAt(reader, item)
  const shown = relations.slice(0, MOST_RELATIONS)
  const more = relations.length > MOST_RELATIONS && { moreRelations: true }
  return {
    json: JSON.stringify({ ...shownItem(item, reader.point), relations: shown, ...more, ...reader.point }),
    position: reader.point.position,
  }
}

/** The relations of an item; those by name only if it is what the name means. */
async function relationsAt(reader: CmdbReader, item: CiVersion): Promise<object[]> {
  const itself = new Map([[item.name as string, [item]]])
  const shown: object[] = []
  for (const relation of await reader.relationsOf([item])) {
    if (await isOf(reader, relation, item, itself)) shown.push(shownRelation(relation))
  }
  return shown
}

async function isOf(
  reader: CmdbReader,
  relation: RelationVersion,
  item: CiVersion,
  itself: ReadonlyMap<string, readonly CiVersion[]>,
): Promise<boolean> {
  for (const end of Object.values(endsOf(relation))) {
    if ('ci' in end ? end.ci === item.number : (await reader.meant(end, itself)).length > 0) return true
  }
  return false
}

/** A number that no stream has, or one that was not registered yet at that point. */
export async function unknownItem(
  number: string,
  { validAt, asOf }: SettledPoint,
  { eventStore }: QueryDependencies,
): Promise<NotFound> {
  const [first] = await eventStore.readStream(`ci-${number}`, { limit: 1 })
  return first
    ? new NotFound('CI.NOT_YET', `${number} was not registered yet at ${validAt} as of ${asOf}`)
    : new NotFound(
        'CI.UNKNOWN',
        `There is no configuration item ${number}: ask by number; GET /configuration-items?filter=name="…" finds it.`,
      )
}

/** All versions of an item on both axes as known at a point, and the events that they came of. */
export async function readConfigurationItemHistory(
  args: OneItem,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { number, principal } = args
  const point = await settle(dependencies, args)
  const events = knownEvents(
    (await dependencies.eventStore.readStream(`ci-${number}`)) as RecordedEvent<CiEvent>[],
    point,
  )
  if (events.length === 0) throw await unknownItem(number, point, dependencies)
  const versions = await allVersions(dependencies, { number, principal }, point)
  const causes = new Map(events.map(({ position, id }) => [position, id]))
  const shown = versions.map((version) => ({
    ...shownFields(version),
    ...shownBounds(version, version.validFrom),
    event: causes.get(version.systemFrom),
  }))
  return { json: JSON.stringify({ number, versions: shown, events, ...point }), position: point.position }
}

/** Events up to a point, each with the time from which it counts. */
function knownEvents(events: readonly RecordedEvent<CiEvent>[], point: SettledPoint) {
  return effectiveEvents(events, point, ciEffect).map(({ event, at: effectiveAt }) => {
    const { id, type, revision, position, data } = event
    const { actor, attributedTo, onBehalfOf, channel, reason, occurredAt, recordedAt } = event.metadata
    const who = { actor, attributedTo, onBehalfOf, channel, reason }
    return { id, type, revision, position, effectiveAt, occurredAt, recordedAt, ...who, data }
  })
}

/** The versions that were known at a point, up to its valid time; as they were known then. */
async function allVersions(
  { models, waitMilliseconds }: QueryDependencies,
  { number, principal }: Pick<OneItem, 'number' | 'principal'>,
  { validAt, asOf }: SettledPoint,
): Promise<CiVersion[]> {
  const versions: CiVersion[] = []
  const model = models.of<CiVersion>(cmdbHistory.name, CIS)
  for (let after: Parameters<typeof model.list>[0]['after'] | undefined, more = true; more; ) {
    const { rows, next } = await model.list({
      principal,
      filter: eq('number', number),
      orderBy: [{ column: 'validFrom', direction: 'asc' }],
      pageSize: 1_000,
      after,
      timeoutMilliseconds: waitMilliseconds,
    })
    versions.push(...rows.map(({ document }) => document))
    after = next
    more = next !== undefined
  }
  const known = versions
    .flatMap(rectanglesOf)
    .filter((row) => row.class !== undefined && row.systemFrom <= asOf)
    .map((row) => (row.systemTo > asOf ? { ...row, systemTo: UNENDED_POSITION } : row))
    .sort((one, other) => (boundsOf(one) < boundsOf(other) ? -1 : 1))
  // An end that was not known then is told by no later row
  return joined(known).filter((row) => row.validFrom <= validAt)
}

const boundsOf = ({ validFrom, validTo, systemFrom }: VersionRow) => [validFrom, validTo, systemFrom].join()

/** Rows that only a later event cut in two are one, as long as that event is not known. */
function joined(rows: readonly CiVersion[]): CiVersion[] {
  const whole: CiVersion[] = []
  for (const row of rows) {
    const at = whole.findIndex((other) => other.validTo === row.validFrom && isCutFrom(other, row))
    if (at < 0) whole.push(row)
    else whole[at] = { ...(whole[at] as CiVersion), validTo: row.validTo ?? UNENDED }
  }
  return whole
}

function isCutFrom(a: CiVersion, b: CiVersion): boolean {
  return (
    a.systemFrom === b.systemFrom &&
    a.systemTo === b.systemTo &&
    a.class === b.class &&
    a.name === b.name &&
    a.status === b.status &&
    isSameAttributes(a, b)
  )
}

/** Whether two versions have the same attributes. */
function isSameAttributes({ attributes: a = {} }: VersionRow, { attributes: b = {} }: VersionRow): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => isSame(a[name], b[name]))
}
