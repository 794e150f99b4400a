import { isServiceId, isSystemId, type Role } from '#libs/access'
import {
  type Decider,
  type Fact,
  Forbidden,
  fact,
  InvalidInput,
  NotFound,
  type RecordedEvent,
  Refused,
} from '#libs/event-sourcing'
import { changedFields, withChanges } from './changed-fields.js'
import {
  type DelegateStanding,
  type Delegations,
  delegateStanding,
  grantDelegation,
  revokeDelegation,
} from './delegation.js'
import type { ApiTokenIssued, PersonEvent, PersonRegistered, RoleGranted } from './directory.events.js'
import { checkId, checkName } from './directory-id.js'
import type {
  ChangePerson,
  DeactivatePerson,
  GrantRole,
  IssueApiToken,
  LinkIdentity,
  PersonCommand,
  RecordIdpRoles,
  RegisterPerson,
  RevokeApiToken,
  RevokeRole,
} from './person.commands.js'

type Profile = PersonRegistered['data']
/** Who gave a role: the identity provider, or somebody here. */
type Origin = 'idp' | 'own'

export type PersonState =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'active' | 'inactive'
      readonly profile: Profile
      readonly identities: readonly Identity[]
      /** `own/agent`, `idp/auditor`, ...: a role may be held on both accounts. */
      readonly roles: ReadonlySet<`${Origin}/${Role}`>
      readonly tokens: ReadonlyMap<string, ApiTokenIssued['data'] & { readonly revoked: boolean }>
      /** By id. */
      readonly delegations: Delegations
    }
type Registered = Exclude<PersonState, { status: 'unknown' }>
interface Identity {
  readonly issuer: string
  readonly subject: string
}

export interface PersonFacts {
  /** Asked for GrantDelegation only. */
  delegate: Fact<DelegateStanding>
}

/** People and programs: who they are, how they prove it, and what they may do. */
export const personDecider: Decider<PersonState, PersonCommand, PersonEvent, PersonFacts> = {
  streamPrefix: 'person-',
  initial: { status: 'unknown' },
  facts: (command) =>
    command.type === 'GrantDelegation'
      ? { delegate: fact(`person-${command.data.to}`, delegateStanding) }
      : {},
  decide,
  evolve,
}

function decide(command: PersonCommand, state: PersonState, facts: PersonFacts): readonly PersonEvent[] {
  if (command.type === 'RegisterPerson') return register(command, state)
  const person = registered(command, state)
  switch (command.type) {
    case 'ChangePerson':
      return change(command, person)
    case 'DeactivatePerson':
      return deactivate(command, person)
    case 'ReactivatePerson':
      return person.status === 'active' ? [] : [{ type: 'PersonReactivated', data: {} }]
    case 'LinkIdentity':
      return linkIdentity(command, person)
    case 'UnlinkIdentity': {
      const { issuer, subject } = command.data
      return hasIdentity(person, command.data)
        ? [{ type: 'IdentityUnlinked', data: { issuer, subject } }]
        : []
    }
    case 'GrantRole':
      return grantRole(command, person)
    case 'RevokeRole':
      return revokeRole(command, person)
    case 'RecordIdpRoles':
      return recordIdpRoles(command, person)
    case 'IssueApiToken':
      return issueToken(command, person)
    case 'RevokeApiToken':
      return revokeToken(command, person)
    case 'GrantDelegation':
      refuseUnlessActive(command, person)
      return grantDelegation(command, person.delegations, facts.delegate)
    case 'RevokeDelegation':
      return revokeDelegation(command, person.delegations)
    default: {
      const unknown: never = command
      throw new Error(`no such command: ${JSON.stringify(unknown)}`)
    }
  }
}

function registered(command: PersonCommand, state: PersonState): Registered {
  if (state.status !== 'unknown') return state
  throw new NotFound(
    'DIRECTORY.PERSON_UNKNOWN',
    `The directory knows no "${command.id}": register the person first (POST /people)`,
  )
}

function register(command: RegisterPerson, state: PersonState): readonly PersonEvent[] {
  const { kind, name, email, manager } = command.data
  const id = command.id ?? ''
  checkId(id)
  checkName(name)
  if (isServiceId(id) !== (kind === 'service')) {
    throw new InvalidInput(
      'DIRECTORY.ID_MALFORMED',
      'Ids of services, and only these, begin with "service:"',
      [
        {
          pointer: '/id',
          message: kind === 'service' ? 'must begin with "service:"' : 'is that of a service',
        },
      ],
    )
  }
  checkManager(id, manager)
  const profile: Profile = { kind, name, email, manager }
  if (state.status === 'unknown') return [{ type: 'PersonRegistered', data: profile }]
  const differs = Object.keys(changedFields(state.profile, profile)).length > 0
  if (differs) {
    throw new Refused('DIRECTORY.PERSON_EXISTS', `"${id}" is registered already: change the person instead`)
  }
  return []
}

