/** What a principal may be allowed to do; rights of each are tables beside the commands and definitions they guard. */
export const ROLES = [
  'requester',
  'agent',
  'team-lead',
  'change-manager',
  'auditor',
  'analyst',
  'service',
  'administrator',
] as const

export type Role = (typeof ROLES)[number]

/** An authenticated caller with the rights that the directory's events give at this moment. */
export interface Principal {
  /** Directory id: `person-<id>` without the prefix for people, `service:<name>` and `system:<name>` for programs. */
  readonly id: string
  /** Role → id of the `RoleGranted` event relied on; goes into `metadata.grant`. Team-wide roles are already resolved. */
  readonly grants: ReadonlyMap<Role, string>
  /** Ids of the groups that the principal is a member of. */
  readonly groups: ReadonlySet<string>
}

export function hasRole(principal: Principal, ...roles: readonly Role[]): boolean {
  return roles.some((role) => principal.grants.has(role))
}

/** The grant that allows something which any of `roles` may do; undefined when none does. */
export function grantFor(principal: Principal, roles: readonly Role[]): string | undefined {
  for (const role of roles) {
    const grant = principal.grants.get(role)
    if (grant !== undefined) return grant
  }
  return undefined
}

/** Begins the id of the program itself: the command line, policies, sign-in. Such an id stands in no stream. */
export const SYSTEM_PREFIX = 'system:'

/** True for the program itself, which needs no one's grant. */
export function isSystemId(id: string): boolean {
  return id.startsWith(SYSTEM_PREFIX)
}

/** Begins the ids of programs among the people: `service:<name>`. */
const SERVICE_PREFIX = 'service:'

export function isServiceId(id: string): boolean {
  return id.startsWith(SERVICE_PREFIX)
}

/** The program itself: policies, timers, the projector. Holds every role; its events say channel `policy`. */
export function systemPrincipal(name: string): Principal {
  const grants = new Map(ROLES.map((role) => [role, 'system']))
  return { id: `${SYSTEM_PREFIX}${name}`, grants, groups: new Set() }
}
