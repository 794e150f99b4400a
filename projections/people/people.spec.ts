import { projectionSpec, recorded } from '#libs/testing'
import type { GroupEvent, PersonEvent } from '../../src/directory/domain/directory.events.js'
import { people, shownEntry } from './people.js'

const registered: PersonEvent = {
  type: 'PersonRegistered',
  data: { kind: 'person', name: 'Ann', email: 'Ann@Example.org', manager: 'lea' },
}
const granted = (source: 'administrator' | 'setup' | 'idp'): PersonEvent => ({
  type: 'RoleGranted',
  data: { role: 'agent', source },
})
const revoked = (source: 'administrator' | 'idp'): PersonEvent => ({
  type: 'RoleRevoked',
  data: { role: 'agent', source },
})
const ofAnn = (...events: PersonEvent[]) => recorded<PersonEvent | GroupEvent>('person-ann', events)
const ofGroup = (group: string, ...events: GroupEvent[]) =>
  recorded<PersonEvent | GroupEvent>(`group-${group}`, events)
const added: GroupEvent = { type: 'MemberAdded', data: { person: 'ann' } }
const removed: GroupEvent = { type: 'MemberRemoved', data: { person: 'ann' } }

const entryAfter = (...events: ReturnType<typeof ofAnn>) =>
  projectionSpec(people)
    .given(...events)
    .document('person-ann')

describe('Somebody in the list of people', () => {
  it('has a name, an address in lower case, a manager, a status', () => {
    const changed: PersonEvent = { type: 'PersonChanged', data: { name: 'Anne', email: null, manager: null } }
    const start = { id: 'ann', kind: 'person', status: 'active', roles: [], groups: [] }
    expect(shownEntry(entryAfter(...ofAnn(registered)))).toEqual({
      ...start,
      name: 'Ann',
      email: 'ann@example.org',
      manager: 'lea',
    })
    expect(shownEntry(entryAfter(...ofAnn(registered, changed)))).toEqual({ ...start, name: 'Anne' })
  })

  it('has each role as long as one of those who gave it has not ended it', () => {
    const rolesAfter = (...events: PersonEvent[]) => entryAfter(...ofAnn(registered, ...events)).roles
    expect(rolesAfter(granted('setup'), granted('idp'))).toEqual(['agent'])
    expect(rolesAfter(granted('setup'), granted('idp'), revoked('idp'))).toEqual(['agent'])
    expect(rolesAfter(granted('setup'), granted('idp'), revoked('idp'), revoked('administrator'))).toEqual([])
  })

  it('loses her roles as she leaves, and keeps her groups', () => {
    const left: PersonEvent = { type: 'PersonDeactivated', data: {} }
    const events = [...ofAnn(registered, granted('setup')), ...ofGroup('Network', added), ...ofAnn(left)]
    expect(entryAfter(...events)).toMatchObject({ status: 'inactive', roles: [], groups: ['Network'] })
  })

  it('is in the groups that have her', () => {
    const both = [...ofAnn(registered), ...ofGroup('Storage', added), ...ofGroup('Network', added)]
    expect(entryAfter(...both).groups).toEqual(['Network', 'Storage'])
    expect(entryAfter(...both, ...ofGroup('Storage', removed)).groups).toEqual(['Network'])
    // Of a group itself nobody's entry tells
    const [founded] = ofGroup('Network', { type: 'GroupRegistered', data: { name: 'Network' } })
    expect(people.key(founded!)).toBeUndefined()
  })
})
