import type { Principal } from '#libs/access'
import { laterPosition, type Position } from '#libs/event-sourcing'
import type { ListRequest, ReadModel } from '#libs/projections-runtime'
import type { QueryDependencies } from '#libs/query-handling'
import {
  and,
  eq,
  type Fields,
  type FieldsQuery,
  type Filter,
  isIn,
  type KeysetCursor,
  or,
} from '#libs/read-store'
import {
  CIS,
  type CiVersion,
  cmdbHistory,
  present,
  RELATIONS,
  type RelationVersion,
  registered,
  standingAt,
  WALKED_OF_ITEM,
  WALKED_OF_RELATION,
} from '#projections/cmdb-history/cmdb-history'
import { latestSightingAt, SIGHTINGS, type Sighting } from '#projections/cmdb-history/sightings'
import type { AskedTimePoint, TimePoint } from '../../http/time-point.js'
import { settleConfigurationPoint } from './configuration-point.js'
import { byName, type GraphItem, type GraphRelation, meantBy, type NamedEnd } from './graph-parts.js'
import { type ClassTree, classTreeAt } from './settings-at.js'

/** Who asks about the configuration, and of which point of both time axes. */
export interface AskedOfCmdb extends AskedTimePoint {
  principal: Principal
  minPosition?: string
}

/** What every answer about the configuration says: the point that it is true of, and how fresh it is. */
export interface SettledPoint extends TimePoint {
  position: Position
  /** Seconds. */
  lag: number
}

const PAGE = 1_000
/** Rows of which fields are read at once. */
const MOST_AT_ONCE = 20_000
/** Keys that one question names. */
const KEYS = 1_000

/**
 * Settles the point that is asked of. Without `asOf` it is what the view holds by now, so that nobody waits for it; all further
 * questions at this point are then answered from one state, whatever is folded meanwhile.
 */
export async function settle(
  { eventStore, models, waitMilliseconds }: QueryDependencies,
  { principal, minPosition, ...asked }: AskedOfCmdb,
): Promise<SettledPoint> {
  const point = await settleConfigurationPoint(eventStore, asked)
  const { position, lag } = await models.of<CiVersion>(cmdbHistory.name, CIS).getMany([], {
    principal,
    minPosition: asked.asOf === undefined ? minPosition : laterPosition(point.asOf, minPosition),
    timeoutMilliseconds: waitMilliseconds,
  })
  return { validAt: point.validAt, asOf: asked.asOf === undefined ? position : point.asOf, position, lag }
}

type Reading = Pick<ListRequest, 'orderBy' | 'onePer'> & {
  /** All that is wanted of the rows, which then come in no order. */
  fields?: Fields
}

/** The configuration at one point of both time axes. */
export class CmdbReader {
  readonly #asking: { principal: Principal; timeoutMilliseconds: number }
  readonly #standing: Filter
  #classes: Promise<ClassTree> | undefined

  constructor(
    private readonly dependencies: QueryDependencies,
    principal: Principal,
    readonly point: SettledPoint,
  ) {
    this.#asking = { principal, timeoutMilliseconds: dependencies.waitMilliseconds }
    this.#standing = standingAt(point)
  }

  static async at(dependencies: QueryDependencies, asked: AskedOfCmdb): Promise<CmdbReader> {
    return new CmdbReader(dependencies, asked.principal, await settle(dependencies, asked))
  }

  /** The tree of classes in force. */
  classes(): Promise<ClassTree> {
    this.#classes ??= classTreeAt(this.dependencies.eventStore, this.point.asOf)
    return this.#classes
  }

  /** The item of a number; undefined: none is registered at this point. */
  async item(number: string): Promise<CiVersion | undefined> {
    const items = await this.items([number])
    return items.get(number)
  }

  /** The registered items among these numbers. */
  async items(numbers: readonly string[]): Promise<Map<string, CiVersion>> {
    const found = new Map<string, CiVersion>()
    const elsewhere = await this.#lasting(numbers, found)
    for (const [number, item] of await this.pastItems(elsewhere)) found.set(number, item)
    return found
  }

