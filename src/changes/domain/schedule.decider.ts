import {
  Command,
  type Decider,
  type Fact,
  fact,
  type RecordedEvent,
  type StreamFold,
} from '#libs/event-sourcing'
import type { CiEvent } from '../../configuration/domain/configuration.events.js'
import type { BusyTimes } from './change.conflicts.js'
import type { Period } from './change.events.js'
import type {
  AssigneeReleased,
  AssigneeReserved,
  CiReleased,
  CiReserved,
  ScheduleEvent,
} from './schedule.events.js'

/**
 * The calendars in which changes that are scheduled at once see each other. A change is first written into the calendars
 * of all that it uses and reads them only afterwards, so that of two changes at least one finds the other, whichever way their
 * writes fall; the other one is told then. Only policies write here, from what stands in the
 * change's own stream: a crash between leaves what they go on with, never an entry that no change stands behind.
 */
interface Entry {
  change: string
  period: Period
}
export class ReserveCi extends Command<'ReserveCi', Entry> {
  readonly type = 'ReserveCi'
}
export class ReleaseCi extends Command<'ReleaseCi', { change: string }> {
  readonly type = 'ReleaseCi'
}
export class ReserveAssignee extends Command<'ReserveAssignee', Entry> {
  readonly type = 'ReserveAssignee'
}
export class ReleaseAssignee extends Command<'ReleaseAssignee', { change: string }> {
  readonly type = 'ReleaseAssignee'
}
export const SCHEDULE_COMMANDS = [ReserveCi, ReleaseCi, ReserveAssignee, ReleaseAssignee] as const

export const CI_SCHEDULE = 'cischedule-'
export const ASSIGNEE_SCHEDULE = 'assigneeschedule-'

/** Number of the change → when. */
export const calendar: StreamFold<BusyTimes, ScheduleEvent> = { initial: new Map(), evolve }

function evolve(busy: BusyTimes, { type, data }: RecordedEvent<ScheduleEvent>): BusyTimes {
  switch (type) {
    case 'CiReserved':
    case 'AssigneeReserved':
      return new Map(busy).set(data.change, data.period)
    case 'CiReleased':
    case 'AssigneeReleased': {
      const rest = new Map(busy)
      rest.delete(data.change)
      return rest
    }
    default:
      return busy
  }
}

/** What is in the calendar as wanted is not written again. */
function isReserved(busy: BusyTimes, { change, period: { start, end } }: Entry): boolean {
  const known = busy.get(change)
  return known?.start === start && known.end === end
}

interface CiScheduleFacts {
  /** Asked as it is reserved. */
  names: Fact<readonly string[]>
}

const namesOfCi: StreamFold<readonly string[], CiEvent> = {
  initial: [],
  evolve(names, event) {
    const name = nameGiven(event)
    return name === undefined || names.includes(name) ? names : [...names, name]
  },
}

function nameGiven({ type, data }: RecordedEvent<CiEvent>): string | undefined {
  switch (type) {
    case 'CiRegistered':
    case 'CiCorrected':
      return data.name
    case 'CiRenamed':
      return data.after
    default:
      return undefined
  }
}

export const ciScheduleDecider: Decider<
  BusyTimes,
  ReserveCi | ReleaseCi,
  CiReserved | CiReleased,
  CiScheduleFacts
> = {
  streamPrefix: CI_SCHEDULE,
  ...calendar,
  facts: ({ type, id }) => (type === 'ReserveCi' ? { names: fact(`ci-${id}`, namesOfCi) } : {}),
  decide(command, busy, { names }) {
    if (command.type === 'ReserveCi') {
      if (isReserved(busy, command.data)) return []
      return [{ type: 'CiReserved', data: { ...command.data, names: names.value } }]
    }
    return busy.has(command.data.change) ? [{ type: 'CiReleased', data: command.data }] : []
  },
}

export const assigneeScheduleDecider: Decider<
  BusyTimes,
  ReserveAssignee | ReleaseAssignee,
  AssigneeReserved | AssigneeReleased
> = {
  streamPrefix: ASSIGNEE_SCHEDULE,
  ...calendar,
  decide(command, busy) {
    if (command.type === 'ReserveAssignee')
      return isReserved(busy, command.data) ? [] : [{ type: 'AssigneeReserved', data: command.data }]
    return busy.has(command.data.change) ? [{ type: 'AssigneeReleased', data: command.data }] : []
  },
}
