import { commandMetadata } from '#libs/testing'
import { personRecords } from './directory.records.js'
import { ChangePerson, GrantDelegation } from './domain/person.commands.js'
import { personDecider } from './domain/person.decider.js'

const byRoot = commandMetadata({ actor: 'root' })

describe('who may delegate', () => {
  const principal = (id: string, role: 'agent' | 'administrator') => ({
    id,
    grants: new Map([[role, `grant of ${role}`]]),
    groups: new Set<string>(),
  })
  const command = new GrantDelegation('ann', { to: 'ben', until: '2026-07-15', scope: 'approvals' }, byRoot)
  const state = personDecider.initial

  it('she herself and administrators, nobody else', () => {
    expect(personRecords.rights(principal('ann', 'agent'), command, state)).toBe('grant of agent')
    expect(personRecords.rights(principal('root', 'administrator'), command, state)).toBe(
      'grant of administrator',
    )
    expect(() => personRecords.rights(principal('ben', 'agent'), command, state)).toThrow(
      expect.objectContaining({ code: 'DIRECTORY.FORBIDDEN' }),
    )
  })

  it('and she does nothing else to herself (counter-proof)', () => {
    const change = new ChangePerson('ann', { name: 'Anna' }, byRoot)
    expect(() => personRecords.rights(principal('ann', 'agent'), change, state)).toThrow(
      expect.objectContaining({ code: 'DIRECTORY.FORBIDDEN' }),
    )
  })
})
