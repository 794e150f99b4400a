import fc from 'fast-check'
import { effectiveTimes } from '#libs/event-sourcing'
import { recorded, type ToldEvent } from '#libs/testing'
import type { IncidentEvent } from './incident.events.js'
import { foldAsOf, requesterTimeline, timeline } from './incident.history.js'
import { evolve, type IncidentRecord, NOT_OPENED } from './incident.state.js'

const STREAM = 'incident-INC0000001'
const at = (minute: number) => new Date(Date.UTC(2026, 0, 5, 8, minute)).toISOString()

const STORY: ToldEvent<IncidentEvent>[] = [
  {
    type: 'IncidentOpened',
    data: { title: 'Mail is slow', caller: 'carl', vendor: 'Acme', audience: { kind: 'public' } },
    metadata: { occurredAt: at(0) },
  },
  {
    type: 'AssignedToGroup',
    data: { group: 'mail', previousGroup: null, previousPerson: null, rule: { version: 2, name: 'Mail' } },
    metadata: { occurredAt: at(0) },
  },
  { type: 'WorkNoteAdded', data: { text: 'secret' }, metadata: { occurredAt: at(5) } },
  {
    type: 'IncidentHeld',
    data: { hold: { reason: 'awaiting-vendor', comment: 'secret' }, listVersion: 0, awaitsCaller: false },
    metadata: { occurredAt: at(10), reason: 'secret' },
  },
  {
    type: 'HoldReasonChanged',
    data: {
      hold: { reason: 'awaiting-caller', comment: 'Which mailbox?' },
      previous: { reason: 'awaiting-vendor', comment: 'secret' },
      listVersion: 0,
      awaitsCaller: true,
    },
    metadata: { occurredAt: at(8) },
  },
  {
    type: 'IncidentDetailsChanged',
    data: { changes: { vendor: { from: 'Acme', to: 'secret' } } },
    metadata: { occurredAt: at(20) },
  },
  {
    type: 'IncidentResolved',
    data: {
      code: 'fixed',
      notes: 'Restarted',
      resolvedBy: 'agnes',
      irregular: 'X',
      source: { fields: { secret: 'secret' }, updatesMissing: 2 },
    },
    metadata: { occurredAt: at(30), channel: 'import', attributedTo: 'Resolved by 149' },
  },
]
const EVENTS = recorded<IncidentEvent>(STREAM, STORY)

describe('two time axes', () => {
  it('an event that occurred before the one before it takes effect with that one', () =>
    expect(effectiveTimes(EVENTS).slice(3, 5)).toEqual([at(10), at(10)]))

  it('shows the record at a valid time, as known at a position', () => {
    expect(foldAsOf(EVENTS, { validAt: at(-1) })).toEqual(NOT_OPENED)
    expect(foldAsOf(EVENTS, { validAt: at(9) })).toMatchObject({ state: 'New', hold: null })
    expect(foldAsOf(EVENTS, { validAt: at(10) })).toMatchObject({
      hold: { hold: { reason: 'awaiting-caller' } },
    })
    expect(foldAsOf(EVENTS, { validAt: at(10), asOf: EVENTS[3]?.position })).toMatchObject({
      hold: { hold: { reason: 'awaiting-vendor' } },
    })
    expect(foldAsOf(EVENTS, { asOf: '0'.repeat(20) })).toEqual(NOT_OPENED)
    expect(foldAsOf(EVENTS)).toMatchObject({ state: 'Resolved' })
  })

  it('never folds out of log order: every answer is that of a prefix', () => {
    const prefixes: IncidentRecord[] = [NOT_OPENED]
    for (const event of EVENTS) prefixes.push(evolve(prefixes.at(-1) as IncidentRecord, event))
    const answers = prefixes.map((record) => JSON.stringify(record))
    fc.assert(
      fc.property(
        fc.integer({ min: -5, max: 40 }),
        fc.integer({ min: 0, max: EVENTS.length }),
        (minute, last) => {
          const asOf = String(last).padStart(20, '0')
          expect(answers).toContain(JSON.stringify(foldAsOf(EVENTS, { validAt: at(minute), asOf })))
        },
      ),
    )
  })
})

describe('the timeline', () => {
  const entries = timeline(EVENTS)

  it('has one entry per event, with words, before and after', () => {
    expect(entries.map(({ revision }) => revision)).toEqual(EVENTS.map(({ revision }) => revision))
    expect(entries[1]).toMatchObject({
      what: 'Assigned to group mail by rule "Mail" (version 2)',
      changes: [{ field: 'group', from: null, to: 'mail' }],
      who: { actor: 'agnes' },
    })
    expect(entries[3]?.changes).toEqual([
      { field: 'state', from: 'New', to: 'On Hold' },
      { field: 'holdReason', from: null, to: 'awaiting-vendor' },
      { field: 'holdComment', from: null, to: 'secret' },
    ])
    expect(entries[4]).toMatchObject({ occurredAt: at(8), effectiveAt: at(10), text: 'Which mailbox?' })
    expect(entries[6]).toMatchObject({
      channel: 'import',
      who: { attributedTo: 'Resolved by 149' },
      irregular: 'X',
      updatesMissing: 2,
    })
  })

  it('tells requesters nothing internal', () => {
    const seen = requesterTimeline(entries, 'person-somebody')
    expect(seen.map(({ type }) => type)).toEqual([
      'IncidentOpened',
      'AssignedToGroup',
      'IncidentHeld',
      'HoldReasonChanged',
      'IncidentResolved',
    ])
    expect(JSON.stringify(seen)).not.toContain('secret')
    expect(JSON.stringify(entries)).toContain('secret')
    expect(seen[3]?.text).toBe('Which mailbox?')
  })

  it('tells requesters the reasons that they gave themselves, and no others', () => {
    const opened = entries[0]!
    const asked = [
      { ...opened, reason: 'hers', who: { actor: 'person-rita' } },
      { ...opened, reason: 'not hers', who: { actor: 'person-ann' } },
    ]
    expect(requesterTimeline(asked, 'person-rita').map(({ reason }) => reason)).toEqual(['hers', undefined])
  })

  it('keeps types that it does not know from requesters', () => {
    const unknown = { type: 'IncidentSung', data: {} } as unknown as IncidentEvent
    expect(requesterTimeline(timeline(recorded(STREAM, [unknown])), 'person-somebody')).toEqual([])
  })
})
