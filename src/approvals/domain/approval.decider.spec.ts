import fc from 'fast-check'
import { type CommandMetadata, canonicalHash } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec, type ToldEvent } from '#libs/testing'
import type { DirectoryEvent, PersonEvent } from '../../directory/domain/directory.events.js'
import {
  type AnswerWish,
  GrantApproval,
  LapseApproval,
  RejectApproval,
  RequestApproval,
  SetApprovalAudience,
  VoidApproval,
} from './approval.commands.js'
import { approvalDecider } from './approval.decider.js'
import type { ApprovalEvent, Outcome } from './approval.events.js'
import { decidedBy } from './approval.round.js'
import { type ApprovalPolicy, type ApprovalRule, approvalId, grantsNeeded } from './defaults.js'

const subject = { type: 'change', number: 'CHG0000001' } as const
const id = approvalId(subject, 1)
const document = { implementation: 'Swap the disk', window: { start: '2026-03-01T02:00:00Z' } }
const hash = canonicalHash(document)
const NOW = '2026-01-05T09:00:00.000Z'
const by = (actor: string, more: Partial<CommandMetadata> = {}) =>
  commandMetadata({ actor, occurredAt: NOW, ...more })

const person: PersonEvent = { type: 'PersonRegistered', data: { kind: 'person', name: 'Somebody' } }
const left: PersonEvent = { type: 'PersonDeactivated', data: {} }
const roleOf = (
  role: 'agent' | 'team-lead',
  source: 'idp' | 'administrator' = 'administrator',
): PersonEvent => ({
  type: 'RoleGranted',
  data: { role, source },
})
const delegates = (
  to: string,
  from = '2026-01-01T00:00:00.000Z',
  until = '2026-02-01T00:00:00.000Z',
): PersonEvent => ({
  type: 'DelegationGranted',
  data: { delegationId: `d-${to}`, to, from, until, scope: 'approvals' },
})
const policy: ApprovalPolicy = {
  name: 'Changes',
  subjectType: 'change',
  when: { changeTypes: ['normal'] },
  rule: { kind: 'all' },
  approvers: [{ kind: 'person', person: 'ann' }, { kind: 'group', group: 'CAB' }, { kind: 'group-manager' }],
  expiresAfterHours: 24,
  selfApproval: 'refused',
  materialFields: ['implementation'],
}

function story(
  policies: readonly ApprovalPolicy[] | undefined,
  given: readonly ToldEvent<ApprovalEvent>[] = [],
) {
  let told = deciderSpec(approvalDecider).given(...given)
  const directory: Record<string, DirectoryEvent[]> = {
    'person-ann': [person, roleOf('agent', 'idp'), roleOf('agent'), roleOf('team-lead'), delegates('ben')],
    'person-ben': [
      person,
      roleOf('agent'),
      delegates('ann', '2026-01-05T09:00:00.000Z', '2026-01-05T10:00:00.000Z'),
    ],
    'person-cai': [person, roleOf('agent')],
    'person-rita': [person, roleOf('agent'), delegates('ann')],
    'person-gone': [person, roleOf('agent'), left, delegates('ann')],
    'group-CAB': [
      { type: 'GroupRegistered', data: { name: 'CAB', manager: 'cai' } },
      ...['ben', 'ann', 'gone', 'service:bot', 'rita'].map(
        (one): DirectoryEvent => ({ type: 'MemberAdded', data: { person: one } }),
      ),
    ],
  }
  for (const [stream, events] of Object.entries(directory)) told = told.and(stream, ...events)
  if (policies === undefined) return told
  return told.and('settings-approval-policies', {
    type: 'ApprovalPoliciesPublished',
    data: { version: 3, policies },
  })
}

const ask = (more: Partial<RequestApproval['data']> = {}, of = id) =>
  new RequestApproval(
    of,
    {
      subject,
      title: 'Swap it',
      round: 1,
      requester: 'rita',
      document,
      changeType: 'normal',
      group: 'CAB',
      ...more,
    },
    by('system:policies', { channel: 'policy' }),
  )

