import type { DomainEvent } from '#libs/event-sourcing'
import { defineProjection, defineView } from '#libs/projections-runtime'
import { all } from '#libs/read-store'
import { Close, HOUR_MS, Remind, service } from '../projections-runtime/ticket-policy.fixture.js'
import { type Stay, stays, type Ticket, tickets } from '../projections-runtime/ticket-projections.fixture.js'
import { EventFactory } from './event-factory.js'
import { FakeClock } from './fake-clock.js'
import { policySpec } from './policy-spec.js'
import { projectionSpec } from './projection-spec.js'
import { viewSpec } from './view-spec.js'

const STREAM = 'ticket-1'
let factory: EventFactory
const told = <E extends DomainEvent>(event: E) => factory.event(event, {}, STREAM)
const opened = () => told({ type: 'Opened' as const, data: { title: 'printer' } })
const moved = (group: string) => told({ type: 'Moved' as const, data: { group } })
beforeEach(() => {
  factory = new EventFactory()
})

describe('projectionSpec', () => {
  it('folds the given events', () => {
    const spec = projectionSpec(tickets).given(opened(), moved('desk'))
    spec.thenDocumentLike(STREAM, { title: 'printer', group: 'desk' })
    spec.thenDocument(STREAM, {
      number: STREAM,
      title: 'printer',
      group: 'desk',
      secret: 'printer!',
      moves: 1,
      links: [],
    })
    projectionSpec(tickets)
      .given(opened(), told({ type: 'Closed' as const, data: {} }))
      .thenNoDocument(STREAM)
  })

  it('notices another document, one that is missing, one changed in place, and an evolve that forgets to answer', () => {
    const spec = projectionSpec(tickets).given(opened())
    expect(() => spec.thenDocumentLike(STREAM, { title: 'scanner' })).toThrow('scanner')
    expect(() => spec.document('ticket-2')).toThrow('no document "ticket-2"; it has: ticket-1')
    const sloppy = defineProjection<Ticket>({
      ...tickets,
      evolve: (ticket, event) => {
        if (ticket) ticket.moves++
        return tickets.evolve(ticket, event as never)
      },
    })
    expect(() => projectionSpec(sloppy).given(opened(), moved('desk'))).toThrow('read only')
    const silent = defineProjection<Ticket>({
      ...tickets,
      evolve: (ticket, event) => (ticket ? undefined : tickets.evolve(ticket, event as never)),
    })
    expect(() => projectionSpec(silent).given(opened(), moved('desk'))).toThrow('answers nothing to Moved')
  })
})

describe('viewSpec', () => {
  const announcing = defineView({
    ...stays,
    reads: (event) => [...stays.reads(event as never), { collection: 'group_totals', ids: ['red', 'blue'] }],
  })

  it('folds the given events into the collections', () => {
    const [first, second] = [moved('red'), moved('blue')]
    const spec = viewSpec(announcing).given(first, second)
    spec.collection<Stay>('stays').thenDocument(`${STREAM}@${first.position}`, {
      ticket: STREAM,
      group: 'red',
      from: first.position,
      until: second.position,
    })
    spec.collection('group_totals').thenDocument('red', { total: 0 })
  })

  it('notices a read that was not announced, and a collection that is not there', () => {
    expect(() => viewSpec(stays).given(moved('red'))).toThrow('without announcing it')
    const stray = defineView({
      ...stays,
      collections: { other: { columns: {}, indexes: [], rows: () => all } },
      reads: () => [],
      fold: (_, transaction) => transaction.put('stays', 'x', {}),
    })
    expect(() => viewSpec(stray).given(opened())).toThrow('no collection "stays"')
  })
})

describe('policySpec', () => {
  const at = (hours: number) => new Date(factory.clock.now() + hours * HOUR_MS).toISOString()
  const resolved = (closeAt: string) => told({ type: 'Resolved' as const, data: { closeAt } })
  const reopened = () => told({ type: 'Reopened' as const, data: {} })

  it('tells what follows from an event, and from a timer in the state then', () => {
    const [remind, close] = [at(4), at(5)]
    const story = policySpec(service).given(resolved(close))
    expect(story.timers).toEqual([
      { name: 'remind', key: STREAM, at: remind },
      { name: 'close', key: STREAM, at: close },
    ])
    story.whenDue('close').thenCommands({ type: 'Close', id: STREAM, data: {} })
    story
      .whenDue('remind')
      .thenCommands(new Remind(STREAM, {}, {} as never))
      .thenArmed({ name: 'remind', at: new Date(Date.parse(remind) + HOUR_MS / 4).toISOString() })
    policySpec(service).given(resolved(close), reopened()).whenDue('close').thenNothing()
    policySpec(service).given(resolved(close)).when(reopened()).thenArmed({ name: 'close', at: close })
  })

  it('arms nothing for imported events', () => {
    const imported = factory.event(
      { type: 'Resolved' as const, data: { closeAt: at(5) } },
      { channel: 'import' },
      STREAM,
    )
    expect(policySpec(service).given(imported).timers).toEqual([])
  })

  it('notices other reactions, and a timer that is not armed', () => {
    const story = policySpec(service).given(resolved(at(5)))
    expect(() => story.whenDue('lunch')).toThrow('0 timers "lunch" are armed')
    expect(() => story.whenDue('close').thenCommands(new Close('ticket-2', {}, {} as never))).toThrow(
      'ticket-2',
    )
    expect(() => story.when(reopened()).thenNothing()).toThrow('cancelTimer')
  })
})

describe('FakeClock', () => {
  it('wakes those who wait at their time, in order, and those no more who took it back', () => {
    const clock = new FakeClock()
    const woken: [string, string][] = []
    const note = (name: string) => () => woken.push([name, clock.iso()])
    clock.after(2000, note('second'))
    clock.after(1000, () => {
      note('first')()
      clock.after(500, note('nested'))
    })
    const cancel = clock.after(1200, note('taken back'))
    cancel()
    clock.advance(1999)
    expect(woken).toEqual([
      ['first', '2026-01-01T00:00:01.000Z'],
      ['nested', '2026-01-01T00:00:01.500Z'],
    ])
    expect(clock.waiting).toBe(1)
    clock.jumpTo('2026-02-01T00:00:00.000Z')
    expect(woken).toHaveLength(2)
    clock.advance(0)
    expect(woken.at(-1)).toEqual(['second', '2026-02-01T00:00:00.000Z'])
  })
})
