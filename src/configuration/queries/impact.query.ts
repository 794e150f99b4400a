import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import type { CiRelationType, ImpactDirection } from '../../settings/domain/settings.events.js'
import { CmdbReader } from './cmdb-reader.js'
import { type OneItem, unknownItem } from './configuration-item.queries.js'
import {
  byName,
  type EndOf,
  endsOf,
  type GraphItem,
  type GraphRelation,
  meantBy,
  type NamedEnd,
} from './graph-parts.js'
import { type ClassTree, relationTypesAt } from './settings-at.js'

/** `down`: what suffers when it fails; `up`: what it suffers from. */
export type Direction = 'up' | 'down'
type Side = 'source' | 'target'

export interface ImpactArguments extends OneItem {
  direction?: Direction
  /** Steps from the item. */
  depth?: number
}

const USUAL_DEPTH = 10
/** Items that one walk reaches at most; it says so when there are more. */
const MOST_REACHED = 10_000

/** How an item was reached first: by a shortest way. */
export interface Reached {
  item: GraphItem
  level: number
  from?: Reached
  step?: { relation: string; type: string; byName: boolean }
}

interface Step {
  from: Reached
  relation: GraphRelation
  end: EndOf
}

/** A name at the other end of a relation, borne by no live item: nobody knows whether impact flows on from there. */
interface Unresolved extends NamedEnd {
  from: string
  type: string
}

/**
 * An item as the answer tells it, with the last step of a shortest way there: the ways of all items together are a tree, and each
 * step of it is told once.
 */
function shownReached(reached: Reached) {
  const { item, level } = reached
  const { number, name, class: ofClass } = item
  const { from, relation, type, byName } = lastStep(reached)
  return { number, name, class: ofClass, level, from, relation, type, byName: byName || undefined }
}

/** The items that impact flows to, or from, level by level; each once, however often relations lead back to it. */
export async function readImpact(
  args: ImpactArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { number, direction = 'down', depth = USUAL_DEPTH } = args
  const reader = await CmdbReader.at(dependencies, args)
  const root = (await reader.graphItems([number])).get(number)
  if (!root) throw await unknownItem(number, reader.point, dependencies)
  const walk = await walkFrom(dependencies, reader, [root], { direction, depth })
  const { unresolved, truncated } = walk
  const items = walk.items.map(shownReached)
  const answer = { number, direction, depth, items, unresolved, truncated, ...reader.point }
  return { json: JSON.stringify(answer), position: reader.point.position }
}

/**
 * Walks from some items, which are level 0.
 * @param most items to reach besides them; the walk says when there are more
 */
export async function walkFrom(
  { eventStore }: QueryDependencies,
  reader: CmdbReader,
  roots: readonly GraphItem[],
  { direction, depth, most = MOST_REACHED }: { direction: Direction; depth: number; most?: number },
): Promise<ImpactWalk> {
  const types = await relationTypesAt(eventStore, reader.point.asOf)
  const classes = await reader.classes()
  const walk = new ImpactWalk(reader, classes, typesBySide(types, direction), roots, most)
  await walk.run(depth)
  return walk
}

/** At which side of which types an item must stand for impact to flow on to the other side. */
function typesBySide(
  types: readonly CiRelationType[],
  direction: Direction,
): Record<Side, readonly string[]> {
  const flowing = (...directions: ImpactDirection[]) =>
    types.flatMap(({ name, impact }) => (directions.includes(impact) ? [name] : []))
  const toTarget = flowing('to-target', 'both')
  const toSource = flowing('to-source', 'both')
  return direction === 'down'
    ? { source: toTarget, target: toSource }
    : { source: toSource, target: toTarget }
}

export class ImpactWalk {
  readonly #reached = new Map<string, Reached>()
  readonly unresolved: Unresolved[] = []
  truncated = false
  #frontier: Reached[]

