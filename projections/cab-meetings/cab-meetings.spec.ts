import { matches } from '#libs/read-store'
import { EventFactory, FakeClock, projectionSpec } from '#libs/testing'
import type { CabEvent } from '../../src/changes/domain/cab.events.js'
import { principal } from '../principals.fixture.js'
import { type CabMeetingEntry, cabMeetings, shownMeeting } from './cab-meetings.js'

const PERIOD = { start: '2026-03-03T09:00:00.000Z', end: '2026-03-03T10:00:00.000Z' }
const LATER = { start: '2026-03-04T09:00:00.000Z', end: '2026-03-04T10:00:00.000Z' }
const change = 'CHG0000001'
const scheduled: CabEvent = {
  type: 'CabMeetingScheduled',
  data: { title: 'Weekly', period: PERIOD, chair: 'chris', members: ['ann'] },
}
function entryOf(...told: CabEvent[]): CabMeetingEntry {
  const factory = new EventFactory(new FakeClock('2026-03-02T08:00:00.000Z'), 'cab-CAB0000001')
  return projectionSpec(cabMeetings)
    .given(...told.map((event) => factory.event(event)))
    .document('cab-CAB0000001')
}

it('tells what was said of which change, when and by whom', () => {
  const meeting = entryOf(
    scheduled,
    { type: 'CabMeetingRescheduled', data: { previous: PERIOD, period: LATER } },
    { type: 'CabAgendaItemAdded', data: { change } },
    { type: 'CabAgendaItemAdded', data: { change: 'CHG0000002' } },
    { type: 'CabAgendaItemRemoved', data: { change: 'CHG0000002' } },
    { type: 'CabAdviceGiven', data: { change, advice: 'defer', comment: 'The fair' } },
    { type: 'CabMinutesRecorded', data: { text: 'Deferred.' } },
    { type: 'CabMeetingClosed', data: {} },
  )
  expect(meeting).toEqual({
    id: 'CAB0000001',
    title: 'Weekly',
    status: 'closed',
    ...LATER,
    chair: 'chris',
    members: ['ann'],
    agenda: [{ change, advice: 'defer', comment: 'The fair', at: '2026-03-02T08:00:06.000Z', by: 'ann' }],
    changes: [change],
    minutes: 'Deferred.',
    closedAt: '2026-03-02T08:00:08.000Z',
  })
  expect(shownMeeting(meeting, false)).not.toHaveProperty('changes')
})

it('is for the desk, not for requesters', () => {
  const sees = (...roles: Parameters<typeof principal>[1]) =>
    matches(cabMeetings.rows(principal('ann', roles)), entryOf(scheduled))
  expect([sees('agent'), sees('auditor'), sees('requester')]).toEqual([true, true, false])
})
