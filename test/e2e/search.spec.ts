import { Desk, type Person, refusal, succeeded } from './desk.js'

describe('A search', () => {
  let desk: Desk
  let head = ''
  beforeAll(async () => {
    desk = await Desk.open()
  })
  afterAll(() => desk.close())

  const open = async (body: object, by: Person = 'ann'): Promise<string> => {
    const { id, position } = succeeded(await desk.as(by).post('/incidents', { title: 'Search', ...body }))
    head = position
    return id
  }
  const act = async (by: Person, number: string, verb: string, body: object = {}) => {
    head = (await desk.done(by, number, verb, body)).position
  }
  const ask = async (by: Person, q: string, query: object = {}) =>
    succeeded(await desk.as(by).get('/search', { q, minPosition: head, ...query }))
  const numbers = async (by: Person, q: string, query: object = {}): Promise<string[]> =>
    (await ask(by, q, query)).items.map(({ number }: { number: string }) => number)

  it('finds a record by half a word of any of its texts, and shows where', async () => {
    const number = await open({
      title: 'Imprimante en panne',
      description: 'La cafetière <b>n’imprime</b> plus. '.repeat(20),
    })
    await act('ann', number, 'comments', { text: 'A second TONER cartridge is under way' })
    await act('ann', number, 'work-notes', { text: 'Fuser unit worn out' })
    for (const q of [
      'mprima',
      'cafetiere',
      'toner second',
      '"toner cartridge"',
      'fuser',
      'PANNE fuser toner',
    ])
      expect([q, await numbers('ben', q)]).toEqual([q, [number]])
    for (const q of ['"cartridge toner"', 'cafetiere nosuchword', 'state:New', '* OR NEAR("a" "b")'])
      expect([q, await numbers('ben', q)]).toEqual([q, []])
    const { items, complete } = await ask('ben', 'user')
    expect(complete).toBe(true)
    expect(items[0]).toMatchObject({
      type: 'incident',
      number,
      title: 'Imprimante en panne',
      state: 'New',
      excerpt: {
        field: 'workNotes',
        parts: [
          { text: 'F', hit: false },
          { text: 'user', hit: true },
          { text: ' unit worn out', hit: false },
        ],
      },
    })
  })

  it('finds a number, whole or as people write it, and puts it first', async () => {
    const number = await open({ title: 'One of many' })
    const digits = String(Number(number.slice(3)))
    await open({ title: `Like ${digits}9, or 9${digits}`, description: `INC${digits}` })
    for (const q of [number, number.toLowerCase(), `INC${digits}`, `inc${digits}`])
      expect([q, (await numbers('ann', q))[0]]).toEqual([q, number])
  })

  it('finds records in every state, ranks them, filters and pages', async () => {
    const titles = ['Quokka', 'Quokka', 'The quokkas', 'A subquokka', 'Nothing']
    const opened: string[] = []
    for (const title of titles)
      opened.push(
        await open({
          title,
          description: title === 'Nothing' ? 'a quokka' : 'x',
          assignmentGroup: 'Network',
        }),
      )
    const [closed, merged, plural, inside, described] = opened as [string, string, string, string, string]
    await act('ann', closed, 'resolve', { code: 'fixed', notes: 'Fed' })
    await act('ann', closed, 'close')
    await act('ann', merged, 'merge', { survivor: plural })
    await act('ann', inside, 'cancel', { code: 'not-an-incident' })
    const ranked = [merged, closed, plural, described, inside]
    expect(await numbers('ann', 'quokka')).toEqual(ranked)
    expect(await numbers('ann', 'quokka', { filter: 'state = "Canceled"' })).toEqual([merged, inside])
    expect((await ask('ann', 'quokka')).items[0]).toMatchObject({
      state: 'Canceled',
      assignmentGroup: 'Network',
    })
    const paged: string[] = []
    for (let pageToken: string | undefined; ; ) {
      const page = await ask('ann', 'quokka', { pageSize: 2, ...(pageToken && { pageToken }) })
      paged.push(...page.items.map(({ number }: { number: string }) => number))
      pageToken = page.nextPageToken
      if (pageToken === undefined) break
    }
    expect(paged).toEqual(ranked)
  })

  it('shows a requester her own records by what she may read, and a restricted one to whom it is for', async () => {
    const hers = await open({ title: 'Wombat in the corridor', caller: 'rita' })
    const others = await open({ title: 'Wombat in the canteen', caller: 'rob' })
    await act('ann', hers, 'work-notes', { text: 'Numbat suspected' })
    await act('ben', others, 'audience', { audience: { kind: 'groups', groups: ['Network'] } })
    expect(await numbers('rita', 'wombat')).toEqual([hers])
    expect(await numbers('rob', 'wombat')).toEqual([others])
    expect(await numbers('rita', 'numbat')).toEqual([])
    expect(await numbers('ann', 'numbat')).toEqual([hers])
    // Who opened it is named in it
    expect((await numbers('ann', 'wombat')).sort()).toEqual([hers, others].sort())
    expect(await numbers('lea', 'wombat')).toEqual([hers])
    expect((await numbers('ben', 'wombat')).sort()).toEqual([hers, others].sort())
    expect((await numbers('audrey', 'wombat')).sort()).toEqual([hers, others].sort())
    await act('ann', hers, 'watch', { person: 'rob' })
    expect((await numbers('rob', 'wombat')).sort()).toEqual([hers, others].sort())
    const asked = { q: 'wombat', filter: 'audienceKind = "groups"' }
    expect(refusal(await desk.as('rita').get('/search', asked))).toBe('400 FILTER.UNKNOWN_FIELD')
  })

  it('finds changes: whoever wants one by what it is about, the desk also by how it is done', async () => {
    const change = {
      type: 'normal',
      title: 'An axolotl for the lobby',
      description: 'Larger than the pangolin',
      implementation: 'Dig a burrow',
      requester: 'rita',
    }
    const { id, position } = succeeded(await desk.as('ann').post('/changes', change))
    head = position
    for (const q of ['axolotl', 'pangolin lobby', id]) {
      expect([q, await numbers('rita', q)]).toEqual([q, [id]])
      expect([q, await numbers('ann', q)]).toEqual([q, [id]])
      expect([q, await numbers('rob', q)]).toEqual([q, []])
    }
    const { items } = await ask('ann', 'burrow', { filter: 'type = "change"' })
    expect(items).toEqual([
      expect.objectContaining({ type: 'change', number: id, excerpt: expect.anything() }),
    ])
    expect(items[0].excerpt.field).toBe('implementation')
    expect(await numbers('rita', 'burrow')).toEqual([])
  })

  it('forgets what a record no longer says', async () => {
    const number = await open({ title: 'Bandicoot' })
    expect(await numbers('ann', 'bandicoot')).toEqual([number])
    await act('ann', number, 'change', { title: 'Bilby' })
    expect(await numbers('ann', 'bandicoot')).toEqual([])
    expect(await numbers('ann', 'bilby')).toEqual([number])
  })

  it('is refused when there is nothing to look for, saying what is wrong', async () => {
    const ask = (q: string, query: object = {}) => desk.as('ann').get('/search', { q, ...query })
    for (const [q, code] of [
      ['---', 'SEARCH.EMPTY'],
      ['""', 'SEARCH.EMPTY'],
      ['a', 'SEARCH.TOO_SHORT'],
      ['a "b c"', 'SEARCH.TOO_SHORT'],
      ['aa bb cc dd ee ff gg hh ii jj kk', 'SEARCH.TOO_LONG'],
    ] as const) {
      const answer = await ask(q)
      expect([q, refusal(answer)]).toEqual([q, `400 ${code}`])
      expect(answer.body.errors).toEqual([expect.objectContaining({ pointer: 'q' })])
    }
    expect((await desk.as('ann').get('/search', {}, { offContract: true })).status).toBe(400)
    expect((await desk.as('ann').get('/search', { q: 'x'.repeat(201) }, { offContract: true })).status).toBe(
      400,
    )
    await open({ title: 'Dingo' })
    await open({ title: 'Dingo' })
    const { nextPageToken } = succeeded(await ask('dingo', { pageSize: 1, minPosition: head }))
    expect(refusal(await ask('other', { pageToken: nextPageToken }))).toBe('400 PAGE_TOKEN.OTHER_QUERY')
  })
})
