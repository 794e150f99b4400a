import { canonicalHash, Forbidden } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec } from '#libs/testing'
import type { DirectoryEvent, PersonEvent } from '../../directory/domain/directory.events.js'
import { GrantApproval, RejectApproval } from './approval.commands.js'
import { approvalDecider } from './approval.decider.js'
import type { ApprovalRequested, Approver } from './approval.events.js'
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
