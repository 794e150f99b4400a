import { defineProjection } from '#libs/projections-runtime'
import type { GroupEvent, OnCallContactsSet } from '../../src/directory/domain/directory.events.js'
import { DESK_READERS, wholeFor } from '../access.js'

/** An assignment group. People by id. */
export interface GroupEntry {
  id: string
  name: string
  manager?: string
  members: readonly string[]
  memberCount: number
  /** Who is asked when it is called; absent: nobody. */
  onCall?: OnCallContactsSet['data']
}

/** Which groups there are, and who belongs to them. For those who work at the desk. */
export const groups = defineProjection<GroupEntry, GroupEvent>({
  name: 'groups',
  version: 1,
  from: ['group-'],
  key: ({ stream }) => stream,
  evolve(group, event) {
    if (event.type === 'GroupRegistered') {
      const { name, manager } = event.data
      return { id: event.stream.slice('group-'.length), name, manager, members: [], memberCount: 0 }
    }
    if (group === undefined) return group
    switch (event.type) {
      case 'GroupChanged': {
        const { name = group.name, manager } = event.data
        return { ...group, name, manager: manager === undefined ? group.manager : (manager ?? undefined) }
      }
      case 'MemberAdded':
        return withMembers(group, [...others(group, event.data.person), event.data.person])
      case 'MemberRemoved':
        return withMembers(group, others(group, event.data.person))
      case 'OnCallContactsSet': {
        const { contacts, acknowledgeWithinMinutes, rounds } = event.data
        const onCall = contacts.length > 0 ? { contacts, acknowledgeWithinMinutes, rounds } : undefined
        return { ...group, onCall }
      }
      default:
        return group
    }
  },
  columns: { id: 'string', name: 'string', manager: 'string', members: 'strings', memberCount: 'integer' },
  indexes: [['id'], ['name'], ['manager'], ['memberCount']],
  ...wholeFor(DESK_READERS),
})

/** As lists tell it: whose names are wanted asks for the one group. */
export function shownGroup({ members: _, ...group }: GroupEntry): object {
  return group
}

function others({ members }: GroupEntry, person: string): readonly string[] {
  return members.filter((member) => member !== person)
}

function withMembers(group: GroupEntry, members: readonly string[]): GroupEntry {
  return { ...group, members: [...members].sort(), memberCount: members.length }
}
