import { Command } from '#libs/event-sourcing'
import type { FilteredList } from './filters.events.js'

/** Ids of the streams: `person-<id>` for one's own filters, `group-<id>` for those of a group. */

/** The list has taken the filter, which only it can tell: see `saved-filters.controller.ts`. */
export class SaveFilter extends Command<'SaveFilter', { name: string; list: FilteredList; filter: string }> {
  readonly type = 'SaveFilter'
}

export class RemoveFilter extends Command<'RemoveFilter', { name: string }> {
  readonly type = 'RemoveFilter'
}

export type FilterCommand = SaveFilter | RemoveFilter

/** Every command class, for the handlers. */
export const FILTER_COMMANDS = [SaveFilter, RemoveFilter] as const