/** A round that asks these people. */
function asked(
  people: readonly string[],
  rule: ApprovalRule = { kind: 'all' },
  selfApproval: 'refused' | 'recorded' = 'refused',
): ToldEvent<ApprovalEvent> {
  return {
    type: 'ApprovalRequested',
    data: {
      subject,
      title: 'Swap it',
      round: 1,
      requester: 'rita',
      audience: { kind: 'public' },
      document,
      hash,
      policy: 'Changes',
      policyVersion: 3,
      rule,
      approvers: people.map((one) => ({ person: one, via: 'person' as const })),
      leftOut: [],
      selfApproval,
      expiresAt: '2026-01-06T09:00:00.000Z',
    },
  }
}
const grant = (actor: string, data: Partial<AnswerWish> = {}, more: Partial<CommandMetadata> = {}) =>
  new GrantApproval(id, { hash, ...data }, by(actor, more))
const reject = (actor: string, data: Partial<AnswerWish> = {}) =>
  new RejectApproval(id, { hash, comment: 'Too risky', ...data }, by(actor))
const granted = (approver: string): ApprovalEvent => ({
  type: 'ApprovalGranted',
  data: { approver, roles: [], hash },
})
const ended = (outcome: Outcome, grants: number, rejects: number): ApprovalEvent => ({
  type: 'ApprovalRoundEnded',
  data: { subject, outcome, granted: grants, rejected: rejects },
})

describe('asking', () => {
  it('resolves groups and managers, each person once, and says who is left out and why', () => {
    const [event] = story([policy]).when(ask()).events
    expect(event).toEqual({
      type: 'ApprovalRequested',
      data: {
        subject,
        title: 'Swap it',
        round: 1,
        requester: 'rita',
        audience: { kind: 'public' },
        document,
        hash,
        policy: 'Changes',
        policyVersion: 3,
        rule: { kind: 'all' },
        approvers: [
          { person: 'ann', via: 'person' },
          { person: 'ben', via: 'group', group: 'CAB' },
          { person: 'cai', via: 'group-manager', group: 'CAB' },
        ],
        leftOut: [
          { person: 'gone', because: 'inactive' },
          { person: 'rita', because: 'requester' },
          { person: 'service:bot', because: 'program' },
        ],
        selfApproval: 'refused',
        expiresAt: '2026-01-06T09:00:00.000Z',
      },
    })
  })

  it('asks the requester too where the policy lets it be recorded', () => {
    const [event] = story([{ ...policy, selfApproval: 'recorded' }]).when(ask()).events
    const { approvers, leftOut } = (event as Extract<ApprovalEvent, { type: 'ApprovalRequested' }>).data
    expect(approvers.map((one) => one.person)).toContain('rita')
    expect(leftOut.map((one) => one.because)).toEqual(['inactive', 'program'])
  })

  it('by the default asks the manager of the group', () => {
    const [event] = story(undefined).when(ask()).events
    expect(event).toMatchObject({
      data: { policyVersion: 0, approvers: [{ person: 'cai', via: 'group-manager' }] },
    })
  })

  it('without a policy that fits, or with too few approvers, ends at once as rejected', () => {
    const because = (policies: readonly ApprovalPolicy[]) =>
      story(policies)
        .when(ask())
        .events.map(({ type, data }) => [type, (data as { because?: string }).because])
    expect(because([])).toEqual([
      ['ApprovalRequested', undefined],
      ['ApprovalRoundEnded', 'no-policy'],
    ])
    expect(because([{ ...policy, rule: { kind: 'n-of-m', n: 4 } }])).toEqual([
      ['ApprovalRequested', undefined],
      ['ApprovalRoundEnded', 'too-few-approvers'],
    ])
    expect(because([{ ...policy, approvers: [{ kind: 'person', person: 'rita' }] }])[1]).toEqual([
      'ApprovalRoundEnded',
      'too-few-approvers',
    ])
  })

  it('twice for the same is once; a round is about one document', () => {
    story([policy], [asked(['ann'])])
      .when(ask())
      .thenNothing()
    story([policy], [asked(['ann'])])
      .when(ask({ document: { window: document.window, implementation: document.implementation } }))
      .thenNothing()
    story([policy], [asked(['ann'])])
      .when(ask({ document: {} }))
      .thenRefused('APPROVAL.ROUND_EXISTS')
    story([policy])
      .when(ask({ round: 2 }))
      .thenRefused('APPROVAL.ID_MALFORMED')
  })
})

