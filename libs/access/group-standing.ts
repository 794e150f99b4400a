import type { DomainEvent, RecordedEvent, StreamFold } from '#libs/event-sourcing'

/** Whether a group is known, who belongs to it and who manages it: what rules ask before they give it something, or ask it. */
export interface GroupStanding {
  readonly exists: boolean
  readonly members: ReadonlySet<string>
  /** Null or absent: nobody. */
  readonly manager?: string | null
}

/** Events of a group's stream that say so; whatever else its stream tells, it is there. */
type StandingEvent =
  | DomainEvent<'MemberAdded' | 'MemberRemoved', { person: string }>
  | DomainEvent<'GroupRegistered' | 'GroupChanged', { manager?: string | null }>
  | DomainEvent

export const groupStanding: StreamFold<GroupStanding, StandingEvent> = {
  initial: { exists: false, members: new Set() },
  evolve(before, event: RecordedEvent<StandingEvent>) {
    const known = before.exists ? before : { ...before, exists: true }
    switch (event.type) {
      case 'GroupRegistered':
      case 'GroupChanged': {
        const { manager } = event.data as { manager?: string | null }
        return manager === undefined ? known : { ...known, manager }
      }
      case 'MemberAdded':
        return { ...known, members: new Set(known.members).add(personIn(event)) }
      case 'MemberRemoved': {
        const members = new Set(known.members)
        members.delete(personIn(event))
        return { ...known, members }
      }
      default:
        return known
    }
  },
}

const personIn = ({ data }: RecordedEvent) => (data as { person: string }).person
