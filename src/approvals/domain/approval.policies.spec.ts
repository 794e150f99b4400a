import { EventFactory, policySpec } from '#libs/testing'
import type { ApprovalEvent } from './approval.events.js'
import { approvalExpiry } from './approval.policies.js'

const subject = { type: 'change', number: 'CHG0000001' } as const
const expiresAt = '2026-01-06T09:00:00.000Z'
const requested = (expires?: string): ApprovalEvent => ({
  type: 'ApprovalRequested',
  data: {
    subject,
    title: 'Swap it',
    round: 1,
    requester: 'rita',
    audience: { kind: 'public' },
    document: {},
    hash: 'a'.repeat(64),
    policyVersion: 1,
    rule: { kind: 'any' },
    approvers: [{ person: 'ann', via: 'person' }],
    leftOut: [],
    selfApproval: 'refused',
    ...(expires && { expiresAt: expires }),
  },
})
const ended: ApprovalEvent = {
  type: 'ApprovalRoundEnded',
  data: { subject, outcome: 'approved', granted: 1, rejected: 0 },
}

describe('a round whose time is over', () => {
  const events = new EventFactory()
  const happened = (event: ApprovalEvent, channel: 'policy' | 'import' = 'policy') =>
    events.event(event, { channel }, 'approval-a1')

  it('lapses', () => {
    policySpec(approvalExpiry)
      .given(happened(requested(expiresAt)))
      .whenDue('expired')
      .thenCommands({ type: 'LapseApproval', id: 'a1', data: {} })
  })

  it('is waited for only while it is open, and has a time', () => {
    const story = policySpec(approvalExpiry).given(happened(requested(expiresAt)))
    story.when(happened(ended)).thenArmed()
    policySpec(approvalExpiry).given().when(happened(requested())).thenArmed()
  })

  it('arms nothing when it was imported', () => {
    policySpec(approvalExpiry)
      .given()
      .when(happened(requested(expiresAt), 'import'))
      .thenArmed()
  })
})
