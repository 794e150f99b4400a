import type { CommandMetadata, LedgerdeskError } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec } from '#libs/testing'
import type { PersonEvent } from './directory.events.js'
import {
  ChangePerson,
  DeactivatePerson,
  GrantDelegation,
  GrantRole,
  IssueApiToken,
  LinkIdentity,
  type PersonCommand,
  ReactivatePerson,
  RecordIdpRoles,
  RegisterPerson,
  RevokeApiToken,
  RevokeDelegation,
  RevokeRole,
  UnlinkIdentity,
} from './person.commands.js'
import { personDecider } from './person.decider.js'

const by = (actor: string, more: Partial<CommandMetadata> = {}) =>
  commandMetadata({ actor, occurredAt: '2026-01-01T00:00:00.000Z', ...more })
const byRoot = by('root')

function decided(given: readonly PersonEvent[], command: PersonCommand): readonly PersonEvent[] {
  return deciderSpec(personDecider)
    .given(...given)
    .when(command).events
}

function refusal(given: readonly PersonEvent[], command: PersonCommand): string {
  try {
    return `accepted: ${JSON.stringify(decided(given, command))}`
  } catch (error) {
    return `${(error as Error).constructor.name} ${(error as LedgerdeskError).code}`
  }
}

const registered: PersonEvent = {
  type: 'PersonRegistered',
  data: { kind: 'person', name: 'Ann', email: 'ann@example.org' },
}
const program: PersonEvent = { type: 'PersonRegistered', data: { kind: 'service', name: 'Monitoring' } }
const deactivated: PersonEvent = { type: 'PersonDeactivated', data: {} }
const reactivated: PersonEvent = { type: 'PersonReactivated', data: {} }
const granted = (
  role: 'agent' | 'administrator' | 'auditor',
  source: 'administrator' | 'idp' | 'setup' = 'administrator',
): PersonEvent => ({
  type: 'RoleGranted',
  data: { role, source },
})
const hash = 'a'.repeat(64)
const issued: PersonEvent = { type: 'ApiTokenIssued', data: { tokenId: 't1', hash, label: 'laptop' } }
const tokenRevoked: PersonEvent = { type: 'ApiTokenRevoked', data: { tokenId: 't1' } }
const identity = { issuer: 'https://id.example.org', subject: '4711' }
const linked: PersonEvent = { type: 'IdentityLinked', data: identity }

describe('registering', () => {
  const ann = (data: RegisterPerson['data'], id = 'ann') => new RegisterPerson(id, data, byRoot)

  it('records who it is, once', () => {
    const data = { kind: 'person', name: 'Ann', email: 'ann@example.org' } as const
    expect(decided([], ann(data))).toEqual([{ type: 'PersonRegistered', data }])
    expect(decided([registered], ann(data))).toEqual([])
    expect(refusal([registered], ann({ kind: 'person', name: 'Anna' }))).toBe(
      'Refused DIRECTORY.PERSON_EXISTS',
    )
  })

  it.each(['', ' ann', 'a\nb', 'system:cli', 'x'.repeat(201)])('refuses the id %j', (id) => {
    expect(refusal([], ann({ kind: 'person', name: 'Ann' }, id))).toBe('InvalidInput DIRECTORY.ID_MALFORMED')
  })

  it('takes the ids of other systems as they are', () => {
    expect(decided([], ann({ kind: 'person', name: 'Caller 2403' }, 'Caller 2403'))).toHaveLength(1)
  })

  it('tells services by their ids', () => {
    expect(decided([], ann({ kind: 'service', name: 'Monitoring' }, 'service:monitoring'))).toHaveLength(1)
    expect(refusal([], ann({ kind: 'service', name: 'Monitoring' }, 'monitoring'))).toMatch(/ID_MALFORMED/)
    expect(refusal([], ann({ kind: 'person', name: 'Monitoring' }, 'service:monitoring'))).toMatch(
      /ID_MALFORMED/,
    )
  })

  it('refuses a blank name and oneself as manager', () => {
    expect(refusal([], ann({ kind: 'person', name: '  ' }))).toBe('InvalidInput DIRECTORY.NAME_EMPTY')
    expect(refusal([], ann({ kind: 'person', name: 'Ann', manager: 'ann' }))).toBe(
      'InvalidInput DIRECTORY.OWN_MANAGER',
    )
  })
})

