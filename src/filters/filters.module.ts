import { deciderHandlers } from '#libs/command-handling/nest'
import { FILTER_COMMANDS } from './domain/filters.commands.js'
import { filterRecords } from './filters.records.js'
import { SavedFiltersController } from './saved-filters.controller.js'

/** What saved filters add to the application. */
export const filters = {
  controllers: [SavedFiltersController],
  providers: deciderHandlers(filterRecords, FILTER_COMMANDS),
}
