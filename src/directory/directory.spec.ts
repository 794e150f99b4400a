import type { RecordedEvent } from '#libs/event-sourcing'
import { EventFactory } from '#libs/testing'
import { Directory } from './directory.js'
import type { DirectoryEvent } from './domain/directory.events.js'

function setup() {
  const directory = new Directory()
  const events = new EventFactory()
  const happen = (stream: string, event: DirectoryEvent): RecordedEvent => {
    const recorded = events.event(event, {}, stream)
    directory.apply(recorded)
    return recorded
  }
  return { directory, happen }
}

const hash = 'a'.repeat(64)
const token = (tokenId: string): DirectoryEvent => ({
  type: 'ApiTokenIssued',
  data: { tokenId, hash, label: 'laptop', expiresAt: '2027-01-01T00:00:00.000Z' },
})
const ann: DirectoryEvent = { type: 'PersonRegistered', data: { kind: 'person', name: 'Ann' } }
const left: DirectoryEvent = { type: 'PersonDeactivated', data: {} }
const back: DirectoryEvent = { type: 'PersonReactivated', data: {} }
const agent: DirectoryEvent = { type: 'RoleGranted', data: { role: 'agent', source: 'administrator' } }
const agentByIdp: DirectoryEvent = { type: 'RoleGranted', data: { role: 'agent', source: 'idp' } }
const joins = (person: string): DirectoryEvent => ({ type: 'MemberAdded', data: { person } })
const identity = { issuer: 'https://id.example.org', subject: '4711' }

describe('principal', () => {
  it('holds the grants with the events they rest on, and the groups', () => {
    const { directory, happen } = setup()
    happen('person-ann', ann)
    const grant = happen('person-ann', agent)
    happen('group-network', joins('ann'))
    expect(directory.principal('ann')).toEqual({
      id: 'ann',
      grants: new Map([['agent', grant.id]]),
      groups: new Set(['network']),
    })
  })

  it('is the same object until an event touches the person', () => {
    const { directory, happen } = setup()
    happen('person-ann', agent)
    const before = directory.principal('ann')
    happen('person-bob', agent)
    expect(directory.principal('ann')).toBe(before)
    happen('group-network', joins('ann'))
    expect(directory.principal('ann')).not.toBe(before)
    expect(before?.groups.size).toBe(0)
  })

  it('relies on the grant that is left of two', () => {
    const { directory, happen } = setup()
    const own = happen('person-ann', agent)
    const byIdp = happen('person-ann', agentByIdp)
    expect(directory.principal('ann')?.grants.get('agent')).toBe(own.id)
    happen('person-ann', { type: 'RoleRevoked', data: { role: 'agent', source: 'administrator' } })
    expect(directory.principal('ann')?.grants.get('agent')).toBe(byIdp.id)
    happen('person-ann', { type: 'RoleRevoked', data: { role: 'agent', source: 'idp' } })
    expect(directory.principal('ann')?.grants.has('agent')).toBe(false)
  })

  it('is nobody without rights', () => {
    const { directory, happen } = setup()
    happen('person-ann', ann)
    expect(directory.principal('ann')).toBeUndefined()
  })

  it('is nobody after leaving, and has no roles after coming back', () => {
    const { directory, happen } = setup()
    happen('person-ann', agent)
    happen('person-ann', token('t1'))
    happen('group-network', joins('ann'))
    happen('person-ann', left)
    expect(directory.principal('ann')).toBeUndefined()
    expect(directory.findToken('t1')).toBeUndefined()
    happen('person-ann', back)
    expect(directory.principal('ann')).toEqual({ id: 'ann', grants: new Map(), groups: new Set(['network']) })
    expect(directory.findToken('t1')).toBeUndefined()
  })
})

it('finds tokens until they are revoked', () => {
  const { directory, happen } = setup()
  happen('person-ann', token('t1'))
  expect(directory.findToken('t1')).toEqual({
    principalId: 'ann',
    hash,
    expiresAt: Date.UTC(2027, 0, 1),
    revoked: false,
  })
  happen('person-ann', { type: 'ApiTokenRevoked', data: { tokenId: 't1' } })
  expect(directory.findToken('t1')).toBeUndefined()
})

it('knows who an identity is, and lets in neither of two holders', () => {
  const { directory, happen } = setup()
  happen('person-ann', { type: 'IdentityLinked', data: identity })
  expect(directory.identity(identity.issuer, identity.subject)).toBe('ann')
  expect(directory.identity(identity.issuer, 'other')).toBeUndefined()
  happen('person-bob', { type: 'IdentityLinked', data: identity })
  expect(directory.identity(identity.issuer, identity.subject)).toBeUndefined()
  happen('person-bob', { type: 'IdentityUnlinked', data: identity })
  expect(directory.identity(identity.issuer, identity.subject)).toBe('ann')
})

it('knows the groups of a member', () => {
  const { directory, happen } = setup()
  happen('group-network', { type: 'GroupRegistered', data: { name: 'Network', manager: 'max' } })
  happen('group-network', joins('ann'))
  expect([...directory.groupsOf('ann')]).toEqual(['network'])
  happen('group-network', { type: 'MemberRemoved', data: { person: 'ann' } })
  expect([...directory.groupsOf('ann')]).toEqual([])
})

it('knows for whom somebody may answer, and when', () => {
  const { directory, happen } = setup()
  const delegation = (delegationId: string, from: string, until: string): DirectoryEvent => ({
    type: 'DelegationGranted',
    data: { delegationId, to: 'ben', from, until, scope: 'approvals' },
  })
  happen('person-ann', delegation('1', '2026-07-01', '2026-07-15'))
  happen('person-ann', delegation('2', '2026-07-10', '2026-07-20'))
  happen('person-lea', delegation('3', '2026-07-10', '2026-07-20'))
  const on = (day: string) => directory.delegatorsOf('ben', day)
  expect([on('2026-06-30'), on('2026-07-01'), on('2026-07-12'), on('2026-07-20')]).toEqual([
    [],
    ['ann'],
    ['ann', 'lea'],
    [],
  ])
  happen('person-ann', { type: 'DelegationRevoked', data: { delegationId: '2', to: 'ben' } })
  expect(on('2026-07-16')).toEqual(['lea'])
  happen('person-lea', left)
  expect(on('2026-07-16')).toEqual([])
  expect(directory.delegatorsOf('ann', '2026-07-12')).toEqual([])
})

it('counts the other active administrators', () => {
  const { directory, happen } = setup()
  const administrator: DirectoryEvent = {
    type: 'RoleGranted',
    data: { role: 'administrator', source: 'idp' },
  }
  happen('person-ann', administrator)
  expect(directory.otherAdministrators('ann')).toBe(0)
  expect(directory.otherAdministrators('bob')).toBe(1)
  happen('person-bob', administrator)
  expect(directory.otherAdministrators('ann')).toBe(1)
  happen('person-bob', left)
  expect(directory.otherAdministrators('ann')).toBe(0)
})

it('keeps nothing of people without rights, however many', () => {
  const { directory, happen } = setup()
  for (let n = 0; n < 1000; n++) {
    happen(`person-Caller ${n}`, { type: 'PersonRegistered', data: { kind: 'person', name: `Caller ${n}` } })
  }
  happen('incident-INC0000001', agent)
  const kept = JSON.stringify(directory, (_, value) => (value instanceof Map ? [...value] : value))
  expect(kept).not.toContain('Caller')
  const sizes = Object.values(directory).map((held: Map<string, unknown>) => held.size)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(0)
})
