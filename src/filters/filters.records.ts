import { grantFor, hasRole, isSystemId, type Principal } from '#libs/access'
import type { RecordType } from '#libs/command-handling'
import { Forbidden } from '#libs/event-sourcing'
import type { FilterCommand } from './domain/filters.commands.js'
import { type FilterFacts, filtersDecider, type SavedFilters } from './domain/filters.decider.js'
import type { FilterEvent } from './domain/filters.events.js'

/**
 * Everybody saves what is her own. What all of a group see in their lists, one who answers for the group sets up: a team
 * lead among its members, or an administrator.
 */
export const filterRecords: RecordType<SavedFilters, FilterCommand, FilterEvent, FilterFacts> = {
  decider: filtersDecider,
  rights(principal, { id }) {
    if (id === `person-${principal.id}` || isSystemId(principal.id)) return undefined
    const group = /^group-(.+)$/s.exec(id ?? '')?.[1]
    if (group !== undefined && keeps(principal, group)) {
      return grantFor(principal, ['team-lead', 'administrator'])
    }
    throw new Forbidden(
      'FILTER.FORBIDDEN',
      'Your own filters are yours; those of a group are kept by the team leads among its members, and by administrators.',
    )
  },
}

function keeps(principal: Principal, group: string): boolean {
  if (hasRole(principal, 'administrator')) return true
  return hasRole(principal, 'team-lead') && principal.groups.has(group)
}
