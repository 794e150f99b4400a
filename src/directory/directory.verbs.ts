import { toUtc } from '../http/instants.js'
import { Reasoned } from '../http/reasoned.js'
import { type Verbs, verb } from '../http/verbs.js'
import type { Directory } from './directory.js'
import { AddMember, ChangeGroup, RemoveMember } from './domain/group.commands.js'
import {
  ChangePerson,
  DeactivatePerson,
  GrantDelegation,
  GrantRole,
  LinkIdentity,
  ReactivatePerson,
  RevokeApiToken,
  RevokeDelegation,
  RevokeRole,
  UnlinkIdentity,
} from './domain/person.commands.js'
import {
  ChangeGroupDto,
  ChangePersonDto,
  DelegationDto,
  DelegationIdDto,
  IdentityDto,
  MemberDto,
  RoleDto,
  TokenDto,
} from './dto/directory.dto.js'

const roles = ['administrator'] as const

/** What can be done to a person. Rules that look beyond one stream ask the directory. */
export function personVerbs(directory: Directory) {
  return {
    change: verb({
      summary: 'Change name, e-mail or manager',
      roles,
      body: ChangePersonDto,
      command: (id, data, metadata) => new ChangePerson(id, data, metadata),
    }),
    deactivate: verb({
      summary: 'Deactivate a leaver: tokens and roles end for good',
      roles,
      body: Reasoned,
      command: (id, _, metadata) =>
        new DeactivatePerson(id, { otherAdministrators: directory.otherAdministrators(id) }, metadata),
    }),
    reactivate: verb({
      summary: 'Reactivate',
      roles,
      body: Reasoned,
      command: (id, _, metadata) => new ReactivatePerson(id, {}, metadata),
    }),
    'link-identity': verb({
      summary: 'An identity provider’s subject is this person',
      roles,
      body: IdentityDto,
      command: (id, { issuer, subject }, metadata) =>
        new LinkIdentity(id, { issuer, subject, holder: directory.identity(issuer, subject) }, metadata),
    }),
    'unlink-identity': verb({
      summary: 'An identity provider’s subject is this person no more',
      roles,
      body: IdentityDto,
      command: (id, { issuer, subject }, metadata) => new UnlinkIdentity(id, { issuer, subject }, metadata),
    }),
    'grant-role': verb({
      summary: 'Grant a role; never to oneself',
      roles,
      body: RoleDto,
      command: (id, { role }, metadata) => new GrantRole(id, { role }, metadata),
    }),
    'revoke-role': verb({
      summary: 'Revoke a role',
      roles,
      body: RoleDto,
      command: (id, { role }, metadata) =>
        new RevokeRole(id, { role, otherAdministrators: directory.otherAdministrators(id) }, metadata),
    }),
    'revoke-token': verb({
      summary: 'Revoke an API token, at once',
      roles,
      body: TokenDto,
      command: (id, { tokenId }, metadata) => new RevokeApiToken(id, { tokenId }, metadata),
    }),
    delegate: verb({
      summary: 'Let somebody else answer when approval is asked: one’s own, or by an administrator',
      roles: 'any',
      body: DelegationDto,
      command: (id, { to, from, until }, metadata) =>
        new GrantDelegation(
          id,
          { to, from: from && toUtc(from), until: toUtc(until), scope: 'approvals' },
          metadata,
        ),
    }),
    'revoke-delegation': verb({
      summary: 'Answer oneself again, before the time is over',
      roles: 'any',
      body: DelegationIdDto,
      command: (id, { delegationId }, metadata) => new RevokeDelegation(id, { delegationId }, metadata),
    }),
  } satisfies Verbs
}

/** What can be done to a group. */
export const groupVerbs = {
  change: verb({
    summary: 'Change name or manager',
    roles,
    body: ChangeGroupDto,
    command: (id, data, metadata) => new ChangeGroup(id, data, metadata),
  }),
  'add-member': verb({
    summary: 'Add a member',
    roles,
    body: MemberDto,
    command: (id, { person }, metadata) => new AddMember(id, { person }, metadata),
  }),
  'remove-member': verb({
    summary: 'Remove a member',
    roles,
    body: MemberDto,
    command: (id, { person }, metadata) => new RemoveMember(id, { person }, metadata),
  }),
} satisfies Verbs
