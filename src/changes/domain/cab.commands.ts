import { Command } from '#libs/event-sourcing'
import type { CabAdvice } from './cab.events.js'
import type { Period } from './change.events.js'

/** `chair` absent: whoever schedules it. */
export class ScheduleCabMeeting extends Command<
  'ScheduleCabMeeting',
  { title: string; period: Period; chair?: string; members?: readonly string[] }
> {
  readonly type = 'ScheduleCabMeeting'
}
export class RescheduleCabMeeting extends Command<'RescheduleCabMeeting', { period: Period }> {
  readonly type = 'RescheduleCabMeeting'
}
export class AddToCabAgenda extends Command<'AddToCabAgenda', { change: string }> {
  readonly type = 'AddToCabAgenda'
}
export class RemoveFromCabAgenda extends Command<'RemoveFromCabAgenda', { change: string }> {
  readonly type = 'RemoveFromCabAgenda'
}
export class GiveCabAdvice extends Command<
  'GiveCabAdvice',
  { change: string; advice: CabAdvice; comment?: string }
> {
  readonly type = 'GiveCabAdvice'
}
export class RecordCabMinutes extends Command<'RecordCabMinutes', { text: string }> {
  readonly type = 'RecordCabMinutes'
}
export class CloseCabMeeting extends Command<'CloseCabMeeting', Record<never, never>> {
  readonly type = 'CloseCabMeeting'
}

export const CAB_COMMANDS = [
  ScheduleCabMeeting,
  RescheduleCabMeeting,
  AddToCabAgenda,
  RemoveFromCabAgenda,
  GiveCabAdvice,
  RecordCabMinutes,
  CloseCabMeeting,
] as const
export type CabCommand = InstanceType<(typeof CAB_COMMANDS)[number]>
