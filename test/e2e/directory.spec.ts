import { Desk, GROUPS, refusal, succeeded } from './desk.js'

describe('Whoever is new finds out', () => {
  let desk: Desk
  let position: string

  beforeAll(async () => {
    desk = await Desk.open()
    const adam = desk.as('adam')
    const lea = { email: 'Lea@Example.org', manager: 'chris' }
    succeeded(await adam.post('/people/lea/change', lea))
    succeeded(await adam.post('/groups/Network/change', { manager: 'lea' }))
    succeeded(await adam.post('/people/rob/deactivate'))
    const onCall = { contacts: ['ben'], acknowledgeWithinMinutes: 10, rounds: 1 }
    ;({ position } = succeeded(await adam.put('/groups/Network/on-call', onCall)))
  }, 120_000)
  afterAll(() => desk.close())

  const listed = async (path: string, query: Record<string, string | number> = {}) =>
    succeeded(await desk.as('ann').get(path, { minPosition: position, ...query }))
  const ids = async (path: string, filter: string) =>
    (await listed(path, { filter })).items.map(({ id }: { id: string }) => id)

  it('who is there, with which roles and in which groups', async () => {
    const { items } = await listed('/people', { filter: 'id = "lea"' })
    expect(items).toEqual([
      {
        id: 'lea',
        kind: 'person',
        name: expect.any(String),
        email: 'lea@example.org',
        manager: 'chris',
        status: 'active',
        roles: ['team-lead'],
        groups: ['Service Desk'],
      },
    ])
    expect(await ids('/people', 'roles:"agent"')).toEqual(['ann', 'ben'])
    expect(await ids('/people', 'groups:"Network"')).toEqual([...GROUPS.Network])
    expect(await ids('/people', 'status = "inactive"')).toEqual(['rob'])
    expect(await ids('/people', 'kind = "service"')).toEqual(['service:monitoring'])
  })

  it('all of them, page by page', async () => {
    const seen: string[] = []
    let pageToken: string | undefined
    do {
      const page = await listed('/people', { pageSize: 3, orderBy: 'name', ...(pageToken && { pageToken }) })
      expect(page.items.length).toBeLessThanOrEqual(3)
      seen.push(...page.items.map(({ id }: { id: string }) => id))
      pageToken = page.nextPageToken
    } while (pageToken !== undefined)
    expect(seen.sort()).toEqual([...new Set(seen)])
    expect(seen).toEqual(expect.arrayContaining(['adam', 'rita', 'rob', 'service:monitoring']))
  })

  it('which groups there are, who manages them, and who is on call', async () => {
    const { items } = await listed('/groups')
    expect(items).toEqual([
      {
        id: 'Network',
        name: expect.any(String),
        manager: 'lea',
        memberCount: 1,
        onCall: { contacts: ['ben'], acknowledgeWithinMinutes: 10, rounds: 1 },
      },
      { id: 'Service Desk', name: expect.any(String), memberCount: GROUPS['Service Desk'].length },
    ])
    expect(await ids('/groups', 'members:"ann"')).toEqual(['Service Desk'])
  })

  it('which settings there are, and which of them somebody has published', async () => {
    const settings = { ratifyWithinHours: 24, requesterImplements: 'allowed', approverImplements: 'recorded' }
    succeeded(await desk.as('adam').put('/settings/change', settings))
    const { items } = succeeded(await desk.as('adam').get('/settings'))
    expect(items.length).toBeGreaterThan(20)
    for (const { name, version, revision } of items) {
      expect([name, version, revision]).toEqual([name, ...(name === 'change' ? [1, 0] : [0, -1])])
      const one = succeeded(await desk.as('adam').get(`/settings/${name}`))
      expect(one).toMatchObject({ name, version, revision })
    }
  })

  it('in which form a list is answered, where it has no other', async () => {
    const asCsv = { headers: { accept: 'text/csv' }, offContract: true }
    for (const path of ['/people', '/changes', '/problems', '/incidents'])
      expect([path, refusal(await desk.as('ann').get(path, {}, asCsv))]).toEqual([
        path,
        '406 REQUEST.NOT_ACCEPTABLE',
      ])
    // Where there is one (counter-proof)
    const { headers } = await desk.as('ana').get('/incident-facts', {}, asCsv)
    expect(headers.get('content-type')).toContain('text/csv')
  })

  it('nothing of all that as a requester', async () => {
    for (const path of ['/people', '/groups', '/settings'])
      expect(refusal(await desk.as('rita').get(path))).toBe('403 ROLE.REQUIRED')
  })
})