  constructor(
    private readonly reader: CmdbReader,
    private readonly classes: ClassTree,
    private readonly types: Record<Side, readonly string[]>,
    private readonly roots: readonly GraphItem[],
    private readonly most: number,
  ) {
    this.#frontier = roots.map((item) => ({ item, level: 0 }))
    for (const root of this.#frontier) this.#reached.set(root.item.number, root)
  }

  /** All but the roots, the nearest first. */
  get items(): readonly Reached[] {
    return [...this.#reached.values()].slice(this.roots.length)
  }

  async run(depth: number): Promise<void> {
    for (let level = 1; level <= depth && this.#frontier.length > 0 && !this.truncated; level++)
      this.#frontier = await this.#next(level)
  }

  async #next(level: number): Promise<Reached[]> {
    const steps = await this.#steps()
    const numbers = new Set<string>()
    const names = new Set<string>()
    for (const { end } of steps) {
      if (!('ci' in end)) names.add(end.name)
      else if (!this.#reached.has(end.ci)) numbers.add(end.ci)
    }
    const items = await this.reader.graphItems([...numbers])
    const named = await this.reader.named([...names])
    const next: Reached[] = []
    for (const step of steps) {
      for (const item of this.#leadsTo(step, items, named)) {
        if (this.#reached.has(item.number)) continue
        if (this.#reached.size >= this.roots.length + this.most) {
          this.truncated = true
          return next
        }
        const reached = reachedBy(step, item, level)
        this.#reached.set(item.number, reached)
        next.push(reached)
      }
    }
    return next
  }

  /**
   * Relations that lead on from the items of this level: of one item after another, those of an item by their other ends and by id,
   * since which of several ways of the same length a walk goes must be the same wherever it is asked.
   */
  async #steps(): Promise<Step[]> {
    const items = this.#frontier.map(({ item }) => item)
    const stepsFrom = new Map(this.#frontier.map((reached) => [reached, [] as Step[]]))
    const byNumber = new Map(this.#frontier.map((reached) => [reached.item.number, reached]))
    const named = byName(items.filter(({ status }) => status === 'live'))
    for (const relation of await this.reader.graphRelationsOf(items, this.types)) {
      const ends = endsOf(relation)
      for (const side of ['source', 'target'] as const) {
        if (!this.types[side].includes(relation.type as string)) continue
        const end = ends[side === 'source' ? 'target' : 'source']
        for (const from of this.#standing(ends[side], byNumber, named))
          stepsFrom.get(from)!.push({ from, relation, end })
      }
    }
    return [...stepsFrom.values()].flatMap((steps) => steps.sort(byEnd))
  }

  /** The items of this level that an end means. */
  #standing(
    end: EndOf,
    byNumber: ReadonlyMap<string, Reached>,
    named: ReadonlyMap<string, readonly GraphItem[]>,
  ): readonly Reached[] {
    if ('ci' in end) return byNumber.has(end.ci) ? [byNumber.get(end.ci) as Reached] : []
    const meant = meantBy(end, named, this.classes)
    return meant.map(({ number }) => byNumber.get(number) as Reached)
  }

  /** Live items at the other end: what is retired neither fails nor suffers. */
  #leadsTo(
    { from, relation, end }: Step,
    items: ReadonlyMap<string, GraphItem>,
    named: ReadonlyMap<string, readonly GraphItem[]>,
  ): readonly GraphItem[] {
    if ('ci' in end) {
      const item = items.get(end.ci)
      return item?.status === 'live' ? [item] : []
    }
    const meant = meantBy(end, named, this.classes)
    if (meant.length === 0)
      this.unresolved.push({ ...end, from: from.item.number, type: relation.type as string })
    return meant
  }
}

function byEnd(one: Step, other: Step): number {
  return (
    compareTexts(nameOf(one.end), nameOf(other.end)) ||
    compareTexts(one.relation.relation, other.relation.relation)
  )
}

const nameOf = (end: EndOf) => ('ci' in end ? end.ci : end.name)

function compareTexts(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}

function reachedBy({ from, relation, end }: Step, item: GraphItem, level: number): Reached {
  const step = { relation: relation.relation, type: relation.type as string, byName: !('ci' in end) }
  return { item, level, from, step }
}

/** One step of a way through the graph, in the direction that was walked. */
export interface WayStep {
  from: string
  relation: string
  type: string
  byName: boolean
  to: string
}

/** The steps that lead to an item from the one where the walk began. */
export function wayTo(reached: Reached): readonly WayStep[] {
  const way: WayStep[] = []
  for (let at: Reached | undefined = reached; at?.step; at = at.from) way.unshift(lastStep(at))
  return way
}

/** The last step that led there. */
function lastStep({ item, from, step }: Reached): WayStep {
  const { relation, type, byName } = step as NonNullable<Reached['step']>
  return { from: (from as Reached).item.number, relation, type, byName, to: item.number }
}
