import type { RecordedEvent } from '#libs/event-sourcing'
import { policySpec, recorded, type ToldEvent } from '#libs/testing'
import type { ChangeEvent } from './change.events.js'
import { reservations } from './change.reservation.policies.js'

const NUMBER = 'CHG0000001'
const period = { start: '2026-03-02T20:00:00.000Z', end: '2026-03-02T23:00:00.000Z' }
const later = { start: '2026-03-03T20:00:00.000Z', end: '2026-03-03T23:00:00.000Z' }
const opened = {
  type: 'ChangeOpened',
  data: { type: 'normal', affectedCis: ['CI1', 'CI2'], proposedValues: [], window: period, assignee: 'ben' },
}
const submitted = { type: 'ChangeSubmitted', data: { round: 1, period } }
const asked = { type: 'ChangeApprovalAsked', data: { round: 1, approval: 'a' } }
const plan = (changes: object) => ({ type: 'ChangePlanEdited', data: { changes } })
const conflict = (type: 'ConflictAppeared' | 'ConflictCleared', kind: string, change: string) => ({
  type,
  data: { conflict: { kind, change, period }, inputs: {} },
})

/** What the policy sends after the last of these. */
function sent(told: readonly { type: string; data: object }[], channel?: 'import') {
  const events = recorded(
    `change-${NUMBER}`,
    told as readonly ToldEvent[],
    channel && { channel },
  ) as unknown as RecordedEvent<ChangeEvent>[]
  const { commands } = policySpec(reservations)
    .given(...events.slice(0, -1))
    .when(events.at(-1)!)
  return commands.map(({ type, id }) => `${type} ${id}`)
}
const RESERVED = ['ReserveCi CI1', 'ReserveCi CI2', 'ReserveAssignee ben']
const RELEASED = ['ReleaseCi CI1', 'ReleaseCi CI2', 'ReleaseAssignee ben']

it('all that a change uses is reserved before approval is asked, each for its times', () => {
  const [, ...events] = [opened, submitted]
  expect(sent([opened, ...events])).toEqual([...RESERVED, `AskApproval ${NUMBER}`])
  const [first, second] = recorded(`change-${NUMBER}`, [opened, submitted] as never) as never[]
  const { commands } = policySpec(reservations).given(first!).when(second!)
  expect(commands.map(({ data }) => data)).toEqual([
    ...Array.from({ length: 3 }, () => ({ change: NUMBER, period })),
    { round: 1 },
  ])
})

it('nothing is, of what was imported, or is not submitted', () => {
  expect(sent([opened])).toEqual([])
  expect(sent([opened, submitted], 'import')).toEqual([])
})

it('what moves before anybody is asked is reserved anew, and then asked about', () => {
  const moved = { type: 'PlannedTimesMoved', data: { previous: null, planned: later } }
  expect(sent([opened, submitted, moved])).toEqual([...RESERVED, `AskApproval ${NUMBER}`])
  expect(sent([opened, submitted, asked, moved])).toEqual([...RESERVED, `RecheckConflicts ${NUMBER}`])
})

it('an edit gives up what it uses no longer', () => {
  const edit = plan({ affectedCis: { from: ['CI1', 'CI2'], to: ['CI1', 'CI3'] } })
  expect(sent([opened, submitted, asked, edit])).toEqual([
    'ReserveCi CI1',
    'ReserveCi CI3',
    'ReserveAssignee ben',
    'ReleaseCi CI2',
    `RecheckConflicts ${NUMBER}`,
  ])
  const voided = { type: 'ChangeApprovalVoided', data: { round: 1, nextRound: 2, period } }
  expect(sent([opened, submitted, asked, edit, voided])).toEqual([
    'ReserveCi CI1',
    'ReserveCi CI3',
    'ReserveAssignee ben',
    `AskApproval ${NUMBER}`,
  ])
})

it('another assignee is reserved instead', () => {
  const assigned = { type: 'ChangeAssigned', data: { group: null, assignee: 'ann', previousAssignee: 'ben' } }
  expect(sent([opened, submitted, asked, assigned])).toEqual([
    'ReserveCi CI1',
    'ReserveCi CI2',
    'ReserveAssignee ann',
    'ReleaseAssignee ben',
    `RecheckConflicts ${NUMBER}`,
  ])
})

it.each([
  ['rejected', { type: 'ChangeRejected', data: {} }],
  ['returned', { type: 'ChangeReturned', data: { from: 'Authorize' } }],
  ['canceled', { type: 'ChangeCanceled', data: { from: 'Authorize', notes: 'No' } }],
  ['done', { type: 'ImplementationEnded', data: { outcome: 'failed' } }],
])('what is %s gives up all, once, and tells those that it was in the way of', (_, end) => {
  const found = conflict('ConflictAppeared', 'ci-busy', 'CHG2')
  const gone = [
    conflict('ConflictAppeared', 'ci-busy', 'CHG3'),
    conflict('ConflictCleared', 'ci-busy', 'CHG3'),
  ]
  const story = [opened, submitted, asked, found, ...gone]
  expect(sent([...story, end])).toEqual([...RELEASED, 'RecheckConflicts CHG2'])
  expect(sent([...story, end, { type: 'ChangeCommentAdded', data: { text: 'Well.' } }])).toEqual([])
})

it('a standard change looks once more when it is reserved: it was not when it looked first', () => {
  expect(sent([opened, { type: 'ChangeScheduled', data: { period } }])).toEqual([
    ...RESERVED,
    `RecheckConflicts ${NUMBER}`,
  ])
})

it('an emergency uses its items from when it was begun', () => {
  const implemented = { type: 'ImplementedBeforeApproval', data: { round: 1, period: later } }
  // It looks for conflicts, too, so that those in its way hear of it
  const asks = [`AskApproval ${NUMBER}`, `RecheckConflicts ${NUMBER}`]
  expect(sent([opened, implemented])).toEqual([...RESERVED, ...asks])
})

it('a ratification that is asked again once all is done uses nothing any more', () => {
  const implemented = { type: 'ImplementedBeforeApproval', data: { round: 1, period: later } }
  const refused = { type: 'RatificationRefused', data: { round: 1, approval: 'a' } }
  const renewed = { type: 'ChangeApprovalRenewed', data: { round: 2, period: later } }
  const ended = { type: 'ImplementationEnded', data: { outcome: 'successful' } }
  const again = [...RESERVED, `AskApproval ${NUMBER}`]
  expect(sent([opened, implemented, asked, refused, ended, renewed])).toEqual([`AskApproval ${NUMBER}`])
  expect(sent([opened, implemented, asked, refused, renewed])).toEqual(again)
  const lapsed = { type: 'ChangeApprovalLapsed', data: { round: 1 } }
  expect(sent([opened, submitted, asked, lapsed, renewed])).toEqual(again)
})

it('what was held is asked about when it is resumed', () => {
  const held = { type: 'ChangeHeld', data: { reason: 'awaiting vendor' } }
  const resumed = { type: 'ChangeResumed', data: {} }
  expect(sent([opened, submitted, held, resumed])).toEqual([...RESERVED, `AskApproval ${NUMBER}`])
  expect(sent([opened, submitted, asked, held, resumed])).toEqual([])
})

it('a change of a related item is told, since no calendar has both', () => {
  const found = conflict('ConflictAppeared', 'related-ci-busy', 'CHG2')
  expect(sent([opened, submitted, asked, found])).toEqual(['RecheckConflicts CHG2'])
  expect(sent([opened, submitted, asked, conflict('ConflictAppeared', 'ci-busy', 'CHG2')])).toEqual([])
})
