import type { Role } from '#libs/access'
import type { DomainEvent } from '#libs/event-sourcing'

/** Streams `person-<id>`: people and programs (`kind: 'service'`) that act or are acted for. The only place where names stand. */
export type PersonRegistered = DomainEvent<
  'PersonRegistered',
  { kind: 'person' | 'service'; name: string; email?: string; manager?: string }
>
export type PersonChanged = DomainEvent<'PersonChanged', { name?: string; email?: string; manager?: string }>
/** Leaves: no token of hers is accepted any more, no role counts. */
export type PersonDeactivated = DomainEvent<'PersonDeactivated', Record<never, never>>
export type PersonReactivated = DomainEvent<'PersonReactivated', Record<never, never>>
/** An identity provider's subject is this person. */
export type IdentityLinked = DomainEvent<'IdentityLinked', { issuer: string; subject: string }>
/** `source: 'idp'`: read from an identity provider's group claim, recorded before use. */
export type RoleGranted = DomainEvent<
  'RoleGranted',
  { role: Role; source: 'administrator' | 'idp' | 'setup' }
>
export type RoleRevoked = DomainEvent<'RoleRevoked', { role: Role; source: 'administrator' | 'idp' }>
/** `hash`: SHA-256 (hex) of the token's secret; the token itself is shown once and kept nowhere. */
export type ApiTokenIssued = DomainEvent<
  'ApiTokenIssued',
  { tokenId: string; hash: string; label: string; expiresAt?: string }
>
export type ApiTokenRevoked = DomainEvent<'ApiTokenRevoked', { tokenId: string }>

/** Streams `group-<id>`: assignment groups. */
export type GroupRegistered = DomainEvent<'GroupRegistered', { name: string; manager?: string }>
export type GroupChanged = DomainEvent<'GroupChanged', { name?: string; manager?: string }>
export type MemberAdded = DomainEvent<'MemberAdded', { person: string }>
export type MemberRemoved = DomainEvent<'MemberRemoved', { person: string }>

export type PersonEvent =
  | PersonRegistered
  | PersonChanged
  | PersonDeactivated
  | PersonReactivated
  | IdentityLinked
  | RoleGranted
  | RoleRevoked
  | ApiTokenIssued
  | ApiTokenRevoked
export type GroupEvent = GroupRegistered | GroupChanged | MemberAdded | MemberRemoved
export type DirectoryEvent = PersonEvent | GroupEvent