describe('answers', () => {
  it('say who, with which roles by which grants, about what', () => {
    story([], [asked(['ann', 'ben'])])
      .when(grant('ann', { comment: ' Fine ' }))
      .thenEvents({
        type: 'ApprovalGranted',
        data: {
          approver: 'ann',
          roles: [
            { role: 'agent', grant: 'person-ann@2' },
            { role: 'team-lead', grant: 'person-ann@3' },
          ],
          comment: 'Fine',
          hash,
        },
      })
  })

  it('are about the document that was asked about', () => {
    const other = canonicalHash({ ...document, implementation: 'Swap the server' })
    story([], [asked(['ann'])])
      .when(grant('ann', { hash: other }))
      .thenRefused('APPROVAL.HASH_DIFFERS')
  })

  it('come from those who are asked, once each', () => {
    story([], [asked(['ann'])])
      .when(grant('ben'))
      .thenRefused('APPROVAL.NOT_AN_APPROVER')
    story([], [asked(['ann', 'ben']), granted('ann')])
      .when(grant('ann'))
      .thenNothing()
    story([], [asked(['ann', 'ben']), granted('ann')])
      .when(reject('ann'))
      .thenRefused('APPROVAL.ALREADY_ANSWERED')
  })

  it('that reject say why', () => {
    story([], [asked(['ann'])])
      .when(reject('ann', { comment: '  ' }))
      .thenRefused('APPROVAL.COMMENT_NEEDED')
  })

  it('are not given by who opened, submitted or implemented it on another’s name, nor are they asked', () => {
    const involved = ['ben', 'cai']
    const [round] = story([policy]).when(ask({ involved })).events
    expect(round?.data).toMatchObject({
      involved,
      leftOut: expect.arrayContaining([{ person: 'ben', because: 'requester' }]),
    })
    const plain = asked(['ann', 'ben'])
    const given = { ...plain, data: { ...plain.data, involved } } as typeof plain
    story([], [given]).when(grant('ben')).thenRefused('APPROVAL.SELF_APPROVAL')
    story([], [given]).when(grant('ann')).thenTypes('ApprovalGranted')
  })

  it('are not given by the requester, nor for him, unless it is recorded as a breach', () => {
    story([], [asked(['rita', 'ben'])])
      .when(grant('rita'))
      .thenRefused('APPROVAL.SELF_APPROVAL')
    story([], [asked(['rita', 'ben'])])
      .when(grant('ann', { onBehalfOf: 'rita' }))
      .thenRefused('APPROVAL.SELF_APPROVAL')
    for (const command of [grant('rita'), grant('ann', { onBehalfOf: 'rita' })]) {
      const [event] = story([], [asked(['rita', 'ben'], { kind: 'all' }, 'recorded')]).when(command).events
      expect(event).toMatchObject({ type: 'ApprovalGranted', data: { breach: 'self-approval' } })
    }
  })

  it('are given for another by his delegation, which both stand in', () => {
    const [event] = story([], [asked(['ann', 'cai'])]).when(grant('ben', { onBehalfOf: 'ann' })).events
    expect(event).toMatchObject({ data: { approver: 'ben', onBehalfOf: 'ann', delegation: 'd-ben' } })
    const without = story([], [asked(['cai', 'ann'])])
    without.when(grant('ben', { onBehalfOf: 'cai' })).thenRefused('APPROVAL.NOT_DELEGATED')
  })

  it('for another hold only while he lets him', () => {
    const at = (occurredAt: string) => grant('ann', { onBehalfOf: 'ben' }, { occurredAt })
    const round = story([], [asked(['ben', 'cai'])])
    round.when(at('2026-01-05T08:59:59.999Z')).thenRefused('APPROVAL.NOT_DELEGATED')
    round.when(at('2026-01-05T09:00:00.000Z')).thenTypes('ApprovalGranted')
    round.when(at('2026-01-05T10:00:00.000Z')).thenRefused('APPROVAL.NOT_DELEGATED')
  })

  it('of a delegate count for the seat, and a seat counts once', () => {
    const both = story([], [asked(['ann', 'ben'])])
    both.when(grant('ben')).thenTypes('ApprovalGranted')
    const byDelegate: ApprovalEvent = {
      type: 'ApprovalGranted',
      data: { approver: 'ben', onBehalfOf: 'ann', delegation: 'd-ben', roles: [], hash },
    }
    story([], [asked(['ann', 'ben']), byDelegate])
      .when(grant('ben'))
      .thenTypes('ApprovalGranted', 'ApprovalRoundEnded')
    story([], [asked(['ann', 'cai', 'ben']), byDelegate])
      .when(grant('ann'))
      .thenRefused('APPROVAL.ALREADY_ANSWERED')
    story([], [asked(['ann', 'cai']), granted('ann')])
      .when(grant('ben', { onBehalfOf: 'ann' }))
      .thenRefused('APPROVAL.ALREADY_ANSWERED')
  })

  it('of one person count once where so many have to grant', () => {
    const twoOf = (...people: string[]) => asked(people, { kind: 'n-of-m', n: 2 })
    const byBen = { onBehalfOf: 'ann' }
    const forAnn: ApprovalEvent = {
      type: 'ApprovalGranted',
      data: { approver: 'ben', onBehalfOf: 'ann', delegation: 'd-ben', roles: [], hash },
    }
    const seated = story([], [twoOf('ann', 'ben', 'cai')])
    seated.when(grant('ben', byBen)).thenRefused('APPROVAL.COUNTS_ONCE')
    seated.when(reject('ben', byBen)).thenRefused('APPROVAL.COUNTS_ONCE')
    seated.when(grant('ben')).thenTypes('ApprovalGranted')
    const delegate = story([], [twoOf('ann', 'cai')]).and(
      'person-cai',
      person,
      roleOf('agent'),
      delegates('ben'),
    )
    delegate.when(grant('ben', byBen)).thenTypes('ApprovalGranted')
    const once = story([], [twoOf('ann', 'cai'), forAnn]).and(
      'person-cai',
      person,
      roleOf('agent'),
      delegates('ben'),
    )
    once.when(grant('ben', { onBehalfOf: 'cai' })).thenRefused('APPROVAL.COUNTS_ONCE')
    once.when(grant('ben', byBen)).thenNothing()
    once.when(grant('cai')).thenTypes('ApprovalGranted', 'ApprovalRoundEnded')
  })

  it('come too late when the round has ended, or its time is over', () => {
    const over = [asked(['ann', 'ben'], { kind: 'any' }), granted('ann'), ended('approved', 1, 0)]
    story([], over).when(grant('ben')).thenRefused('APPROVAL.ROUND_ENDED')
    story([], over).when(grant('ann')).thenNothing()
    story([], [asked(['ann'])])
      .when(grant('ann', {}, { occurredAt: '2026-01-06T09:00:00.000Z' }))
      .thenRefused('APPROVAL.ROUND_ENDED')
  })

  it('are never dated back, where an import could', () => {
    const before = { channel: 'import', occurredAt: '2026-01-05T07:59:59.999Z' } as const
    story([], [asked(['ann'])])
      .when(grant('ann', {}, before))
      .thenRefused('APPROVAL.BACK_DATED')
    story([], [asked(['ann'])])
      .when(grant('ann', {}, { ...before, occurredAt: NOW }))
      .thenTypes('ApprovalGranted', 'ApprovalRoundEnded')
  })

  it('to what nobody has asked are none', () => {
    story([]).when(grant('ann')).thenRefused('APPROVAL.UNKNOWN')
  })
})

