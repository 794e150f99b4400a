import { projectionSpec, recorded } from '#libs/testing'
import type { GroupEvent } from '../../src/directory/domain/directory.events.js'
import { groups, shownGroup } from './groups.js'

const groupAfter = (...events: GroupEvent[]) =>
  projectionSpec(groups)
    .given(...recorded('group-Network', [registered, ...events]))
    .document('group-Network')
const registered: GroupEvent = { type: 'GroupRegistered', data: { name: 'Network', manager: 'lea' } }
const added = (person: string): GroupEvent => ({ type: 'MemberAdded', data: { person } })

describe('A group in the list of groups', () => {
  it('has a name, a manager, and so many members', () => {
    const changed: GroupEvent = { type: 'GroupChanged', data: { name: 'Networks', manager: null } }
    const removed: GroupEvent = { type: 'MemberRemoved', data: { person: 'ann' } }
    const group = groupAfter(added('ben'), added('ann'), added('ann'))
    expect(group.members).toEqual(['ann', 'ben'])
    expect(shownGroup(group)).toEqual({ id: 'Network', name: 'Network', manager: 'lea', memberCount: 2 })
    expect(shownGroup(groupAfter(added('ann'), removed, changed))).toEqual({
      id: 'Network',
      name: 'Networks',
      memberCount: 0,
    })
  })

  it('says who is on call, as long as somebody is', () => {
    const onCall = (...contacts: string[]): GroupEvent => ({
      type: 'OnCallContactsSet',
      data: { contacts, acknowledgeWithinMinutes: 10, rounds: 2 },
    })
    expect(groupAfter(onCall('ann')).onCall).toEqual(onCall('ann').data)
    expect(groupAfter(onCall('ann'), onCall()).onCall).toBeUndefined()
  })
})
