import type { Role } from '#libs/access'
import { Command } from '#libs/event-sourcing'

/** `id` of each: the directory id, `service:<name>` for programs. */

export class RegisterPerson extends Command<
  'RegisterPerson',
  { kind: 'person' | 'service'; name: string; email?: string; manager?: string }
> {
  readonly type = 'RegisterPerson'
}

/** Fields left out stay; `null` forgets. */
export class ChangePerson extends Command<
  'ChangePerson',
  { name?: string; email?: string | null; manager?: string | null }
> {
  readonly type = 'ChangePerson'
}

/** `otherAdministrators`: how many active administrators the directory knows besides this person. Filled at the rim. */
export class DeactivatePerson extends Command<'DeactivatePerson', { otherAdministrators: number }> {
  readonly type = 'DeactivatePerson'
}

export class ReactivatePerson extends Command<'ReactivatePerson', Record<never, never>> {
  readonly type = 'ReactivatePerson'
}

/** `holder`: who has this identity already, as the directory knows. Filled at the rim. */
export class LinkIdentity extends Command<
  'LinkIdentity',
  { issuer: string; subject: string; holder?: string }
> {
  readonly type = 'LinkIdentity'
}

export class UnlinkIdentity extends Command<'UnlinkIdentity', { issuer: string; subject: string }> {
  readonly type = 'UnlinkIdentity'
}

export class GrantRole extends Command<'GrantRole', { role: Role }> {
  readonly type = 'GrantRole'
}

/** `otherAdministrators`: as for {@link DeactivatePerson}. */
export class RevokeRole extends Command<'RevokeRole', { role: Role; otherAdministrators: number }> {
  readonly type = 'RevokeRole'
}

/** All roles that the identity provider's claim stands for now; sent at sign-in, before any of them is used. */
export class RecordIdpRoles extends Command<'RecordIdpRoles', { roles: readonly Role[] }> {
  readonly type = 'RecordIdpRoles'
}

/** `hash`: SHA-256 (hex) of the whole token, which never comes here. `expiresAt`: ISO 8601 UTC. */
export class IssueApiToken extends Command<
  'IssueApiToken',
  { tokenId: string; hash: string; label: string; expiresAt?: string }
> {
  readonly type = 'IssueApiToken'
}

export class RevokeApiToken extends Command<'RevokeApiToken', { tokenId: string }> {
  readonly type = 'RevokeApiToken'
}

/** `from` (absent: now) and `until`: ISO 8601 UTC. */
export class GrantDelegation extends Command<
  'GrantDelegation',
  { to: string; from?: string; until: string; scope: 'approvals' }
> {
  readonly type = 'GrantDelegation'
}

export class RevokeDelegation extends Command<'RevokeDelegation', { delegationId: string }> {
  readonly type = 'RevokeDelegation'
}

export type PersonCommand =
  | RegisterPerson
  | ChangePerson
  | DeactivatePerson
  | ReactivatePerson
  | LinkIdentity
  | UnlinkIdentity
  | GrantRole
  | RevokeRole
  | RecordIdpRoles
  | IssueApiToken
  | RevokeApiToken
  | GrantDelegation
  | RevokeDelegation

export const PERSON_COMMANDS = [
  RegisterPerson,
  ChangePerson,
  DeactivatePerson,
  ReactivatePerson,
  LinkIdentity,
  UnlinkIdentity,
  GrantRole,
  RevokeRole,
  RecordIdpRoles,
  IssueApiToken,
  RevokeApiToken,
  GrantDelegation,
  RevokeDelegation,
] as const
