import type { DomainEvent } from '#libs/event-sourcing'

/** Lists whose filters may be saved: `GET /incidents`, `/changes`, `/problems`, and the queue of a group. Each has columns of its own. */
export const FILTERED_LISTS = ['incidents', 'changes', 'problems', 'queues'] as const
export type FilteredList = (typeof FILTERED_LISTS)[number]

/** `filter`: AIP-160, taken by the list when it was saved. The same name again: another filter from now on. */
export type FilterSaved = DomainEvent<'FilterSaved', { name: string; list: FilteredList; filter: string }>
export type FilterRemoved = DomainEvent<'FilterRemoved', { name: string }>

export type FilterEvent = FilterSaved | FilterRemoved
