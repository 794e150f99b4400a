import { defineProjection } from '#libs/projections-runtime'
import type { PersonEvent } from '../../src/directory/domain/directory.events.js'
import { DESK_READERS, wholeFor } from '../access.js'

/** Somebody of the directory, to be found by what others call her. */
export interface DirectoryEntry {
  id: string
  kind: 'person' | 'service'
  name: string
  /** Lower case. */
  email?: string
  status: 'active' | 'inactive'
}

/** Who is who: people and programs by their address. For those who work at the desk. */
export const people = defineProjection<DirectoryEntry, PersonEvent>({
  name: 'people',
  version: 1,
  from: ['person-'],
  key: ({ stream }) => stream,
  evolve(entry, event) {
    if (event.type === 'PersonRegistered') {
      const { kind, name, email } = event.data
      return { id: event.stream.slice('person-'.length), kind, name, email: folded(email), status: 'active' }
    }
    if (entry === undefined) return entry
    switch (event.type) {
      case 'PersonChanged': {
        const { name = entry.name, email } = event.data
        return { ...entry, name, email: email === undefined ? entry.email : folded(email) }
      }
      case 'PersonDeactivated':
        return { ...entry, status: 'inactive' }
      case 'PersonReactivated':
        return { ...entry, status: 'active' }
      default:
        return entry
    }
  },
  columns: { id: 'string', email: 'string', name: 'string', status: 'string' },
  indexes: [['email']],
  ...wholeFor(DESK_READERS),
})

/** Addresses are compared without regard to case: no mail system that we know of tells them apart. */
function folded(email: string | null | undefined): string | undefined {
  return email?.toLowerCase()
}