describe('changing', () => {
  const change = (data: ChangePerson['data']) => new ChangePerson('ann', data, byRoot)

  it('records only what differs', () => {
    expect(decided([registered], change({ name: 'Ann', email: null, manager: 'bob' }))).toEqual([
      { type: 'PersonChanged', data: { email: null, manager: 'bob' } },
    ])
    const forgotten: PersonEvent = { type: 'PersonChanged', data: { email: null } }
    expect(decided([registered, forgotten], change({ email: null }))).toEqual([])
  })

  it('needs a registered person', () => {
    expect(refusal([], change({ name: 'Ann' }))).toBe('NotFound DIRECTORY.PERSON_UNKNOWN')
  })
})

describe('granting roles', () => {
  const grant = (role: GrantRole['data']['role'], metadata = byRoot, id = 'ann') =>
    new GrantRole(id, { role }, metadata)

  it('is done by another, once', () => {
    expect(decided([registered], grant('agent'))).toEqual([granted('agent')])
    expect(decided([registered, granted('agent')], grant('agent'))).toEqual([])
  })

  it('is refused to oneself, and to who acts on one’s behalf', () => {
    expect(refusal([registered], grant('agent', by('ann')))).toBe('Forbidden DIRECTORY.SELF_GRANT')
    expect(refusal([registered], grant('agent', by('bob', { onBehalfOf: 'ann' })))).toBe(
      'Forbidden DIRECTORY.SELF_GRANT',
    )
    expect(refusal([registered, granted('agent')], grant('agent', by('ann')))).toMatch(/SELF_GRANT/)
  })

  it('by the program itself is setup', () => {
    expect(decided([registered], grant('administrator', by('system:cli')))).toEqual([
      granted('administrator', 'setup'),
    ])
  })

  it('needs an active person, and a service for the role of services', () => {
    expect(refusal([registered, deactivated], grant('agent'))).toBe('Refused DIRECTORY.PERSON_INACTIVE')
    expect(refusal([registered], grant('service'))).toBe('Refused DIRECTORY.ROLE_FOR_SERVICES')
    expect(decided([program], grant('service', byRoot, 'service:monitoring'))).toHaveLength(1)
  })

  it('stands beside what the identity provider gives', () => {
    expect(decided([registered, granted('agent', 'idp')], grant('agent'))).toEqual([granted('agent')])
  })
})

describe('revoking roles', () => {
  const revoke = (role: 'agent' | 'administrator', otherAdministrators = 1) =>
    new RevokeRole('ann', { role, otherAdministrators }, byRoot)
  const revoked = (role: 'agent' | 'administrator') => ({
    type: 'RoleRevoked',
    data: { role, source: 'administrator' },
  })

  it('ends a role, once', () => {
    expect(decided([registered, granted('agent')], revoke('agent'))).toEqual([revoked('agent')])
    expect(decided([registered, granted('agent', 'setup')], revoke('agent'))).toEqual([revoked('agent')])
    expect(decided([registered], revoke('agent'))).toEqual([])
  })

  it('keeps the last administrator', () => {
    const given = [registered, granted('administrator')]
    expect(decided(given, revoke('administrator', 1))).toEqual([revoked('administrator')])
    expect(refusal(given, revoke('administrator', 0))).toBe('Refused DIRECTORY.LAST_ADMINISTRATOR')
    expect(decided([registered, granted('agent')], revoke('agent', 0))).toEqual([revoked('agent')])
  })

  it('leaves to the identity provider what it gave', () => {
    expect(refusal([registered, granted('agent', 'idp')], revoke('agent'))).toBe(
      'Refused DIRECTORY.ROLE_FROM_IDP',
    )
  })
})

