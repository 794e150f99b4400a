import type { Position } from '#libs/event-sourcing'
import type { ApprovalEvent, Approver } from '../../src/approvals/domain/approval.events.js'
import type { DirectoryEvent } from '../../src/directory/domain/directory.events.js'
import { AuditLog, at, CHANGE } from './audit-log.fixture.js'
import { type AuditFinding, findingAt } from './finding.js'

/** One answer, given at ten o'clock, and what is told of that time. */
describe('Whether an approver was entitled', () => {
  let log: AuditLog

  beforeEach(() => {
    log = new AuditLog()
  })
  afterEach(() => expect(log.toldOtherwise()).toEqual([]))

  const told = (stream: string, event: DirectoryEvent, hour: number): Position =>
    log.tell(stream, event, { occurredAt: at(hour) }).position
  const answered = (seat: Approver, { approver = seat.person, delegation = '' } = {}) => {
    const asked: ApprovalEvent = {
      type: 'ApprovalRequested',
      data: {
        ...{ subject: { type: 'change', number: CHANGE }, title: 'More memory', round: 1, requester: 'rita' },
        ...{ audience: { kind: 'public' }, document: {}, hash: 'h', policyVersion: 1, leftOut: [] },
        ...{ rule: { kind: 'any' }, approvers: [seat], selfApproval: 'refused' },
      } as Extract<ApprovalEvent, { type: 'ApprovalRequested' }>['data'],
    }
    const data = {
      approver,
      ...(delegation !== '' && { onBehalfOf: seat.person, delegation }),
      roles: [{ role: 'agent', grant: 'g' }],
      hash: 'h',
    } as const
    log.tell('approval-A', asked, { occurredAt: at(9, 30) })
    return log.tell('approval-A', { type: 'ApprovalGranted', data }, { occurredAt: at(10), actor: approver })
      .position
  }
  const findings = (): AuditFinding[] =>
    log.findings.filter(({ question }) => question === 'approver-not-entitled')
  /** Why not, and whether that was known then; undefined: he was, as far as is known now. */
  const why = () =>
    findings()
      .find(({ standing }) => standing)
      ?.details.slice(1)

  const joined: DirectoryEvent = { type: 'MemberAdded', data: { person: 'eve' } }
  const left: DirectoryEvent = { type: 'MemberRemoved', data: { person: 'eve' } }
  const managed = (manager: string): DirectoryEvent => ({ type: 'GroupChanged', data: { manager } })
  const MEMBER = { person: 'eve', via: 'group', group: 'ops' } as const
  const MANAGER = { person: 'eve', via: 'group-manager', group: 'ops' } as const
  const HERSELF = { person: 'eve', via: 'person' } as const
  const lets: DirectoryEvent = {
    type: 'DelegationGranted',
    data: { delegationId: 'd', to: 'ben', from: at(8), until: at(12), scope: 'approvals' },
  }
  const takesBack: DirectoryEvent = { type: 'DelegationRevoked', data: { delegationId: 'd', to: 'ben' } }

  it('follows from the group that he was asked for, at that time', () => {
    told('group-ops', joined, 8)
    answered(MEMBER)
    told('group-ops', left, 11)
    expect(findings()).toEqual([])
    const position = told('group-ops', left, 9)
    expect(why()).toEqual(['left-group', 'told-later'])
    expect(findings()[0]).toMatchObject({ position, persons: ['eve'], change: CHANGE })
  })

  it('is found at the time of the answer, whatever time was told of later', () => {
    told('group-ops', joined, 8)
    answered(MEMBER)
    told('group-ops', left, 9)
    expect(findings()).toMatchObject([{ at: at(10) }])
  })

  it('is judged otherwise only from the position on at which it was told, and right again from another', () => {
    told('group-ops', joined, 8)
    const then = answered(MEMBER)
    const wrong = told('group-ops', left, 9)
    const [finding] = findings()
    const right = told('group-ops', joined, 9)
    expect(findings()).toMatchObject([{ id: finding!.id, standing: false }])
    expect(findingAt(then, findings()[0]!)).toBeUndefined()
    const versions = { versions: [{ until: right, finding: finding! }] }
    expect(findingAt(wrong, findings()[0]!, versions)).toMatchObject({ standing: true })
    expect(findingAt(right, findings()[0]!, versions)).toMatchObject({ standing: false })
  })

  it('a fact of a later time wins, whenever it was told', () => {
    told('group-ops', joined, 9)
    answered(MEMBER)
    told('group-ops', left, 8)
    expect(findings()).toEqual([])
  })

  it('follows from who managed the group then', () => {
    told('group-ops', { type: 'GroupRegistered', data: { name: 'Ops', manager: 'eve' } }, 7)
    answered(MANAGER)
    told('group-ops', managed('cai'), 11)
    told('group-ops', { type: 'GroupChanged', data: { name: 'Operations' } }, 9)
    expect(why()).toBeUndefined()
    told('group-ops', managed('cai'), 9)
    expect(why()).toEqual(['manager-no-more', 'told-later'])
  })

  it('follows from the delegation by which he answered, and not from one that was taken back later', () => {
    told('person-eve', lets, 8)
    answered(HERSELF, { approver: 'ben', delegation: 'd' })
    told('person-eve', takesBack, 11)
    expect(why()).toBeUndefined()
    told('person-eve', takesBack, 7)
    expect(why()).toEqual(['delegation-ended', 'told-later'])
    expect(findings()[0]!.persons).toEqual(['ben', 'eve'])
  })

  it('says that it was known when he answered, and goes on saying so', () => {
    told('group-ops', joined, 7)
    told('group-ops', left, 8)
    answered(MEMBER)
    expect(why()).toEqual(['left-group', 'known-then'])
    told('person-eve', { type: 'PersonDeactivated', data: {} }, 9)
    expect(why()).toEqual(['no-role', 'left-group', 'known-then'])
  })

  it('is right again when a right that was ended is said to have been given anew', () => {
    const role = { role: 'agent', source: 'administrator' } as const
    answered(HERSELF)
    told('person-eve', { type: 'RoleRevoked', data: role }, 8)
    expect(why()).toEqual(['no-role', 'told-later'])
    told('person-eve', { type: 'RoleGranted', data: role }, 9)
    expect(why()).toBeUndefined()
    told('person-eve', { type: 'RoleRevoked', data: { ...role, source: 'idp' } }, 9)
    expect(why()).toBeUndefined()
  })

  it('does not follow from other groups, other people or other delegations', () => {
    answered(MEMBER)
    told('group-dev', left, 9)
    told('group-ops', { type: 'MemberRemoved', data: { person: 'ben' } }, 9)
    told('person-eve', takesBack, 9)
    expect(findings()).toEqual([])
  })
})
