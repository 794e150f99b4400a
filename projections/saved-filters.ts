import type { RecordedEvent } from '#libs/event-sourcing'
import type { FilterEvent, FilterSaved } from '../src/filters/domain/filters.events.js'

/** A saved filter as lists use it. */
export type SavedFilter = FilterSaved['data']

/** The filters that stand in one owner's stream, by name. */
export function savedFilters(events: readonly RecordedEvent[]): Map<string, SavedFilter> {
  const filters = new Map<string, SavedFilter>()
  for (const event of events as readonly RecordedEvent<FilterEvent>[]) {
    if (event.type === 'FilterSaved') filters.set(event.data.name, event.data)
    else if (event.type === 'FilterRemoved') filters.delete(event.data.name)
  }
  return filters
}

/** Stream of a person's own filters. */
export function filtersOfPerson(id: string): string {
  return `filters-person-${id}`
}

/** Stream of a group's filters. */
export function filtersOfGroup(id: string): string {
  return `filters-group-${id}`
}
