import { later, type RecordedEvent } from '#libs/event-sourcing'
import type { Reading, ViewTransaction } from '#libs/projections-runtime'
import type { ChangeEvent } from '../../src/changes/domain/change.events.js'
import type {
  CiEvent,
  RelationEnd,
  RelationEvent,
} from '../../src/configuration/domain/configuration.events.js'
import { DEFAULT_CI_RELATION_TYPES } from '../../src/settings/domain/ci-defaults.js'
import type { CiRelationType, CiRelationTypesPublished } from '../../src/settings/domain/settings.events.js'
import { iso } from './candidates.js'
import { foldName, itemNamed, nameReads } from './item-names.js'
import type { Lookup } from './lists.js'

/** What stands around an item at any time: what it depends on, and which changes touched it. */
export const ITEMS = 'correlation_items'
export const RELATIONS = 'correlation_relations'
export const CHANGES = 'correlation_changes'
export const TYPES = 'correlation_relation_types'
const CURRENT = 'current'

/** Whether a relation was there from a time on (until `until`); ISO 8601. */
interface Statement {
  at: string
  present: boolean
  until?: string
}
interface Item {
  /** By relation: the item at its other end and what was said of it. */
  upstream: Readonly<Record<string, { ci: string; statements: readonly Statement[] }>>
  /** The newest, the latest first. */
  touched: readonly { change: string; at: string }[]
}
interface Relation {
  /** Items that depend on another one by it, each with that one. */
  pairs: readonly (readonly [dependent: string, upstream: string])[]
  effectiveAt: string
}
interface Change {
  cis: readonly string[]
}
interface Types {
  types: readonly CiRelationType[]
}

/** Of one item. */
const MOST_UPSTREAM = 200
const MOST_TOUCHES = 32
const MOST_STATEMENTS = 50
/** Of one change. */
const MOST_CIS = 200

/** How long before an incident a change still is a suspect. */
export const SUSPECT_HOURS = 72

/** Events about the estate. */
export type EstateEvent = CiEvent | RelationEvent | ChangeEvent | CiRelationTypesPublished

const isRelation = ({ stream }: RecordedEvent) => stream.startsWith('relation-')
const isChange = ({ stream }: RecordedEvent) => /^change-[^-]+$/.test(stream)
const isItem = ({ stream }: RecordedEvent) => /^ci-[^-]+$/.test(stream)
const numberOf = (stream: string) => stream.slice(stream.indexOf('-') + 1)

export function estateReads(event: RecordedEvent<EstateEvent>): Reading[] {
  const number = numberOf(event.stream)
  if (event.type === 'CiRelationTypesPublished') return [{ collection: TYPES, ids: [CURRENT] }]
  if (isRelation(event))
    return [
      { collection: TYPES, ids: [CURRENT] },
      { collection: RELATIONS, ids: [number] },
    ]
  if (isChange(event)) return [{ collection: CHANGES, ids: [number] }]
  if (!isItem(event)) return []
  const names = nameReads(event as RecordedEvent<CiEvent>, number)
  return changeOf(event) === undefined ? names : [...names, { collection: ITEMS, ids: [number] }]
}

export function foldEstate(event: RecordedEvent<EstateEvent>, view: ViewTransaction): void {
  if (event.type === 'CiRelationTypesPublished') view.put(TYPES, CURRENT, { types: event.data.types })
  else if (isRelation(event)) relate(event as RecordedEvent<RelationEvent>, view)
  else if (isChange(event)) followChange(event as RecordedEvent<ChangeEvent>, view)
  else if (isItem(event)) {
    foldName(event as RecordedEvent<CiEvent>, numberOf(event.stream), view)
    const change = changeOf(event)
    if (change !== undefined) touch(view, numberOf(event.stream), change, event.metadata.occurredAt)
  }
}

/** The change by which an item was modified. */
function changeOf({ type, data }: RecordedEvent<EstateEvent>): string | undefined {
  const modifies = type === 'CiChanged' || type === 'CiRegistered' || type === 'CiRenamed'
  return modifies && 'change' in data ? (data.change as string | undefined) : undefined
}

function relate(event: RecordedEvent<RelationEvent>, view: ViewTransaction): void {
  const id = numberOf(event.stream)
  const known = view.get<Relation>(RELATIONS, id)
  const pairs = known?.pairs ?? pairsOf(view, event)
  const correction = event.type === 'RelationCorrected'
  const { occurredAt } = event.metadata
  const at = correction || known === undefined ? occurredAt : later(known.effectiveAt, occurredAt)
  const statement: Statement = {
    at,
    present: correction ? event.data.present : event.type === 'CiRelated',
    ...(correction && event.data.until !== undefined && { until: event.data.until }),
  }
  const effectiveAt = known === undefined ? at : later(known.effectiveAt, at)
  view.put(RELATIONS, id, { pairs, effectiveAt } satisfies Relation)
  for (const [dependent, ci] of pairs) state(view, dependent, { relation: id, ci, statement })
}

