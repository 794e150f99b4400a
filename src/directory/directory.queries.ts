import { ROLES, type Role } from '#libs/access'
import { NotFound, type RecordedEvent } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { type GroupEntry, groups, shownGroup } from '#projections/groups/groups'
import { type DirectoryEntry, people, shownEntry } from '#projections/people/people'
import { type ListArguments, listPage } from '../http/listing.js'
import type { GroupEvent, PersonEvent } from './domain/directory.events.js'
import { groupDecider } from './domain/group.decider.js'
import { personDecider } from './domain/person.decider.js'

/** A person as the directory knows her now. `groups`: as the caller's thread knows them, since they stand in the groups' streams. */
export async function readPerson(
  { id, groups }: { id: string; groups: readonly string[] },
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const events = (await eventStore.readStream(`person-${id}`)) as RecordedEvent<PersonEvent>[]
  const person = events.reduce(personDecider.evolve, personDecider.initial)
  if (person.status === 'unknown') throw new NotFound('DIRECTORY.PERSON_UNKNOWN', `There is no person ${id}`)
  const held = (role: Role) => person.roles.has(`own/${role}`) || person.roles.has(`idp/${role}`)
  const revision = events.length - 1
  const { kind, name, email, manager } = person.profile
  const now = new Date().toISOString()
  const delegations = [...person.delegations.values()]
    .filter(({ revoked, until }) => !revoked && until > now)
    .map(({ revoked: _, ...delegation }) => delegation)
  const view = {
    id,
    kind,
    name,
    email,
    manager,
    status: person.status,
    roles: ROLES.filter(held),
    groups,
    delegations,
    revision,
  }
  return { json: JSON.stringify(view), etag: revision }
}

/** A group as the directory knows it now. */
export async function readGroup(
  { id }: { id: string },
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  const events = (await eventStore.readStream(`group-${id}`)) as RecordedEvent<GroupEvent>[]
  const group = events.reduce(groupDecider.evolve, groupDecider.initial)
  if (group.status === 'unknown') throw new NotFound('DIRECTORY.GROUP_UNKNOWN', `There is no group ${id}`)
  const revision = events.length - 1
  const { name, manager } = group.profile
  const view = {
    id,
    name,
    manager: manager ?? undefined,
    members: [...group.members].sort(),
    onCall: group.onCall ?? undefined,
    revision,
  }
  return { json: JSON.stringify(view), etag: revision }
}

/** People and programs as the directory knows them now. */
export function listPeople(args: ListArguments, dependencies: QueryDependencies): Promise<QueryAnswer> {
  return listPage<DirectoryEntry>(dependencies, args, {
    definition: people,
    usualOrder: [{ column: 'id', direction: 'asc' }],
    render: (entry, stale) => ({ ...shownEntry(entry), ...(stale && { stale }) }),
  })
}

/** Groups as the directory knows them now. */
export function listGroups(args: ListArguments, dependencies: QueryDependencies): Promise<QueryAnswer> {
  return listPage<GroupEntry>(dependencies, args, {
    definition: groups,
    usualOrder: [{ column: 'id', direction: 'asc' }],
    render: (group, stale) => ({ ...shownGroup(group), ...(stale && { stale }) }),
  })
}
