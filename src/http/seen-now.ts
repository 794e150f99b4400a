import { type Principal, systemPrincipal } from '#libs/access'
import type { Position } from '#libs/event-sourcing'
import type { ReadModelDefinition } from '#libs/projections-runtime'
import type { QueryDependencies } from '#libs/query-handling'
import { all, type Filter, isIn, type KeysetCursor, not } from '#libs/read-store'
import { type AccessColumns, canSee, RESTRICTED_ROWS, sightOf } from '#projections/access'
import { incidentDetails } from '#projections/incident-details/incident-details'

const PAGE = 1_000

type NumberedRecord = AccessColumns & { number: string }

/**
 * Of records at a past moment, those that the principal may see now: a list of the past obeys the rule of that time, and
 * this one too, as a single record does. Who was a watcher then and is none any more, or to whom a record is closed since, does
 * not find it in the past either. What is named, of the few, are the records: those hidden from the desk, those of a requester.
 * @param definition the records as they are now, by number; default: incidents
 */
export async function seenNow(
  { models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
  principal: Principal,
  minPosition?: Position,
  definition: ReadModelDefinition = incidentDetails,
): Promise<Filter> {
  const details = models.of<NumberedRecord>(definition.name)
  const numbers = async (asked: Principal, filter: Filter, wanted: (record: NumberedRecord) => boolean) => {
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
        (record) => !canSee(principal, record),
      )
      return hidden.length === 0 ? all : not(isIn('number', hidden))
    }
    case 'own records':
      return isIn('number', await numbers(principal, all, () => true))
  }
}
