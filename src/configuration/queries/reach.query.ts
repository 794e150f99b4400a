import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { type AskedOfCmdb, CmdbReader, type SettledPoint } from './cmdb-reader.js'
import type { GraphItem } from './graph-parts.js'
import { type Direction, type WayStep, walkFrom, wayTo } from './impact.query.js'

export interface ReachArguments extends AskedOfCmdb {
  /** Numbers, or names of live items. */
  cis: readonly string[]
  direction: Direction
  /** Steps at most. */
  depth: number
  /** Items at most besides those that were named: the nearest. */
  most: number
}

/** An item within reach: by a shortest way. */
export interface ReachedItem {
  number: string
  name?: string
  class?: string
  /** Steps from the named items; 0: it is one of them. */
  level: number
  way: readonly WayStep[]
}

/** What stands up or down the graph from some items, at a point of both time axes. */
export interface Reach extends SettledPoint {
  items: readonly ReachedItem[]
  /** Of the named ones those that are no item at this point. */
  unknown: readonly string[]
  /** There are more within reach. */
  truncated: boolean
}

/** The named items, and what impact flows to or from, the nearest first. */
export async function readReach(args: ReachArguments, dependencies: QueryDependencies): Promise<QueryAnswer> {
  const reader = await CmdbReader.at(dependencies, args)
  const reach = await reachFrom(reader, args, dependencies)
  return { json: JSON.stringify(reach), position: reach.position }
}

export async function reachFrom(
  reader: CmdbReader,
  { cis, direction, depth, most }: ReachArguments,
  dependencies: QueryDependencies,
): Promise<Reach> {
  const byNumber = await reader.graphItems(cis)
  const named = await reader.named(cis.filter((ci) => !byNumber.has(ci)))
  const roots = new Map<string, GraphItem>()
  const numbered = [...cis].sort().flatMap((ci) => byNumber.get(ci) ?? [])
  for (const item of [...numbered, ...[...named.values()].flat()]) roots.set(item.number, item)
  const walk = await walkFrom(dependencies, reader, [...roots.values()], { direction, depth, most })
  const reached = walk.items.map((one) => ({ ...shown(one.item), level: one.level, way: wayTo(one) }))
  return {
    items: [...[...roots.values()].map((item) => ({ ...shown(item), level: 0, way: [] })), ...reached],
    unknown: cis.filter((ci) => !byNumber.has(ci) && !named.has(ci)),
    truncated: walk.truncated,
    ...reader.point,
  }
}

const shown = ({ number, name, class: ofClass }: GraphItem) => ({ number, name, class: ofClass })
