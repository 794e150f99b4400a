import { ROLES, type Role } from '#libs/access'
import type { StreamFold } from '#libs/event-sourcing'
import type { PersonEvent, RoleGranted } from './directory.events.js'

/** What others' decisions ask of a person. */
export interface PersonStanding {
  readonly exists: boolean
  readonly active: boolean
  /** `own/agent`, `idp/auditor`, ...: a role may be held on both accounts, and ends on each by itself. */
  readonly roles: ReadonlySet<string>
}

const NO_ROLES: ReadonlySet<string> = new Set()

export const personStanding: StreamFold<PersonStanding, PersonEvent> = {
  initial: { exists: false, active: false, roles: NO_ROLES },
  evolve: (known, event) => {
    switch (event.type) {
      case 'PersonRegistered':
      case 'PersonReactivated':
        return { exists: true, active: true, roles: NO_ROLES }
      case 'PersonDeactivated':
        return { exists: known.exists, active: false, roles: NO_ROLES }
      case 'RoleGranted':
        return { ...known, roles: new Set(known.roles).add(held(event.data)) }
      case 'RoleRevoked': {
        const roles = new Set(known.roles)
        roles.delete(held(event.data))
        return { ...known, roles }
      }
      default:
        return known
    }
  },
}

function held({ source, role }: { source: RoleGranted['data']['source']; role: Role }): string {
  return `${source === 'idp' ? 'idp' : 'own'}/${role}`
}

/** Roles with which people see more than what is their own: only they can be told of the work on an incident. */
export const ROLES_AT_DESK: readonly Role[] = ROLES.filter(
  (role) => role !== 'requester' && role !== 'service',
)

export function isAtDesk({ active, roles }: PersonStanding): boolean {
  return active && ROLES_AT_DESK.some((role) => roles.has(`own/${role}`) || roles.has(`idp/${role}`))
}
