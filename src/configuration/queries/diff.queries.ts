import type { Principal } from '#libs/access'
import { NotFound } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { compare } from '#libs/read-store'
import { isSame, type VersionRow } from '#projections/cmdb-history/bitemporal-fold'
import {
  BASELINES,
  type Baseline,
  CIS,
  type CiVersion,
  cmdbHistory,
  RELATIONS,
  type RelationVersion,
} from '#projections/cmdb-history/cmdb-history'
import { type ListArguments, listPage } from '../../http/listing.js'
import type { AskedTimePoint } from '../../http/time-point.js'
import { type AskedOfCmdb, CmdbReader, type SettledPoint, settle } from './cmdb-reader.js'
import { shownFields, shownRelation } from './shown.js'

export interface DiffArguments {
  principal: Principal
  minPosition?: string
  /** Valid times; default: now. */
  from?: string
  to?: string
  /** As known then; default: by now. */
  fromAsOf?: string
  toAsOf?: string
}

/** What differs between two points, each of both time axes. */
export async function readConfigurationDiff(
  { from, to, fromAsOf, toAsOf, ...asked }: DiffArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  return diffBetween(dependencies, asked, { validAt: from, asOf: fromAsOf }, { validAt: to, asOf: toAsOf })
}

export interface DriftArguments extends AskedOfCmdb {
  baseline: string
}

/** What differs from a baseline at a point; usually now. */
export async function readBaselineDrift(
  { baseline: id, validAt, asOf, ...asked }: DriftArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { row } = await dependencies.models.of<Baseline>(cmdbHistory.name, BASELINES).get(`baseline-${id}`, {
    ...asked,
    timeoutMilliseconds: dependencies.waitMilliseconds,
  })
  if (!row) throw new NotFound('BASELINE.UNKNOWN', `There is no baseline ${id}`)
  const { document: baseline } = row
  return diffBetween(dependencies, asked, baseline, { validAt, asOf })
}

/** Baselines, the latest first. */
export function listBaselines(args: ListArguments, dependencies: QueryDependencies): Promise<QueryAnswer> {
  return listPage<Baseline>(dependencies, args, {
    definition: cmdbHistory,
    collection: BASELINES,
    usualOrder: [{ column: 'takenAt', direction: 'desc' }],
    render: (baseline) => baseline,
  })
}

async function diffBetween(
  dependencies: QueryDependencies,
  asked: Omit<AskedOfCmdb, keyof AskedTimePoint>,
  fromPoint: AskedTimePoint,
  toPoint: AskedTimePoint,
): Promise<QueryAnswer> {
  const { principal } = asked
  const from = await settle(dependencies, { ...fromPoint, ...asked })
  const to = await settle(dependencies, { ...toPoint, ...asked })
  const at = (point: SettledPoint) => new CmdbReader(dependencies, principal, point)
  const points = { from: at(from), to: at(to), between: turningPoints(from, to).map(at) }
  const items = await itemsThatDiffer(points)
  const relations = await relationsThatDiffer(points)
  const { position, lag } = to
  const answer = { from: pointOf(from), to: pointOf(to), items, relations, position, lag }
  return { json: JSON.stringify(answer), position }
}

const pointOf = ({ validAt, asOf }: SettledPoint) => ({ validAt, asOf })

/**
 * From one point to the other, first along valid time, then along system time. On each leg whatever begins to stand between
 * its earlier and its later end stands at the later end, so it is asked there what began since the earlier one: these bounds
 * have indexes, and records that did not change are never read.
 */
function turningPoints(from: SettledPoint, to: SettledPoint): Leg[] {
  const [early, late] = from.validAt <= to.validAt ? [from, to] : [to, from]
  const [known, knownLater] = from.asOf <= to.asOf ? [from, to] : [to, from]
  const legs: Leg[] = []
  if (early.validAt < late.validAt)
    legs.push({ ...to, validAt: late.validAt, column: 'validFrom', since: early.validAt })
  if (known.asOf < knownLater.asOf)
    legs.push({
      ...to,
      validAt: from.validAt,
      asOf: knownLater.asOf,
      column: 'systemFrom',
      since: known.asOf,
    })
  return legs
}

interface Leg extends SettledPoint {
  column: 'validFrom' | 'systemFrom'
  since: string
}

