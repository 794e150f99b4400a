import { recorded } from '#libs/testing'
import { DESK_PEOPLE } from '#projections/access'
import type { PersonEvent } from './directory.events.js'
import { isAtDesk, personStanding, ROLES_AT_DESK } from './person-standing.js'

const after = (...events: PersonEvent[]) =>
  recorded<PersonEvent>('person-ann', events).reduce(personStanding.evolve, personStanding.initial)
const registered: PersonEvent = { type: 'PersonRegistered', data: { kind: 'person', name: 'Ann' } }
const granted = (role: 'agent' | 'requester', source: 'administrator' | 'idp' | 'setup'): PersonEvent => ({
  type: 'RoleGranted',
  data: { role, source },
})
const revoked = (source: 'administrator' | 'idp'): PersonEvent => ({
  type: 'RoleRevoked',
  data: { role: 'agent', source },
})

it('is at the desk with a role of those who read what is not their own', () => {
  expect(ROLES_AT_DESK).toEqual(DESK_PEOPLE)
  expect(isAtDesk(after())).toBe(false)
  expect(isAtDesk(after(registered, granted('requester', 'administrator')))).toBe(false)
  for (const source of ['administrator', 'idp', 'setup'] as const)
    expect(isAtDesk(after(registered, granted('agent', source)))).toBe(true)
})

it('loses a role on the account on which it was given, and all by leaving', () => {
  const both = [registered, granted('agent', 'setup'), granted('agent', 'idp')]
  expect(isAtDesk(after(...both, revoked('idp')))).toBe(true)
  expect(isAtDesk(after(...both, revoked('idp'), revoked('administrator')))).toBe(false)
  const back: PersonEvent[] = [
    { type: 'PersonDeactivated', data: {} },
    { type: 'PersonReactivated', data: {} },
  ]
  expect(after(...both, ...back)).toMatchObject({ exists: true, active: true })
  expect(isAtDesk(after(...both, ...back))).toBe(false)
})
