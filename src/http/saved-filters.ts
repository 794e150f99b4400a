import type { Principal } from '#libs/access'
import { InvalidInput } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { and, type Filter, type FilterColumn, parseFilter } from '#libs/read-store'
import { filtersOfGroup, filtersOfPerson, type SavedFilter, savedFilters } from '#projections/saved-filters'

/** What a list is asked for, as far as filters go. */
interface Filtered {
  principal: Principal
  savedFilter?: string
}

/**
 * What a list is asked for, with the text of the saved filter: the list judges it anew for whoever asks now, and a page token
 * is good only for the text it was given with.
 * @throws InvalidInput `FILTER.SAVED_UNKNOWN`, naming those there are; `FILTER.OTHER_LIST`
 */
export async function withSavedFilter<Args extends Filtered>(
  args: Args,
  list: SavedFilter['list'],
  eventStore: EventStore,
): Promise<Args & { savedFilterText?: string }> {
  const { principal, savedFilter: id } = args
  if (id === undefined) return args
  const known = await usableFilters(principal, eventStore)
  const saved = known.get(id)
  if (saved === undefined) throw unknownFilter(id, [...known.keys()])
  if (saved.list !== list) {
    const message = `"${id}" is a filter of ${saved.list}, this list is of ${list}`
    throw new InvalidInput('FILTER.OTHER_LIST', message, [{ pointer: 'savedFilter', message }])
  }
  return { ...args, savedFilterText: saved.filter, savedFilter: undefined }
}

/**
 * What both ask for together, each a filter by itself; undefined: everything.
 * @throws as {@link parseFilter}; a fault of the saved one names `savedFilter`
 */
export function filterOf(
  { filter = '', savedFilterText }: { filter?: string; savedFilterText?: string },
  columns: Readonly<Record<string, FilterColumn>>,
): Filter | undefined {
  const saved = savedFilterText === undefined ? [] : [parseSaved(savedFilterText, columns)]
  const asked = filter.trim() === '' ? [] : [parseFilter(filter, columns)]
  const filters = [...saved, ...asked]
  return filters.length > 1 ? and(...filters) : filters[0]
}

/** What was a filter when it was saved may be none any more, or none for whoever asks now. */
function parseSaved(text: string, columns: Readonly<Record<string, FilterColumn>>): Filter {
  try {
    return parseFilter(text, columns)
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error
    const message = `The saved filter: ${error.message}`
    throw new InvalidInput(error.code, message, [{ pointer: 'savedFilter', message }])
  }
}

/** The filters that a principal may use, by id: her own, and those of the groups that she is a member of. */
export async function usableFilters(
  { id, groups }: Principal,
  eventStore: EventStore,
): Promise<Map<string, SavedFilter>> {
  const usable = new Map<string, SavedFilter>()
  const owners = [
    { stream: filtersOfPerson(id), prefix: '' },
    ...[...groups].sort().map((group) => ({ stream: filtersOfGroup(group), prefix: `${group}/` })),
  ]
  const read = await Promise.all(owners.map(({ stream }) => eventStore.readStream(stream)))
  for (const [index, { prefix }] of owners.entries())
    for (const [name, filter] of savedFilters(read[index] ?? [])) usable.set(prefix + name, filter)
  return usable
}

function unknownFilter(id: string, known: readonly string[]): InvalidInput {
  const offered =
    known.length === 0 ? 'you have none' : `there are ${known.map((one) => `"${one}"`).join(', ')}`
  return new InvalidInput('FILTER.SAVED_UNKNOWN', `There is no saved filter "${id}" of yours; ${offered}.`, [
    { pointer: 'savedFilter', message: offered },
  ])
}
