import { canonicalHash } from '#libs/event-sourcing'
import { eventually } from '#libs/testing'
import { Asking } from './asking.js'
import { Desk, refusal, succeeded } from './desk.js'

describe('Approvals', () => {
  let desk: Desk
  let asking: Asking
  const document = { implementation: 'Swap the disk', window: { start: '2026-03-01T02:00:00Z' } }

  beforeAll(async () => {
    // A mail server that is away: what would be sent waits, and is listed.
    desk = await Desk.open({ SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'itsm@example.org' })
    for (const person of ['ann', 'ben'])
      succeeded(await desk.as('adam').post(`/people/${person}/change`, { email: `${person}@example.org` }))
    const policy = {
      name: 'Two of the desk',
      subjectType: 'change',
      when: {},
      rule: { kind: 'n-of-m', n: 2 },
      approvers: [{ kind: 'group', group: 'Service Desk' }],
      expiresAfterHours: 24,
      selfApproval: 'refused',
      materialFields: ['implementation', 'window'],
    }
    succeeded(await desk.as('adam').put('/settings/approval-policies', { policies: [policy] }))
    asking = new Asking(desk)
  })
  afterAll(async () => {
    await desk.close()
  })

  const ask = (wish: Parameters<Asking['ask']>[0]) => asking.ask(wish)
  const read = async (id: string, minPosition: string, person = 'ann') =>
    succeeded(await desk.as(person).get(`/approvals/${id}`, { minPosition }))
  const mine = async (person: string, minPosition: string) =>
    succeeded(await desk.as(person).get('/approvals/mine', { minPosition })).items as {
      id: string
      seats: string[]
    }[]

  it('are asked, read, answered and decided', async () => {
    const { id, position } = await ask({ number: 'CHG0000001', document })
    const asked = await read(id, position)
    expect(asked).toMatchObject({
      status: 'open',
      awaiting: ['ann', 'ben', 'lea'],
      policyVersion: 1,
      document,
    })
    expect(canonicalHash(asked.document)).toBe(asked.hash)
    expect(await mine('ann', position)).toMatchObject([{ id, seats: ['ann'] }])
    const morning = succeeded(await desk.as('ben').get('/queues/mine', { minPosition: position }))
    expect(morning.awaitingMyApproval).toMatchObject({ count: 1, items: [{ id, seats: ['ben'] }] })

    const answer = { hash: asked.hash, comment: 'Rehearsed' }
    expect(refusal(await desk.as('ann').post(`/approvals/${id}/grant`, { hash: 'b'.repeat(64) }))).toBe(
      '409 APPROVAL.HASH_DIFFERS',
    )
    succeeded(await desk.as('ann').post(`/approvals/${id}/grant`, answer))
    const { position: decided } = succeeded(await desk.as('ben').post(`/approvals/${id}/grant`, answer))
    const ended = await read(id, decided)
    expect(ended).toMatchObject({ status: 'approved', granted: 2 })
    expect(ended.answers[0]).toMatchObject({
      approver: 'ann',
      roles: [{ role: 'agent' }],
      comment: 'Rehearsed',
    })
    expect(refusal(await desk.as('lea').post(`/approvals/${id}/grant`, answer))).toBe(
      '409 APPROVAL.ROUND_ENDED',
    )
    expect(await mine('lea', decided)).toEqual([])

    const voided = await asking.voidRound(id, 'window')
    expect(await read(id, voided.position)).toMatchObject({ status: 'voided', voidedFields: ['window'] })
  })

  it('are answered by whom an approver lets, as long as he lets him', async () => {
    const { id, position } = await ask({ number: 'CHG0000002', document })
    const { hash } = await read(id, position)
    const wish = { hash, onBehalfOf: 'ann' }
    expect(refusal(await desk.as('chris').post(`/approvals/${id}/grant`, wish))).toBe(
      '403 APPROVAL.NOT_DELEGATED',
    )
    const until = new Date(Date.now() + 86_400_000).toISOString()
    expect(refusal(await desk.as('chris').post('/people/ann/delegate', { to: 'chris', until }))).toBe(
      '403 DIRECTORY.FORBIDDEN',
    )
    succeeded(await desk.as('ann').post('/people/ann/delegate', { to: 'chris', until }))
    const { delegations } = succeeded(await desk.as('adam').get('/people/ann'))
    expect(delegations).toMatchObject([{ to: 'chris', until, scope: 'approvals' }])
    expect(await mine('chris', position)).toMatchObject([{ id, seats: ['ann'] }])
    const { position: answered } = succeeded(await desk.as('chris').post(`/approvals/${id}/grant`, wish))
    expect((await read(id, answered)).answers).toMatchObject([{ approver: 'chris', onBehalfOf: 'ann' }])
    expect(refusal(await desk.as('ann').post(`/approvals/${id}/reject`, { hash, comment: 'No' }))).toBe(
      '409 APPROVAL.ALREADY_ANSWERED',
    )

    succeeded(
      await desk
        .as('ann')
        .post('/people/ann/revoke-delegation', { delegationId: delegations[0].delegationId }),
    )
    const again = await ask({ number: 'CHG0000002', round: 2, document })
    expect(refusal(await desk.as('chris').post(`/approvals/${again.id}/grant`, wish))).toBe(
      '403 APPROVAL.NOT_DELEGATED',
    )
    expect(await mine('chris', again.position)).toEqual([])
  })

  it('are not given by who has left the group that was asked', async () => {
    const { id, position } = await ask({ number: 'CHG0000009', document })
    const { hash } = await read(id, position)
    const group = `/groups/${encodeURIComponent('Service Desk')}`
    succeeded(await desk.as('adam').post(`${group}/remove-member`, { person: 'ben' }))
    const reply = await desk.as('ben').post(`/approvals/${id}/grant`, { hash })
    expect(refusal(reply)).toBe('403 APPROVAL.SEAT_LOST')
    expect(reply.body).toMatchObject({ because: 'left-group' })
    succeeded(await desk.as('adam').post(`${group}/add-member`, { person: 'ben' }))
    succeeded(await desk.as('ben').post(`/approvals/${id}/grant`, { hash }))
  })

  it('are seen by requesters only when they are asked, and never approved by who has asked', async () => {
    const { id, position } = await ask({ number: 'CHG0000003', document, requester: 'ben' })
    const { hash, leftOut } = await read(id, position)
    expect(leftOut).toEqual([{ person: 'ben', because: 'requester' }])
    expect(refusal(await desk.as('ben').post(`/approvals/${id}/grant`, { hash }))).toBe(
      '403 APPROVAL.NOT_AN_APPROVER',
    )
    const rita = desk.as('rita')
    expect(succeeded(await rita.get('/approvals', { minPosition: position })).items).toEqual([])
    expect(refusal(await rita.get(`/approvals/${id}`))).toBe('404 APPROVAL.UNKNOWN')
    for (const verb of ['grant', 'reject'])
      expect(refusal(await rita.post(`/approvals/${id}/${verb}`, { hash, comment: 'No' }))).toBe(
        '404 APPROVAL.UNKNOWN',
      )
  })

  it('are told to those who are asked', async () => {
    const { id, position } = await ask({ number: 'CHG0000004', document })
    await read(id, position)
    await eventually('mails to ann and ben', async () => {
      const filter = 'record = "CHG0000004"'
      const { items } = succeeded(await desk.as('audrey').get('/notifications', { filter }))
      const told = items.filter(({ state }: { state: string }) => state !== 'suppressed')
      return (
        told
          .map(({ recipient }: { recipient: string }) => recipient)
          .sort()
          .join() === 'ann,ben'
      )
    })
  })

  it('by a policy that nobody can meet end at once, and say why', async () => {
    const policies = [
      {
        name: 'Nobody',
        subjectType: 'change',
        when: { changeTypes: ['emergency'] },
        rule: { kind: 'any' },
        approvers: [{ kind: 'group-manager' }],
        expiresAfterHours: null,
        selfApproval: 'refused',
        materialFields: ['window'],
      },
    ]
    succeeded(await desk.as('adam').put('/settings/approval-policies', { policies }))
    const few = await ask({ number: 'CHG0000005', document, changeType: 'emergency' })
    expect(await read(few.id, few.position)).toMatchObject({
      status: 'rejected',
      because: 'too-few-approvers',
    })
    const none = await ask({ number: 'CHG0000006', document, changeType: 'normal' })
    expect(await read(none.id, none.position)).toMatchObject({ status: 'rejected', because: 'no-policy' })
  })
})
