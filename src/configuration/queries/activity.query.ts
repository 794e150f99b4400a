import type { RecordedEvent } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, compare, type Filter, isIn } from '#libs/read-store'
import { attributeOf, type VersionRow } from '#projections/cmdb-history/bitemporal-fold'
import {
  CIS,
  type CiVersion,
  cmdbHistory,
  RELATIONS,
  type RelationVersion,
} from '#projections/cmdb-history/cmdb-history'
import { ciEffect, relationEffect } from '#projections/cmdb-history/effects'
import type { AttributeValue, CiEvent, RelationEvent } from '../domain/configuration.events.js'
import { CmdbReader } from './cmdb-reader.js'
import { type EffectiveEvent, effectiveEvents } from './effective-events.js'
import { type EndOf, endsOf } from './graph-parts.js'
import { type Reach, type ReachArguments, reachFrom } from './reach.query.js'

export interface ActivityArguments extends ReachArguments {
  /** Valid time, ISO 8601 UTC: what counts after it, up to `validAt`. */
  from: string
}

/** A change of an item or of a relation, by its event. */
interface Modified {
  /** Numbers of the items within reach that it is about. */
  cis: readonly string[]
  event: string
  type: string
  /** From when it counts, which is not when it was recorded. */
  at: string
  actor: string
  attributedTo?: string
  channel: string
  /** Number of the change that it names. */
  change?: string
  source?: string
}
export interface ItemModified extends Modified {
  kind: 'item'
  /** Attributes, and `class`, `name`, `status`, as they were set; null: gone. */
  values: Readonly<Record<string, AttributeValue | null>>
}
export interface RelationModified extends Modified {
  kind: 'relation'
  relation: string
  relationType: string
  present: boolean
  ends: { source: EndOf; target: EndOf }
}

/** What was changed within reach of some items in a stretch of valid time, as known at a position. */
export interface Activity extends Reach {
  from: string
  /** The latest first. */
  modifications: readonly (ItemModified | RelationModified)[]
  /** More items or relations were modified than were looked at, which are the latest. */
  moreModified: boolean
}

/** Items, and relations, whose events are read. */
const MOST_READ = 200
/** Versions that one question gives: an item may have many. */
const MOST_VERSIONS = 1_000
/** Items that one question names, on either side of the order that an index gives. */
const KEYS = 400

/** What was changed on some items and up or down the graph from them, in a stretch of valid time. */
export async function readActivity(
  args: ActivityArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const reader = await CmdbReader.at(dependencies, args)
  const reach = await reachFrom(reader, args, dependencies)
  const seeker = new ModificationSeeker(args, reach, dependencies)
  const items = await seeker.items()
  const relations = await seeker.relations()
  const modifications = [...items.found, ...relations.found].sort((one, other) =>
    one.at < other.at ? 1 : -1,
  )
  const moreModified = items.more || relations.more
  const activity: Activity = { ...reach, from: args.from, modifications, moreModified }
  return { json: JSON.stringify(activity), position: reach.position }
}

/** Versions that begin in the time tell whose events are to be read, and no other stream is. */
class ModificationSeeker {
  readonly #numbers: readonly string[]
  readonly #names: ReadonlyMap<string, string>
  readonly #begun: Filter