describe('roles of the identity provider', () => {
  const record = (roles: RecordIdpRoles['data']['roles'], actor = 'system:sign-in') =>
    new RecordIdpRoles('ann', { roles }, by(actor))

  it('are recorded as differences', () => {
    const given = [registered, granted('agent', 'idp'), granted('auditor')]
    expect(decided(given, record(['agent']))).toEqual([])
    expect(decided(given, record(['auditor', 'auditor', 'analyst']))).toEqual([
      { type: 'RoleGranted', data: { role: 'auditor', source: 'idp' } },
      { type: 'RoleGranted', data: { role: 'analyst', source: 'idp' } },
      { type: 'RoleRevoked', data: { role: 'agent', source: 'idp' } },
    ])
  })

  it('are not recorded by oneself, nor for the deactivated', () => {
    expect(refusal([registered], record(['agent'], 'ann'))).toBe('Forbidden DIRECTORY.SELF_GRANT')
    expect(refusal([registered, deactivated], record(['agent']))).toBe('Refused DIRECTORY.PERSON_INACTIVE')
  })
})

describe('tokens', () => {
  const issue = (more: Partial<IssueApiToken['data']> = {}) =>
    new IssueApiToken('ann', { tokenId: 't1', hash, label: 'laptop', ...more }, byRoot)
  const revoke = new RevokeApiToken('ann', { tokenId: 't1' }, byRoot)

  it('are kept as hashes, and ids are not used twice', () => {
    expect(decided([registered], issue())).toEqual([issued])
    expect(decided([registered, issued], issue())).toEqual([])
    expect(refusal([registered, issued], issue({ hash: 'b'.repeat(64) }))).toBe(
      'Refused DIRECTORY.TOKEN_EXISTS',
    )
    expect(refusal([registered, issued, tokenRevoked], issue())).toBe('Refused DIRECTORY.TOKEN_EXISTS')
    expect(refusal([registered], issue({ hash: 'secret' }))).toMatch(/TOKEN_HASH_MALFORMED/)
  })

  it('go to the active only, and expire in the future', () => {
    expect(refusal([registered, deactivated], issue())).toBe('Refused DIRECTORY.PERSON_INACTIVE')
    expect(decided([registered], issue({ expiresAt: '2026-01-01T00:00:00.001Z' }))).toHaveLength(1)
    expect(refusal([registered], issue({ expiresAt: '2026-01-01T00:00:00.000Z' }))).toMatch(/TOKEN_EXPIRED/)
    expect(refusal([registered], issue({ expiresAt: 'soon' }))).toMatch(/TOKEN_EXPIRED/)
  })

  it('are revoked once', () => {
    expect(decided([registered, issued], revoke)).toEqual([tokenRevoked])
    expect(decided([registered, issued, tokenRevoked], revoke)).toEqual([])
    expect(refusal([registered], revoke)).toBe('NotFound DIRECTORY.TOKEN_UNKNOWN')
  })
})

describe('leaving and coming back', () => {
  const leave = (otherAdministrators = 1) => new DeactivatePerson('ann', { otherAdministrators }, byRoot)
  const comeBack = new ReactivatePerson('ann', {}, byRoot)

  it('is recorded once each', () => {
    expect(decided([registered], leave())).toEqual([deactivated])
    expect(decided([registered, deactivated], leave())).toEqual([])
    expect(decided([registered, deactivated], comeBack)).toEqual([reactivated])
    expect(decided([registered], comeBack)).toEqual([])
  })

  it('ends roles and tokens for good', () => {
    const given = [registered, granted('agent'), granted('auditor', 'idp'), issued, deactivated, reactivated]
    expect(decided(given, new GrantRole('ann', { role: 'agent' }, byRoot))).toHaveLength(1)
    expect(
      decided(given, new RecordIdpRoles('ann', { roles: ['auditor'] }, by('system:sign-in'))),
    ).toHaveLength(1)
    expect(decided(given, new RevokeApiToken('ann', { tokenId: 't1' }, byRoot))).toEqual([])
  })

  it('keeps the last administrator, also one of the identity provider’s making', () => {
    for (const source of ['administrator', 'setup', 'idp'] as const) {
      expect(refusal([registered, granted('administrator', source)], leave(0))).toBe(
        'Refused DIRECTORY.LAST_ADMINISTRATOR',
      )
    }
    expect(decided([registered, granted('agent')], leave(0))).toEqual([deactivated])
  })
})

