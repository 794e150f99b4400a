import { Desk, refusal, succeeded } from './desk.js'

describe('Saved filters', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
  })
  afterAll(() => desk.close())

  const save = (person: string, body: object) => desk.as(person).post('/saved-filters', body)
  const list = async (person: string) => succeeded(await desk.as(person).get('/saved-filters')).items
  const ids = async (person: string) => (await list(person)).map(({ id }: { id: string }) => id)

  it('are saved, listed, replaced and removed', async () => {
    const mine = { name: 'New ones', list: 'incidents', filter: 'state = "New"' }
    const { revision } = succeeded(await save('ann', mine))
    expect(succeeded(await save('ann', mine)).revision).toBe(revision)
    expect(await list('ann')).toEqual([{ id: 'New ones', group: null, ...mine }])
    succeeded(await save('ann', { ...mine, filter: 'state = "On Hold"' }))
    expect((await list('ann'))[0].filter).toBe('state = "On Hold"')
    expect(await list('ben')).toEqual([])
    succeeded(await desk.as('ann').post('/saved-filters/remove', { name: 'New ones' }))
    expect(await list('ann')).toEqual([])
    const gone = await desk.as('ann').post('/saved-filters/remove', { name: 'New ones' })
    expect(refusal(gone)).toBe('404 FILTER.SAVED_UNKNOWN')
  })

  it('are applied to changes, each list with columns of its own', async () => {
    const filter = 'type = "emergency" AND state = "New"'
    succeeded(await save('ann', { name: 'Urgent changes', list: 'changes', filter }))
    expect(refusal(await save('ann', { name: 'Wrong', list: 'changes', filter: 'caller = "rita"' }))).toMatch(
      /^400/,
    )
    const open = async (type: string) =>
      succeeded(await desk.as('ann').post('/changes', { type, title: 'Replace it' }))
    const urgent = await open('emergency')
    const { position: minPosition } = await open('normal')
    const asked = { savedFilter: 'Urgent changes', minPosition }
    const { items } = succeeded(await desk.as('ann').get('/changes', asked))
    expect(items.map(({ number }: { number: string }) => number)).toEqual([urgent.id])
    expect(refusal(await desk.as('ann').get('/incidents', asked))).toBe('400 FILTER.OTHER_LIST')
    succeeded(await desk.as('ann').post('/saved-filters/remove', { name: 'Urgent changes' }))
  })

  it('are applied to problems', async () => {
    succeeded(await save('ann', { name: 'Known', list: 'problems', filter: 'knownError = true' }))
    expect(
      refusal(await save('ann', { name: 'Wrong', list: 'problems', filter: 'caller = "rita"' })),
    ).toMatch(/^400/)
    const act = async (path: string, body: object) => succeeded(await desk.as('ann').post(path, body))
    const { id } = await act('/problems', { title: 'Mail is slow' })
    await act(`/problems/${id}/workaround`, { workaround: 'Restart' })
    await act(`/problems/${id}/known-error`, {})
    const { position: minPosition } = await act('/problems', { title: 'Another' })
    const { items } = succeeded(await desk.as('ann').get('/problems', { savedFilter: 'Known', minPosition }))
    expect(items.map(({ number }: { number: string }) => number)).toEqual([id])
    succeeded(await desk.as('ann').post('/saved-filters/remove', { name: 'Known' }))
  })

  it('are applied by lists and queues, with another filter beside them', async () => {
    succeeded(
      await save('ann', { name: 'Mail', list: 'incidents', filter: 'category = "m" OR category = "n"' }),
    )
    const mail = await desk.opened({ category: 'm' })
    const news = await desk.opened({ category: 'n', impact: 1, urgency: 1 })
    const other = await desk.opened({ category: 'o', impact: 1, urgency: 1 })
    const { position } = await desk.done('ann', other, 'comments', { text: 'x' })
    const found = async (query: Record<string, string>) => {
      const { items } = succeeded(await desk.as('ann').get('/incidents', { ...query, minPosition: position }))
      return items.map(({ number }: { number: string }) => number).sort()
    }
    expect(await found({ savedFilter: 'Mail' })).toEqual([mail, news].sort())
    expect(await found({ savedFilter: 'Mail', filter: 'priority = 1' })).toEqual([news])
    const unbalanced = { savedFilter: 'Mail', filter: 'priority = 1) OR (category = "m"' }
    expect(refusal(await desk.as('ann').get('/incidents', unbalanced))).toBe('400 FILTER.SYNTAX')
    const asked = { savedFilter: 'Mail', pageSize: '1', minPosition: position }
    const first = succeeded(await desk.as('ann').get('/incidents', asked))
    const second = { ...asked, pageToken: first.nextPageToken }
    expect(succeeded(await desk.as('ann').get('/incidents', second)).items).toHaveLength(1)
    succeeded(await save('ann', { name: 'Mail', list: 'incidents', filter: 'category = "m"' }))
    expect((await desk.as('ann').get('/incidents', second)).status).toBe(400)
    expect(refusal(await desk.as('ann').get('/queues/Network', { savedFilter: 'Mail' }))).toBe(
      '400 FILTER.OTHER_LIST',
    )
    expect(refusal(await desk.as('ben').get('/incidents', { savedFilter: 'Mail' }))).toBe(
      '400 FILTER.SAVED_UNKNOWN',
    )
  })

  it('of a group are kept by its team leads and by administrators, and used by its members', async () => {
    const shared = { group: 'Service Desk', name: 'Free', list: 'queues', filter: 'assignee = null' }
    expect(refusal(await save('ann', shared))).toBe('403 FILTER.FORBIDDEN')
    succeeded(await save('lea', shared))
    succeeded(await save('adam', { ...shared, group: 'Network', name: 'Held', filter: 'state = "On Hold"' }))
    expect(refusal(await save('lea', { ...shared, group: 'Network' }))).toBe('403 FILTER.FORBIDDEN')
    expect(refusal(await save('adam', { ...shared, group: 'Nobodies' }))).toBe('404 FILTER.GROUP_UNKNOWN')
    expect(await ids('ann')).toContain('Service Desk/Free')
    expect(await ids('ben')).toEqual(['Network/Held', 'Service Desk/Free'])
    expect(await ids('rita')).toEqual([])
    const free = await desk.opened({ assignmentGroup: 'Service Desk' })
    const taken = await desk.opened({ assignmentGroup: 'Service Desk' })
    const { position } = await desk.done('ann', taken, 'accept')
    const query = { savedFilter: 'Service Desk/Free', minPosition: position }
    const { items } = succeeded(await desk.as('ann').get('/queues/Service%20Desk', query))
    expect(items.map(({ number }: { number: string }) => number)).toEqual([free])
    expect(refusal(await desk.as('rita').get('/incidents', query))).toBe('400 FILTER.SAVED_UNKNOWN')
  })

  it('must be what the list takes, from whoever saves them', async () => {
    const bad = async (person: string, body: object) => refusal(await save(person, { name: 'Bad', ...body }))
    expect(await bad('ann', { list: 'incidents', filter: 'state = ' })).toBe('400 FILTER.SYNTAX')
    expect(await bad('ann', { list: 'queues', filter: 'category = "Mail"' })).toBe('400 FILTER.UNKNOWN_FIELD')
    expect(await bad('ann', { list: 'incidents', filter: 'custom:"cost=1"' })).toBe('400 FILTER.CUSTOM_FIELD')
    expect(await bad('rita', { list: 'incidents', filter: 'watchers:"ann"' })).toBe(
      '400 FILTER.UNKNOWN_FIELD',
    )
    expect(await bad('ann', { list: 'incidents', filter: '  ' })).toBe('400 FILTER.EMPTY')
    const named = await desk
      .as('ann')
      .post('/saved-filters', { name: 'a/b', list: 'queues', filter: 'priority = 1' }, { offContract: true })
    expect(named.status).toBe(400)
  })
})
