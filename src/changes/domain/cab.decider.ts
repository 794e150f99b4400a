import { type PersonStanding, personStanding } from '#libs/access'
import {
  type Decider,
  type Fact,
  type FactQuestions,
  fact,
  InvalidInput,
  NotFound,
  type RecordedEvent,
  Refused,
} from '#libs/event-sourcing'
import type { CabCommand, GiveCabAdvice, ScheduleCabMeeting } from './cab.commands.js'
import type { CabAdvice, CabEvent } from './cab.events.js'
import type { Period } from './change.events.js'
import { periodFrom, requirePerson, requireText } from './change.guards.js'
import { type ChangeRecord, evolve as evolveChange, isOpened, NOT_OPENED } from './change.state.js'

/** Null: no meeting has this number. */
export type CabMeeting = {
  readonly period: Period
  /** By number of the change; null: nothing was said of it yet. */
  readonly agenda: Readonly<Record<string, { advice: CabAdvice; comment: string | null } | null>>
  readonly minutes: string | null
  readonly closed: boolean
} | null
type Meeting = NonNullable<CabMeeting>

/** What decisions about a meeting ask of other streams. */
export interface CabFacts {
  change: Fact<ChangeRecord>
  [person: `person ${string}`]: Fact<PersonStanding>
}

export const cabDecider: Decider<CabMeeting, CabCommand, CabEvent, CabFacts> = {
  streamPrefix: 'cab-',
  initial: null,
  evolve,
  facts: questions,
  decide: (command, meeting, known) => {
    if (command.type === 'ScheduleCabMeeting') return schedule(command, meeting, known)
    if (meeting === null)
      throw new NotFound('CAB.UNKNOWN', 'There is no meeting with this number: check the number.')
    return decideOpen(command, meeting, known)
  },
}

function evolve(meeting: CabMeeting, { type, data }: RecordedEvent<CabEvent>): CabMeeting {
  if (type === 'CabMeetingScheduled') return { period: data.period, agenda: {}, minutes: null, closed: false }
  if (meeting === null) return null
  switch (type) {
    case 'CabMeetingRescheduled':
      return { ...meeting, period: data.period }
    case 'CabAgendaItemAdded':
      return { ...meeting, agenda: { ...meeting.agenda, [data.change]: null } }
    case 'CabAgendaItemRemoved': {
      const { [data.change]: _, ...agenda } = meeting.agenda
      return { ...meeting, agenda }
    }
    case 'CabAdviceGiven': {
      const { change, advice, comment } = data
      return { ...meeting, agenda: { ...meeting.agenda, [change]: { advice, comment } } }
    }
    case 'CabMinutesRecorded':
      return { ...meeting, minutes: data.text }
    case 'CabMeetingClosed':
      return { ...meeting, closed: true }
    default:
      return meeting
  }
}

function questions(command: CabCommand): Partial<FactQuestions<CabFacts>> {
  switch (command.type) {
    case 'ScheduleCabMeeting':
      return Object.fromEntries(
        peopleOf(command).map((id) => [`person ${id}`, fact(`person-${id}`, personStanding)]),
      )
    case 'AddToCabAgenda':
      return {
        change: fact(`change-${command.data.change}`, { initial: NOT_OPENED, evolve: evolveChange }),
      }
    default:
      return {}
  }
}

function peopleOf({ data: { chair, members = [] }, metadata }: ScheduleCabMeeting): readonly string[] {
  return [chair ?? metadata.actor, ...members]
}

function schedule(command: ScheduleCabMeeting, meeting: CabMeeting, known: CabFacts): readonly CabEvent[] {
  if (meeting !== null) throw new Refused('CAB.EXISTS', `${command.id} is scheduled already.`)
  const { title, chair = command.metadata.actor, members = [] } = command.data
  requireText({ title })
  requirePerson(known[`person ${chair}`]!.value, chair, '/chair')
  for (const [index, member] of members.entries())
    requirePerson(known[`person ${member}`]!.value, member, `/members/${index}`)
  const period = periodFrom(command.data.period, '/period')
  return [
    { type: 'CabMeetingScheduled', data: { title, period, chair, members: [...new Set(members)].sort() } },
  ]
}

type CommandOfOpen = Exclude<CabCommand, ScheduleCabMeeting>

function decideOpen(command: CommandOfOpen, meeting: Meeting, known: CabFacts): readonly CabEvent[] {
  if (command.type === 'CloseCabMeeting') return close(meeting)
  if (meeting.closed) throw new Refused('CAB.CLOSED', 'The meeting is closed: what it said stands.')
  switch (command.type) {
    case 'RescheduleCabMeeting': {
      const { period: previous } = meeting
      const period = periodFrom(command.data.period, '/period')
      const same = period.start === previous.start && period.end === previous.end
      return same ? [] : [{ type: 'CabMeetingRescheduled', data: { previous, period } }]
    }
    case 'AddToCabAgenda':
      return addToAgenda(command.data.change, meeting, known.change.value)
    case 'RemoveFromCabAgenda': {
      const { change } = command.data
      if (!Object.hasOwn(meeting.agenda, change)) return []
      if (meeting.agenda[change] !== null)
        throw new Refused('CAB.ADVICE_GIVEN', `Advice on ${change} was given: it stays on the agenda.`)
      return [{ type: 'CabAgendaItemRemoved', data: { change } }]
    }
    case 'GiveCabAdvice':
      return advise(command.data, meeting)
    case 'RecordCabMinutes': {
      const { text } = command.data
      requireText({ text })
      return text === meeting.minutes ? [] : [{ type: 'CabMinutesRecorded', data: { text } }]
    }
  }
}

function addToAgenda(change: string, { agenda }: Meeting, record: ChangeRecord): readonly CabEvent[] {
  if (Object.hasOwn(agenda, change)) return []
  if (!isOpened(record)) throw unknownOnAgenda(change)
  const { state } = record.stage
  if (state === 'Closed' || state === 'Canceled')
    throw new Refused('CAB.CHANGE_OVER', `${change} is ${state}: there is nothing to advise on.`)
  return [{ type: 'CabAgendaItemAdded', data: { change } }]
}

/** Also when whoever asks may not see it. */
export function unknownOnAgenda(change: string): InvalidInput {
  return new InvalidInput('CAB.CHANGE_UNKNOWN', `There is no change ${change}, or none that you may see.`, [
    { pointer: '/change', message: 'must be the number of a change that you may see' },
  ])
}

function advise(
  { change, advice, comment }: GiveCabAdvice['data'],
  { agenda }: Meeting,
): readonly CabEvent[] {
  const said = agenda[change]
  if (said === undefined || !Object.hasOwn(agenda, change))
    throw new Refused('CAB.NOT_ON_AGENDA', `${change} is not on the agenda: put it there first.`)
  if (advice !== 'recommend') requireText({ comment })
  const told = { advice, comment: comment ?? null }
  if (said?.advice === told.advice && said.comment === told.comment) return []
  return [{ type: 'CabAdviceGiven', data: { change, ...told } }]
}

function close({ agenda, minutes, closed }: Meeting): readonly CabEvent[] {
  if (closed) return []
  const open = Object.entries(agenda).filter(([, said]) => said === null)
  if (open.length > 0)
    throw new Refused(
      'CAB.ADVICE_MISSING',
      `Advise on ${open.map(([change]) => change).join(', ')}, or take it off the agenda.`,
    )
  if (minutes === null) throw new Refused('CAB.MINUTES_MISSING', 'Record the minutes first.')
  return [{ type: 'CabMeetingClosed', data: {} }]
}
