import { setTimeout as sleep } from 'node:timers/promises'
import { Desk, refusal, succeeded } from './desk.js'

/** Lets the clock go on, so that a later moment differs from this one. */
const aMoment = async () => {
  await sleep(5)
  return new Date().toISOString()
}

describe('The configuration, read', () => {
  let desk: Desk
  /** Position of the last thing that was done. */
  let head: string
  const ids: Record<string, string> = {}
  let before: { validAt: string; asOf: string }
  let beforeCorrection: string
  let beforeLoss: string

  const chris = () => desk.as('chris')
  const did = async (path: string, body: object) => {
    const receipt = succeeded(await chris().post(path, body))
    head = receipt.position
    return receipt
  }
  const registered = async (ofClass: string, name: string, attributes: object = {}) => {
    const { id } = await did('/configuration-items', { class: ofClass, name, attributes })
    ids[name] = id
    return id
  }
  const ci = (name: string) => ({ ci: ids[name] as string })
  const related = (type: string, source: object, target: object) =>
    did('/configuration/relations', { type, source, target })
  const get = async (path: string, query: Record<string, string | number> = {}) =>
    succeeded(await desk.as('ana').get(path, { minPosition: head, ...query } as Record<string, string>))
  const item = (name: string, query = {}) => get(`/configuration-items/${ids[name]}`, query)
  const namesOf = (items: { name: string }[]) => items.map(({ name }) => name).sort()

  beforeAll(async () => {
    desk = await Desk.open()
    await registered('server', 'db-01', { osFamily: 'Linux', ramGigabytes: 8 })
    await registered('server', 'web-01', { osFamily: 'Linux' })
    await registered('database', 'orders', { version: '17' })
    await registered('web-application', 'shop')
    await registered('business-service', 'selling')
    await related('runs-on', ci('orders'), ci('db-01'))
    await related('depends-on', ci('shop'), { name: 'orders', class: 'software' })
    await related('depends-on', ci('selling'), ci('shop'))
    // Impact leads back to where it came from
    await related('depends-on', ci('orders'), ci('selling'))
    await related('backed-up-by', ci('orders'), { name: 'vault' })
    before = { validAt: await aMoment(), asOf: head }
    await did('/configuration/baselines', { name: 'first', ...before })
    await sleep(5)
    await did(`/configuration-items/${ids['db-01']}/change`, { attributes: { ramGigabytes: 16 } })
    await did(`/configuration-items/${ids['web-01']}/retire`, {})
    await registered('server', 'web-02')
    beforeCorrection = head
    beforeLoss = await aMoment()
    await did(`/configuration-items/${ids['db-01']}/correct`, {
      attributes: { ramGigabytes: 12 },
      validFrom: before.validAt,
      reason: 'Read off the machine',
    })
    await sleep(5)
    const { id } = await related('backed-up-by', ci('orders'), { name: 'vault' })
    await did(`/configuration/relations/${id}/unrelate`, {})
  })
  afterAll(() => desk.close())

  it('shows an item as it is, and says the point that this is true of', async () => {
    const answer = await item('db-01')
    expect(answer).toMatchObject({
      class: 'server',
      name: 'db-01',
      status: 'live',
      attributes: { osFamily: 'Linux', ramGigabytes: 16 },
      relations: [{ type: 'runs-on', source: ci('orders'), target: ci('db-01') }],
      asOf: expect.stringMatching(/^\d{20}$/),
      validAt: expect.any(String),
    })
  })

  it('shows it as it was; a correction changes that only for whoever knows of it', async () => {
    const memory = async (query: object) => (await item('db-01', query)).attributes.ramGigabytes
    expect(await memory({ validAt: before.validAt })).toBe(12)
    expect(await memory({ validAt: before.validAt, asOf: beforeCorrection })).toBe(8)
    expect(await memory({ asOf: beforeCorrection })).toBe(16)
    expect(await memory({ asOf: before.asOf })).toBe(8)
  })

  it('refuses what never was, and what was not yet, apart', async () => {
    const ask = async (id: string, query: Record<string, string> = {}) =>
      refusal(await desk.as('ana').get(`/configuration-items/${id}`, query))
    expect(await ask('CI9999999')).toBe('404 CI.UNKNOWN')
    expect(await ask(ids['web-02'] as string, { asOf: before.asOf })).toBe('404 CI.NOT_YET')
    expect(await ask(ids['web-02'] as string, { validAt: before.validAt })).toBe('404 CI.NOT_YET')
  })

  it('lists what there was at a point, by class, state and attribute', async () => {
    const listed = async (query: object) => namesOf((await get('/configuration-items', { ...query })).items)
    expect(await listed({ filter: 'class = "server" AND status = "live"' })).toEqual(['db-01', 'web-02'])
    expect(await listed({ filter: 'class = "server" AND status = "live"', ...before })).toEqual([
      'db-01',
      'web-01',
    ])
    expect(await listed({ filter: 'attribute:"osFamily=Linux"' })).toEqual(['db-01', 'web-01'])
    expect(await listed({ filter: 'attribute:"ramGigabytes=12"', validAt: before.validAt })).toEqual([
      'db-01',
    ])
    const first = await get('/configuration-items', { pageSize: 2, ...before })
    const rest = await get('/configuration-items', { pageSize: 9, pageToken: first.nextPageToken, ...before })
    expect([...first.items, ...rest.items].map(({ name }) => name)).toEqual([
      'db-01',
      'orders',
      'selling',
      'shop',
      'web-01',
    ])
  })

  it('tells all versions of an item, and the events behind them', async () => {
    const { versions, events } = await get(`/configuration-items/${ids['db-01']}/history`)
    expect(events.map(({ type }: { type: string }) => type)).toEqual([
      'CiProposed',
      'CiRegistered',
      'CiChanged',
      'CiCorrected',
    ])
    expect(events[3]).toMatchObject({ effectiveAt: before.validAt, reason: 'Read off the machine' })
    const memory = (known: boolean) =>
      versions
        .filter(({ systemTo }: { systemTo?: string }) => (systemTo === undefined) === known)
        .map(({ attributes }: { attributes: { ramGigabytes: number } }) => attributes.ramGigabytes)
    expect(memory(true)).toEqual([8, 12, 16])
    for (const { event } of versions) expect(events.map(({ id }: { id: string }) => id)).toContain(event)
    // Nobody knew of an end then, whatever time was asked about
    for (const point of [{ asOf: before.asOf }, before]) {
      const then = await get(`/configuration-items/${ids['db-01']}/history`, point)
      expect(then.versions).toHaveLength(1)
      expect(then.versions[0].validTo).toBeUndefined()
    }
  })

  it('follows impact both ways, through names and round in circles', async () => {
    const walk = async (name: string, query: object) => {
      const { items, unresolved } = await get(`/configuration-items/${ids[name]}/impact`, { ...query })
      return {
        reached: items.map(({ name: one, level }: { name: string; level: number }) => `${level} ${one}`),
        unresolved,
      }
    }
    expect((await walk('db-01', {})).reached).toEqual(['1 orders', '2 shop', '3 selling'])
    expect((await walk('db-01', { depth: 1 })).reached).toEqual(['1 orders'])
    expect((await walk('selling', { direction: 'up' })).reached).toEqual(['1 shop', '2 orders', '3 db-01'])
    const { items } = await get(`/configuration-items/${ids['db-01']}/impact`, { depth: 2 })
    expect(items).toEqual([
      {
        number: ids.orders,
        name: 'orders',
        class: 'database',
        level: 1,
        from: ids['db-01'],
        relation: expect.any(String),
        type: 'runs-on',
      },
      {
        number: ids.shop,
        name: 'shop',
        class: expect.any(String),
        level: 2,
        from: ids.orders,
        relation: expect.any(String),
        type: 'depends-on',
      },
    ])
  })

  it('streams the whole estate, names with whoever bears them', async () => {
    const reply = await desk.as('ana').get('/configuration/graph', { minPosition: head, ...before })
    const lines = String(reply.body)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines[0]).toMatchObject({ kind: 'graph', ...before })
    expect(lines.at(-1)).toEqual({ kind: 'end', items: 5, relations: 5 })
    const ends = lines.filter(({ kind }) => kind === 'relation').map(({ target }) => target)
    expect(ends).toContainEqual({ name: 'vault', resolvesTo: [] })
    expect(ends).toContainEqual({ name: 'orders', class: 'software', resolvesTo: [ids.orders] })
  })

  it('tells two points apart, and from a baseline', async () => {
    const diff = await get('/configuration/diff', {
      from: before.validAt,
      fromAsOf: before.asOf,
      to: new Date().toISOString(),
    })
    expect(namesOf(diff.items.added)).toEqual(['web-02'])
    expect(namesOf(diff.items.removed)).toEqual(['web-01'])
    expect(diff.items.changed).toEqual([
      {
        number: ids['db-01'],
        name: 'db-01',
        class: 'server',
        changes: { ramGigabytes: { before: 8, after: 16 } },
      },
    ])
    expect(diff.relations).toMatchObject({ added: [], changed: [], removed: [{ target: { name: 'vault' } }] })
    const correction = await get('/configuration/diff', {
      from: before.validAt,
      fromAsOf: beforeCorrection,
      to: before.validAt,
    })
    expect(correction.items.changed).toMatchObject([{ changes: { ramGigabytes: { before: 8, after: 12 } } }])
    const back = await get('/configuration/diff', { to: before.validAt, toAsOf: before.asOf })
    expect(namesOf(back.items.added)).toEqual(['web-01'])

    const { items } = await get('/configuration/baselines')
    expect(items).toMatchObject([{ name: 'first', ...before }])
    const drift = await get(`/configuration/baselines/${items[0].baseline}/drift`)
    expect({ ...drift, to: undefined, position: undefined, lag: 0 }).toEqual({
      ...diff,
      to: undefined,
      position: undefined,
      lag: 0,
    })
    const then = await get(`/configuration/baselines/${items[0].baseline}/drift`, { ...before })
    expect(then.items).toEqual({ added: [], removed: [], changed: [] })
  })

  it('says what is wrong with it, then and now', async () => {
    const now = await get('/configuration/health')
    expect(namesOf(now.orphan.items)).toEqual(['web-02'])
    expect(now.unresolved.count).toBe(0)
    expect(now.stale.count).toBe(0)
    expect(now.incomplete.items).toContainEqual({
      number: ids['web-02'],
      name: 'web-02',
      class: 'server',
      missing: expect.arrayContaining(['serialNumber', 'osFamily']),
    })
    const then = await get('/configuration/health', { validAt: beforeLoss, asOf: beforeCorrection })
    expect(then.unresolved.items).toEqual([{ name: 'vault', relations: 1 }])
    expect(then.stale.count).toBe(0)
  })

  it('says what no source has seen for long, as of any moment', async () => {
    const run = { source: 'scan', run: '1', items: [{ class: 'server', name: 'found-01', attributes: {} }] }
    const { position } = succeeded(await desk.as('service:monitoring').post('/configuration/discovery', run))
    const staleAt = async (days: number, asOf: string) => {
      const validAt = new Date(Date.now() + days * 86_400_000).toISOString()
      return namesOf((await get('/configuration/health', { validAt, asOf })).stale.items)
    }
    expect(await staleAt(32, position)).toEqual(['found-01'])
    expect(await staleAt(29, position)).toEqual([])
    expect(await staleAt(32, head)).toEqual([])
  })

  it('is nothing for requesters', async () => {
    expect((await desk.as('rita').get('/configuration-items')).status).toBe(403)
    expect((await desk.as('rita').get('/configuration/graph')).status).toBe(403)
  })
})