describe('a round', () => {
  const program = by('system:policies', { channel: 'policy', occurredAt: '2026-01-06T09:00:00.000Z' })

  it('lapses when its time is over, and not before', () => {
    const lapse = new LapseApproval(id, {}, program)
    story([], [asked(['ann'])])
      .when(lapse)
      .thenEvents(
        { type: 'ApprovalLapsed', data: { expiresAt: '2026-01-06T09:00:00.000Z' } },
        ended('lapsed', 0, 0),
      )
    story([], [asked(['ann'])])
      .when(new LapseApproval(id, {}, by('system:policies')))
      .thenRefused('APPROVAL.NOT_DUE')
    story([], [asked(['ann']), granted('ann'), ended('approved', 1, 0)])
      .when(lapse)
      .thenNothing()
  })

  it('is voided while open, and after it was approved; not twice, nor when it was rejected', () => {
    const command = new VoidApproval(id, { fields: ['window'] }, program)
    const voided: ApprovalEvent = { type: 'ApprovalVoided', data: { fields: ['window'] } }
    story([], [asked(['ann'])])
      .when(command)
      .thenEvents(voided, ended('voided', 0, 0))
    const approved = [asked(['ann']), granted('ann'), ended('approved', 1, 0)]
    story([], approved).when(command).thenEvents(voided)
    story([], [...approved, voided])
      .when(command)
      .thenNothing()
    story([], [asked(['ann']), ended('rejected', 0, 1)])
      .when(command)
      .thenNothing()
  })
})

