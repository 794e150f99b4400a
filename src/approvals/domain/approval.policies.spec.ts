import { EventFactory, policySpec, recorded } from '#libs/testing'
import type { ApprovalEvent } from './approval.events.js'
import { approvalExpiry, changeApprovals } from './approval.policies.js'

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

describe('a change', () => {
  const when = (type: string, data: object) =>
    policySpec(changeApprovals)
      .given()
      .when(recorded('change-CHG0000001', [{ type, data }] as never)[0] as never)

  it('has its round asked for, with the very document', () => {
    const document = {
      change: 'CHG0000001',
      plan: { implementation: 'Swap it' },
      conflicts: [],
      baseValues: [],
    }
    const said = { title: 'Swap it', round: 2, requester: 'rita', document, changeType: 'normal' }
    when('ChangeApprovalAsked', { ...said, approval: 'a1', risk: null, group: 'Network' }).thenCommands({
      type: 'RequestApproval',
      id: 'a1',
      data: { ...said, subject, group: 'Network' },
    })
  })

  it('takes it back when its plan is another, or it waits no longer', () => {
    const voided = { type: 'VoidApproval', id: 'a1' }
    when('ChangeApprovalVoided', { approval: 'a1', fields: ['window'] }).thenCommands({
      ...voided,
      data: { fields: ['window'] },
    })
    when('ChangeApprovalWithdrawn', { approval: 'a1' }).thenCommands({ ...voided, data: { fields: [] } })
    when('ChangeApprovalWithdrawn', { approval: null }).thenNothing()
    when('ChangeApproved', { approval: 'a1' }).thenNothing()
  })
})
