import { canonicalHash, Forbidden } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec } from '#libs/testing'
import type { DirectoryEvent, PersonEvent } from '../../directory/domain/directory.events.js'
import { type ApprovalCommand, GrantApproval, RejectApproval, ReviewSeats } from './approval.commands.js'
import { approvalDecider } from './approval.decider.js'
import type { ApprovalEvent, ApprovalRequested, Approver, Outcome } from './approval.events.js'
import { approvalId } from './defaults.js'

const NOW = '2026-01-05T09:00:00.000Z'
const subject = { type: 'change', number: 'CHG0000001' } as const
const id = approvalId(subject, 1)
const hash = canonicalHash({})
const by = (actor: string) => commandMetadata({ actor, occurredAt: NOW })

const person: PersonEvent = { type: 'PersonRegistered', data: { kind: 'person', name: 'Somebody' } }
const left: PersonEvent = { type: 'PersonDeactivated', data: {} }
const agent: PersonEvent = { type: 'RoleGranted', data: { role: 'agent', source: 'administrator' } }
const agentNoMore: PersonEvent = { type: 'RoleRevoked', data: { role: 'agent', source: 'administrator' } }
const lets = (from = '2026-01-01T00:00:00.000Z', until = '2026-02-01T00:00:00.000Z'): PersonEvent => ({
  type: 'DelegationGranted',
  data: { delegationId: 'd', to: 'ann', from, until, scope: 'approvals' },
})
const takesBack: PersonEvent = { type: 'DelegationRevoked', data: { delegationId: 'd', to: 'ann' } }
const ops = (manager: string): DirectoryEvent[] => [
  { type: 'GroupRegistered', data: { name: 'Ops', manager } },
  { type: 'MemberAdded', data: { person: 'eve' } },
]
const leavesOps: DirectoryEvent = { type: 'MemberRemoved', data: { person: 'eve' } }

type Via = Approver['via']
const asked = (via: Via): ApprovalRequested => ({
  type: 'ApprovalRequested',
  data: {
    subject,
    title: 'Swap it',
    round: 1,
    requester: 'rita',
    audience: { kind: 'public' },
    document: {},
    hash,
    policyVersion: 0,
    rule: { kind: 'any' },
    approvers: [{ person: 'eve', via, ...(via !== 'person' && { group: 'ops' }) }],
    leftOut: [],
    selfApproval: 'refused',
  },
})
const HERS = new GrantApproval(id, { hash }, by('eve'))
const FOR_HER = new GrantApproval(id, { hash, onBehalfOf: 'eve' }, by('ann'))
const ANSWERS = [HERS, new RejectApproval(id, { hash, comment: 'No' }, by('eve')), FOR_HER]

/** Code and `because` of what the answer is refused with; undefined: it is taken. */
function whyRefused(
  answer: GrantApproval | RejectApproval,
  { via = 'person', eve, group = ops('eve') }: { via?: Via; eve: PersonEvent[]; group?: DirectoryEvent[] },
): readonly [string, unknown] | undefined {
  const told = deciderSpec(approvalDecider)
    .given(asked(via))
    .and('person-eve', ...eve)
    .and('person-ann', person, agent)
    .and('group-ops', ...group)
  try {
    expect(told.when(answer).events).toHaveLength(2)
    return undefined
  } catch (error) {
    if (!(error instanceof Forbidden)) throw error
    return [error.code, error.extra.because]
  }
}

describe.each(['person', 'group', 'group-manager'] as const)('a seat by %s', (via) => {
  it.each(ANSWERS)(
    'is lost with whoever leaves, or has no role any more ($type, $data.onBehalfOf)',
    (answer) => {
      const eve = [person, agent, lets()]
      expect(whyRefused(answer, { via, eve })).toBeUndefined()
      expect(whyRefused(answer, { via, eve: [...eve, left] })).toEqual(['APPROVAL.SEAT_LOST', 'inactive'])
      expect(whyRefused(answer, { via, eve: [...eve, agentNoMore] })).toEqual([
        'APPROVAL.SEAT_LOST',
        'no-role',
      ])
    },
  )

  it.each(ANSWERS)('is lost with what it rests on, and nothing else ($type, $data.onBehalfOf)', (answer) => {
    const eve = [person, agent, lets()]
    const outside = whyRefused(answer, { via, eve, group: [...ops('eve'), leavesOps] })
    expect(outside).toEqual(via === 'group' ? ['APPROVAL.SEAT_LOST', 'left-group'] : undefined)
    const another = whyRefused(answer, { via, eve, group: ops('cai') })
    expect(another).toEqual(via === 'group-manager' ? ['APPROVAL.SEAT_LOST', 'manager-no-more'] : undefined)
  })
})

