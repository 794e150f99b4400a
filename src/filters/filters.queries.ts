import type { Principal } from '#libs/access'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { usableFilters } from '../http/saved-filters.js'

/** The saved filters that a principal may use. `id` is what lists take as `savedFilter`. */
export async function listSavedFilters(
  { principal }: { principal: Principal },
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const items = [...(await usableFilters(principal, eventStore))].map(([id, { name, list, filter }]) => ({
    id,
    name,
    group: id === name ? null : id.slice(0, -name.length - 1),
    list,
    filter,
  }))
  return { json: JSON.stringify({ items }) }
}
