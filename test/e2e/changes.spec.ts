import { eventually as soon } from '#libs/testing'
import { Desk, type Person, refusal, succeeded } from './desk.js'

interface Told {
  type: string
  // biome-ignore lint/suspicious/noExplicitAny: events of many types
  data: Record<string, any>
}

/** What policies do takes its time where nine processes share a machine. */
const eventually: typeof soon = (what, condition) => soon(what, condition, 30_000)

const HOUR = 3_600_000
const at = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString()
/** It has begun. */
const now = { start: at(-60_000), end: at(4 * HOUR) }
const days = (first: number) => ({ start: at(first * 24 * HOUR), end: at(first * 24 * HOUR + 2 * HOUR) })

describe('Changes', () => {
  let desk: Desk

  beforeAll(async () => {
    desk = await Desk.open()
    // Who has the group approves what it does.
    succeeded(await desk.as('adam').post('/groups/Network/change', { manager: 'lea' }))
  })
  afterAll(() => desk.close())

  const ci = async (name: string, attributes: object = { ramGigabytes: 32 }): Promise<string> =>
    succeeded(await desk.as('chris').post('/configuration-items', { class: 'server', name, attributes })).id
  const plan = (cis: string[], more: object = {}) => ({
    type: 'normal',
    title: 'More memory',
    implementation: 'Put it in.',
    backout: 'Take it out.',
    test: 'Count it.',
    window: now,
    affectedCis: cis,
    group: 'Network',
    ...more,
  })
  const open = async (body: object, by: Person = 'ann'): Promise<string> =>
    succeeded(await desk.as(by).post('/changes', body)).id
  const tried = (by: Person, number: string, verb: string, body: object = {}) =>
    desk.as(by).post(`/changes/${number}/${verb}`, body)
  const done = async (by: Person, number: string, verb: string, body: object = {}) =>
    succeeded(await tried(by, number, verb, body))
  const events = async (stream: string): Promise<Told[]> => {
    const { items } = succeeded(await desk.as('audrey').get('/events', { streams: [stream], limit: 500 }))
    // `org.ledgerdesk.itsm.change.ChangeOpened.v1`
    return items.map(({ type, data }: Told) => ({ type: type.split('.').at(-2), data }))
  }

  /** The so many-th event of a type, once it is there. */
  const told = (number: string, type: string, count = 1): Promise<Told> =>
    eventually(`${type} of ${number}`, async () => {
      const found = (await events(`change-${number}`)).filter((event) => event.type === type)
      return found[count - 1]
    })
  const types = async (number: string) => (await events(`change-${number}`)).map(({ type }) => type)

  async function submitted(body: object, by: Person = 'ann'): Promise<string> {
    const number = await open(body, by)
    await done(by, number, 'assess')
    await done(by, number, 'assess-risk')
    await done(by, number, 'submit')
    return number
  }
  async function answered(number: string, answer: 'grant' | 'reject', round = 1, by: Person = 'lea') {
    const { approval, hash } = (await told(number, 'ChangeApprovalAsked', round)).data
    await eventually(
      'the round',
      async () => (await desk.as(by).get(`/approvals/${approval}`)).status === 200,
    )
    const comment = answer === 'reject' ? 'Not now.' : undefined
    return succeeded(await desk.as(by).post(`/approvals/${approval}/${answer}`, { hash, comment }))
  }
  async function approved(body: object, by: Person = 'ann'): Promise<string> {
    const number = await submitted(body, by)
    await answered(number, 'grant')
    await told(number, 'ChangeApproved')
    return number
  }

  it('are asked of whoever can answer, when who was asked no longer can', async () => {
    const manager = async (person: Person | null) =>
      succeeded(await desk.as('adam').post('/groups/Handover/change', { manager: person }))
    const mine = async (person: Person) =>
      (succeeded(await desk.as(person).get('/approvals/mine')).items as { subject: string }[]).map(
        ({ subject }) => subject,
      )
    succeeded(await desk.as('adam').post('/groups', { id: 'Handover', name: 'Handover', manager: 'lea' }))
    const number = await submitted(plan([await ci('handed-over')], { group: 'Handover' }))
    const first = (await told(number, 'ChangeApprovalAsked')).data
    await eventually('lea is asked', async () => (await mine('lea')).includes(number))

    await manager('ben')
    expect((await told(number, 'ChangeApprovalLapsed')).data).toMatchObject({
      round: 1,
      because: 'seats-lost',
    })
    expect((await told(number, 'ChangeApprovalAsked', 2)).data).toMatchObject({ round: 2 })
    await eventually('ben is asked', async () => (await mine('ben')).includes(number))
    expect(await mine('lea')).not.toContain(number)
    expect(succeeded(await desk.as('lea').get(`/approvals/${first.approval}`))).toMatchObject({
      status: 'rejected',
      because: 'seats-lost',
      lostSeats: [{ person: 'lea', because: 'manager-no-more' }],
    })

    // Nobody is left to ask: it is planned anew
    await manager(null)
    expect((await told(number, 'ChangeRejected')).data).toMatchObject({
      round: 3,
      comment: 'Nobody was asked: there are fewer who may grant it than must.',
    })
    expect(await mine('ben')).not.toContain(number)
    await manager('lea')
    await done('ann', number, 'assess')
    await done('ann', number, 'submit')
    await answered(number, 'grant', 4)
    await told(number, 'ChangeApproved')
  })

  it('are approved, implemented within their window, and leave their mark in the CMDB', async () => {
    const db = await ci('db-1')
    const proposedValues = [{ ci: db, attributes: { ramGigabytes: 64 } }]
    const number = await submitted(plan([db], { proposedValues }))
    expect(refusal(await tried('ben', number, 'implement'))).toBe('409 CHANGE.NOT_APPROVED')
    const asked = (await told(number, 'ChangeApprovalAsked')).data
    expect(asked).toMatchObject({ policy: 'changes', risk: 'low' })
    expect(asked.document).toMatchObject({
      change: number,
      plan: { implementation: 'Put it in.', affectedCis: [db] },
      baseValues: [{ ci: db, attributes: { ramGigabytes: 32 } }],
      conflicts: [],
    })
    const round = await eventually('the round in the list', async () => {
      const filter = `subject = "${number}"`
      return succeeded(await desk.as('lea').get('/approvals', { filter })).items[0]
    })
    expect(round).toMatchObject({ id: asked.approval, hash: asked.hash, title: 'More memory' })
    await answered(number, 'grant')
    expect((await told(number, 'ChangeApproved')).data).toMatchObject({
      hash: asked.hash,
      approvers: ['lea'],
    })

    await done('ben', number, 'tasks', { title: 'Stop it', assignee: 'ben' })
    await done('ben', number, 'implement')
    expect(refusal(await tried('ben', number, 'edit', { implementation: 'Otherwise.' }))).toBe(
      '409 CHANGE.IMPLEMENTING',
    )
    expect(
      refusal(
        await tried('ben', number, 'end-implementation', { outcome: 'successful', notes: 'It is in.' }),
      ),
    ).toBe('409 CHANGE.TASKS_OPEN')
    await done('ben', number, 'finish-task', { task: 'T1', result: 'done' })
    await done('ben', number, 'end-implementation', { outcome: 'successful', notes: 'It is in.' })
    const changed = await eventually('what was proposed', async () =>
      (await events(`ci-${db}`)).find(({ type }) => type === 'CiChanged'),
    )
    expect(changed.data).toMatchObject({
      changes: { ramGigabytes: { before: 32, after: 64 } },
      change: number,
    })
    await done('ann', number, 'review', { objectivesMet: true, conclusion: 'It is faster.' })
    await done('ann', number, 'close')
    await eventually(
      'the release of the item',
      async () =>
        (await events(`cischedule-${db}`)).map(({ type }) => type).join() === 'CiReserved,CiReleased',
    )

    const revert = succeeded(
      await desk.as('ann').post(`/changes/${number}/revert`, { type: 'normal', window: days(1) }),
    ).id
    expect((await told(revert, 'ChangeOpened')).data).toMatchObject({
      reverts: number,
      proposedValues: [{ ci: db, attributes: { ramGigabytes: 32 } }],
    })
  })

  it('lose their approval by a material edit, before it is given and afterwards', async () => {
    const number = await submitted(plan([await ci('db-2')], { window: days(2) }))
    const first = (await told(number, 'ChangeApprovalAsked')).data
    await eventually(
      'the round',
      async () => (await desk.as('lea').get(`/approvals/${first.approval}`)).status === 200,
    )
    await done('ann', number, 'edit', { title: 'More memory, please' })
    await done('ann', number, 'edit', { implementation: 'Put it in, slowly.' })
    expect((await told(number, 'ChangeApprovalVoided')).data).toMatchObject({
      fields: ['implementation'],
      from: 'Authorize',
    })
    await eventually('the end of the round', async () => {
      const { status } = succeeded(await desk.as('lea').get(`/approvals/${first.approval}`))
      return status === 'voided'
    })
    await answered(number, 'grant', 2)
    await told(number, 'ChangeApproved')
    await done('ann', number, 'edit', { window: days(3) })
    expect((await told(number, 'ChangeApprovalVoided', 2)).data).toMatchObject({
      fields: ['window'],
      from: 'Scheduled',
    })
    const third = (await told(number, 'ChangeApprovalAsked', 3)).data
    expect(third.round).toBe(3)
    await answered(number, 'reject', 3)
    expect((await told(number, 'ChangeRejected')).data).toMatchObject({ comment: 'Not now.' })
    expect(refusal(await tried('ann', number, 'submit'))).toBe('409 CHANGE.NOT_ASSESSED')
  })

  it('are not done in a blackout, unless a change manager overrides it', async () => {
    const year = days(20)
    const early = await submitted(plan([await ci('db-9')], { window: year }))
    await told(early, 'ChangeApprovalAsked')
    const windows = [{ name: 'Year end', appliesTo: {}, window: { kind: 'single', ...year } }]
    succeeded(await desk.as('adam').put('/settings/blackout-windows', { windows }))
    expect((await told(early, 'ConflictAppeared')).data.conflict).toMatchObject({
      kind: 'in-blackout',
      window: 'Year end',
    })
    const number = await open(plan([await ci('db-3')], { window: year }))
    await done('ann', number, 'assess')
    await done('ann', number, 'assess-risk', {
      answers: { success: 'never', backout: 'not at all', failure: 'nobody' },
    })
    expect((await told(number, 'ChangeRiskAssessed')).data.risk).toBe('high')
    expect(refusal(await tried('ann', number, 'submit'))).toBe('409 CHANGE.IN_BLACKOUT')
    const override = { window: 'Year end', reason: 'It cannot wait.' }
    expect(refusal(await tried('ann', number, 'override-blackout', override))).toBe('403 ROLE.REQUIRED')
    await done('chris', number, 'override-blackout', override)
    await done('ann', number, 'submit')
    const { document } = (await told(number, 'ChangeApprovalAsked')).data
    expect(document.conflicts).toMatchObject([{ kind: 'in-blackout', window: 'Year end' }])
  })

  it('are approved by nobody who opened and submitted them on another’s name', async () => {
    const number = await open(plan([await ci('own-1')], { requester: 'ann' }), 'lea')
    await done('lea', number, 'assess')
    await done('lea', number, 'assess-risk')
    const refused = await tried('lea', number, 'submit')
    expect(refusal(refused)).toBe('409 CHANGE.NOBODY_APPROVES')
    expect(refused.body).toMatchObject({
      policy: 'changes',
      needed: 1,
      leftOut: [{ person: 'lea', because: 'requester' }],
    })
  })

  it('that cannot wait are recorded before approval, and ratified', async () => {
    const body = plan([await ci('db-4')], { type: 'emergency', title: 'The shop is down' })
    const number = await open(body)
    const startedAt = at(-5_000)
    const reason = 'The shop was down.'
    expect(refusal(await tried('rita', number, 'record-implemented', { startedAt, reason }))).toMatch(
      /^40[34]/,
    )
    await done('ben', number, 'record-implemented', { startedAt, reason })
    await done('ben', number, 'end-implementation', { outcome: 'successful', notes: 'It is up.' })
    await done('ann', number, 'review', { objectivesMet: true, conclusion: 'It is up.' })
    expect(refusal(await tried('ann', number, 'close'))).toBe('409 CHANGE.NOT_RATIFIED')
    expect((await told(number, 'ChangeApprovalAsked')).data.purpose).toBe('ratification')
    await answered(number, 'grant')
    expect((await told(number, 'ChangeRatified')).data).toMatchObject({ approvers: ['lea'], late: false })
    await done('ann', number, 'close')
  })

  it('of the standard kind follow a model that somebody else has approved', async () => {
    const web = await ci('web-1')
    const content = {
      title: 'Restart {{service}}',
      implementation: 'Restart {{service}}.',
      backout: 'None.',
      test: 'It answers.',
      variables: [{ name: 'service', choices: ['web', 'mail'] }],
      freeFields: ['window'],
      affectedCis: [web],
      proposedValues: [],
      longestMinutes: 600,
    }
    succeeded(await desk.as('chris').post('/change-models', { id: 'restart', content }))
    const standard = { type: 'standard', model: 'restart', variables: { service: 'web' }, window: now }
    expect(refusal(await desk.as('ann').post('/changes', standard))).toBe('400 CHANGE.MODEL_UNKNOWN')
    const approval = { revision: 1, expiresAt: at(900 * HOUR) }
    expect(refusal(await desk.as('chris').post('/change-models/restart/approve', approval))).toBe(
      '409 CHANGE_MODEL.OWN',
    )
    await desk.enrol('carla', 'change-manager')
    succeeded(await desk.as('carla').post('/change-models/restart/approve', approval))
    expect(succeeded(await desk.as('ann').get('/change-models/restart'))).toMatchObject({
      draft: { author: 'chris' },
      approved: { revision: 1 },
    })
    const models = (minPosition: string, filter: string) =>
      desk.as('ann').get('/change-models', { minPosition, filter })
    const { position } = succeeded(
      await desk.as('ann').post('/change-models', { id: 'rewire', content: { ...content, title: 'Rewire' } }),
    )
    const approved = succeeded(
      await models(position, `state = "approved" AND expiresAt < "${at(901 * HOUR)}"`),
    )
    expect(approved.items).toMatchObject([{ id: 'restart', author: 'chris', approver: 'carla', revision: 1 }])
    const soon = succeeded(await models(position, `expiresAt < "${at(899 * HOUR)}"`))
    expect(soon.items).toEqual([])
    const waiting = succeeded(await models(position, 'awaitingApproval = true'))
    expect(waiting.items).toMatchObject([{ id: 'rewire', state: 'draft' }])
    expect((await desk.as('rita').get('/change-models')).status).toBe(403)
    const number = await open(standard)
    expect(refusal(await tried('ann', number, 'edit', { implementation: 'Otherwise' }))).toBe(
      '400 CHANGE.FIXED_BY_MODEL',
    )
    await done('ann', number, 'schedule')
    await done('ben', number, 'implement')
    expect((await told(number, 'ImplementationStarted')).data.basis).toMatchObject({
      kind: 'model',
      revision: 1,
      approver: 'carla',
    })
  })

  it('on one item at the same time see each other, and one on an item beside it', async () => {
    const [shared, beside] = [await ci('db-5'), await ci('db-6')]
    const relation = { type: 'depends-on', source: { ci: beside }, target: { ci: shared } }
    succeeded(await desk.as('chris').post('/configuration/relations', relation))
    const [one, other, third] = await Promise.all([
      submitted(plan([shared], { window: days(5) })),
      submitted(plan([shared], { window: days(5) })),
      submitted(plan([beside], { window: days(5) })),
    ])
    const conflicts = async (number: string) => {
      const standing = new Set<string>()
      for (const { type, data } of await events(`change-${number}`)) {
        if (type === 'ConflictAppeared') standing.add(`${data.conflict.kind} ${data.conflict.change}`)
        if (type === 'ConflictCleared') standing.delete(`${data.conflict.kind} ${data.conflict.change}`)
      }
      return [...standing].sort()
    }
    const agree = (number: string, expected: string[]) =>
      eventually(
        `${number}: ${expected.join()}`,
        async () => (await conflicts(number)).join() === [...expected].sort().join(),
      )
    await agree(one, [`ci-busy ${other}`, `related-ci-busy ${third}`])
    await agree(other, [`ci-busy ${one}`, `related-ci-busy ${third}`])
    await agree(third, [`related-ci-busy ${one}`, `related-ci-busy ${other}`])
    await done('ann', other, 'cancel', { notes: 'The other one does it.' })
    await agree(one, [`related-ci-busy ${third}`])
    await agree(third, [`related-ci-busy ${one}`])
  })

  it('are not approved by who wants them, and not seen by those whom they are no business of', async () => {
    const number = await submitted(plan([await ci('db-7')], { window: days(6) }))
    const { approval, hash } = (await told(number, 'ChangeApprovalAsked')).data
    await eventually(
      'the round',
      async () => (await desk.as('lea').get(`/approvals/${approval}`)).status === 200,
    )
    expect(refusal(await desk.as('ann').post(`/approvals/${approval}/grant`, { hash }))).toBe(
      '403 APPROVAL.NOT_AN_APPROVER',
    )
    const own = await open({ type: 'normal', title: 'A bigger screen' }, 'rita')
    await done('rita', own, 'comments', { text: 'Please.' })
    expect(refusal(await tried('rob', own, 'comments', { text: 'No.' }))).toBe('404 CHANGE.UNKNOWN')
    expect(refusal(await tried('rita', own, 'assess'))).toMatch(/^403/)
    expect(refusal(await desk.as('rita').post('/changes', plan([], { group: 'Network' })))).toBe(
      '403 CHANGE.FORBIDDEN',
    )
    await done('rita', own, 'cancel', { notes: 'Not needed any more.' })
  })

  it('have files, which the desk reads, and keep their approval', async () => {
    const number = await approved(plan([await ci('db-files')], { window: days(9) }))
    const path = `/changes/${number}/attachments`
    const attach = (type: string, by: Person = 'ann', to = path) =>
      desk.as(by).attachTo(to, { name: 'test-protocol.txt', type, content: 'Passed' })
    const { revision } = succeeded(await attach('text/plain'))
    expect(succeeded(await attach('text/plain')).revision).toBe(revision)
    expect(refusal(await attach('application/x-msdownload'))).toBe('415 ATTACHMENT.TYPE')
    expect((await attach('text/plain', 'rita')).status).toBe(403)
    expect(refusal(await attach('text/plain', 'ann', '/changes/CHG9999999/attachments'))).toBe(
      '404 CHANGE.UNKNOWN',
    )
    const { attachments, state } = succeeded(await desk.as('ann').get(`/changes/${number}`))
    expect(state).toBe('Scheduled')
    expect(attachments).toMatchObject([{ name: 'test-protocol.txt', size: 6, addedBy: 'ann' }])
    const [{ hash }] = attachments
    const file = await desk.as('audrey').get(`${path}/${hash}`)
    expect([file.status, file.body.toString()]).toEqual([200, 'Passed'])
    expect(file.headers.get('content-disposition')).toContain('test-protocol.txt')
    expect((await desk.as('rita').get(`${path}/${hash}`)).status).toBe(403)
    const other = await open({ type: 'normal', title: 'Without files' })
    expect(refusal(await desk.as('ann').get(`/changes/${other}/attachments/${hash}`))).toBe(
      '404 ATTACHMENT.UNKNOWN',
    )
    const { items } = succeeded(await desk.as('ann').get(`/changes/${number}/history`))
    expect(items.at(-1)).toMatchObject({ what: 'Attached test-protocol.txt', visibility: 'internal' })
    await done('ann', number, 'cancel', { notes: 'Not needed any more.' })
    expect(refusal(await attach('text/plain', 'ben'))).toBe('409 CHANGE.CANCELED')
  })

  it('whose values the CMDB cannot take say so', async () => {
    const db = await ci('db-8')
    const proposing = (attributes: object) => plan([db], { proposedValues: [{ ci: db, attributes }] })
    const reply = await desk.as('ann').post('/changes', proposing({ ramGigabytes: 'much' }))
    expect([refusal(reply), reply.body.errors]).toMatchObject([
      '400 CHANGE.PROPOSED_VALUES_MALFORMED',
      [{ pointer: '/proposedValues/0/attributes/ramGigabytes' }],
    ])
    const number = await approved(proposing({ cpu: '8 cores' }))
    await done('ben', number, 'implement')
    // What it was proposed for, it is no more
    succeeded(
      await desk.as('ann').post(`/configuration-items/${db}/reclassify`, {
        class: 'phone',
        attributes: { ramGigabytes: null },
      }),
    )
    await done('ben', number, 'end-implementation', { outcome: 'with issues', notes: 'It is in.' })
    expect((await told(number, 'ProposedValuesRefused')).data).toMatchObject({
      ci: db,
      code: 'CI.ATTRIBUTES_INVALID',
    })
  })

  it('answer a repeat of the same request as they did, and refuse a stale revision', async () => {
    const body = { type: 'normal', title: 'Once' }
    const key = { key: 'once' }
    const first = succeeded(await desk.as('ann').post('/changes', body, key))
    expect(succeeded(await desk.as('ann').post('/changes', body, key))).toEqual(first)
    const stale = await desk.as('ann').post(`/changes/${first.id}/assess`, {}, { ifMatch: 7 })
    expect(stale.status).toBe(412)
    expect(await types(first.id)).toEqual(['ChangeOpened'])
  })
})
