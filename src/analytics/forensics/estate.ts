import type { Principal } from '#libs/access'
import type { AttributeValue } from '../../configuration/domain/configuration.events.js'

/** Who asks about items and what stands up or down the graph from them, and at which point. */
export interface EstateAsked {
  principal: Principal
  /** Numbers or names of configuration items. */
  cis: readonly string[]
  direction: 'up' | 'down'
  /** Steps, and further items, at most. */
  depth: number
  most: number
  validAt: string
  asOf?: string
  minPosition?: string
}

/** An item within reach; `level` 0: one of those asked about. `way`: the steps that lead there. */
export interface NearItem {
  number: string
  name?: string
  class?: string
  level: number
  way: readonly { type: string; to: string }[]
}

/** What stands around some items, at a point of both time axes. */
export interface Reach {
  items: readonly NearItem[]
  /** Of those asked about: no item then. */
  unknown: readonly string[]
  truncated: boolean
  validAt: string
  asOf: string
  position: string
  lag: number
}

/** A change of an item or a relation; `at`: from when it counts. */
export interface Modified {
  kind: 'item' | 'relation'
  cis: readonly string[]
  event: string
  type: string
  at: string
  actor: string
  attributedTo?: string
  channel: string
  change?: string
  source?: string
  /** Of an item: what was set, null: gone. */
  values?: Readonly<Record<string, AttributeValue | null>>
  /** Of a relation. */
  relation?: string
  relationType?: string
  present?: boolean
  ends?: { source: object; target: object }
}

export interface Activity extends Reach {
  from: string
  /** The latest first. */
  modifications: readonly Modified[]
  moreModified: boolean
}

/** What the CMDB knows: asked by whoever puts the program together, since processes do not know each other. */
export abstract class Estate {
  abstract reach(asked: EstateAsked): Promise<Reach>
  /** @param from valid time after which modifications are wanted, up to `validAt` */
  abstract activity(asked: EstateAsked & { from: string }): Promise<Activity>
}
