import { type Principal, systemPrincipal } from '#libs/access'
import type { Position } from '#libs/event-sourcing'
import type { QueryDependencies } from '#libs/query-handling'
import { all, type Filter, isIn, type KeysetCursor, not } from '#libs/read-store'
import { canSee, RESTRICTED_ROWS, sightOf } from '#projections/access'
import { type IncidentDetails, incidentDetails } from '#projections/incident-details/incident-details'

const PAGE = 1_000

/**
 * Of records at a past moment, those that the principal may see now: a list of the past obeys the rule of that time, and
 * this one too, as a single record does. Who was a watcher then and is none any more, or to whom a record is closed since, does
 * not find it in the past either. What is named, of the few, are the records: those hidden from the desk, those of a requester.
 */
export async function seenNow(
  { models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
  principal: Principal,
  minPosition?: Position,
): Promise<Filter> {
  const details = models.of<IncidentDetails>(incidentDetails.name)
  const numbers = async (
    asked: Principal,
    filter: Filter,
    wanted: (incident: IncidentDetails) => boolean,
  ) => {
    const found: string[] = []
    let after: KeysetCursor | undefined
    do {
      const page = await details.list({
        principal: asked,
        filter,
        pageSize: PAGE,
        after,
        minPosition,
        timeoutMilliseconds,
      })
      for (const { document } of page.rows) if (wanted(document)) found.push(document.number)
      after = page.next
    } while (after)
    return found
  }
  switch (sightOf(principal)) {
    case 'everything':
      return all
    case 'the desk': {
      const hidden = await numbers(
        systemPrincipal('rights'),
        RESTRICTED_ROWS,
        (incident) => !canSee(principal, incident),
      )
      return hidden.length === 0 ? all : not(isIn('number', hidden))
    }
    case 'own records':
      return isIn('number', await numbers(principal, all, () => true))
  }
}
