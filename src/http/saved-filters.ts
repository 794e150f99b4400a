import type { Principal } from '#libs/access'
import { InvalidInput } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { filtersOfGroup, filtersOfPerson, type SavedFilter, savedFilters } from '#projections/saved-filters'

/** What a list is asked for, as far as filters go. */
interface Filtered {
  principal: Principal
  filter?: string
  savedFilter?: string
}

/**
 * What a list is asked for, with the saved filter put in: as if its text had been given, so that the list judges it anew
 * for whoever asks now, and a page token is good only for the text it was given with.
 * @throws InvalidInput `FILTER.SAVED_UNKNOWN`, naming those there are; `FILTER.OTHER_LIST`
 */
export async function withSavedFilter<Args extends Filtered>(
  args: Args,
  list: SavedFilter['list'],
  eventStore: EventStore,
): Promise<Args> {
  const { principal, savedFilter: id, filter = '' } = args
  if (id === undefined) return args
  const known = await usableFilters(principal, eventStore)
  const saved = known.get(id)
  if (saved === undefined) throw unknownFilter(id, [...known.keys()])
  if (saved.list !== list) {
    const message = `"${id}" is a filter of ${saved.list}, this list is of ${list}`
    throw new InvalidInput('FILTER.OTHER_LIST', message, [{ pointer: 'savedFilter', message }])
  }
  const both = filter.trim() === '' ? saved.filter : `(${saved.filter}) AND (${filter})`
  return { ...args, filter: both, savedFilter: undefined }
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
