import type { Principal } from '#libs/access'
import type { QueryDependencies } from '#libs/query-handling'
import { and, compare, type Filter, type KeysetCursor, not } from '#libs/read-store'
import { type IncidentDetails, incidentDetails } from '#projections/incident-details/incident-details'

const MOST_LISTED = 2_000
const PAGE = 500

/**
 * Incidents of some kind, as far as a principal may see them. Neither what was canceled nor what follows a parent, which is no
 * incident of its own.
 */
export class CountedIncidents {
  /** Of the latest answer. */
  freshness: { position: string; lag: number } | undefined

  constructor(
    private readonly asking: { principal: Principal; minPosition?: string },
    private readonly kind: Filter,
    private readonly dependencies: QueryDependencies,
  ) {}

  /** When the first incident of all was opened, of whatever kind: before it nobody kept records. */
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
      this.kind,
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

/** When it began, as far as anybody knows. */
export function onsetOf({ detectedAt, openedAt }: IncidentDetails): string {
  return detectedAt !== undefined && detectedAt < openedAt ? detectedAt : openedAt
}
