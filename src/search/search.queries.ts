import type { Principal } from '#libs/access'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { parseSearch } from '#libs/read-store'
import { foundRecord, recordSearch, type SearchedRecord } from '#projections/record-search/record-search'
import { checkpointAt, columnsOf, pageSizeOf } from '../http/listing.js'
import { filterOf } from '../http/saved-filters.js'
import type { SearchQuery } from './search.dto.js'

/**
 * Records that speak of something, best first, among those that the principal may see and in the texts of them that she
 * may read.
 * @throws InvalidInput `SEARCH.*` naming `q`; `FILTER.*`; `PAGE_TOKEN.*`
 */
export async function searchRecords(
  args: SearchQuery & { principal: Principal },
  { eventStore, models, pageTokens, waitMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const { principal, q, filter = '', pageSize, pageToken, minPosition } = args
  const terms = parseSearch(q)
  const wanted = filterOf({ filter }, columnsShown(principal))
  const binding = { principal: principal.id, query: { search: q, filter } }
  const start = pageToken === undefined ? undefined : await pageTokens.verify(pageToken, binding, eventStore)
  const { hits, complete, next, position, lag } = await models.of<SearchedRecord>(recordSearch.name).search({
    principal,
    terms,
    filter: wanted,
    pageSize: pageSizeOf(pageSize),
    after: start?.cursor,
    minPosition,
    timeoutMilliseconds: waitMilliseconds,
  })
  const nextPageToken =
    next && pageTokens.issue({ cursor: next, checkpoint: await checkpointAt(eventStore, position) }, binding)
  const items = hits.map(({ document, excerpt, stale }) => ({
    ...foundRecord(document),
    ...(excerpt && { excerpt }),
    ...(stale && { stale }),
  }))
  return { json: JSON.stringify({ items, complete, nextPageToken, position, lag }), position }
}

/** Of the columns, those that the principal sees: a filter must not tell of others. */
function columnsShown(principal: Principal) {
  const columns = columnsOf(recordSearch, recordSearch.name)
  return (recordSearch.fields?.(columns as never, principal) ?? columns) as typeof columns
}