  /** As {@link items}, sooner where they are likely to have changed since. */
  pastItems(numbers: readonly string[]): Promise<Map<string, CiVersion>> {
    return this.#itemsByNumber<CiVersion>(numbers)
  }

  /** As {@link items}, as far as walks need them, which an index has whole. */
  graphItems(numbers: readonly string[]): Promise<Map<string, GraphItem>> {
    return this.#itemsByNumber<GraphItem>(numbers, WALKED_OF_ITEM)
  }

  async #itemsByNumber<Item extends GraphItem>(
    numbers: readonly string[],
    fields?: Fields,
  ): Promise<Map<string, Item>> {
    const found = new Map<string, Item>()
    for (const keys of slices(numbers)) {
      const filter = and(isIn('number', keys), registered)
      for (const row of await this.#onePer<Item>(CIS, 'number', filter, fields)) found.set(row.number, row)
    }
    return found
  }

  /**
   * Most questions are about what still stands, which has a place of its own.
   * @returns the numbers of which another version may be in force
   */
  async #lasting(numbers: readonly string[], found: Map<string, CiVersion>): Promise<readonly string[]> {
    const { validAt, asOf } = this.point
    const ids = numbers.map((number) => `ci-${number}`)
    const { rows } = await this.#model<CiVersion>(CIS).getMany(ids, this.#asking)
    const missing = new Set<string>()
    for (const { document } of rows) {
      const { number, validFrom, systemFrom } = document
      if (validFrom > validAt || systemFrom > asOf) missing.add(number)
      else if (document.class !== undefined) found.set(number, document)
    }
    return [...missing]
  }

  /** The live items that bear these names, by name; those of one name by number. */
  async named(names: readonly string[]): Promise<Map<string, GraphItem[]>> {
    const found: GraphItem[] = []
    for (const keys of slices([...new Set(names)])) {
      const live = and(isIn('name', keys), eq('status', 'live'), registered)
      found.push(...(await this.#all<GraphItem>(CIS, live, { fields: WALKED_OF_ITEM })))
    }
    return byName(found.sort((one, other) => (one.number < other.number ? -1 : 1)))
  }

  /** The relations at which an item stands as source or as target, by its number or by its name; in the order of their ids. */
  async relationsOf(items: readonly GraphItem[]): Promise<RelationVersion[]> {
    const relations = await this.#relationsOf<RelationVersion>(items)
    return relations.sort((one, other) => (one.relation < other.relation ? -1 : 1))
  }

  /**
   * The same as far as walks need them, in no order: putting a thousand ids in order takes 7 % of a walk.
   * @param types per side: of which types
   */
  graphRelationsOf(
    items: readonly GraphItem[],
    types: Record<'source' | 'target', readonly string[]>,
  ): Promise<GraphRelation[]> {
    return this.#relationsOf<GraphRelation>(items, types, WALKED_OF_RELATION)
  }

  async #relationsOf<Row extends GraphRelation>(
    items: readonly GraphItem[],
    types?: Record<'source' | 'target', readonly string[]>,
    fields?: Fields,
  ): Promise<Row[]> {
    const found = new Map<string, Row>()
    for (const some of slices(items)) {
      const numbers = some.map(({ number }) => number)
      const names = some.flatMap(({ name, status }) =>
        name !== undefined && status === 'live' ? [name] : [],
      )
      const atSides = (['source', 'target'] as const).flatMap((side) =>
        [isIn(`${side}Ci`, numbers), isIn(`${side}Name`, names)].map((end) =>
          types ? and(end, isIn('type', types[side])) : end,
        ),
      )
      const filter = and(or(...atSides), present)
      for (const row of await this.#all<Row>(RELATIONS, filter, { fields })) found.set(row.relation, row)
    }
    return [...found.values()]
  }

  /** Versions of these relations, there or not. */
  async relations(ids: readonly string[]): Promise<Map<string, RelationVersion>> {
    const found = new Map<string, RelationVersion>()
    for (const keys of slices(ids))
      for (const row of await this.#onePer<RelationVersion>(RELATIONS, 'relation', isIn('relation', keys)))
        found.set(row.relation, row)
    return found
  }

  /** Of the live items that bear the name of an end those that it means: of its class or of one below it. */
  async meant<Item extends GraphItem>(
    end: NamedEnd,
    named: ReadonlyMap<string, readonly Item[]>,
  ): Promise<readonly Item[]> {
    return meantBy(end, named, await this.classes())
  }

  /** A page of all registered items, by number; or of all relations that are there, by id. */
  page<Row extends object>(
    collection: typeof CIS | typeof RELATIONS,
    after?: KeysetCursor,
    pageSize = PAGE,
  ): Promise<{ rows: Row[]; next?: KeysetCursor }> {
    const [filter, column] = collection === CIS ? [registered, 'number'] : [present, 'relation']
    const orderBy = [{ column, direction: 'asc' }] as const
    const standing = and(filter, this.#standing)
    return this.#page<Row>(collection, standing, { after, pageSize, orderBy, onePer: column })
  }

  /** When each item that a source ever saw was seen last, by number. */
  latestSightings(): Promise<Sighting[]> {
    const orderBy = [{ column: 'number', direction: 'asc' }] as const
    return this.#pages<Sighting>(SIGHTINGS, latestSightingAt(this.point), { orderBy, onePer: 'number' })
  }

  /** Rows that meet a condition, in the order of a column. */
  async inOrder<Row extends object>(collection: string, filter: Filter, column: string): Promise<Row[]> {
    return this.#all<Row>(collection, filter, { orderBy: [{ column, direction: 'asc' }] })
  }

  /** Of each record one version at most stands at a point: the others need not be looked at. */
  #onePer<Row extends object>(
    collection: string,
    column: string,
    filter: Filter,
    fields?: Fields,
  ): Promise<Row[]> {
    const orderBy = [{ column, direction: 'asc' }] as const
    return this.#all<Row>(collection, filter, { orderBy, onePer: column, fields })
  }

  /** Of what stands at this point. */
  #all<Row extends object>(collection: string, filter: Filter, how: Reading): Promise<Row[]> {
    return this.#pages<Row>(collection, and(filter, this.#standing), how)
  }

  async #pages<Row extends object>(
    collection: string,
    filter: Filter,
    { fields, ...how }: Reading,
  ): Promise<Row[]> {
    const atOnce = fields && (await this.#atOnce<Row>(collection, { filter, onePer: how.onePer }, fields))
    if (atOnce) return atOnce
    const rows: Row[] = []
    let after: KeysetCursor | undefined
    do {
      const page: { rows: Row[]; next?: KeysetCursor } = await this.#page<Row>(collection, filter, {
        ...how,
        after,
        pageSize: PAGE,
      })
      rows.push(...page.rows)
      after = page.next
    } while (after)
    return rows
  }

  /** Undefined: there are too many. */
  async #atOnce<Row extends object>(
    collection: string,
    which: Omit<FieldsQuery, 'atMost'>,
    fields: Fields,
  ): Promise<Row[] | undefined> {
    const request = { ...this.#asking, ...which, atMost: MOST_AT_ONCE }
    const { documents } = await this.#model<Row>(collection).findFields(request, fields)
    return documents
  }

  async #page<Row extends object>(
    collection: string,
    filter: Filter,
    page: Omit<Reading, 'fields'> & Pick<ListRequest, 'after' | 'pageSize'>,
  ): Promise<{ rows: Row[]; next?: KeysetCursor }> {
    const { rows, next } = await this.#model<Row>(collection).list({ ...this.#asking, ...page, filter })
    return { rows: rows.map(({ document }) => document), next }
  }

  #model<Row extends object>(collection: string): ReadModel<Row> {
    return this.dependencies.models.of<Row>(cmdbHistory.name, collection)
  }
}

function* slices<Key>(keys: readonly Key[]): Generator<readonly Key[]> {
  for (let at = 0; at < keys.length; at += KEYS) yield keys.slice(at, at + KEYS)
}
