import { createHash } from 'node:crypto'
import { Desk, refusal, succeeded } from './desk.js'

describe('An incident', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open({ ATTACHMENT_MAX_BYTES: '64 KiB', ATTACHMENT_TYPES: 'text/plain,image/*' })
  })
  afterAll(() => desk.close())

  const read = async (number: string, person = 'ann') =>
    succeeded(await desk.as(person).get(`/incidents/${number}`))
  const history = async (number: string, person = 'ann') =>
    succeeded(await desk.as(person).get(`/incidents/${number}/history`)).items
  const act = (person: string, number: string, verb: string, body: object = {}, ifMatch?: number) =>
    desk.as(person).post(`/incidents/${number}/${verb}`, body, { ifMatch })

  it('is opened by its caller, assigned, accepted, held, resumed by his reply, resolved, reopened, resolved and closed', async () => {
    const opening = await desk
      .as('rita')
      .post('/incidents', { title: 'Mail does not arrive', description: 'Since nine' })
    expect(opening.status).toBe(201)
    const number = opening.body.id
    expect(opening.headers.get('location')).toBe(`/incidents/${number}`)
    expect(opening.headers.get('etag')).toBe(`"${opening.body.revision}"`)
    expect(opening.headers.get('itsm-position')).toBe(opening.body.position)
    expect(await read(number, 'rita')).toMatchObject({
      state: 'New',
      caller: 'rita',
      openedBy: 'rita',
      priority: 5,
    })

    await desk.done('lea', number, 'categorize', { category: 'Mail' })
    await desk.done('lea', number, 'prioritize', { impact: 1, urgency: 2 })
    await desk.done('lea', number, 'assign', { group: 'Service Desk' })
    await desk.done('ann', number, 'accept')
    expect(await read(number)).toMatchObject({ state: 'In Progress', assignee: 'ann', priority: 2 })

    await desk.done('ann', number, 'hold', { holdReason: 'awaiting-caller', comment: 'Which mailbox?' })
    expect(await read(number, 'rita')).toMatchObject({
      state: 'On Hold',
      hold: { comment: 'Which mailbox?' },
    })
    await desk.done('rita', number, 'comments', { text: 'The shared one' })
    expect(await read(number)).toMatchObject({ state: 'In Progress', comments: 1 })

    const resolution = { code: 'fixed', notes: 'Rule removed', serviceRestoredAt: new Date().toISOString() }
    await desk.done('ann', number, 'resolve', resolution)
    await desk.done('rita', number, 'reopen', { reason: 'Not at all' })
    expect(await read(number)).toMatchObject({ state: 'In Progress', reopenCount: 1 })
    await desk.done('ann', number, 'resolve', { code: 'fixed', notes: 'Both rules removed' })
    await desk.done('rita', number, 'close')
    expect(await read(number)).toMatchObject({ state: 'Closed', closeCause: 'caller' })
    expect(refusal(await act('ann', number, 'reopen'))).toBe('409 INCIDENT.CLOSED')

    const types = (await history(number)).map(({ type }: { type: string }) => type)
    expect(types).toEqual([
      'IncidentOpened',
      'PriorityDerived',
      'IncidentCategorized',
      'PriorityDerived',
      'AssignedToGroup',
      'IncidentAccepted',
      'IncidentHeld',
      'CommentAdded',
      'IncidentResumed',
      'IncidentResolved',
      'IncidentReopened',
      'IncidentResolved',
      'IncidentClosed',
    ])
  })

  it('goes to one of two agents who accept it at once: the other learns that it has changed', async () => {
    const number = await desk.opened({ assignmentGroup: 'Service Desk' })
    const { revision } = await read(number)
    const answers = await Promise.all([
      act('ann', number, 'accept', {}, revision),
      act('ben', number, 'accept', {}, revision),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412])
    const winner = answers[0]?.status === 200 ? 'ann' : 'ben'
    expect(await read(number)).toMatchObject({ assignee: winner, state: 'In Progress' })
    const loser = answers.find(({ status }) => status === 412)
    expect(loser?.body).toMatchObject({ code: 'REVISION.STALE' })
    // Without If-Match the second is told in words who has it
    expect(refusal(await act(winner === 'ann' ? 'ben' : 'ann', number, 'accept'))).toBe(
      '409 INCIDENT.ALREADY_ASSIGNED',
    )
  })

  it('is canceled with a code, by the caller while it is New', async () => {
    const number = await desk.opened({}, 'rita')
    await desk.done('rita', number, 'cancel', { code: 'by-mistake', notes: 'Found it' })
    expect(await read(number)).toMatchObject({
      state: 'Canceled',
      cancellation: { code: 'by-mistake', notes: 'Found it' },
    })
    expect(refusal(await act('ann', number, 'start'))).toBe('409 INCIDENT.CANCELED')
  })

  it('is merged into another one, which the caller then watches', async () => {
    const [duplicate, survivor] = [
      await desk.opened({ caller: 'rita' }),
      await desk.opened({ caller: 'rob' }),
    ]
    expect(refusal(await desk.as('rita').get(`/incidents/${survivor}`))).toBe('404 INCIDENT.UNKNOWN')
    await desk.done('ann', duplicate, 'merge', { survivor })
    expect(await read(duplicate)).toMatchObject({ state: 'Canceled', mergedInto: survivor })
    await eventually(async () => (await desk.as('rita').get(`/incidents/${survivor}`)).status === 200)
    expect(await read(survivor)).toMatchObject({ watchers: ['rita'] })
    expect(refusal(await act('ann', survivor, 'merge', { survivor }))).toMatch(
      /^400 INCIDENT.MERGE_INTO_ITSELF/,
    )
  })

  it('is never merged into one that is merged into it at the same moment', async () => {
    for (let n = 0; n < 15; n++) {
      const [one, other] = [await desk.opened(), await desk.opened()]
      const merge = (number: string, survivor: string) =>
        desk.as('ann').post(`/incidents/${number}/merge`, { survivor })
      const answers = await Promise.all([merge(one, other), merge(other, one)])
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
      const states = [(await read(one)).state, (await read(other)).state]
      expect(states.sort()).toEqual(['Canceled', 'New'])
    }
  })

  it('wakes by itself when its hold ends', async () => {
    const number = await desk.opened()
    await desk.done('ann', number, 'hold', {
      holdReason: 'awaiting-vendor',
      until: new Date(Date.now() + 1_000).toISOString(),
    })
    await eventually(async () => (await read(number)).state === 'In Progress')
    expect((await history(number)).at(-1)).toMatchObject({
      channel: 'policy',
      who: { actor: expect.stringMatching(/^system:/) },
    })
  })

  it('has links, knowledge, escalations and an overridden priority, with their reasons', async () => {
    const number = await desk.opened({ assignmentGroup: 'Service Desk' })
    const link = { relation: 'has-problem', targetType: 'problem', target: 'PRB0000002' }
    await desk.done('ann', number, 'links', link)
    await desk.done('ann', number, 'links', {
      relation: 'affects',
      targetType: 'configuration-item',
      target: 'mail-01',
    })
    await desk.done('ann', number, 'unlink', link)
    await desk.done('ann', number, 'apply-knowledge', { article: 'KB0000012', revision: 3 })
    await desk.done('ann', number, 'override-priority', { priority: 1, reason: 'The board is waiting' })
    await desk.done('ann', number, 'escalate', { kind: 'functional', group: 'Network' })
    await desk.done('ann', number, 'escalate', { kind: 'hierarchical', informed: 'lea' })
    expect(await read(number)).toMatchObject({
      links: [{ relation: 'affects', targetType: 'configuration-item', target: 'mail-01' }],
      knowledge: [{ article: 'KB0000012', revision: 3 }],
      priority: 1,
      priorityOverridden: true,
      derivedPriority: 5,
      assignmentGroup: 'Network',
      escalation: { kind: 'hierarchical', informed: 'lea' },
    })
    const reasons = (await history(number)).map(({ reason }: { reason?: string }) => reason).filter(Boolean)
    expect(reasons).toEqual(['The board is waiting'])
  })

  it('tells before and after of what changed, and nothing when nothing did', async () => {
    const number = await desk.opened({ service: 'E-mail' })
    const { revision } = await desk.done('ann', number, 'change', {
      service: 'Calendar',
      vendor: 'Acme',
      description: null,
    })
    const again = await desk.done('ann', number, 'change', { service: 'Calendar' })
    expect(again.revision).toBe(revision)
    expect((await history(number)).at(-1)).toMatchObject({
      type: 'IncidentDetailsChanged',
      changes: expect.arrayContaining([{ field: 'service', from: 'E-mail', to: 'Calendar' }]),
    })
  })

  describe('history for the caller', () => {
    it('has no internal entries, reasons or fields', async () => {
      const number = await desk.opened({ caller: 'rita' })
      await desk.done('ann', number, 'work-notes', { text: 'She rang three times' })
      await desk.done('ann', number, 'change', { vendor: 'Acme' })
      await desk.done('ann', number, 'watch', { person: 'ben' })
      await desk.done('ann', number, 'comments', { text: 'On it', reason: 'To calm her' })
      expect((await history(number)).map(({ type }: { type: string }) => type)).toEqual([
        'IncidentOpened',
        'PriorityDerived',
        'WorkNoteAdded',
        'IncidentDetailsChanged',
        'WatcherAdded',
        'CommentAdded',
      ])
      const hers = await history(number, 'rita')
      expect(hers.map(({ type }: { type: string }) => type)).toEqual([
        'IncidentOpened',
        'PriorityDerived',
        'CommentAdded',
      ])
      expect(JSON.stringify(hers)).not.toMatch(/rang|Acme|calm|audience/)
    })
  })

  describe('watchers and audience', () => {
    it('decide who sees it', async () => {
      const number = await desk.opened({ caller: 'rob', assignmentGroup: 'Network' }, 'service:monitoring')
      const sees = async (person: string) =>
        (await desk.as(person).get(`/incidents/${number}`)).status === 200
      expect(await Promise.all(['rita', 'ann', 'ben', 'audrey'].map(sees))).toEqual([false, true, true, true])
      await desk.done('ann', number, 'watch', { person: 'rita' })
      expect(await sees('rita')).toBe(true)
      await desk.done('rita', number, 'unwatch', { person: 'rita' })
      expect(await sees('rita')).toBe(false)

      const nobodies = { audience: { kind: 'groups', groups: ['Network', 'Nobodies'] } }
      for (const path of [`/incidents/${number}/audience`, '/incidents']) {
        const answer = await desk
          .as('lea')
          .post(path, { ...(path === '/incidents' && { title: 'x' }), ...nobodies })
        expect([refusal(answer), answer.body.errors[0].pointer]).toEqual([
          '400 INCIDENT.GROUP_UNKNOWN',
          '/audience/groups/1',
        ])
      }
      const { position } = await desk.done('lea', number, 'audience', {
        audience: { kind: 'groups', groups: ['Network'] },
      })
      expect(await Promise.all(['rob', 'ann', 'lea', 'ben', 'audrey'].map(sees))).toEqual([
        true,
        false,
        false,
        true,
        true,
      ])
      for (const [person, seen] of [
        ['ann', 0],
        ['ben', 1],
      ] as const) {
        const query = { filter: `number = "${number}"`, minPosition: position }
        expect(succeeded(await desk.as(person).get('/incidents', query)).items).toHaveLength(seen)
      }
      expect(refusal(await act('ann', number, 'accept'))).toBe('404 INCIDENT.UNKNOWN')
    })
  })

  describe('attachments', () => {
    const file = { name: 'größe & co.txt', type: 'text/plain', content: 'Since nine o’clock' }
    const hash = createHash('sha256').update(file.content).digest('hex')

    it('are kept by the hash of their content, and come back as bytes that no browser runs', async () => {
      const number = await desk.opened({ caller: 'rita' })
      succeeded(await desk.as('rita').attach(number, file))
      expect((await read(number, 'rita')).attachments).toMatchObject([
        { hash, name: file.name, contentType: 'text/plain', visibility: 'public', addedBy: 'rita' },
      ])
      const { headers, body } = await desk.as('rita').get(`/incidents/${number}/attachments/${hash}`)
      expect(body.toString()).toBe(file.content)
      expect(headers.get('content-type')).toBe('application/octet-stream')
      expect(headers.get('content-disposition')).toBe(
        `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`,
      )
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    })

    it('are for the desk alone when they are internal', async () => {
      const number = await desk.opened({ caller: 'rita' })
      succeeded(await desk.as('ann').attach(number, file, { visibility: 'internal' }))
      const path = `/incidents/${number}/attachments/${hash}`
      expect((await desk.as('ann').get(path)).status).toBe(200)
      expect(refusal(await desk.as('rita').get(path))).toBe('404 ATTACHMENT.UNKNOWN')
      expect((await read(number, 'rita')).attachments).toBeUndefined()
      expect((await desk.as('rita').attach(number, file, { visibility: 'internal' })).status).toBe(403)
    })

    it('are within limits: type, size, one file, one that there is', async () => {
      const number = await desk.opened({ caller: 'rita' })
      const attach = (change: object) => desk.as('rita').attach(number, { ...file, ...change })
      expect(refusal(await attach({ type: 'text/html' }))).toBe('415 ATTACHMENT.TYPE')
      expect(refusal(await attach({ content: 'x'.repeat(64 * 1024 + 1) }))).toBe('413 BLOB.TOO_LARGE')
      expect((await attach({ type: 'image/png', content: 'x'.repeat(64 * 1024) })).status).toBe(200)
      expect(refusal(await desk.as('rita').get(`/incidents/${number}/attachments/${'0'.repeat(64)}`))).toBe(
        '404 ATTACHMENT.UNKNOWN',
      )
      const path = `/incidents/${number}/attachments`
      expect(
        refusal(await desk.as('rita').request('POST', path, new FormData(), { offContract: true })),
      ).toBe('400 ATTACHMENT.MISSING')
      expect((await desk.as('rita').post(path, {}, { offContract: true })).status).toBe(415)
      expect(
        refusal(await desk.as('rita').get(`/incidents/${number}/attachments/x`, {}, { offContract: true })),
      ).toMatch(/^400 /)
    })

    it('are attached once with one key', async () => {
      const number = await desk.opened()
      const attach = (content: string) =>
        desk.as('ann').attach(number, { ...file, content }, {}, { key: 'file' })
      const [first, second] = [await attach('a'), await attach('a')]
      expect(second.body).toEqual(first.body)
      expect((await attach('b')).status).toBe(422)
      expect((await read(number)).attachments).toHaveLength(1)
    })
  })

  it('is refused with every offending field named', async () => {
    const wrong = await desk
      .as('ann')
      .post('/incidents', { title: '', impact: 0, colour: 'red' }, { offContract: true })
    expect(wrong.status).toBe(400)
    expect(wrong.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/colour',
      '/impact',
      '/title',
    ])
    // Also what only the matrix in force decides
    const levels = await desk
      .as('ann')
      .post('/incidents', { title: 'x', impact: 9, urgency: 'high' }, { offContract: true })
    expect(levels.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/impact',
      '/urgency',
    ])
    const number = await desk.opened()
    for (const [verb, body, code] of [
      ['resolve', { code: ' ', notes: ' ' }, '400 INCIDENT.TEXT_REQUIRED'],
      ['hold', { holdReason: 'boredom' }, '400 INCIDENT.HOLD_REASON_UNKNOWN'],
      ['hold', { holdReason: 'awaiting-caller' }, '400 INCIDENT.TEXT_REQUIRED'],
      [
        'hold',
        { holdReason: 'awaiting-vendor', until: '2001-01-01T00:00:00Z' },
        '400 INCIDENT.HOLD_UNTIL_PAST',
      ],
      ['assign', { group: 'Nobodies' }, '400 INCIDENT.GROUP_UNKNOWN'],
      ['assign', { person: 'nobody' }, '400 INCIDENT.PERSON_UNKNOWN'],
      ['assign', { group: 'Network', person: 'ann' }, '409 INCIDENT.NOT_A_MEMBER'],
      ['reopen', {}, '409 INCIDENT.NOT_RESOLVED'],
      ['close', {}, '409 INCIDENT.NOT_RESOLVED'],
      ['resume', {}, '409 INCIDENT.NOT_ON_HOLD'],
    ] as const) {
      expect([verb, refusal(await act('ann', number, verb, body))]).toEqual([verb, code])
    }
    expect((await act('ann', number, 'start', {}, 99)).status).toBe(412)
    expect(refusal(await act('ann', 'INC9999999', 'start'))).toBe('404 INCIDENT.UNKNOWN')
  })
})

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('It did not come about within 20 s')
    await new Promise((done) => setTimeout(done, 50))
  }
}
