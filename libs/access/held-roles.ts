import { ROLES, type Role } from './principal.js'

/** What somebody was granted, as `own/agent`, `idp/auditor`, ...: a role may be held on both accounts, and ends on each by itself. */
export type HeldRoles = ReadonlySet<string>

export const NO_ROLES: HeldRoles = new Set()

/** `idp`: the identity provider gave it, or takes it back; anything else: somebody here. */
export interface RoleWord {
  readonly role: Role
  readonly source: string
}

export function withRole(held: HeldRoles, granted: RoleWord): HeldRoles {
  return new Set(held).add(nameOf(granted))
}

export function withoutRole(held: HeldRoles, revoked: RoleWord): HeldRoles {
  const rest = new Set(held)
  rest.delete(nameOf(revoked))
  return rest
}

function nameOf({ role, source }: RoleWord): string {
  return `${source === 'idp' ? 'idp' : 'own'}/${role}`
}

/** Roles with which people see more than what is their own: only they can be told of the work on a record. */
export const ROLES_AT_DESK: readonly Role[] = ROLES.filter(
  (role) => role !== 'requester' && role !== 'service',
)

export function isAtDesk(held: HeldRoles): boolean {
  return ROLES_AT_DESK.some((role) => held.has(`own/${role}`) || held.has(`idp/${role}`))
}