function change(command: ChangePerson, person: Registered): readonly PersonEvent[] {
  const { name, email, manager } = command.data
  if (name !== undefined) checkName(name)
  checkManager(command.id, manager)
  const data = changedFields(person.profile, { name, email, manager })
  return Object.keys(data).length > 0 ? [{ type: 'PersonChanged', data }] : []
}

function checkManager(id: string | undefined, manager: string | null | undefined): void {
  if (typeof manager === 'string' && manager === id) {
    throw new InvalidInput('DIRECTORY.OWN_MANAGER', 'Nobody is his own manager', [
      { pointer: '/manager', message: 'is the person himself' },
    ])
  }
}

function deactivate(command: DeactivatePerson, person: Registered): readonly PersonEvent[] {
  if (person.status === 'inactive') return []
  if (holds(person, 'administrator')) refuseIfLastAdministrator(command.data.otherAdministrators)
  return [{ type: 'PersonDeactivated', data: {} }]
}

function linkIdentity(command: LinkIdentity, person: Registered): readonly PersonEvent[] {
  const { issuer, subject, holder } = command.data
  if (hasIdentity(person, command.data)) return []
  refuseUnlessActive(command, person)
  if (holder !== undefined && holder !== command.id) {
    throw new Refused(
      'DIRECTORY.IDENTITY_TAKEN',
      `This identity is that of "${holder}": unlink it there first`,
    )
  }
  return [{ type: 'IdentityLinked', data: { issuer, subject } }]
}

function grantRole(command: GrantRole, person: Registered): readonly PersonEvent[] {
  const { role } = command.data
  refuseSelfGrant(command)
  refuseUnlessActive(command, person)
  refuseUnlessFitting(role, person)
  if (person.roles.has(`own/${role}`)) return []
  const source = isSystemId(command.metadata.actor) ? 'setup' : 'administrator'
  return [{ type: 'RoleGranted', data: { role, source } }]
}

function revokeRole(command: RevokeRole, person: Registered): readonly PersonEvent[] {
  const { role, otherAdministrators } = command.data
  if (!person.roles.has(`own/${role}`)) {
    if (!person.roles.has(`idp/${role}`)) return []
    throw new Refused(
      'DIRECTORY.ROLE_FROM_IDP',
      `The identity provider gives "${role}": take the person out of the provider's group`,
    )
  }
  if (role === 'administrator' && !person.roles.has('idp/administrator')) {
    refuseIfLastAdministrator(otherAdministrators)
  }
  return [{ type: 'RoleRevoked', data: { role, source: 'administrator' } }]
}

/** The provider's word counts as it is: a role it no longer gives ends, even that of the last administrator. */
function recordIdpRoles(command: RecordIdpRoles, person: Registered): readonly PersonEvent[] {
  refuseSelfGrant(command)
  refuseUnlessActive(command, person)
  const wanted = new Set(command.data.roles)
  const held = idpRoles(person)
  const granted = [...wanted].filter((role) => !held.has(role))
  for (const role of granted) refuseUnlessFitting(role, person)
  return [
    ...granted.map((role): RoleGranted => ({ type: 'RoleGranted', data: { role, source: 'idp' } })),
    ...[...held]
      .filter((role) => !wanted.has(role))
      .map((role): PersonEvent => ({ type: 'RoleRevoked', data: { role, source: 'idp' } })),
  ]
}

function issueToken(command: IssueApiToken, person: Registered): readonly PersonEvent[] {
  const { tokenId, hash, label, expiresAt } = command.data
  refuseUnlessActive(command, person)
  if (!/^[0-9a-f]{64}$/.test(hash)) {
    throw new InvalidInput('DIRECTORY.TOKEN_HASH_MALFORMED', 'A token is kept as its SHA-256 (64 hex digits)')
  }
  const issued = person.tokens.get(tokenId)
  if (issued !== undefined) {
    if (!issued.revoked && issued.hash === hash) return []
    throw new Refused('DIRECTORY.TOKEN_EXISTS', `Token ${tokenId} was issued before: take a new id`)
  }
  if (expiresAt !== undefined && !(Date.parse(expiresAt) > Date.parse(command.metadata.occurredAt))) {
    throw new InvalidInput('DIRECTORY.TOKEN_EXPIRED', 'A token must expire in the future', [
      { pointer: '/expiresAt', message: 'is no time in the future' },
    ])
  }
  return [{ type: 'ApiTokenIssued', data: { tokenId, hash, label, expiresAt } }]
}