describe('who sees it', () => {
  const restricted = { kind: 'participants' } as const
  const command = new SetApprovalAudience(id, { audience: restricted }, by('system:policies'))
  const changed: ApprovalEvent = {
    type: 'ApprovalAudienceChanged',
    data: { audience: restricted, previous: { kind: 'public' } },
  }

  it('changes with its subject, also when it has ended, once', () => {
    const open = [asked(['ann'])]
    story([], open).when(command).thenEvents(changed)
    story([], [...open, granted('ann'), ended('approved', 1, 0)])
      .when(command)
      .thenEvents(changed)
    story([], [...open, changed])
      .when(command)
      .thenNothing()
    story([]).when(command).thenRefused('APPROVAL.UNKNOWN')
  })
})

describe('ends exactly when it is decided', () => {
  const RUNS = 1_000
  const seed = 20_260_105
  const rule = fc.oneof<fc.Arbitrary<ApprovalRule>[]>(
    fc.constant({ kind: 'any' }),
    fc.constant({ kind: 'all' }),
    fc.integer({ min: 1, max: 7 }).map((n) => ({ kind: 'n-of-m', n })),
  )

  /** What every way in which those who have not answered could still answer leads to. */
  function completions(rule: ApprovalRule, seats: number, answers: readonly boolean[]): Set<string> {
    if (answers.length < seats) {
      return new Set([
        ...completions(rule, seats, [...answers, true]),
        ...completions(rule, seats, [...answers, false]),
      ])
    }
    const grants = answers.filter(Boolean).length
    const met =
      rule.kind === 'any'
        ? grants > 0
        : rule.kind === 'all'
          ? seats > 0 && grants === seats
          : grants >= rule.n
    return new Set([met ? 'approved' : 'rejected'])
  }

  it(`for random rounds, as all completions say (${RUNS} runs, seed ${seed})`, () => {
    fc.assert(
      fc.property(rule, fc.array(fc.boolean(), { maxLength: 7 }), (rule, votes) => {
        const people = votes.map((_, index) => `p${index}`)
        const told: ToldEvent<ApprovalEvent>[] = [asked(people, rule)]
        const asking: ApprovalPolicy = { ...policy, rule, approvers: [{ kind: 'group', group: 'voters' }] }
        const voting = (given: readonly ToldEvent<ApprovalEvent>[]) =>
          people.reduce(
            (told, one) => told.and(`person-${one}`, person, roleOf('agent')),
            story([asking], given),
          )
        let opening = voting([]).and('group-voters', {
          type: 'GroupRegistered',
          data: { name: 'voters' },
        })
        for (const one of people) {
          opening = opening.and('group-voters', { type: 'MemberAdded', data: { person: one } })
        }
        const atOnce = completions(rule, people.length, []).size === 1
        expect(opening.when(ask()).events).toHaveLength(atOnce ? 2 : 1)
        if (atOnce) return
        for (const [index, vote] of votes.entries()) {
          const before = told.length
          const command = vote ? grant(`p${index}`) : reject(`p${index}`)
          told.push(...voting(told).when(command).events)
          const possible = completions(rule, people.length, votes.slice(0, index + 1))
          const last = told.at(-1) as ApprovalEvent
          const outcome = last.type === 'ApprovalRoundEnded' ? last.data.outcome : undefined
          expect(outcome).toBe(possible.size === 1 ? [...possible][0] : undefined)
          expect(told.length - before).toBe(outcome === undefined ? 1 : 2)
          if (outcome !== undefined) return
        }
        throw new Error('all have answered, and nothing is decided')
      }),
      { numRuns: RUNS, seed },
    )
  })

  it('would be found to end too late or too early (counter-proof)', () => {
    const tally = { seats: 3, granted: 0, rejected: 2 }
    expect(decidedBy({ kind: 'n-of-m', n: 2 }, tally)).toBe('rejected')
    expect([...completions({ kind: 'n-of-m', n: 2 }, 3, [false, false])]).toEqual(['rejected'])
    expect(completions({ kind: 'n-of-m', n: 2 }, 3, [false]).size).toBe(2)
    expect(grantsNeeded({ kind: 'all' }, 0)).toBe(1)
  })
})
