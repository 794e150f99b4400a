import type { Principal, Role } from '#libs/access'

/** A principal with these roles and groups. */
export function principal(id: string, roles: readonly Role[], groups: readonly string[] = []): Principal {
  return { id, grants: new Map(roles.map((role) => [role, `grant-${role}`])), groups: new Set(groups) }
}
