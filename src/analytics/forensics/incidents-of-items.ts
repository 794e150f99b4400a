import type { Principal } from '#libs/access'
import type { QueryDependencies } from '#libs/query-handling'
import { and, compare, type Filter, isIn, type KeysetCursor, not } from '#libs/read-store'
import { type IncidentDetails, incidentDetails } from '#projections/incident-details/incident-details'
import type { NearItem, Reach } from './estate.js'

/** Keys of one question: more ways into the index are not merged. */
const MOST_KEYS = 500
const MOST_LISTED = 2_000
const PAGE = 500

/**
 * The incidents of some items, as far as a principal may see them: by the first item of each, which is named by its number or its
 * name. Neither what was canceled nor what follows a parent, which is no incident of its own.
 */
export class IncidentsOfItems {
  readonly #items: ReadonlyMap<string, NearItem>
  /** Some items are left out: the farthest. */
  readonly isCut: boolean
  /** Of the latest answer. */
  freshness: { position: string; lag: number } | undefined

  constructor(
    private readonly asking: { principal: Principal; minPosition?: string },
    { items, unknown }: Reach,
    private readonly dependencies: QueryDependencies,
  ) {
    const others = unknown.map((number): NearItem => ({ number, level: 0, way: [] }))
    const keys = [...others, ...items].flatMap((item) =>
      [item.number, item.name].flatMap((key) => (key === undefined ? [] : [[key, item] as const])),
    )
    this.isCut = keys.length > MOST_KEYS
    // Of two items of the same name the nearest stays
    this.#items = new Map(keys.slice(0, MOST_KEYS).reverse())
  }

  itemOf({ primaryCi }: IncidentDetails): NearItem {
    return this.#items.get(primaryCi as string) as NearItem
  }

  /** When the first incident of all was opened, on whatever item: before it nobody kept records. */
  async recordsSince(): Promise<string | undefined> {
    const { rows } = await this.#list(undefined, 1)
    return rows[0]?.document.openedAt
  }

  /** Those that were opened in a time, half-open, the earliest first. */
  async opened(from: string, to: string): Promise<{ incidents: IncidentDetails[]; more: boolean }> {
    const incidents: IncidentDetails[] = []
    let after: KeysetCursor | undefined
    do {
      const page = await this.#list(this.#during(from, to), PAGE, after)
      incidents.push(...page.rows.map(({ document }) => document))
      after = page.next
    } while (after && incidents.length < MOST_LISTED)
    return { incidents, more: after !== undefined }
  }

  /** How many were opened in a time, half-open. */
  async count(from: string, to: string): Promise<number> {
    const filter = this.#during(from, to)
    const { waitMilliseconds: timeoutMilliseconds, models } = this.dependencies
    const details = models.of<IncidentDetails>(incidentDetails.name)
    const { count } = await details.count({ ...this.asking, filter, timeoutMilliseconds })
    return count
  }

  #during(from: string, to: string): Filter {
    return and(
      isIn('primaryCi', [...this.#items.keys()]),
      compare('openedAt', '>=', from),
      compare('openedAt', '<', to),
      compare('state', '!=', 'Canceled'),
      // Said so that nobody looks for it by the index of parents: nearly all have none
      not(compare('parent', '!=', null)),
    )
  }

  async #list(filter: Filter | undefined, pageSize: number, after?: KeysetCursor) {
    const { waitMilliseconds: timeoutMilliseconds, models } = this.dependencies
    const orderBy = [{ column: 'openedAt', direction: 'asc' }] as const
    const asked = { ...this.asking, filter, orderBy, pageSize, after, timeoutMilliseconds }
    const answer = await models.of<IncidentDetails>(incidentDetails.name).list(asked)
    this.freshness = { position: answer.position, lag: answer.lag }
    return answer
  }
}
