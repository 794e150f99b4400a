import { Command, type DomainEvent, LedgerdeskError, type RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { definePolicy } from './definitions.js'
import type { Dispatch, DispatchOutcome } from './policy-feed.js'

/** A tiny domain for the runtime's own specs: tickets that are greeted when opened, and closed some time after they were resolved. */
export type ServedTicketEvent =
  | DomainEvent<'Opened'>
  | DomainEvent<'Resolved', { closeAt: string }>
  | DomainEvent<'Reopened'>
  | DomainEvent<'Activated'>
  | DomainEvent<'Greeted'>
  | DomainEvent<'Reminded'>
  | DomainEvent<'Closed'>

export class Greet extends Command<'Greet'> {
  readonly type = 'Greet'
}
export class Remind extends Command<'Remind'> {
  readonly type = 'Remind'
}
export class Close extends Command<'Close'> {
  readonly type = 'Close'
}

interface Waiting {
  /** null: is not resolved. */
  closeAt: string | null
}

export const HOUR_MS = 3_600_000

export const service = definePolicy<Waiting, ServedTicketEvent>({
  name: 'service',
  from: ['ticket-'],
  key: (event) => event.stream,
  initial: { closeAt: null },
  evolve: (state, event) => {
    switch (event.type) {
      case 'Resolved':
        return { closeAt: event.data.closeAt }
      case 'Reopened':
        return { closeAt: null }
      case 'Closed':
        return null
      default:
        return state
    }
  },
  react: (event, state) => {
    switch (event.type) {
      case 'Opened':
        return [{ kind: 'command', build: (metadata) => new Greet(event.stream, {}, metadata) }]
      case 'Resolved':
      case 'Activated':
        if (state.closeAt === null) return []
        return [
          { kind: 'setTimer', name: 'remind', at: hourBefore(state.closeAt) },
          { kind: 'setTimer', name: 'close', at: state.closeAt },
        ]
      case 'Reopened':
        return [{ kind: 'cancelTimer', name: 'remind' }]
      default:
        return []
    }
  },
  onTimer: ({ name, key, dueAt }, { closeAt }) => {
    if (name === 'close')
      return closeAt === null ? [] : [{ kind: 'command', build: (metadata) => new Close(key, {}, metadata) }]
    const again = new Date(Date.parse(dueAt) + HOUR_MS / 4).toISOString()
    return [
      { kind: 'command', build: (metadata) => new Remind(key, {}, metadata) },
      ...(closeAt !== null && again < closeAt ? [{ kind: 'setTimer' as const, name, at: again }] : []),
    ]
  },
})

function hourBefore(time: string): string {
  return new Date(Date.parse(time) - HOUR_MS).toISOString()
}

export class NotResolved extends LedgerdeskError {}

/** Runs the policy's commands as a command handler would: a command id that is in the stream already has been done. */
export function ticketDesk(log: EventStore, sent: Command[] = []): Dispatch {
  return async (command): Promise<DispatchOutcome> => {
    sent.push(command)
    const history = (await log.readStream(command.id!)) as RecordedEvent<ServedTicketEvent>[]
    if (history.some(({ metadata }) => metadata.commandId === command.metadata.commandId))
      return { outcome: 'done' }
    const resolved = history.reduce(
      (is, { type }) => (type === 'Resolved' ? true : type === 'Reopened' || type === 'Closed' ? false : is),
      false,
    )
    if (command.type !== 'Greet' && !resolved)
      return {
        outcome: 'refused',
        error: new NotResolved('TICKET.NOT_RESOLVED', 'The ticket is not resolved'),
      }
    const type = { Greet: 'Greeted', Remind: 'Reminded', Close: 'Closed' }[command.type]!
    const { expectedRevision: _, keyed: __, ...metadata } = command.metadata
    const { commandId } = metadata
    const outcome = await log.append({
      stream: command.id!,
      expectedRevision: history.length - 1,
      events: [{ id: commandId, type, data: {}, metadata: { ...metadata, schemaVersion: 1 } }],
    })
    return outcome.kind === 'conflict' ? { outcome: 'retry', reason: 'conflict' } : { outcome: 'done' }
  }
}
