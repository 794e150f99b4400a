import type { Refused } from '#libs/event-sourcing'
import type { ToldEvent } from '#libs/testing'
import type { ApprovalPolicy } from '../../approvals/domain/defaults.js'
import * as c from './change.commands.js'
import { changeDecider } from './change.decider.js'
import { ChangeStory } from './change.story.fixture.js'

const policy: ApprovalPolicy = {
  name: 'board',
  subjectType: 'change',
  when: {},
  rule: { kind: 'any' },
  approvers: [{ kind: 'group', group: 'board' }],
  expiresAfterHours: null,
  selfApproval: 'refused',
  materialFields: ['implementation'],
}
const person: ToldEvent = { type: 'PersonRegistered', data: { kind: 'person', name: 'Somebody' } }
const agent: ToldEvent = { type: 'RoleGranted', data: { role: 'agent', source: 'idp' } }
const left: ToldEvent = { type: 'PersonDeactivated', data: {} }
const members = (...people: string[]) => people.map((one) => ({ type: 'MemberAdded', data: { person: one } }))

/** An emergency that rita wants, under this policy, with these people on the board. */
function emergency(more: Partial<ApprovalPolicy>, ...board: string[]): ChangeStory {
  const story = new ChangeStory()
  const policies = [{ ...policy, ...more }]
  story.others.set('settings-approval-policies', [
    { type: 'ApprovalPoliciesPublished', data: { version: 1, policies } },
  ])
  story.others.set('group-board', [
    { type: 'GroupRegistered', data: { name: 'Board' } },
    ...members(...board),
  ])
  for (const one of ['bea', 'bob', 'bud']) story.others.set(`person-${one}`, [person, agent])
  story.others.set('person-gone', [person, agent, left])
  story.others.set('person-idle', [person])
  return story.open('emergency')
}

function refused(story: ChangeStory): Refused {
  try {
    story.send(c.SubmitChange)
  } catch (error) {
    return error as Refused
  }
  throw new Error('was accepted')
}

describe('a change that nobody can approve', () => {
  it('is refused as it is submitted, with who may not approve it, why, and how that is mended', () => {
    const error = refused(emergency({}, 'gone', 'idle', 'rita', 'service:bot'))
    expect(error).toMatchObject({
      code: 'CHANGE.NOBODY_APPROVES',
      extra: {
        policy: 'board',
        needed: 1,
        approvers: [],
        leftOut: [
          { person: 'gone', because: 'inactive' },
          { person: 'idle', because: 'no-role' },
          { person: 'rita', because: 'requester' },
          { person: 'service:bot', because: 'program' },
        ],
      },
    })
    expect(error.message).toContain('"rita" has a part in it')
  })

  it('names the group that has nobody to ask', () => {
    expect(refused(emergency({})).extra).toMatchObject({ emptyGroups: ['board'] })
    const managers = emergency({ approvers: [{ kind: 'group-manager' }] })
    managers.others.set('group-network', [{ type: 'GroupRegistered', data: { name: 'Network' } }])
    expect(refused(managers).message).toContain('group "network" has nobody to ask')
  })

  it('has fewer approvers than must grant it', () => {
    const twoOf = { rule: { kind: 'n-of-m', n: 2 } } as const
    expect(refused(emergency(twoOf, 'bea', 'gone')).extra).toMatchObject({ needed: 2, approvers: ['bea'] })
    expect(emergency(twoOf, 'bea', 'gone', 'bob').refused(c.SubmitChange)).toBeUndefined()
  })

  it('is not one that its requester may approve, as a breach', () => {
    expect(emergency({ selfApproval: 'recorded' }, 'rita').refused(c.SubmitChange)).toBe(
      'CHANGE.NOBODY_APPROVES',
    )
    const recorded = emergency({ selfApproval: 'recorded' }, 'rita')
    recorded.others.set('person-rita', [person, agent])
    expect(recorded.refused(c.SubmitChange)).toBeUndefined()
  })

  it('is not asked to be ratified either', () => {
    const story = emergency({}, 'ivan')
    story.others.set('person-ivan', [person, agent])
    const early = { startedAt: '2026-03-01T08:00:00.000Z' }
    story.send(c.RecordImplemented, early, { actor: 'ivan', reason: 'It could not wait.' })
    expect(refused(story).extra).toMatchObject({ leftOut: [{ person: 'ivan', because: 'requester' }] })
  })
})

it('no more people are looked up than have to grant it, as long as these may', () => {
  const story = emergency({}, 'bea', 'bob', 'bud')
  story.others.set('person-bob', [{ type: 'Unreadable', data: {} }])
  expect(story.refused(c.SubmitChange)).toBeUndefined()
})

it('people are looked up in two rounds at most, however many of them may not grant it', () => {
  const leavers = Array.from({ length: 300 }, (_, n) => `ada-${n}`)
  const rounds = jest.spyOn(changeDecider, 'furtherFacts')
  try {
    const story = emergency({}, ...leavers, 'bea')
    expect(story.refused(c.SubmitChange)).toBeUndefined()
    const asked = rounds.mock.results.map(({ value }) => Object.keys(value).filter(isCandidate).length)
    expect(asked.filter((people) => people > 0)).toEqual([1, 300])
  } finally {
    rounds.mockRestore()
  }
})

const isCandidate = (name: string) => name.startsWith('candidate ')
