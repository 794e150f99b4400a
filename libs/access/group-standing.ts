import type { DomainEvent, RecordedEvent, StreamFold } from '#libs/event-sourcing'

/** Whether a group is known, and who belongs to it: what rules ask before they give it something. */
export interface GroupStanding {
  readonly exists: boolean
  readonly members: ReadonlySet<string>
}

/** Events of a group's stream that say so; whatever else its stream tells, it is there. */
type StandingEvent = DomainEvent<'MemberAdded' | 'MemberRemoved', { person: string }> | DomainEvent

export const groupStanding: StreamFold<GroupStanding, StandingEvent> = {
  initial: { exists: false, members: new Set() },
  evolve({ members: before }, event: RecordedEvent<StandingEvent>) {
    const { type, data } = event
    if (type !== 'MemberAdded' && type !== 'MemberRemoved') return { exists: true, members: before }
    const members = new Set(before)
    const { person } = data as { person: string }
    if (type === 'MemberAdded') members.add(person)
    else members.delete(person)
    return { exists: true, members }
  },
}
