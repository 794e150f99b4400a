import { isAtDesk, NO_ROLES, withoutRole, withRole } from './held-roles.js'

const agentBy = (source: string) => ({ role: 'agent', source }) as const

it('is at the desk with a role of those who see what is not their own', () => {
  expect(isAtDesk(NO_ROLES)).toBe(false)
  expect(isAtDesk(withRole(NO_ROLES, { role: 'requester', source: 'administrator' }))).toBe(false)
  expect(isAtDesk(withRole(NO_ROLES, { role: 'service', source: 'administrator' }))).toBe(false)
  for (const source of ['administrator', 'idp', 'setup'])
    expect(isAtDesk(withRole(NO_ROLES, agentBy(source)))).toBe(true)
})

it('loses a role on the account on which it was given', () => {
  const both = withRole(withRole(NO_ROLES, agentBy('setup')), agentBy('idp'))
  const here = withoutRole(both, agentBy('idp'))
  expect(isAtDesk(here)).toBe(true)
  expect(isAtDesk(withoutRole(here, agentBy('administrator')))).toBe(false)
})