interface Points {
  from: CmdbReader
  to: CmdbReader
  between: readonly CmdbReader[]
}

/** Records that may differ, and those of their versions at either point that finding them has read already. */
interface Begun<Row> {
  keys: readonly string[]
  before: Map<string, Row>
  after: Map<string, Row>
}

async function begunBetween<Row extends VersionRow>(
  { from, to, between }: Points,
  collection: string,
  key: (row: Row) => string,
): Promise<Begun<Row>> {
  const keys = new Set<string>()
  const before = new Map<string, Row>()
  const after = new Map<string, Row>()
  for (const reader of between) {
    const { column, since } = reader.point as Leg
    const begun = await reader.inOrder<Row>(collection, compare(column, '>', since), column)
    for (const row of begun) {
      keys.add(key(row))
      if (isSamePoint(reader.point, to.point)) after.set(key(row), row)
      else if (isSamePoint(reader.point, from.point)) before.set(key(row), row)
    }
  }
  return { keys: [...keys].sort(), before, after }
}

function isSamePoint(a: SettledPoint, b: SettledPoint): boolean {
  return a.validAt === b.validAt && a.asOf === b.asOf
}

/** Adds the versions that were not read yet. */
async function complete<Row>(
  versions: Map<string, Row>,
  keys: readonly string[],
  read: (missing: readonly string[]) => Promise<ReadonlyMap<string, Row>>,
): Promise<ReadonlyMap<string, Row>> {
  const missing = keys.filter((key) => !versions.has(key))
  for (const [key, version] of await read(missing)) versions.set(key, version)
  return versions
}

async function itemsThatDiffer(points: Points): Promise<object> {
  const begun = await begunBetween<CiVersion>(points, CIS, ({ number }) => number)
  const before = await complete(begun.before, begun.keys, (missing) => points.from.pastItems(missing))
  const after = await complete(begun.after, begun.keys, (missing) => points.to.items(missing))
  const differences = { added: [] as object[], removed: [] as object[], changed: [] as object[] }
  for (const number of begun.keys) {
    const [was, is] = [ifRegistered(before.get(number)), ifRegistered(after.get(number))]
    const [wasLive, isLive] = [was?.status === 'live', is?.status === 'live']
    if (is && isLive && !wasLive) differences.added.push({ number, ...shownFields(is) })
    else if (was && wasLive && !isLive) differences.removed.push({ number, ...shownFields(was) })
    else if (was && is) {
      const changes = changedFields(fieldsOf(was), fieldsOf(is))
      if (changes) differences.changed.push({ number, name: is.name, class: is.class, changes })
    }
  }
  return differences
}

function ifRegistered(item: CiVersion | undefined): CiVersion | undefined {
  return item?.class === undefined ? undefined : item
}

async function relationsThatDiffer(points: Points): Promise<object> {
  const begun = await begunBetween<RelationVersion>(points, RELATIONS, ({ relation }) => relation)
  const before = await complete(begun.before, begun.keys, (missing) => points.from.relations(missing))
  const after = await complete(begun.after, begun.keys, (missing) => points.to.relations(missing))
  const differences = { added: [] as object[], removed: [] as object[], changed: [] as object[] }
  for (const id of begun.keys) {
    const [was, is] = [before.get(id), after.get(id)]
    if (is?.present && !was?.present) differences.added.push(shownRelation(is))
    else if (was?.present && !is?.present) differences.removed.push(shownRelation(was))
    else if (was?.present && is?.present) {
      const changes = changedFields(was.attributes ?? {}, is.attributes ?? {})
      if (changes) differences.changed.push({ ...shownRelation(is), changes })
    }
  }
  return differences
}

/** The fields of an item by name; its attributes among them, since none is called like another field. */
function fieldsOf({ class: ofClass, name, status, attributes }: CiVersion): Record<string, unknown> {
  return { ...attributes, class: ofClass, name, status }
}

/** Before and after of what differs; null: absent. Undefined: nothing does. */
function changedFields(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): object | undefined {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const changed = names.filter((name) => !isSame(before[name], after[name]))
  if (changed.length === 0) return undefined
  return Object.fromEntries(
    changed.map((name) => [name, { before: before[name] ?? null, after: after[name] ?? null }]),
  )
}