function revokeToken(command: RevokeApiToken, person: Registered): readonly PersonEvent[] {
  const { tokenId } = command.data
  const token = person.tokens.get(tokenId)
  if (token === undefined) {
    throw new NotFound('DIRECTORY.TOKEN_UNKNOWN', `"${command.id}" has no token ${tokenId}`)
  }
  return token.revoked ? [] : [{ type: 'ApiTokenRevoked', data: { tokenId } }]
}

/** Neither her own hand nor that of a delegate may give a person rights. */
function refuseSelfGrant({ id, metadata }: PersonCommand): void {
  if (metadata.actor === id || metadata.onBehalfOf === id) {
    throw new Forbidden('DIRECTORY.SELF_GRANT', 'Nobody grants a role to himself: ask another administrator')
  }
}

function refuseUnlessActive({ id }: PersonCommand, person: Registered): void {
  if (person.status !== 'active') {
    throw new Refused('DIRECTORY.PERSON_INACTIVE', `"${id}" is deactivated: reactivate the person first`)
  }
}

function refuseUnlessFitting(role: Role, { profile }: Registered): void {
  if (role === 'service' && profile.kind !== 'service') {
    throw new Refused('DIRECTORY.ROLE_FOR_SERVICES', 'Only service accounts hold the role "service"')
  }
}

function refuseIfLastAdministrator(otherAdministrators: number): void {
  if (otherAdministrators < 1) {
    throw new Refused(
      'DIRECTORY.LAST_ADMINISTRATOR',
      'This is the last administrator: appoint another one first',
    )
  }
}

function holds(person: Registered, role: Role): boolean {
  return person.roles.has(`own/${role}`) || person.roles.has(`idp/${role}`)
}

function idpRoles(person: Registered): Set<Role> {
  return new Set(
    [...person.roles].filter((held) => held.startsWith('idp/')).map((held) => held.slice(4) as Role),
  )
}

function hasIdentity(person: Registered, { issuer, subject }: Identity): boolean {
  return person.identities.some((known) => known.issuer === issuer && known.subject === subject)
}

function evolve(state: PersonState, event: RecordedEvent<PersonEvent>): PersonState {
  if (event.type === 'PersonRegistered') {
    return {
      status: 'active',
      profile: event.data,
      identities: [],
      roles: new Set(),
      tokens: new Map(),
      delegations: new Map(),
    }
  }
  return state.status === 'unknown' ? state : evolveRegistered(state, event)
}

function evolveRegistered(
  person: Registered,
  event: RecordedEvent<Exclude<PersonEvent, PersonRegistered>>,
): Registered {
  switch (event.type) {
    case 'PersonChanged':
      return { ...person, profile: withChanges(person.profile, event.data) }
    case 'PersonDeactivated':
      return { ...person, status: 'inactive', roles: new Set(), tokens: allRevoked(person.tokens) }
    case 'PersonReactivated':
      return { ...person, status: 'active' }
    case 'IdentityLinked':
      return { ...person, identities: [...person.identities, event.data] }
    case 'IdentityUnlinked': {
      const { issuer, subject } = event.data
      const rest = person.identities.filter((known) => known.issuer !== issuer || known.subject !== subject)
      return { ...person, identities: rest }
    }
    case 'RoleGranted':
      return {
        ...person,
        roles: new Set(person.roles).add(`${origin(event.data.source)}/${event.data.role}`),
      }
    case 'RoleRevoked': {
      const roles = new Set(person.roles)
      roles.delete(`${origin(event.data.source)}/${event.data.role}`)
      return { ...person, roles }
    }
    case 'ApiTokenIssued': {
      const tokens = new Map(person.tokens)
      tokens.set(event.data.tokenId, { ...event.data, revoked: false })
      return { ...person, tokens }
    }
    case 'ApiTokenRevoked': {
      const token = person.tokens.get(event.data.tokenId)
      if (token === undefined) return person
      return { ...person, tokens: new Map(person.tokens).set(token.tokenId, { ...token, revoked: true }) }
    }
    case 'DelegationGranted':
    case 'DelegationRevoked':
      return { ...person, delegations: withDelegation(person.delegations, event) }
    default:
      return person
  }
}

function withDelegation(
  delegations: Delegations,
  event: Extract<PersonEvent, { type: `Delegation${string}` }>,
): Delegations {
  const { delegationId } = event.data
  const known = delegations.get(delegationId)
  if (event.type === 'DelegationGranted')
    return new Map(delegations).set(delegationId, { ...event.data, revoked: false })
  return known ? new Map(delegations).set(delegationId, { ...known, revoked: true }) : delegations
}

function allRevoked(tokens: Registered['tokens']): Registered['tokens'] {
  return new Map([...tokens].map(([tokenId, token]) => [tokenId, { ...token, revoked: true }]))
}

function origin(source: RoleGranted['data']['source']): Origin {
  return source === 'idp' ? 'idp' : 'own'
}
