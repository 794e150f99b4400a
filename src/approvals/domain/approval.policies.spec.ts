import type { RecordedEvent } from '#libs/event-sourcing'
import { EventFactory, policySpec, recorded } from '#libs/testing'
import type { DirectoryEvent } from '../../directory/domain/directory.events.js'
import type { ApprovalEvent } from './approval.events.js'
import { approvalExpiry, approvalSeats, changeApprovals } from './approval.policies.js'

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

describe('seats are looked at', () => {
  const events = new EventFactory()
  const round: ApprovalEvent = {
    type: 'ApprovalRequested',
    data: {
      ...(requested() as Extract<ApprovalEvent, { type: 'ApprovalRequested' }>).data,
      approvers: [
        { person: 'ann', via: 'person' },
        { person: 'eve', via: 'group', group: 'ops' },
      ],
    },
  }
  const asked = events.event(round, {}, 'approval-a1')
  const imported = events.event(round, { channel: 'import' }, 'approval-a2')
  const over = events.event(ended, {}, 'approval-a1')
  const seen = (
    stream: string,
    type: string,
    data: object,
    given: RecordedEvent<ApprovalEvent>[] = [asked, imported],
  ) =>
    policySpec(approvalSeats)
      .given(...given)
      .when(events.event({ type, data } as DirectoryEvent, {}, stream))
      .commands.map(({ type, id }) => `${type} ${id}`)

  it('as they are given', () => {
    policySpec(approvalSeats).given().when(asked).thenCommands({ type: 'ReviewSeats', id: 'a1', data: {} })
    policySpec(approvalSeats).given().when(imported).thenNothing()
  })

  it.each([
    ['person-ann', 'PersonDeactivated', {}],
    ['person-eve', 'RoleRevoked', { role: 'agent', source: 'idp' }],
    ['person-eve', 'PersonReactivated', {}],
    ['person-eve', 'RoleGranted', { role: 'agent', source: 'idp' }],
    ['group-ops', 'MemberRemoved', { person: 'eve' }],
    ['group-ops', 'MemberAdded', { person: 'eve' }],
    ['group-ops', 'GroupChanged', { manager: null }],
  ])('when %s tells %s, while the round is open', (stream, type, data) => {
    expect(seen(stream, type, data)).toEqual(['ReviewSeats a1'])
    expect(seen(stream, type, data, [asked, over])).toEqual([])
  })

  it('for nobody else, and nothing else', () => {
    expect(seen('person-ben', 'PersonDeactivated', {})).toEqual([])
    expect(seen('group-dev', 'MemberRemoved', { person: 'eve' })).toEqual([])
    const token = { type: 'ApiTokenRevoked', data: { tokenId: 't' } } as DirectoryEvent
    expect(approvalSeats.key(events.event(token, {}, 'person-ann'))).toBeUndefined()
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

  it('is seen by those who see it, and so are its rounds, also when that changes', () => {
    const audience = { kind: 'participants' }
    const said = { title: 'x', round: 1, requester: 'rita', document: {}, changeType: 'normal' }
    const asked = { ...said, approval: 'a1', risk: null, group: null, audience }
    when('ChangeApprovalAsked', asked).thenCommands({
      type: 'RequestApproval',
      id: 'a1',
      data: { ...said, subject, audience },
    })
    const changed = { audience, previous: { kind: 'public' }, approvals: ['a1', 'a2'] }
    when('ChangeAudienceChanged', changed).thenCommands(
      { type: 'SetApprovalAudience', id: 'a1', data: { audience } },
      { type: 'SetApprovalAudience', id: 'a2', data: { audience } },
    )
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