it('an answer for another says what became of the delegation', () => {
  const because = (...delegations: PersonEvent[]) =>
    whyRefused(FOR_HER, { eve: [person, agent, ...delegations] })
  expect(because(lets())).toBeUndefined()
  expect(because()).toEqual(['APPROVAL.NOT_DELEGATED', 'none'])
  expect(because(lets(), takesBack)).toEqual(['APPROVAL.NOT_DELEGATED', 'revoked'])
  expect(because(lets(undefined, NOW))).toEqual(['APPROVAL.NOT_DELEGATED', 'over'])
  expect(because(lets('2026-01-05T09:00:00.001Z'))).toEqual(['APPROVAL.NOT_DELEGATED', 'not-yet'])
})

describe('when what seats were given for changes', () => {
  const ROUND = asked('group')
  const three = (rule: ApprovalRequested['data']['rule']): ApprovalRequested => ({
    ...ROUND,
    data: {
      ...ROUND.data,
      rule,
      approvers: ['eve', 'ann', 'ben'].map((one) => ({ person: one, via: 'group', group: 'ops' })),
    },
  })
  const joins = (one: string): DirectoryEvent => ({ type: 'MemberAdded', data: { person: one } })
  const leaves = (one: string): DirectoryEvent => ({ type: 'MemberRemoved', data: { person: one } })
  const members = [...ops('cai'), joins('ann'), joins('ben')]
  const review = new ReviewSeats(id, {}, by('system:approval_seats'))
  const lost = (one: string): ApprovalEvent => ({
    type: 'ApprovalSeatLost',
    data: { person: one, because: 'left-group' },
  })
  const regained = (one: string): ApprovalEvent => ({ type: 'ApprovalSeatRegained', data: { person: one } })
  const said = (type: 'ApprovalGranted' | 'ApprovalRejected', approver: string): ApprovalEvent => ({
    type,
    data: { approver, roles: [], hash, comment: 'So.' },
  })
  const decided = (outcome: Outcome, granted: number, rejected: number, because?: 'seats-lost') => ({
    type: 'ApprovalRoundEnded',
    data: { subject, outcome, granted, rejected, ...(because && { because }) },
  })
  const reviewed = (given: ApprovalEvent[], group: DirectoryEvent[], command: ApprovalCommand = review) =>
    deciderSpec(approvalDecider)
      .given(...given)
      .and('person-eve', person, agent)
      .and('person-ann', person, agent)
      .and('person-ben', person, agent)
      .and('group-ops', ...group)
      .when(command)
      .events.map(({ type, data }) => ({ type, data }))

  it('says who has lost his, once; and who has it again', () => {
    const round = three({ kind: 'any' })
    expect(reviewed([round], members)).toEqual([])
    expect(reviewed([round], [...members, leaves('eve')])).toEqual([lost('eve')])
    expect(reviewed([round, lost('eve')], [...members, leaves('eve')])).toEqual([])
    expect(reviewed([round, lost('eve')], members)).toEqual([regained('eve')])
  })

  it('ends the round as soon as too few are left, and not before', () => {
    const two = three({ kind: 'n-of-m', n: 2 })
    const gone = [...members, leaves('eve'), leaves('ben')]
    expect(reviewed([two], gone)).toEqual([lost('eve'), lost('ben'), decided('rejected', 0, 0, 'seats-lost')])
    expect(reviewed([three({ kind: 'all' })], [...members, leaves('eve')])).toEqual([
      lost('eve'),
      decided('rejected', 0, 0, 'seats-lost'),
    ])
    expect(reviewed([three({ kind: 'any' })], gone)).toEqual([lost('eve'), lost('ben')])
    const all = [...gone, leaves('ann')]
    expect(reviewed([three({ kind: 'any' })], all).at(-1)).toEqual(decided('rejected', 0, 0, 'seats-lost'))
  })

  it('an answer that was given stands, whoever leaves afterwards', () => {
    const answered = [three({ kind: 'all' }), said('ApprovalGranted', 'eve')]
    expect(reviewed(answered, [...members, leaves('eve')])).toEqual([])
  })

  it('a rejection decides it when too few are left besides', () => {
    const round = [three({ kind: 'n-of-m', n: 2 }), lost('ben')]
    const no = new RejectApproval(id, { hash, comment: 'No' }, by('eve'))
    expect(reviewed(round, [...members, leaves('ben')], no).at(-1)).toEqual(
      decided('rejected', 0, 1, 'seats-lost'),
    )
    // Who has his seat again counts as soon as he answers, whether that was looked at or not
    const yes = new GrantApproval(id, { hash }, by('ben'))
    const back = [...round, said('ApprovalGranted', 'ann')]
    expect(reviewed(back, members, yes).at(-1)).toEqual(decided('approved', 2, 0))
  })

  it('what has ended is left as it is', () => {
    const ended = [three({ kind: 'any' }), decided('approved', 1, 0) as ApprovalEvent]
    expect(reviewed(ended, [...members, leaves('eve')])).toEqual([])
  })
})
