import { eventually } from '#libs/testing'
import { Desk, refusal, succeeded } from './desk.js'

const HOUR = 3_600_000
const at = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString()
const FROM = at(24)
const TO = at(48)

describe('Changes as they are read', () => {
  let desk: Desk
  let ci: string
  let number: string
  let opened: { position: string }
  let head: string

  beforeAll(async () => {
    desk = await Desk.open()
    succeeded(await desk.as('adam').post('/groups/Network/change', { manager: 'lea' }))
    const item = { class: 'server', name: 'db-1', attributes: { ramGigabytes: 32 } }
    ci = succeeded(await desk.as('chris').post('/configuration-items', item)).id
    const freeze = { name: 'Freeze', appliesTo: {}, window: { kind: 'single', start: at(30), end: at(31) } }
    succeeded(await desk.as('adam').put('/settings/blackout-windows', { windows: [freeze] }))
    const plan = {
      type: 'normal',
      title: 'More memory',
      implementation: 'Put it in.',
      backout: 'Take it out.',
      test: 'Count it.',
      window: { start: FROM, end: at(26) },
      affectedCis: [ci],
      proposedValues: [{ ci, attributes: { ramGigabytes: 64 } }],
      requester: 'rita',
      group: 'Network',
    }
    const receipt = succeeded(await desk.as('ben').post('/changes', plan))
    number = receipt.id
    opened = receipt
    for (const verb of ['assess', 'assess-risk', 'submit'])
      head = succeeded(await desk.as('ben').post(`/changes/${number}/${verb}`, {})).position
    succeeded(await desk.as('ben').post('/changes', { type: 'normal', title: 'Something else' }))
    await eventually('approval is asked', async () => {
      const { approval, asOf } = succeeded(await desk.as('ann').get(`/changes/${number}`))
      head = asOf
      return approval?.status === 'open'
    })
  })
  afterAll(() => desk.close())

  it('are listed by what they are, and found by what they affect', async () => {
    const list = async (filter: string, person = 'ann') =>
      succeeded(await desk.as(person).get('/changes', { filter, minPosition: head })).items.map(
        (change: { number: string }) => change.number,
      )
    expect(await list('')).toHaveLength(2)
    expect(await list(`state = "Authorize" AND affectedCis:"${ci}"`)).toEqual([number])
    expect(await list('approvalStatus = "open"')).toEqual([number])
    expect(await list('risk = "high"')).toEqual([])
    expect(await list('', 'rita')).toEqual([number])
    expect(await list('', 'rob')).toEqual([])
    expect(refusal(await desk.as('rita').get('/changes', { filter: 'risk = "low"' }))).toBe(
      '400 FILTER.UNKNOWN_FIELD',
    )
  })

  it('tell one whole, with what approval was asked about; its requester what is hers to know', async () => {
    const reply = await desk.as('ann').get(`/changes/${number}`)
    const change = succeeded(reply)
    expect(reply.headers.get('etag')).toBe(`"${change.revision}"`)
    expect(change).toMatchObject({
      number,
      state: 'Authorize',
      risk: 'low',
      approval: { status: 'open', round: 1, policy: 'changes' },
      document: { change: number, plan: { implementation: 'Put it in.' }, baseValues: [{ ci }] },
      entered: { New: expect.any(String), Assess: expect.any(String), Authorize: expect.any(String) },
    })
    const asked = await eventually('lea is asked', async () => {
      const approval = await desk.as('lea').get(`/approvals/${change.approval.id}`)
      return approval.status !== 404 && succeeded(approval)
    })
    expect(asked.hash).toBe(change.approval.hash)
    const hers = succeeded(await desk.as('rita').get(`/changes/${number}`))
    expect(hers).toMatchObject({ number, title: 'More memory', state: 'Authorize' })
    for (const internal of ['document', 'implementation', 'risk', 'approval', 'affectedCis'])
      expect(hers).not.toHaveProperty(internal)
    expect(refusal(await desk.as('rob').get(`/changes/${number}`))).toBe('404 CHANGE.UNKNOWN')
  })

  it('are told as they were, and before they were not', async () => {
    const then = succeeded(await desk.as('ann').get(`/changes/${number}`, { asOf: opened.position }))
    expect(then).toMatchObject({ state: 'New', revision: 0, asOf: opened.position })
    expect(then).not.toHaveProperty('document')
    expect(refusal(await desk.as('ann').get(`/changes/${number}`, { validAt: '2020-01-01T00:00:00Z' }))).toBe(
      '404 CHANGE.NOT_YET',
    )
    const history = succeeded(await desk.as('ann').get(`/changes/${number}/history`))
    expect(history.items.map(({ type }: { type: string }) => type)).toEqual(
      expect.arrayContaining(['ChangeOpened', 'ChangeSubmitted', 'ChangeApprovalAsked']),
    )
    const past = succeeded(await desk.as('ann').get(`/changes/${number}/history`, { asOf: opened.position }))
    expect(past.items).toHaveLength(1)
    const hers = succeeded(await desk.as('rita').get(`/changes/${number}/history`))
    expect(hers.items.map(({ type }: { type: string }) => type)).not.toContain('ChangeApprovalAsked')
  })

  it('are listed as they were, each as it is told alone', async () => {
    const list = async (query: object, person = 'ann') =>
      succeeded(await desk.as(person).get('/changes', { minPosition: head, ...query }))
    const then = await list({ asOf: opened.position })
    expect(then).toMatchObject({
      asOf: opened.position,
      items: [{ number, state: 'New', title: 'More memory' }],
    })
    const { revision, position, validAt, asOf, ...alone } = succeeded(
      await desk.as('ann').get(`/changes/${number}`, { asOf: opened.position }),
    )
    expect(then.items[0]).toEqual(alone)
    const filtered = async (filter: string) =>
      (await list({ asOf: opened.position, filter })).items.map((one: { number: string }) => one.number)
    expect(await filtered(`state = "New" AND affectedCis:"${ci}"`)).toEqual([number])
    expect(await filtered('state = "Authorize"')).toEqual([])
    expect((await list({ validAt: '2020-01-01T00:00:00Z' })).items).toEqual([])
    const now = await list({ validAt: new Date().toISOString(), orderBy: 'openedAt' })
    expect(now.items).toEqual((await list({ orderBy: 'openedAt' })).items)
    expect((await list({ asOf: head, pageSize: 1 })).nextPageToken).toEqual(expect.any(String))

    const hers = await list({ asOf: opened.position }, 'rita')
    expect(hers.items).toEqual([expect.objectContaining({ number, state: 'New' })])
    expect(hers.items[0]).not.toHaveProperty('affectedCis')
    expect((await list({ asOf: opened.position }, 'rob')).items).toEqual([])
    const internal = { asOf: opened.position, filter: 'risk = "low"' }
    expect(refusal(await desk.as('rita').get('/changes', internal))).toBe('400 FILTER.UNKNOWN_FIELD')
    expect(refusal(await desk.as('ann').get('/changes', { asOf: '9'.repeat(20) }))).toBe(
      '400 POSITION.UNKNOWN',
    )
  })

  it('show what the board advised, now and as it was, without being touched by it', async () => {
    const chris = desk.as('chris')
    const before = succeeded(await desk.as('ann').get(`/changes/${number}`))
    const meeting = { title: 'Weekly', period: { start: at(1), end: at(2) }, members: ['ann', 'lea'] }
    expect(refusal(await desk.as('ann').post('/cab-meetings', meeting))).toBe('403 ROLE.REQUIRED')
    const { id } = succeeded(await chris.post('/cab-meetings', meeting))
    expect(id).toBe('CAB0000001')
    const send = async (verb: string, body: object = {}) => chris.post(`/cab-meetings/${id}/${verb}`, body)
    const listed = succeeded(await send('agenda', { change: number }))
    expect(refusal(await send('agenda', { change: 'CHG0000099' }))).toBe('400 CAB.CHANGE_UNKNOWN')
    expect(refusal(await send('close'))).toBe('409 CAB.ADVICE_MISSING')
    succeeded(await send('advise', { change: number, advice: 'defer', comment: 'The fair' }))
    succeeded(await send('minutes', { text: 'Deferred.' }))
    const { position: minPosition } = succeeded(await send('close'))
    const read = succeeded(await desk.as('ann').get(`/cab-meetings/${id}`, { minPosition }))
    expect(read).toMatchObject({
      status: 'closed',
      chair: 'chris',
      minutes: 'Deferred.',
      agenda: [{ change: number, advice: 'defer', comment: 'The fair', by: 'chris' }],
    })
    const filter = `changes:"${number}"`
    expect(succeeded(await desk.as('ann').get('/cab-meetings', { filter, minPosition })).items).toHaveLength(
      1,
    )
    const now = succeeded(await desk.as('ann').get(`/changes/${number}`, { minPosition }))
    expect(now).toMatchObject({
      cabAdvice: 'defer',
      cab: [{ meeting: id, advice: 'defer' }],
      revision: before.revision,
      state: 'Authorize',
    })
    const then = succeeded(await desk.as('ann').get(`/changes/${number}`, { asOf: listed.position }))
    expect(then.cab).toEqual([{ meeting: id }])
    expect(then).not.toHaveProperty('cabAdvice')
    const advised = { filter: 'cabAdvice = "defer"', minPosition }
    expect(succeeded(await desk.as('ann').get('/changes', advised)).items).toHaveLength(1)
    expect(succeeded(await desk.as('rita').get(`/changes/${number}`))).not.toHaveProperty('cab')
    expect((await desk.as('rita').get(`/cab-meetings/${id}`)).status).toBe(403)
  })

  it('stand in a calendar, with blackouts, as JSON and as iCalendar', async () => {
    const asked = { from: FROM, to: TO, minPosition: head }
    const calendar = succeeded(await desk.as('ann').get('/changes/calendar', asked))
    expect(calendar).toMatchObject({
      changes: [{ number, state: 'Authorize', start: FROM, affectedCis: [ci] }],
      blackouts: [{ name: 'Freeze', periods: [{ start: expect.any(String), end: expect.any(String) }] }],
      maintenance: [],
    })
    const none = [
      { ...asked, ci: 'CI0000099' },
      { ...asked, group: 'Service Desk' },
      { from: at(26), to: TO, minPosition: head },
    ]
    for (const query of none)
      expect(succeeded(await desk.as('ann').get('/changes/calendar', query)).changes).toEqual([])
    expect(refusal(await desk.as('ann').get('/changes/calendar', { from: TO, to: FROM }))).toBe(
      '400 CHANGE.CALENDAR_RANGE',
    )
    const reply = await desk
      .as('ann')
      .get('/changes/calendar', asked, { headers: { accept: 'text/calendar' } })
    expect(reply.headers.get('content-type')).toBe('text/calendar; charset=utf-8')
    expect(reply.body).toContain(`SUMMARY:${number} More memory`)
    expect(reply.body).toContain('SUMMARY:Blackout: Freeze')
  })

  it('stand in the queue of their group, and approvals in that of who is asked', async () => {
    const queue = succeeded(await desk.as('ben').get('/queues/Network', { minPosition: head }))
    expect(queue.items).toEqual([
      expect.objectContaining({ type: 'change', number, state: 'Authorize', changeType: 'normal' }),
    ])
    const mine = succeeded(await desk.as('lea').get('/queues/mine', { minPosition: head }))
    expect(mine.awaitingMyApproval.items).toEqual([expect.objectContaining({ subject: number })])
    const unassigned = succeeded(await desk.as('ben').get('/queues/mine', { minPosition: head })).unassigned
    expect(unassigned.items).toEqual([expect.objectContaining({ number })])
    expect(refusal(await desk.as('ben').post('/queues/Network/take-next', {}))).toBe('404 QUEUE.EMPTY')
  })

  it('show in a past week what was done then, and in no other what was planned otherwise', async () => {
    const ann = desk.as('ann')
    const start = at(-3)
    const emergency = { type: 'emergency', title: 'Disk is full', affectedCis: [ci], group: 'Network' }
    const { id, position: opened } = succeeded(await ann.post('/changes', emergency))
    const asked = { orderBy: 'startsAt', filter: 'type = "change"', minPosition: opened }
    const due = succeeded(await ann.get('/queues/Network', asked))
    // Nobody has planned it, so it cannot wait: what is planned for tomorrow comes later
    expect(due.items.map((item: { number: string }) => item.number)).toEqual([id, number])
    const begun = { startedAt: start, reason: 'The shop was down.' }
    succeeded(await ann.post(`/changes/${id}/record-implemented`, begun))
    const during = async (from: string, to: string, minPosition: string) =>
      succeeded(await ann.get('/changes/calendar', { from, to, minPosition })).changes.filter(
        (change: { number: string }) => change.number === id,
      )
    const ended = at(-1)
    const outcome = { outcome: 'successful', notes: 'Emptied.', endedAt: ended }
    const { position } = succeeded(await ann.post(`/changes/${id}/end-implementation`, outcome))
    expect(await during(at(-24), at(0), position)).toEqual([
      expect.objectContaining({ state: 'Review', start, end: ended, startedAt: start, endedAt: ended }),
    ])
    expect(await during(at(-2), at(0), position)).toHaveLength(1)
    expect(await during(at(-24), at(-4), position)).toEqual([])
    expect(await during(at(-0.5), at(24), position)).toEqual([])
    const past = { from: at(-24), to: at(0) }
    const { body } = await ann.get('/changes/calendar', past, { headers: { accept: 'text/calendar' } })
    expect(String(body).replaceAll('\r\n ', '')).toContain('Outcome: successful')
  })
})
