import { hasRole } from '#libs/access'
import type { DomainEvent } from '#libs/event-sourcing'
import { all, eq, none } from '#libs/read-store'
import { defineProjection, defineView } from './definitions.js'

/** A tiny domain for the runtime's own specs: tickets that are opened, moved between groups, and closed. */
export type TicketEvent =
  | DomainEvent<'Opened', { title: string }>
  | DomainEvent<'Moved', { group: string }>
  | DomainEvent<'Closed', Record<never, never>>
  | DomainEvent<'Linked', { other: string }>
  /** Definitions choke on it while `poison.on`. */
  | DomainEvent<'Broken', { at: 'key' | 'evolve' }>

export const poison = { on: false }

function mayBreak(event: { type: string; data: unknown }, at: 'key' | 'evolve'): void {
  if (poison.on && event.type === 'Broken' && (event.data as { at: string }).at === at)
    throw new Error('poisoned')
}

export interface Ticket {
  number: string
  title: string
  group: string | null
  secret: string
  moves: number
  links: string[]
}

/** One document per ticket; a link touches two. */
export const tickets = defineProjection<Ticket, TicketEvent>({
  name: 'tickets',
  version: 1,
  from: ['ticket-'],
  key: (event) => {
    mayBreak(event, 'key')
    return event.type === 'Linked' ? [event.stream, event.data.other] : event.stream
  },
  evolve: (ticket, event) => {
    mayBreak(event, 'evolve')
    switch (event.type) {
      case 'Opened': {
        const { title } = event.data
        return { number: event.stream, title, group: null, secret: `${title}!`, moves: 0, links: [] }
      }
      case 'Moved':
        return ticket && { ...ticket, group: event.data.group, moves: ticket.moves + 1 }
      case 'Linked':
        return ticket && { ...ticket, links: [...ticket.links, event.position] }
      case 'Closed':
        return ticket ? null : ticket
      default:
        return ticket
    }
  },
  columns: { number: 'string', group: 'string', moves: 'integer' },
  indexes: [['group', 'moves']],
  counts: [['group']],
  rows: (principal) => {
    if (hasRole(principal, 'agent')) return all
    const [group] = principal.groups
    return group === undefined ? none : eq('group', group)
  },
  fields: ({ secret, ...rest }, principal) => (hasRole(principal, 'agent') ? { ...rest, secret } : rest),
})

export interface Stay {
  ticket: string
  group: string
  from: string
  until: string | null
}

/** Intervals that close when the next begins, and a count per group. */
export const stays = defineView<TicketEvent>({
  name: 'stays',
  version: 1,
  from: ['ticket-'],
  collections: {
    open_stays: { columns: { ticket: 'string' }, indexes: [], rows: () => all },
    stays: { columns: { ticket: 'string', from: 'string' }, indexes: [['ticket', 'from']], rows: () => all },
    group_totals: { columns: { total: 'integer' }, indexes: [], rows: () => all },
  },
  reads: (event) => {
    if (event.type !== 'Moved' && event.type !== 'Closed') return []
    // What is known only once the open stay has been read, the totals of its group, is left to be loaded on demand.
    return [{ collection: 'open_stays', ids: [event.stream] }]
  },
  fold: (event, transaction) => {
    mayBreak(event, 'evolve')
    if (event.type !== 'Moved' && event.type !== 'Closed') return
    const open = transaction.get<Stay>('open_stays', event.stream)
    if (open) {
      transaction.put('stays', `${event.stream}@${open.from}`, { ...open, until: event.position })
      transaction.delete('open_stays', event.stream)
      const { total } = transaction.get<{ total: number }>('group_totals', open.group)!
      transaction.put('group_totals', open.group, { total: total - 1 })
    }
    if (event.type === 'Closed') return
    const { group } = event.data
    transaction.put('open_stays', event.stream, {
      ticket: event.stream,
      group,
      from: event.position,
      until: null,
    })
    const total = transaction.get<{ total: number }>('group_totals', group)?.total ?? 0
    transaction.put('group_totals', group, { total: total + 1 })
  },
})
