import type { LedgerdeskError } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec } from '#libs/testing'
import type { GroupEvent, PersonEvent } from './directory.events.js'
import {
  AddMember,
  ChangeGroup,
  type GroupCommand,
  RegisterGroup,
  RemoveMember,
  SetOnCallContacts,
} from './group.commands.js'
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
    .and('person-bob', bob)
    .and('person-old', bob, left)
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
const bob: PersonEvent = { type: 'PersonRegistered', data: { kind: 'person', name: 'Bob' } }
const agent: PersonEvent = { type: 'RoleGranted', data: { role: 'agent', source: 'idp' } }
const requester: PersonEvent = { type: 'RoleGranted', data: { role: 'requester', source: 'administrator' } }
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

it('is managed by somebody whom the directory knows, and who has not left', () => {
  const register = (manager: string) => new RegisterGroup('network', { name: 'Network', manager }, byRoot)
  const change = (manager: string) => new ChangeGroup('network', { manager }, byRoot)
  expect(refusal([], register('nobody'))).toBe('InvalidInput DIRECTORY.MANAGER_UNKNOWN')
  expect(refusal([registered], change('nobody'))).toBe('InvalidInput DIRECTORY.MANAGER_UNKNOWN')
  expect(refusal([], register('old'))).toBe('Refused DIRECTORY.PERSON_INACTIVE')
  expect(refusal([registered], change('old'))).toBe('Refused DIRECTORY.PERSON_INACTIVE')
  // Whom it had before that was asked for
  const before: GroupEvent = { type: 'GroupRegistered', data: { name: 'Network', manager: 'nobody' } }
  expect(decided([before], change('nobody'))).toEqual([])
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

describe('people on call', () => {
  const set = (contacts: string[], acknowledgeWithinMinutes = 10, rounds = 2) =>
    new SetOnCallContacts('network', { contacts, acknowledgeWithinMinutes, rounds }, byRoot)
  const onCall = (contacts: string[]): GroupEvent => ({
    type: 'OnCallContactsSet',
    data: { contacts, acknowledgeWithinMinutes: 10, rounds: 2 },
  })

  it('are active, named once, and replaced as a list', () => {
    expect(decided([registered], set(['ann']), [ann, agent])).toEqual([onCall(['ann'])])
    expect(decided([registered, onCall(['ann'])], set(['ann']), [ann, agent])).toEqual([])
    expect(decided([registered, onCall(['ann'])], set([]))).toEqual([onCall([])])
    expect(decided([registered, onCall(['ann']), onCall([])], set([]))).toEqual([])
    expect(decided([registered], set([]))).toEqual([])
  })

  it('are refused with every field that is wrong', () => {
    expect(refusal([registered], set(['ann'], 0, 11), [ann, left])).toBe(
      'InvalidInput DIRECTORY.ON_CALL_MALFORMED',
    )
    const pointers = (command: GroupCommand, person: PersonEvent[]) => {
      try {
        return decided([registered], command, person)
      } catch (error) {
        return ((error as LedgerdeskError).extra.errors as { pointer: string }[]).map(
          ({ pointer }) => pointer,
        )
      }
    }
    expect(pointers(set(['ann', 'eve', 'ann'], 0, 11), [ann, agent])).toEqual([
      '/acknowledgeWithinMinutes',
      '/rounds',
      '/contacts/1',
      '/contacts/2',
    ])
    expect(pointers(set(['ann']), [ann, agent, left])).toEqual(['/contacts/0'])
    expect(pointers(set(['ann']), [ann, requester])).toEqual(['/contacts/0'])
  })
})