function pairsOf(view: ViewTransaction, { data }: RecordedEvent<RelationEvent>): Relation['pairs'] {
  if (!('source' in data)) return []
  const { type, source, target } = data as { type: string; source: RelationEnd; target: RelationEnd }
  if (!('ci' in source) || !('ci' in target)) return []
  const types = view.get<Types>(TYPES, CURRENT)?.types ?? DEFAULT_CI_RELATION_TYPES
  const impact = types.find(({ name }) => name === type)?.impact ?? 'none'
  const pairs: (readonly [string, string])[] = []
  if (impact === 'to-source' || impact === 'both') pairs.push([source.ci, target.ci])
  if (impact === 'to-target' || impact === 'both') pairs.push([target.ci, source.ci])
  return pairs
}

function state(
  view: ViewTransaction,
  dependent: string,
  { relation, ci, statement }: { relation: string; ci: string; statement: Statement },
): void {
  const item = itemOf(view, dependent)
  const said = item.upstream[relation]?.statements ?? []
  if (said.length === 0 && Object.keys(item.upstream).length >= MOST_UPSTREAM) return
  // A stable sort: of statements of the same time the one recorded later comes last, and wins
  const statements = [...said, statement].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const upstream = { ...item.upstream, [relation]: { ci, statements: statements.slice(-MOST_STATEMENTS) } }
  view.put(ITEMS, dependent, { ...item, upstream } satisfies Item)
}

function followChange(event: RecordedEvent<ChangeEvent>, view: ViewTransaction): void {
  const change = numberOf(event.stream)
  const known = view.get<Change>(CHANGES, change)
  switch (event.type) {
    case 'ChangeOpened':
      view.put(CHANGES, change, { cis: event.data.affectedCis.slice(0, MOST_CIS) } satisfies Change)
      break
    case 'ChangePlanEdited': {
      const edited = event.data.changes.affectedCis?.to as readonly string[] | null | undefined
      if (edited !== undefined)
        view.put(CHANGES, change, { cis: (edited ?? []).slice(0, MOST_CIS) } satisfies Change)
      break
    }
    case 'ImplementationStarted':
    case 'ImplementedBeforeApproval': {
      const { occurredAt } = event.metadata
      const at = event.type === 'ImplementedBeforeApproval' ? event.data.startedAt : occurredAt
      for (const ci of known?.cis ?? []) touch(view, itemNamed(view, ci, Date.parse(at)), change, at)
    }
  }
}

function touch(view: ViewTransaction, ci: string, change: string, at: string): void {
  const item = itemOf(view, ci)
  if (item.touched.some((one) => one.change === change && one.at === at)) return
  const touched = [{ change, at }, ...item.touched].sort((a, b) => (a.at > b.at ? -1 : a.at < b.at ? 1 : 0))
  view.put(ITEMS, ci, { ...item, touched: touched.slice(0, MOST_TOUCHES) } satisfies Item)
}

function itemOf(view: { get: Lookup }, ci: string): Item {
  return view.get<Item>(ITEMS, ci) ?? { upstream: {}, touched: [] }
}

/** What an incident has from where it happened. */
export interface Surroundings {
  upstream: readonly string[]
  changes: readonly string[]
}
/** Of one incident: what more there is, says nothing any more. */
const MOST_SOURCES = 16
const MOST_SUSPECTS = 4

export const NOTHING_AROUND: Surroundings = { upstream: [], changes: [] }

/** Of an item at a time (milliseconds since 1970): what it then depended on, one step away, and what had touched it or that shortly before. */
export function surroundings(view: { get: Lookup }, ci: string, time: number): Surroundings {
  const item = view.get<Item>(ITEMS, ci)
  if (item === undefined) return NOTHING_AROUND
  const at = iso(time)
  const upstream = Object.values(item.upstream)
    .filter(({ statements }) => isStanding(statements, at))
    .map((relation) => relation.ci)
  const sources = [...new Set(upstream)].sort().slice(0, MOST_SOURCES)
  const since = iso(time - SUSPECT_HOURS * 3_600_000)
  const touches = [item, ...sources.map((source) => itemOf(view, source))]
    .flatMap(({ touched }) => touched)
    .filter((one) => since <= one.at && one.at <= at)
    .sort((a, b) => (a.at > b.at ? -1 : a.at < b.at ? 1 : a.change < b.change ? -1 : 1))
  const changes = [...new Set(touches.map(({ change }) => change))].slice(0, MOST_SUSPECTS)
  return { upstream: sources, changes }
}

/** What was said last of those that count at the time. */
function isStanding(statements: readonly Statement[], at: string): boolean {
  return (
    statements.findLast((one) => one.at <= at && (one.until === undefined || at < one.until))?.present ??
    false
  )
}
