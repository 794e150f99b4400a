import type { RecordedEvent } from '#libs/event-sourcing'
import { policySpec, recorded } from '#libs/testing'
import type { ApprovalEvent } from '../../approvals/domain/approval.events.js'
import { approvalOutcomes, ratificationDeadline } from './change.approval.policies.js'
import type { ChangeEvent } from './change.events.js'

const round = (type: 'change' | 'request', outcome: string) =>
  recorded('approval-a1', [
    { type: 'ApprovalRequested', data: { subject: { type, number: 'CHG1' }, hash: 'h' } },
    { type: 'ApprovalGranted', data: { approver: 'bob', onBehalfOf: 'ann' } },
    { type: 'ApprovalRoundEnded', data: { outcome } },
  ]) as unknown as RecordedEvent<ApprovalEvent>[]

it('a change hears how its round ended, for whom it was granted, and by whom', () => {
  const [asked, granted, ended] = round('change', 'approved')
  const data = { approval: 'a1', hash: 'h', outcome: 'approved', approvers: ['ann', 'bob'] }
  policySpec(approvalOutcomes)
    .given(asked!, granted!)
    .when(ended!)
    .thenCommands({ type: 'RecordApprovalOutcome', id: 'CHG1', data })
})

it('and when nobody has said no, but too few were left to say yes', () => {
  const [asked, , ended] = round('change', 'rejected')
  const lost = { ...ended!, data: { outcome: 'rejected', because: 'seats-lost' } } as typeof ended
  const data = {
    approval: 'a1',
    hash: 'h',
    outcome: 'rejected',
    approvers: [],
    comment: 'Too few are left of those who were asked.',
    seatsLost: true,
  }
  policySpec(approvalOutcomes)
    .given(asked!)
    .when(lost!)
    .thenCommands({ type: 'RecordApprovalOutcome', id: 'CHG1', data })
})

it.each([
  ['change', 'voided'],
  ['request', 'approved'],
] as const)('and nothing of a %s that is %s', (type, outcome) => {
  const [asked, granted, ended] = round(type, outcome)
  policySpec(approvalOutcomes).given(asked!, granted!).when(ended!).thenNothing()
})

it('what is not ratified in time is said to be overdue, unless it was', () => {
  const [implemented, ratified] = recorded('change-CHG1', [
    { type: 'ImplementedBeforeApproval', data: { ratifyBy: '2026-03-03T08:00:00.000Z' } },
    { type: 'ChangeRatified', data: {} },
  ]) as unknown as RecordedEvent<ChangeEvent>[]
  policySpec(ratificationDeadline)
    .given(implemented!)
    .whenDue('ratification-overdue')
    .thenCommands({ type: 'RecordRatificationOverdue', id: 'CHG1', data: {} })
  expect(policySpec(ratificationDeadline).given(implemented!, ratified!).timers).toEqual([])
})

it('nor is it forgotten by a refusal: asked again, it is due as before', () => {
  const [implemented, refused, renewed] = recorded('change-CHG1', [
    { type: 'ImplementedBeforeApproval', data: { ratifyBy: '2026-03-03T08:00:00.000Z' } },
    { type: 'RatificationRefused', data: {} },
    { type: 'ChangeApprovalRenewed', data: { round: 2 } },
  ]) as unknown as RecordedEvent<ChangeEvent>[]
  policySpec(ratificationDeadline)
    .given(implemented!, refused!, renewed!)
    .whenDue('ratification-overdue')
    .thenCommands({ type: 'RecordRatificationOverdue', id: 'CHG1', data: {} })
})
