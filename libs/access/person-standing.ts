import type { DomainEvent, RecordedEvent, StreamFold } from '#libs/event-sourcing'
import { type HeldRoles, NO_ROLES, type RoleWord, withoutRole, withRole } from './held-roles.js'

/** Whether somebody is known and has not left, and what she may do: what rules ask before they name her. */
export interface PersonStanding {
  readonly exists: boolean
  readonly active: boolean
  readonly roles: HeldRoles
}

/** Events of a person's stream that say so; what roles they name, their catalogue says. */
type StandingEvent =
  | DomainEvent<'PersonRegistered' | 'PersonReactivated' | 'PersonDeactivated', object>
  | DomainEvent<'RoleGranted' | 'RoleRevoked', RoleWord>

export const personStanding: StreamFold<PersonStanding, StandingEvent> = {
  initial: { exists: false, active: false, roles: NO_ROLES },
  evolve(known, event: RecordedEvent<StandingEvent>) {
    switch (event.type) {
      case 'PersonRegistered':
      case 'PersonReactivated':
        return { exists: true, active: true, roles: NO_ROLES }
      case 'PersonDeactivated':
        return { exists: known.exists, active: false, roles: NO_ROLES }
      case 'RoleGranted':
        return { ...known, roles: withRole(known.roles, event.data) }
      case 'RoleRevoked':
        return { ...known, roles: withoutRole(known.roles, event.data) }
      default:
        return known
    }
  },
}
