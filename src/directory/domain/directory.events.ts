import type { Role } from '#libs/access'
import type { DomainEvent } from '#libs/event-sourcing'

/** Streams `person-<id>`: people and programs (`kind: 'service'`) that act or are acted for. The only place where names stand. */
export type PersonRegistered = DomainEvent<
  'PersonRegistered',
  { kind: 'person' | 'service'; name: string; email?: string; manager?: string }
>
/** Only what differs; null: no longer known. */
export type PersonChanged = DomainEvent<
  'PersonChanged',
  { name?: string; email?: string | null; manager?: string | null }
>
/** Leaves: her tokens and roles end here; who comes back starts with none. */
export type PersonDeactivated = DomainEvent<'PersonDeactivated', Record<never, never>>
export type PersonReactivated = DomainEvent<'PersonReactivated', Record<never, never>>
/** An identity provider's subject is this person. */
export type IdentityLinked = DomainEvent<'IdentityLinked', { issuer: string; subject: string }>
export type IdentityUnlinked = DomainEvent<'IdentityUnlinked', { issuer: string; subject: string }>
/**
 * `idp`: read from an identity provider's group claim, recorded before use; `setup`: given by the program itself (the
 * command line), which is how the first administrator comes to be.
 */
export type RoleGranted = DomainEvent<
  'RoleGranted',
  { role: Role; source: 'administrator' | 'idp' | 'setup' }
>
/** `administrator` ends what an administrator or the setup granted, `idp` what the identity provider did. */
export type RoleRevoked = DomainEvent<'RoleRevoked', { role: Role; source: 'administrator' | 'idp' }>
/** `hash`: SHA-256 (hex) of the whole token, which is shown once and kept nowhere. */
export type ApiTokenIssued = DomainEvent<
  'ApiTokenIssued',
  { tokenId: string; hash: string; label: string; expiresAt?: string }
>
export type ApiTokenRevoked = DomainEvent<'ApiTokenRevoked', { tokenId: string }>

/**
 * Somebody else may act for this person, from a time (it belongs to it) until another (it does not), ISO 8601 UTC.
 * `scope`: in what; to answer when her approval is asked.
 */
export type DelegationGranted = DomainEvent<
  'DelegationGranted',
  { delegationId: string; to: string; from: string; until: string; scope: 'approvals' }
>
export type DelegationRevoked = DomainEvent<'DelegationRevoked', { delegationId: string; to: string }>

/** Streams `group-<id>`: assignment groups. */
export type GroupRegistered = DomainEvent<'GroupRegistered', { name: string; manager?: string }>
/** Only what differs; null: no longer known. */
export type GroupChanged = DomainEvent<'GroupChanged', { name?: string; manager?: string | null }>
export type MemberAdded = DomainEvent<'MemberAdded', { person: string }>
export type MemberRemoved = DomainEvent<'MemberRemoved', { person: string }>

/** Who is asked when the group is called, in this order, so often, and how long each has to answer; no contacts: nobody. */
export type OnCallContactsSet = DomainEvent<
  'OnCallContactsSet',
  { contacts: readonly string[]; acknowledgeWithinMinutes: number; rounds: number }
>

export type PersonEvent =
  | PersonRegistered
  | PersonChanged
  | PersonDeactivated
  | PersonReactivated
  | IdentityLinked
  | IdentityUnlinked
  | RoleGranted
  | RoleRevoked
  | ApiTokenIssued
  | ApiTokenRevoked
  | DelegationGranted
  | DelegationRevoked
export type GroupEvent = GroupRegistered | GroupChanged | MemberAdded | MemberRemoved | OnCallContactsSet
export type DirectoryEvent = PersonEvent | GroupEvent
