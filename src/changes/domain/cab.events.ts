import type { DomainEvent } from '#libs/event-sourcing'
import type { Period } from './change.events.js'

/** A change advisory board advises; the change authority approves. */
export const CAB_ADVICE = ['recommend', 'reject', 'defer'] as const
export type CabAdvice = (typeof CAB_ADVICE)[number]

export type CabMeetingScheduled = DomainEvent<
  'CabMeetingScheduled',
  { title: string; period: Period; chair: string; members: readonly string[] }
>
export type CabMeetingRescheduled = DomainEvent<'CabMeetingRescheduled', { previous: Period; period: Period }>
export type CabAgendaItemAdded = DomainEvent<'CabAgendaItemAdded', { change: string }>
export type CabAgendaItemRemoved = DomainEvent<'CabAgendaItemRemoved', { change: string }>
/** Said again while the meeting lasts: the last word counts. */
export type CabAdviceGiven = DomainEvent<
  'CabAdviceGiven',
  { change: string; advice: CabAdvice; comment: string | null }
>
export type CabMinutesRecorded = DomainEvent<'CabMinutesRecorded', { text: string }>
export type CabMeetingClosed = DomainEvent<'CabMeetingClosed', Record<never, never>>

export type CabEvent =
  | CabMeetingScheduled
  | CabMeetingRescheduled
  | CabAgendaItemAdded
  | CabAgendaItemRemoved
  | CabAdviceGiven
  | CabMinutesRecorded
  | CabMeetingClosed
