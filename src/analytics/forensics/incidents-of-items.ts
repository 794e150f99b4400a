import type { Principal } from '#libs/access'
import type { QueryDependencies } from '#libs/query-handling'
import { isIn } from '#libs/read-store'
import type { IncidentDetails } from '#projections/incident-details/incident-details'
import { CountedIncidents } from '../rates/counted-incidents.js'
import type { NearItem, Reach } from './estate.js'

/** Keys of one question: more ways into the index are not merged. */
const MOST_KEYS = 500

/** The incidents of some items, by the first item of each, which is named by its number or its name. */
export class IncidentsOfItems extends CountedIncidents {
  readonly #items: ReadonlyMap<string, NearItem>
  /** Some items are left out: the farthest. */
  readonly isCut: boolean

  constructor(
    asking: { principal: Principal; minPosition?: string },
    { items, unknown }: Pick<Reach, 'items' | 'unknown'>,
    dependencies: QueryDependencies,
  ) {
    const others = unknown.map((number): NearItem => ({ number, level: 0, way: [] }))
    const keys = [...others, ...items].flatMap((item) =>
      [item.number, item.name].flatMap((key) => (key === undefined ? [] : [[key, item] as const])),
    )
    // Of two items of the same name the nearest stays
    const byKey = new Map(keys.slice(0, MOST_KEYS).reverse())
    super(asking, isIn('primaryCi', [...byKey.keys()]), dependencies)
    this.#items = byKey
    this.isCut = keys.length > MOST_KEYS
  }

  itemOf({ primaryCi }: IncidentDetails): NearItem {
    return this.#items.get(primaryCi as string) as NearItem
  }
}
