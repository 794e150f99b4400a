import { Desk, refusal, succeeded } from './desk.js'

describe('What a requester has to do with', () => {
  let desk: Desk
  let head = ''
  beforeAll(async () => {
    desk = await Desk.open()
  })
  afterAll(() => desk.close())

  const act = async (person: 'ann' | 'rita' | 'rob' | 'lea', number: string, verb: string, body = {}) => {
    head = (await desk.done(person, number, verb, body)).position
  }
  const open = (body: object = {}) => desk.opened({ caller: 'rita', ...body })
  const mine = async (person = 'rita') => {
    const view = succeeded(await desk.as(person).get('/incidents/mine', { minPosition: head }))
    const section = ({ count, items }: { count: number; items: { number: string }[] }) => {
      expect(count).toBe(items.length)
      return items.map(({ number }) => number).sort()
    }
    const { awaitingMyReply, toConfirm, open: going, watched } = view
    return {
      awaitingMyReply: section(awaitingMyReply),
      toConfirm: section(toConfirm),
      open: section(going),
      watched: section(watched),
    }
  }

  it('stands in one section each: awaiting my reply, to confirm, open, watched', async () => {
    const asked = await open()
    const vendor = await open()
    const solved = await open()
    const affected = await open({ caller: 'rob', affectedUser: 'rita' })
    const watched = await open({ caller: 'rob' })
    const finished = await open()
    await open({ caller: 'rob' })
    await act('ann', asked, 'hold', { holdReason: 'awaiting-caller', comment: 'Which printer?' })
    await act('ann', vendor, 'hold', { holdReason: 'awaiting-vendor' })
    await act('ann', solved, 'resolve', { code: 'fixed', notes: 'Restarted' })
    await act('ann', watched, 'watch', { person: 'rita' })
    await act('rita', finished, 'cancel', { code: 'not-an-incident' })
    expect(await mine()).toEqual({
      awaitingMyReply: [asked],
      toConfirm: [solved],
      open: [vendor, affected].sort(),
      watched: [watched],
    })

    await act('rita', asked, 'comments', { text: 'The one on the second floor' })
    await act('rita', solved, 'reopen')
    expect(await mine()).toMatchObject({
      awaitingMyReply: [],
      toConfirm: [],
      open: [asked, vendor, solved, affected].sort(),
    })

    await act('ann', solved, 'resolve', { code: 'fixed', notes: 'Replaced' })
    expect((await mine()).toConfirm).toEqual([solved])
    await act('rita', solved, 'close')
    expect((await mine()).toConfirm).toEqual([])
    expect(succeeded(await desk.as('rita').get(`/incidents/${solved}`)).closeCause).toBe('caller')
    expect(refusal(await desk.as('rita').post(`/incidents/${solved}/reopen`))).toBe('409 INCIDENT.CLOSED')
  })

  it('shows nothing that is internal', async () => {
    const number = await open()
    await act('ann', number, 'work-notes', { text: 'canary' })
    await act('ann', number, 'watch', { person: 'ben' })
    await act('ann', number, 'hold', { holdReason: 'awaiting-vendor', comment: 'canary' })
    const { body } = await desk.as('rita').get('/incidents/mine', { minPosition: head })
    expect(JSON.stringify(body)).not.toMatch(/canary|ben|audience|workNotes|watchers/)
    expect(JSON.stringify(body)).toContain(number)
    expect(await mine('rob')).not.toMatchObject({ open: expect.arrayContaining([number]) })
  })

  it('is told apart by filters only as far as she sees it', async () => {
    const ask = async (filter: string) => refusal(await desk.as('rita').get('/incidents', { filter }))
    expect(await ask('awaitsCaller = true')).toBe('400 FILTER.UNKNOWN_FIELD')
    expect(
      succeeded(await desk.as('rita').get('/incidents', { filter: 'affectedUser = "rita"' })).items,
    ).toBeDefined()
  })

  it('is empty for whoever has none, and has a page size', async () => {
    await desk.enrol('new', 'requester')
    const empty = { count: 0, items: [] }
    expect(succeeded(await desk.as('new').get('/incidents/mine'))).toMatchObject({
      awaitingMyReply: empty,
      toConfirm: empty,
      open: empty,
      watched: empty,
    })
    const { open: going } = succeeded(await desk.as('rita').get('/incidents/mine', { pageSize: 1 }))
    expect(going.items).toHaveLength(1)
    expect(going.count).toBeGreaterThan(1)
  })
})

describe('A template', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
    const templates = [
      {
        name: 'Password',
        fields: {
          title: 'Password forgotten',
          category: 'Access',
          urgency: 1,
          impact: 2,
          assignmentGroup: 'Network',
        },
      },
    ]
    succeeded(await desk.as('adam').put('/settings/incident-templates', { templates }))
  })
  afterAll(() => desk.close())

  it('fills in what the request leaves out, also what a requester may not say herself', async () => {
    const number = await desk.opened({ template: 'Password', title: undefined, category: 'VPN' }, 'rita')
    expect(succeeded(await desk.as('ann').get(`/incidents/${number}`))).toMatchObject({
      title: 'Password forgotten',
      category: 'VPN',
      impact: 2,
      urgency: 1,
      assignmentGroup: 'Network',
      caller: 'rita',
    })
    const { items } = succeeded(
      await desk.as('audrey').get('/events', { types: ['IncidentOpened'], streams: [`incident-${number}`] }),
    )
    expect(items[0].data.template).toEqual({ name: 'Password', version: 1 })
    expect(
      refusal(await desk.as('rita').post('/incidents', { title: 'x', assignmentGroup: 'Network' })),
    ).toBe('403 INCIDENT.FORBIDDEN')
  })

  it('that does not exist is refused, and those that do are named', async () => {
    const answer = await desk.as('ann').post('/incidents', { template: 'Pasword' })
    expect(refusal(answer)).toBe('400 INCIDENT.TEMPLATE_UNKNOWN')
    expect(answer.body.errors).toEqual([{ pointer: '/template', message: 'must be one of "Password"' }])
    expect(refusal(await desk.as('ann').post('/incidents', {}))).toBe('400 INCIDENT.TEXT_REQUIRED')
  })

  it('is read by its setting', async () => {
    expect(succeeded(await desk.as('ann').get('/settings/incident-templates'))).toMatchObject({
      name: 'incident-templates',
      version: 1,
      content: [{ name: 'Password' }],
    })
  })
})
