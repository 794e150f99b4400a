import { matches } from '#libs/read-store'
import { EventFactory, projectionSpec } from '#libs/testing'
import type { ApprovalEvent } from '../../src/approvals/domain/approval.events.js'
import { principal } from '../principals.fixture.js'
import {
  type ApprovalEntry,
  approvals,
  approvalToAnswer,
  awaitingAnswerOf,
  shownApproval,
} from './approvals.js'

const subject = { type: 'change', number: 'CHG0000001' } as const
const requested = (
  more: Partial<Extract<ApprovalEvent, { type: 'ApprovalRequested' }>['data']> = {},
): ApprovalEvent => ({
  type: 'ApprovalRequested',
  data: {
    subject,
    title: 'Swap it',
    round: 1,
    requester: 'rita',
    audience: { kind: 'public' },
    document: { implementation: 'Swap the disk' },
    hash: 'a'.repeat(64),
    policy: 'Changes',
    policyVersion: 1,
    rule: { kind: 'all' },
    approvers: ['ann', 'ben'].map((person) => ({ person, via: 'person' })),
    leftOut: [],
    selfApproval: 'refused',
    ...more,
  },
})
const answered = (approver: string, onBehalfOf?: string): ApprovalEvent => ({
  type: 'ApprovalGranted',
  data: { approver, ...(onBehalfOf && { onBehalfOf }), roles: [], hash: 'a'.repeat(64) },
})
const ended = (outcome: 'approved' | 'voided'): ApprovalEvent => ({
  type: 'ApprovalRoundEnded',
  data: { subject, outcome, granted: 2, rejected: 0 },
})
const entryOf = (...events: ApprovalEvent[]): ApprovalEntry => {
  const factory = new EventFactory()
  const told = events.map((event) => factory.event(event, {}, 'approval-1'))
  return projectionSpec(approvals)
    .given(...told)
    .document('approval-1')
}

describe('a round', () => {
  it('awaits nobody who has lost his seat, until he has it again', () => {
    const lost: ApprovalEvent = { type: 'ApprovalSeatLost', data: { person: 'ann', because: 'inactive' } }
    const regained: ApprovalEvent = { type: 'ApprovalSeatRegained', data: { person: 'ann' } }
    const without = entryOf(requested(), lost)
    expect(without).toMatchObject({ awaiting: ['ben'], lostSeats: [{ person: 'ann', because: 'inactive' }] })
    expect(matches(awaitingAnswerOf('ann', []), without)).toBe(false)
    expect(matches(awaitingAnswerOf('cai', ['ann']), without)).toBe(false)
    const again = entryOf(requested(), lost, regained)
    expect(again).toMatchObject({ awaiting: ['ann', 'ben'], lostSeats: undefined })
    expect(matches(awaitingAnswerOf('ann', []), again)).toBe(true)
    // Back, and answered before that was looked at
    expect(entryOf(requested(), lost, answered('ann')).lostSeats).toBeUndefined()
  })

  it('is seen by whoever is asked, and by those who see its subject, as it is by then', () => {
    const changed: ApprovalEvent = {
      type: 'ApprovalAudienceChanged',
      data: { audience: { kind: 'groups', groups: ['network'] }, previous: { kind: 'public' } },
    }
    expect(entryOf(requested(), changed)).toMatchObject({
      audienceKind: 'groups',
      audienceGroups: ['network'],
      visibleTo: ['ann', 'ben'],
    })
  })

  it('awaits nobody who has a part in it, for whomever he might answer', () => {
    const refused = entryOf(requested({ involved: ['cai'] }))
    expect(matches(awaitingAnswerOf('cai', ['ann']), refused)).toBe(false)
    expect(matches(awaitingAnswerOf('dan', ['ann']), refused)).toBe(true)
    const recorded = entryOf(requested({ involved: ['cai'], selfApproval: 'recorded' }))
    expect(matches(awaitingAnswerOf('cai', ['ann']), recorded)).toBe(true)
  })

  it('awaits those who have not answered, by whomever', () => {
    expect(entryOf(requested()).awaiting).toEqual(['ann', 'ben'])
    expect(entryOf(requested(), answered('ben', 'ann'))).toMatchObject({
      awaiting: ['ben'],
      granted: 1,
      status: 'open',
    })
  })

  it('ends, and may be voided afterwards', () => {
    const approved = [requested(), answered('ann'), answered('ben'), ended('approved')]
    expect(entryOf(...approved)).toMatchObject({ status: 'approved', granted: 2 })
    expect(entryOf(...approved).awaiting).toBeUndefined()
    const voided: ApprovalEvent = { type: 'ApprovalVoided', data: { fields: ['window'] } }
    expect(entryOf(...approved, voided)).toMatchObject({ status: 'voided', voidedFields: ['window'] })
    expect(entryOf(requested(), voided, ended('voided'))).toMatchObject({ status: 'voided' })
  })

  it('keeps no document, and shows no columns of the row rule', () => {
    expect(JSON.stringify(entryOf(requested()))).not.toContain('Swap the disk')
    const shown = shownApproval(entryOf(requested()), false)
    expect(Object.keys(shown)).not.toContain('visibleTo')
    expect(shown).toMatchObject({ audience: { kind: 'public' } })
  })
})

describe('who sees and answers', () => {
  it('requesters only those in which they are asked', () => {
    const sees = (person: string, ...roles: Parameters<typeof principal>[1]) =>
      matches(approvals.rows(principal(person, roles)), entryOf(requested()))
    expect([sees('ann', 'requester'), sees('rita', 'requester'), sees('cai', 'agent'), sees('ann')]).toEqual([
      true,
      false,
      true,
      false,
    ])
  })

  it('those who are asked, and those who may for them; never the requester unless it is recorded', () => {
    const awaits = (person: string, delegators: string[], ...events: ApprovalEvent[]) =>
      matches(awaitingAnswerOf(person, delegators), entryOf(...events))
    expect(awaits('ann', [], requested())).toBe(true)
    expect(awaits('cai', ['ben'], requested())).toBe(true)
    expect(awaits('cai', ['rob'], requested())).toBe(false)
    expect(awaits('ann', [], requested(), answered('ann'))).toBe(false)
    expect(awaits('rita', ['ann'], requested())).toBe(false)
    expect(awaits('rita', ['ann'], requested({ selfApproval: 'recorded' }))).toBe(true)
    expect(awaits('ben', [], requested(), answered('ann'), ended('approved'))).toBe(false)
    const twoOf = requested({ rule: { kind: 'n-of-m', n: 2 } })
    expect(awaits('ann', ['ben'], twoOf)).toBe(true)
    expect(approvalToAnswer('ann', ['ben'])(entryOf(twoOf), false)).toMatchObject({ seats: ['ann'] })
    expect(awaits('ann', ['ben'], twoOf, answered('ann'))).toBe(false)
    expect(awaits('cai', ['ben'], twoOf, answered('ann'))).toBe(true)
    expect(awaits('cai', ['ben'], twoOf, answered('cai', 'ann'))).toBe(false)
    expect(approvalToAnswer('cai', ['ben', 'rob'])(entryOf(requested()), false)).toMatchObject({
      seats: ['ben'],
    })
  })
})
