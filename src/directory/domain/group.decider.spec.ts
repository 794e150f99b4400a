import type { LedgerdeskError } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec } from '#libs/testing'
import type { GroupEvent, PersonEvent } from './directory.events.js'
import { AddMember, ChangeGroup, type GroupCommand, RegisterGroup, RemoveMember } from './group.commands.js'
import { groupDecider } from './group.decider.js'

const byRoot = commandMetadata({ actor: 'root' })

/** What follows when the person asked for has these events. */
function decided(
  given: readonly GroupEvent[],
  command: GroupCommand,
  person: readonly PersonEvent[] = [],
): readonly GroupEvent[] {
  return deciderSpec(groupDecider)
    .given(...given)
    .and('person-ann', ...person)
    .when(command).events
}

function refusal(...scenario: Parameters<typeof decided>): string {
  try {
    return `accepted: ${JSON.stringify(decided(...scenario))}`
  } catch (error) {
    return `${(error as Error).constructor.name} ${(error as LedgerdeskError).code}`
  }
}

const registered: GroupEvent = { type: 'GroupRegistered', data: { name: 'Network', manager: 'bob' } }
const added: GroupEvent = { type: 'MemberAdded', data: { person: 'ann' } }
const removed: GroupEvent = { type: 'MemberRemoved', data: { person: 'ann' } }
const ann: PersonEvent = { type: 'PersonRegistered', data: { kind: 'person', name: 'Ann' } }
const left: PersonEvent = { type: 'PersonDeactivated', data: {} }
const back: PersonEvent = { type: 'PersonReactivated', data: {} }

it('registers a group once', () => {
  const register = (name: string) => new RegisterGroup('network', { name, manager: 'bob' }, byRoot)
  expect(decided([], register('Network'))).toEqual([registered])
  expect(decided([registered], register('Network'))).toEqual([])
  expect(refusal([registered], register('Servers'))).toBe('Refused DIRECTORY.GROUP_EXISTS')
  expect(refusal([], register(' '))).toBe('InvalidInput DIRECTORY.NAME_EMPTY')
})

it('leaves the id "mine" to the own queue', () => {
  const register = (id: string) => new RegisterGroup(id, { name: 'Mine' }, byRoot)
  expect(refusal([], register('mine'))).toBe('InvalidInput DIRECTORY.ID_RESERVED')
  expect(decided([], register('mines'))).toHaveLength(1)
})

it('records only what differs', () => {
  const change = (data: ChangeGroup['data']) => new ChangeGroup('network', data, byRoot)
  expect(decided([registered], change({ name: 'Network', manager: null }))).toEqual([
    { type: 'GroupChanged', data: { manager: null } },
  ])
  expect(decided([registered], change({ name: 'Network' }))).toEqual([])
  expect(refusal([], change({ name: 'Network' }))).toBe('NotFound DIRECTORY.GROUP_UNKNOWN')
})

describe('members', () => {
  const add = new AddMember('network', { person: 'ann' }, byRoot)
  const remove = new RemoveMember('network', { person: 'ann' }, byRoot)

  it('are added and removed once', () => {
    expect(decided([registered], add, [ann])).toEqual([added])
    expect(decided([registered, added], add, [ann])).toEqual([])
    expect(decided([registered, added], remove)).toEqual([removed])
    expect(decided([registered], remove)).toEqual([])
    expect(decided([registered, added, removed], add, [ann])).toEqual([added])
  })

  it('are registered and active people', () => {
    expect(refusal([registered], add)).toBe('NotFound DIRECTORY.PERSON_UNKNOWN')
    expect(refusal([registered], add, [ann, left])).toBe('Refused DIRECTORY.PERSON_INACTIVE')
    expect(decided([registered], add, [ann, left, back])).toEqual([added])
  })
})
