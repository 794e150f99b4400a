import type { DomainEvent } from '#libs/event-sourcing'
import type { Period } from './change.events.js'

/** Streams `cischedule-<ci>`: which changes use the CI, and when; overlaps are recorded, not refused. */
export type CiReserved = DomainEvent<
  'CiReserved',
  {
    change: string
    period: Period
    /** That the CI ever had: relations may mean it by one of them. Absent: it was not looked up. */
    names?: readonly string[]
  }
>
export type CiReleased = DomainEvent<'CiReleased', { change: string }>
/** Streams `assigneeschedule-<person>`: what keeps a person busy. */
export type AssigneeReserved = DomainEvent<'AssigneeReserved', { change: string; period: Period }>
export type AssigneeReleased = DomainEvent<'AssigneeReleased', { change: string }>

export type ScheduleEvent = CiReserved | CiReleased | AssigneeReserved | AssigneeReleased
