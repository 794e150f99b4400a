import type { Principal } from '#libs/access'
import { parseFilter } from '#libs/read-store'
import { workQueue } from '#projections/work-queue/work-queue'
import { listChanges } from './changes/queries/change.queries.js'
import type { FilteredList } from './filters/domain/filters.events.js'
import { FilterCheck } from './filters/saved-filters.controller.js'
import { columnsOf } from './http/listing.js'
import type { Queries } from './http/queries.js'
import { listIncidents } from './incidents/queries/incident.queries.js'
import { listProblems } from './problems/queries/problem.queries.js'

const LISTS = { incidents: listIncidents, changes: listChanges, problems: listProblems } as const

/** Whether a list takes a filter, asked of the list itself. */
export class ListFilterCheck extends FilterCheck {
  constructor(private readonly queries: Queries) {
    super()
  }

  override async check(list: FilteredList, filter: string, principal: Principal): Promise<void> {
    // Columns of a queue are the same whatever the group, and for all who may read one
    if (list === 'queues') parseFilter(filter, columnsOf(workQueue, workQueue.name))
    else await this.queries.ask(LISTS[list], { filter, principal, pageSize: 1 })
  }
}
