import type { Principal } from '#libs/access'
import type { Position } from '#libs/event-sourcing'
import type { ReadModelDefinition } from '#libs/projections-runtime'
import type { QueryDependencies } from '#libs/query-handling'
import { isIn } from '#libs/read-store'

/** Numbers asked for at once. */
const CHUNK = 200

/**
 * Of records that others name, the numbers of those that the principal may see now: whoever names one sees it, who reads of it need not.
 * @param definition the records as they are now, by number
 * @param minPosition at which they were named: they are there by then
 */
export async function seenAmong(
  named: readonly string[],
  definition: ReadModelDefinition,
  { principal, minPosition }: { principal: Principal; minPosition?: Position },
  { models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
): Promise<ReadonlySet<string>> {
  const numbers = [...new Set(named)]
  const seen = new Set<string>()
  for (let from = 0; from < numbers.length; from += CHUNK) {
    const { rows } = await models.of<{ number: string }>(definition.name).list({
      principal,
      filter: isIn('number', numbers.slice(from, from + CHUNK)),
      orderBy: [{ column: 'number', direction: 'asc' }],
      pageSize: CHUNK,
      minPosition,
      timeoutMilliseconds,
    })
    for (const { document } of rows) seen.add(document.number)
  }
  return seen
}
