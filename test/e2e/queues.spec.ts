import { Desk, refusal, succeeded } from './desk.js'

describe('Queues', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
  })
  afterAll(() => desk.close())

  let head = ''
  const open = async (body: object): Promise<string> => {
    const { id, position } = succeeded(await desk.as('lea').post('/incidents', { title: 'Queued', ...body }))
    head = position
    return id
  }
  const act = async (
    person: 'ann' | 'lea' | 'ben' | 'rita',
    number: string,
    verb: string,
    body: object = {},
  ) => {
    head = (await desk.done(person, number, verb, body)).position
  }
  const numbers = ({ items }: { items: { number: string }[] }) => items.map(({ number }) => number)

  it('of a group hold what is not finished, most urgent first', async () => {
    await desk.founded('Storage', ['ann', 'lea'])
    const low = await open({ assignmentGroup: 'Storage' })
    const high = await open({ assignmentGroup: 'Storage', impact: 1, urgency: 1 })
    const closed = await open({ assignmentGroup: 'Storage', impact: 1, urgency: 1 })
    await act('ann', closed, 'cancel', { code: 'not-an-incident' })
    const elsewhere = await open({ assignmentGroup: 'Network' })
    const queue = succeeded(await desk.as('ann').get('/queues/Storage', { minPosition: head }))
    expect(numbers(queue)).toEqual([high, low])
    expect(queue.items[0]).toMatchObject({
      type: 'incident',
      state: 'New',
      priority: 1,
      assignmentGroup: 'Storage',
    })
    expect(
      numbers(
        succeeded(await desk.as('ann').get('/queues/Storage', { minPosition: head, filter: 'priority > 1' })),
      ),
    ).toEqual([low])
    await act('lea', low, 'assign', { group: 'Network' })
    expect(numbers(succeeded(await desk.as('ann').get('/queues/Storage', { minPosition: head })))).toEqual([
      high,
    ])
    expect(numbers(succeeded(await desk.as('ann').get('/queues/Network', { minPosition: head })))).toEqual(
      [elsewhere, low].sort(),
    )
    expect(refusal(await desk.as('ann').get('/queues/Nobodies'))).toBe('404 QUEUE.UNKNOWN')
  })

  it('are counted by state, priority and age', async () => {
    await desk.founded('Counted', ['ann', 'lea'])
    for (const impact of [1, 3, 3]) await open({ assignmentGroup: 'Counted', impact, urgency: impact })
    const held = await open({ assignmentGroup: 'Counted', impact: 2, urgency: 2 })
    await act('ann', held, 'hold', { holdReason: 'awaiting-vendor' })
    const { items } = succeeded(await desk.as('ann').get('/queues', { minPosition: head }))
    expect(items.find(({ group }: { group: string }) => group === 'Counted')).toEqual({
      group: 'Counted',
      total: 4,
      byState: { New: 3, 'On Hold': 1 },
      byPriority: { 1: 1, 3: 1, 5: 2 },
      byAge: { '0-1': 4 },
    })
  })

  it('count for an agent only what she may see', async () => {
    await desk.founded('Secret', ['lea'])
    await open({ assignmentGroup: 'Secret', audience: { kind: 'groups', groups: ['Secret'] } })
    const total = async (person: string) => {
      const { items } = succeeded(await desk.as(person).get('/queues', { minPosition: head }))
      return items.find(({ group }: { group: string }) => group === 'Secret')?.total
    }
    expect([await total('lea'), await total('audrey'), await total('ann')]).toEqual([1, 1, undefined])
  })

  it('of mine: mine, unassigned in my groups, new replies since I last acted, follow-ups due', async () => {
    await desk.enrol('mia', 'agent')
    await desk.founded('Mine', ['mia', 'lea'])
    const mia = desk.as('mia')
    const [taken, free, replied, due] = await Promise.all(
      [0, 1, 2, 3].map(() => open({ assignmentGroup: 'Mine', caller: 'rita' })),
    )
    for (const number of [taken, replied, due]) succeeded(await mia.post(`/incidents/${number}/accept`))
    await act('rita', replied!, 'comments', { text: 'Any news?' })
    const until = new Date(Date.now() + 500).toISOString()
    succeeded(await mia.post(`/incidents/${due}/hold`, { holdReason: 'awaiting-vendor', until }))
    const sections = async () => {
      const view = succeeded(await mia.get('/queues/mine', { minPosition: head }))
      const all = ['mine', 'unassigned', 'newReplies', 'followUpsDue']
      return Object.fromEntries(all.map((name) => [name, numbers(view[name]).sort()]))
    }
    expect(await sections()).toMatchObject({
      mine: [taken, replied, due].sort(),
      unassigned: [free],
      newReplies: [replied],
    })
    const answered = succeeded(await mia.post(`/incidents/${replied}/comments`, { text: 'Soon' }))
    head = answered.position
    expect(await sections()).toMatchObject({ newReplies: [] })
  })

  it('of mine are empty, and no error, for whoever is in no group', async () => {
    await desk.enrol('loner', 'agent')
    expect(succeeded(await desk.as('loner').get('/queues/mine')).unassigned).toEqual({ count: 0, items: [] })
  })

  describe('take-next', () => {
    it('gives ten agents who ask at once ten different records, the most urgent ones', async () => {
      const agents = Array.from({ length: 10 }, (_, i) => `agent-${i}`)
      await Promise.all(agents.map((agent) => desk.enrol(agent, 'agent')))
      await desk.founded('Busy', agents)
      const later = await Promise.all(Array.from({ length: 5 }, () => open({ assignmentGroup: 'Busy' })))
      const urgent = await Promise.all(
        Array.from({ length: 10 }, () => open({ assignmentGroup: 'Busy', impact: 1 })),
      )
      succeeded(await desk.as('ann').get('/queues/Busy', { minPosition: await visible() }))
      const answers = await Promise.all(agents.map((agent) => desk.as(agent).post('/queues/Busy/take-next')))
      expect(answers.map((answer) => succeeded(answer).id).sort()).toEqual(urgent.sort())
      for (const [index, answer] of answers.entries()) {
        const view = succeeded(await desk.as('ann').get(`/incidents/${answer.body.id}`))
        expect(view).toMatchObject({ assignee: agents[index], state: 'In Progress' })
      }
      const rest = new Set<string>()
      for (const agent of agents.slice(0, 5))
        rest.add(succeeded(await desk.as(agent).post('/queues/Busy/take-next')).id)
      expect([...rest].sort()).toEqual(later.sort())
      expect(refusal(await desk.as('agent-7').post('/queues/Busy/take-next'))).toBe('404 QUEUE.EMPTY')
    })

    it('with a key takes one record, however often it is asked', async () => {
      await desk.founded('Keyed', ['ann'])
      const all = [await open({ assignmentGroup: 'Keyed' }), await open({ assignmentGroup: 'Keyed' })]
      succeeded(await desk.as('ann').get('/queues/Keyed', { minPosition: head }))
      const take = (key: string) => desk.as('ann').post('/queues/Keyed/take-next', {}, { key })
      const first = succeeded(await take('one'))
      expect(succeeded(await take('one'))).toEqual(first)
      expect([first.id, succeeded(await take('two')).id].sort()).toEqual(all.sort())
      expect(succeeded(await take('one'))).toEqual(first)
    })

    const visible = async () => {
      await open({ assignmentGroup: 'Network' })
      return head
    }
  })

  describe('a thousand commands at once', () => {
    interface Result {
      status: number
      id?: string
      problem?: { code: string }
    }
    const bulk = async (items: object[], key?: string): Promise<Result[]> =>
      succeeded(await desk.as('ann').post('/incidents/bulk', { items }, { key })).results

    it('have a result each, and the same ones again for the same key', async () => {
      const items = Array.from({ length: 1_000 }, (_, i) => ({
        verb: 'open',
        body: { title: `Bulk ${i}`, category: 'bulk' },
      }))
      const results = await bulk(items, 'thousand')
      expect(results.map(({ status }) => status)).toEqual(items.map(() => 201))
      expect(new Set(results.map(({ id }) => id)).size).toBe(1_000)
      expect(await bulk(items, 'thousand')).toEqual(results)
      const view = succeeded(await desk.as('ann').get(`/incidents/${results[517]?.id}`))
      expect(view.title).toBe('Bulk 517')
    })

    it('are carried out in order for each record, and one that is refused stops no other', async () => {
      const [one, two] = [await open({}), await open({})]
      const results = await bulk([
        { verb: 'start', number: one },
        { verb: 'resolve', number: one, body: { code: 'fixed', notes: 'Restarted' } },
        { verb: 'close', number: two },
        { verb: 'reopen', number: one },
        { verb: 'comments', number: two, body: { text: 'Hello' }, ifMatch: 99 },
        { verb: 'comments', number: two, body: {} },
        { verb: 'nothing', number: two },
        { verb: 'start' },
        { verb: 'start', number: 'INC9999999' },
        { verb: 'resolve', number: one, body: { code: 'fixed', notes: 'Again' } },
        { verb: 'close', number: one },
      ])
      expect(results.map(({ status }) => status)).toEqual([
        200, 200, 409, 200, 412, 400, 400, 400, 404, 200, 200,
      ])
      expect(results[2]?.problem?.code).toBe('INCIDENT.NOT_RESOLVED')
      const { items } = succeeded(await desk.as('ann').get(`/incidents/${one}/history`))
      expect(items.slice(2).map(({ type }: { type: string }) => type)).toEqual([
        'WorkStarted',
        'IncidentResolved',
        'IncidentReopened',
        'IncidentResolved',
        'IncidentClosed',
      ])
    })

    it('are no more than that, and no fewer than one', async () => {
      const items = Array.from({ length: 1_001 }, () => ({ verb: 'open', body: { title: 'x' } }))
      expect((await desk.as('ann').post('/incidents/bulk', { items }, { offContract: true })).status).toBe(
        400,
      )
      expect(
        (await desk.as('ann').post('/incidents/bulk', { items: [] }, { offContract: true })).status,
      ).toBe(400)
    })
  })
})
