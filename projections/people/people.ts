import type { Role } from '#libs/access'
import { defineProjection } from '#libs/projections-runtime'
import { oneOf } from '#libs/read-store'
import type { GroupEvent, PersonEvent, RoleGranted } from '../../src/directory/domain/directory.events.js'
import { DESK_READERS, wholeFor } from '../access.js'

/** Somebody of the directory: by what others call her, with what she may do and where she belongs. */
export interface DirectoryEntry {
  id: string
  kind: 'person' | 'service'
  name: string
  /** Lower case. */
  email?: string
  manager?: string
  status: 'active' | 'inactive'
  /** On whose account soever, each once. */
  roles: readonly Role[]
  /** The same by who gave them: each of the two ends its own. */
  grants: readonly `${Origin}/${Role}`[]
  groups: readonly string[]
}
type Origin = 'own' | 'idp'

const PREFIX = 'person-'

/** Who is who: people and programs. For those who work at the desk. */
export const people = defineProjection<DirectoryEntry, PersonEvent | GroupEvent>({
  name: 'people',
  version: 2,
  from: [PREFIX, 'group-'],
  key(event) {
    if (event.stream.startsWith(PREFIX)) return event.stream
    // Memberships stand in the groups' streams
    const isMembership = event.type === 'MemberAdded' || event.type === 'MemberRemoved'
    return isMembership ? PREFIX + event.data.person : undefined
  },
  evolve(entry, event) {
    if (event.type === 'PersonRegistered') {
      const { kind, name, email, manager } = event.data
      const id = event.stream.slice(PREFIX.length)
      const nothing = { roles: [], grants: [], groups: [] }
      return { id, kind, name, email: folded(email), manager, status: 'active', ...nothing }
    }
    if (entry === undefined) return entry
    switch (event.type) {
      case 'PersonChanged': {
        const { name = entry.name, email, manager } = event.data
        return {
          ...entry,
          name,
          email: email === undefined ? entry.email : folded(email),
          manager: manager === undefined ? entry.manager : (manager ?? undefined),
        }
      }
      case 'PersonDeactivated':
        return { ...entry, status: 'inactive', ...withGrants([]) }
      case 'PersonReactivated':
        return { ...entry, status: 'active' }
      case 'RoleGranted': {
        const grant = grantOf(event.data)
        return { ...entry, ...withGrants([...without(entry.grants, grant), grant]) }
      }
      case 'RoleRevoked':
        return { ...entry, ...withGrants(without(entry.grants, grantOf(event.data))) }
      case 'MemberAdded':
      case 'MemberRemoved': {
        const group = event.stream.slice('group-'.length)
        const others = without(entry.groups, group)
        return { ...entry, groups: event.type === 'MemberAdded' ? [...others, group].sort() : others }
      }
      default:
        return entry
    }
  },
  columns: {
    id: 'string',
    kind: oneOf<DirectoryEntry['kind']>({ person: true, service: true }),
    email: 'string',
    name: 'string',
    manager: 'string',
    status: oneOf<DirectoryEntry['status']>({ active: true, inactive: true }),
    roles: 'strings',
    groups: 'strings',
  },
  indexes: [['id'], ['kind'], ['email'], ['name'], ['manager'], ['status']],
  ...wholeFor(DESK_READERS),
})

/** As answers tell it. */
export function shownEntry({ grants: _, ...entry }: DirectoryEntry): object {
  return entry
}

function withGrants(grants: DirectoryEntry['grants']): Pick<DirectoryEntry, 'roles' | 'grants'> {
  const roles = new Set(grants.map((grant) => grant.slice(grant.indexOf('/') + 1) as Role))
  return { roles: [...roles].sort(), grants }
}

function grantOf({
  role,
  source,
}: Pick<RoleGranted['data'], 'role' | 'source'>): DirectoryEntry['grants'][number] {
  return `${source === 'idp' ? 'idp' : 'own'}/${role}`
}

function without<Value>(values: readonly Value[], gone: Value): readonly Value[] {
  return values.filter((value) => value !== gone)
}

/** Addresses are compared without regard to case: no mail system that we know of tells them apart. */
function folded(email: string | null | undefined): string | undefined {
  return email?.toLowerCase()
}