describe('identities', () => {
  const link = (holder?: string) => new LinkIdentity('ann', { ...identity, holder }, byRoot)
  const unlink = new UnlinkIdentity('ann', identity, byRoot)

  it('are linked and unlinked once', () => {
    expect(decided([registered], link())).toEqual([linked])
    expect(decided([registered, linked], link('ann'))).toEqual([])
    expect(decided([registered, linked], unlink)).toEqual([{ type: 'IdentityUnlinked', data: identity }])
    expect(decided([registered], unlink)).toEqual([])
  })

  it('belong to one person', () => {
    expect(refusal([registered], link('bob'))).toBe('Refused DIRECTORY.IDENTITY_TAKEN')
  })
})

describe('delegations', () => {
  const now = '2026-07-01T00:00:00.000Z'
  const until = '2026-07-15T00:00:00.000Z'
  const story = (...given: PersonEvent[]) =>
    deciderSpec(personDecider)
      .given(registered, ...given)
      .and('person-ben', registered)
      .and('person-gone', registered, deactivated)
      .and('person-service:x', program)
  const grant = (data: { to?: string; from?: string; until?: string } = {}) =>
    new GrantDelegation(
      'ann',
      { to: 'ben', until, scope: 'approvals', ...data },
      by('ann', { occurredAt: now }),
    )
  const given = (delegationId = 'd1', from = now): PersonEvent => ({
    type: 'DelegationGranted',
    data: { delegationId, to: 'ben', from, until, scope: 'approvals' },
  })
  const revoke = (delegationId: string) => new RevokeDelegation('ann', { delegationId }, by('ann'))

  it('begin now, or later, under an id that follows from the command', () => {
    const [event] = story().when(grant()).events
    expect(event).toMatchObject({ type: 'DelegationGranted', data: { to: 'ben', from: now, until } })
    expect(story().when(grant()).events).toEqual([event])
    const later = story().when(grant({ from: '2026-07-10T00:00:00+02:00' })).events
    expect(later).toMatchObject([{ data: { from: '2026-07-09T22:00:00.000Z' } }])
  })

  it('that stand already are no event', () => {
    story(given('d1', '2026-06-01T00:00:00.000Z')).when(grant()).thenNothing()
    story(given())
      .when(grant({ from: '2026-07-02T00:00:00Z', until: '2026-07-03T00:00:00Z' }))
      .thenNothing()
    story(given())
      .when(grant({ until: '2026-07-16T00:00:00Z' }))
      .thenTypes('DelegationGranted')
    const revoked: PersonEvent = { type: 'DelegationRevoked', data: { delegationId: 'd1', to: 'ben' } }
    story(given(), revoked).when(grant()).thenTypes('DelegationGranted')
  })

  it.each([
    [{ to: 'ann' }, 'DIRECTORY.DELEGATION_MALFORMED'],
    [{ to: 'nobody' }, 'DIRECTORY.DELEGATION_MALFORMED'],
    [{ to: 'service:x' }, 'DIRECTORY.DELEGATION_MALFORMED'],
    [{ to: 'gone' }, 'DIRECTORY.PERSON_INACTIVE'],
    [{ from: '2026-06-30T23:59:59Z' }, 'DIRECTORY.DELEGATION_MALFORMED'],
    [{ until: now }, 'DIRECTORY.DELEGATION_MALFORMED'],
    [{ until: 'soon' }, 'DIRECTORY.DELEGATION_MALFORMED'],
    [{ until: '2028-01-01T00:00:00Z' }, 'DIRECTORY.DELEGATION_MALFORMED'],
  ])('%j is refused', (data, code) => {
    story().when(grant(data)).thenRefused(code)
  })

  it('end before their time, once', () => {
    story(given())
      .when(revoke('d1'))
      .thenEvents({ type: 'DelegationRevoked', data: { delegationId: 'd1', to: 'ben' } })
    story(given(), { type: 'DelegationRevoked', data: { delegationId: 'd1', to: 'ben' } })
      .when(revoke('d1'))
      .thenNothing()
    story().when(revoke('d1')).thenRefused('DIRECTORY.DELEGATION_UNKNOWN')
  })

  it('of somebody who has left are not given', () => {
    story(deactivated).when(grant()).thenRefused('DIRECTORY.PERSON_INACTIVE')
  })
})