  constructor(
    private readonly args: ActivityArguments,
    private readonly reach: Reach,
    private readonly dependencies: QueryDependencies,
  ) {
    this.#numbers = reach.items.map(({ number }) => number)
    this.#names = new Map(
      reach.items.flatMap(({ name, number }) => (name === undefined ? [] : [[name, number]])),
    )
    const { validAt, asOf } = reach
    this.#begun = and(
      compare('validFrom', '>', args.from),
      compare('validFrom', '<=', validAt),
      compare('systemFrom', '<=', asOf),
      compare('systemTo', '>', asOf),
    )
  }

  async items(): Promise<{ found: ItemModified[]; more: boolean }> {
    const { rows, more } = await this.#rows<CiVersion>(CIS, ['number'])
    const numbers = [...new Set(rows.map(({ number }) => number))]
    const found: ItemModified[] = []
    for (const number of numbers.slice(0, MOST_READ)) {
      for (const { event, at } of await this.#events<CiEvent>(`ci-${number}`, ciEffect)) {
        const values = valuesOf(ciEffect(event).sets)
        if (Object.keys(values).length > 0)
          found.push({ kind: 'item', cis: [number], values, ...toldBy(event, at) })
      }
    }
    return { found, more: more || numbers.length > MOST_READ }
  }

  async relations(): Promise<{ found: RelationModified[]; more: boolean }> {
    const ends = ['sourceCi', 'targetCi', 'sourceName', 'targetName']
    const { rows, more } = await this.#rows<RelationVersion>(RELATIONS, ends)
    const relations = new Map(rows.map((row) => [row.relation, row]))
    const found: RelationModified[] = []
    for (const row of [...relations.values()].slice(0, MOST_READ)) {
      const ends = endsOf(row)
      const cis = [ends.source, ends.target].flatMap((end) => this.#within(end))
      for (const { event, at } of await this.#events<RelationEvent>(
        `relation-${row.relation}`,
        relationEffect,
      )) {
        const { present } = relationEffect(event).sets
        found.push({
          kind: 'relation',
          cis,
          relation: row.relation,
          relationType: row.type as string,
          present: present === true,
          ends,
          ...toldBy(event, at),
        })
      }
    }
    return { found, more: more || relations.size > MOST_READ }
  }

  #within(end: EndOf): string[] {
    const number = 'ci' in end ? end.ci : this.#names.get(end.name)
    return number !== undefined && this.#numbers.includes(number) ? [number] : []
  }

  /** Versions that begin in the time, of each column's the latest first. */
  async #rows<Row extends VersionRow>(
    collection: string,
    columns: readonly string[],
  ): Promise<{ rows: Row[]; more: boolean }> {
    const { principal } = this.args
    const rows: Row[] = []
    let more = false
    for (const column of columns) {
      const keys = column.endsWith('Name') ? [...this.#names.keys()] : this.#numbers
      for (let at = 0; at < keys.length; at += KEYS) {
        const answer = await this.dependencies.models.of<Row>(cmdbHistory.name, collection).list({
          principal,
          filter: and(isIn(column, keys.slice(at, at + KEYS)), this.#begun),
          orderBy: [{ column: 'validFrom', direction: 'desc' }],
          pageSize: MOST_VERSIONS,
          timeoutMilliseconds: this.dependencies.waitMilliseconds,
        })
        rows.push(...answer.rows.map(({ document }) => document))
        more ||= answer.next !== undefined
      }
    }
    rows.sort((one, other) => (one.validFrom < other.validFrom ? 1 : -1))
    return { rows, more }
  }

  async #events<E extends CiEvent | RelationEvent>(
    stream: string,
    effectOf: (event: RecordedEvent<E>) => { correction: boolean; occurredAt: string },
  ): Promise<EffectiveEvent<E>[]> {
    const events = (await this.dependencies.eventStore.readStream(stream)) as RecordedEvent<E>[]
    return effectiveEvents(events, this.reach, effectOf).filter(({ at }) => at > this.args.from)
  }
}

function toldBy({ id, type, data, metadata }: RecordedEvent<CiEvent | RelationEvent>, at: string) {
  const { actor, attributedTo, channel } = metadata
  const { change, source } = data as { change?: string; source?: unknown }
  // A relation's `source` is an end of it
  const told = typeof source === 'string' ? { source } : {}
  return { event: id, type, at, actor, attributedTo, channel, change, ...told }
}

/** What an event sets, by the names of attributes. */
function valuesOf(sets: Readonly<Record<string, AttributeValue | null>>): ItemModified['values'] {
  return Object.fromEntries(
    Object.entries(sets).map(([field, value]) => [attributeOf(field) ?? field, value]),
  )
}
