import { parse } from 'csv-parse/sync'
import { Desk, refusal, succeeded } from './desk.js'

interface Page {
  items: { number: string; priority?: number }[]
  nextPageToken?: string
}

describe('Reading', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
  })
  afterAll(() => desk.close())

  const numbers = ({ items }: Page): string[] => items.map(({ number }) => number)
  const head = async (): Promise<string> =>
    (await desk.done('ann', await desk.opened(), 'comments', { text: 'x' })).position

  async function walk(
    path: string,
    query: Record<string, string>,
    between?: () => Promise<unknown>,
  ): Promise<Page['items']> {
    const rows: Page['items'] = []
    let pageToken: string | undefined
    do {
      const page: Page = succeeded(await desk.as('ann').get(path, { ...query, pageToken }))
      rows.push(...page.items)
      pageToken = page.nextPageToken
      await between?.()
    } while (pageToken)
    return rows
  }

  describe('one’s own write', () => {
    it('is possible at once with minPosition, in every list', async () => {
      for (let i = 0; i < 10; i++) {
        const { id, position } = succeeded(
          await desk
            .as('ann')
            .post('/incidents', { title: `Own ${i}`, assignmentGroup: 'Network', category: `own-${i}` }),
        )
        const query = { minPosition: position, filter: `category = "own-${i}"` }
        expect(numbers(succeeded(await desk.as('ann').get('/incidents', query)))).toEqual([id])
        const queue = { minPosition: position, filter: `number = "${id}"` }
        expect(numbers(succeeded(await desk.as('ann').get('/queues/Network', queue)))).toEqual([id])
        expect(numbers(succeeded(await desk.as('ana').get('/incident-facts', query)))).toEqual([id])
      }
    })

    it('says how fresh an answer is', async () => {
      const minPosition = await head()
      const { position, lag } = succeeded(await desk.as('ann').get('/queues', { minPosition }))
      expect(position >= minPosition).toBe(true)
      expect(lag).toBeLessThan(5)
    })

    it('refuses a position that the log never gave', async () => {
      const minPosition = '00000000009999999999'
      for (const path of ['/incidents', '/queues', '/queues/Network', '/queues/mine']) {
        expect([path, refusal(await desk.as('ann').get(path, { minPosition }))]).toEqual([
          path,
          '400 POSITION.UNKNOWN',
        ])
      }
      const number = await desk.opened()
      for (const path of [`/incidents/${number}`, `/incidents/${number}/history`]) {
        expect([path, refusal(await desk.as('ann').get(path, { minPosition }))]).toEqual([
          path,
          '400 POSITION.UNKNOWN',
        ])
      }
    })
  })

  describe('a list', () => {
    it('filters, sorts and pages', async () => {
      for (const [impact, urgency] of [
        [1, 1],
        [2, 2],
        [3, 3],
        [1, 3],
      ])
        await desk.opened({ impact, urgency, category: 'sorted' })
      const minPosition = await head()
      const ask = async (filter: string, orderBy = '') =>
        succeeded(
          await desk
            .as('ann')
            .get('/incidents', { filter: `category = "sorted" AND ${filter}`, orderBy, minPosition }),
        ).items.map(({ priority }: { priority: number }) => priority)
      expect((await ask('priority <= 3')).sort()).toEqual([1, 3, 3])
      expect(await ask('priority = 3 OR priority = 5', 'openedAt')).toEqual([3, 5, 3])
      expect(await ask('NOT priority = 3', 'openedAt desc')).toEqual([5, 1])
      expect(await ask('state = "Closed"')).toEqual([])
      expect((await ask('openedAt > "2001-01-01T00:00:00Z"')).length).toBe(4)
    })

    it.each([
      ['a filter that is none', { filter: 'state =' }, /^400 FILTER\./],
      ['a field that there is not', { filter: 'colour = "red"' }, /^400 FILTER.UNKNOWN_FIELD/],
      ['a value of the wrong type', { filter: 'priority = "high"' }, /^400 FILTER\./],
      ['a state that there is not', { filter: 'state = "Open"' }, /^400 FILTER.UNKNOWN_VALUE/],
      ['an order by a field that there is not', { orderBy: 'colour' }, /^400 ORDER_BY.UNKNOWN_FIELD/],
      ['an order that no index gives', { orderBy: 'service, category' }, /^400 QUERY.NOT_INDEXED/],
      ['a page size that is none', { pageSize: '-1' }, /^400 /],
      ['a parameter that it does not know', { page: '2' }, /^400 /],
      ['a parameter twice', { filter: ['state = "New"', 'state = "Closed"'] }, /^400 /],
      ['a time without zone', { validAt: '2016-05-10T09:00:00' }, /^400 /],
      ['a point that is none', { asOf: 'yesterday, about nine' }, /^400 AS_OF.MALFORMED/],
      ['a page token that is none', { pageToken: 'abc' }, /^400 PAGE_TOKEN.INVALID/],
    ])('refuses %s', async (_, query, expected) => {
      expect(refusal(await desk.as('ann').get('/incidents', query as never, { offContract: true }))).toMatch(
        expected,
      )
    })

    it('shows each row whose sort key did not change exactly once, though others write all the time', async () => {
      const items = Array.from({ length: 300 }, () => ({
        verb: 'open',
        body: { title: 'Walk', category: 'walk', assignmentGroup: 'Network' },
      }))
      const { results } = succeeded(await desk.as('ann').post('/incidents/bulk', { items }))
      const before: string[] = results.map(({ id }: { id: string }) => id)
      const minPosition = results.at(-1).position
      let turn = 0
      const write = async () => {
        turn++
        await desk.opened({ category: 'walk', assignmentGroup: 'Network' })
        await desk.done('ann', before[(turn * 37) % before.length]!, 'comments', { text: 'Meanwhile' })
        await desk.done('ann', before[(turn * 53) % before.length]!, 'start')
      }
      for (const [path, filter, orderBy] of [
        ['/incidents', 'category = "walk"', 'openedAt'],
        ['/incidents', 'category = "walk"', 'openedAt desc'],
        ['/queues/Network', '', 'priority, openedAt'],
      ] as const) {
        const rows = await walk(path, { filter, orderBy, pageSize: '17', minPosition }, write)
        const seen = rows.map(({ number }) => number)
        expect(new Set(seen).size).toBe(seen.length)
        expect(before.filter((number) => !seen.includes(number))).toEqual([])
      }
      // The order by updatedAt changes with each write: that a row moves, and may come twice, is what it means
      const moving = await walk('/incidents', { orderBy: 'updatedAt', pageSize: '50', minPosition }, write)
      expect(new Set(moving.map(({ number }) => number)).size).toBeGreaterThanOrEqual(before.length)
    })

    it('takes a page token only from the same principal, for the same query, and untouched', async () => {
      const query = { filter: 'state = "New"', orderBy: 'openedAt', pageSize: 2 }
      const { nextPageToken: pageToken } = succeeded(await desk.as('ann').get('/incidents', query))
      expect(pageToken).toBeDefined()
      const ask = async (person: string, change: object) =>
        refusal(await desk.as(person).get('/incidents', { ...query, pageToken, ...change }))
      expect(await ask('ann', {})).toMatch(/^200 /)
      expect(await ask('ann', { pageSize: 5 })).toMatch(/^200 /)
      expect(await ask('ben', {})).toBe('400 PAGE_TOKEN.FOREIGN')
      expect(await ask('ann', { filter: 'state = "Closed"' })).toBe('400 PAGE_TOKEN.OTHER_QUERY')
      expect(await ask('ann', { orderBy: 'openedAt desc' })).toBe('400 PAGE_TOKEN.OTHER_QUERY')
      expect(await ask('ann', { validAt: new Date().toISOString() })).toBe('400 PAGE_TOKEN.OTHER_QUERY')
      expect(refusal(await desk.as('ann').get('/queues/Network', { ...query, pageToken }))).toBe(
        '400 PAGE_TOKEN.OTHER_QUERY',
      )
      for (const at of [0, Math.floor(pageToken.length / 2), pageToken.length - 1]) {
        const other = pageToken[at] === 'A' ? 'B' : 'A'
        expect(
          await ask('ann', { pageToken: pageToken.slice(0, at) + other + pageToken.slice(at + 1) }),
        ).toBe('400 PAGE_TOKEN.INVALID')
      }
      expect(await ask('ann', { pageToken: pageToken.slice(0, -4) })).toBe('400 PAGE_TOKEN.INVALID')
    })
  })

  describe('at a past point', () => {
    it('shows the record and the lists as they were, and says which point that is', async () => {
      const number = await desk.opened({ assignmentGroup: 'Network', category: 'past' })
      const opened = await desk.done('ann', number, 'prioritize', { impact: 1, urgency: 1 })
      const between = await instantLater()
      const resolved = await desk.done('ann', number, 'resolve', { code: 'fixed', notes: 'Restarted' })
      const state = async (query: object) =>
        succeeded(await desk.as('ann').get(`/incidents/${number}`, { ...query })).state
      expect(await state({})).toBe('Resolved')
      expect(await state({ asOf: opened.position })).toBe('New')
      expect(await state({ asOf: between })).toBe('New')
      expect(await state({ validAt: between })).toBe('New')
      expect(await state({ asOf: resolved.position, validAt: between })).toBe('New')
      expect(await state({ asOf: resolved.position })).toBe('Resolved')

      const view = succeeded(await desk.as('ann').get(`/incidents/${number}`, { asOf: opened.position }))
      expect(view).toMatchObject({
        asOf: opened.position,
        validAt: expect.any(String),
        revision: opened.revision,
      })
      const { items } = succeeded(
        await desk.as('ann').get(`/incidents/${number}/history`, { asOf: opened.position }),
      )
      expect(items.at(-1).position).toBe(opened.position)

      for (const query of [
        { asOf: opened.position },
        { asOf: between },
        { validAt: between, minPosition: resolved.position },
      ]) {
        const row = async (path: string) =>
          succeeded(await desk.as('ann').get(path, { ...query, filter: `number = "${number}"` })).items[0]
        expect(await row('/incidents')).toMatchObject({ number, state: 'New', priority: 1 })
        expect(await row('/queues/Network')).toMatchObject({ number, state: 'New', priority: 1 })
        const overview = succeeded(await desk.as('ann').get('/queues', query))
        const queue = overview.items.find(({ group }: { group: string }) => group === 'Network')
        expect(queue.byState.Resolved).toBeUndefined()
        expect(overview).toMatchObject({ validAt: expect.any(String), asOf: expect.any(String) })
      }
      const now = succeeded(await desk.as('ann').get('/queues', { minPosition: resolved.position }))
      expect(now.items.find(({ group }: { group: string }) => group === 'Network').byState.Resolved).toBe(1)
    })

    it('is 404 before the record existed, and 400 where there is no such point', async () => {
      const early = await head()
      const before = await instantLater()
      const number = await desk.opened()
      for (const query of [{ asOf: early }, { asOf: before }, { validAt: before }]) {
        expect(refusal(await desk.as('ann').get(`/incidents/${number}`, query))).toBe('404 INCIDENT.NOT_YET')
      }
      for (const path of [
        `/incidents/${number}`,
        `/incidents/${number}/history`,
        '/incidents',
        '/queues',
        '/queues/Network',
      ]) {
        expect([path, refusal(await desk.as('ann').get(path, { asOf: '00000000009999999999' }))]).toEqual([
          path,
          '400 POSITION.UNKNOWN',
        ])
      }
    })

    it('pages like any other list', async () => {
      const asOf = await head()
      const rows = await walk('/incidents', { asOf, pageSize: '20' }, () => desk.opened())
      const all = succeeded(await desk.as('ann').get('/incidents', { asOf, pageSize: 1_000 }))
      expect(rows.map(({ number }) => number)).toEqual(numbers(all))
      expect(rows.length).toBeGreaterThan(40)
    })
  })

  describe('what one holds already', () => {
    it('is 304, for records, histories, people, groups and settings', async () => {
      const number = await desk.opened()
      succeeded(await desk.as('adam').put('/settings/assignment-rules', { rules: [] }))
      for (const path of [
        `/incidents/${number}`,
        `/incidents/${number}/history`,
        '/people/ann',
        '/groups/Network',
        '/settings/assignment-rules',
      ]) {
        const etag = (await desk.as('ann').get(path)).headers.get('etag') ?? ''
        const again = (tag: string) => desk.as('ann').get(path, {}, { headers: { 'if-none-match': tag } })
        expect([path, (await again(etag)).status]).toEqual([path, 304])
        expect([path, (await again(`"x", W/${etag}`)).status]).toEqual([path, 304])
        expect([path, (await again('"999"')).status]).toEqual([path, 200])
      }
      const etag = (await desk.as('ann').get(`/incidents/${number}`)).headers.get('etag') ?? ''
      await desk.done('ann', number, 'start')
      expect(
        (await desk.as('ann').get(`/incidents/${number}`, {}, { headers: { 'if-none-match': etag } })).status,
      ).toBe(200)
    })
  })

  describe('other forms', () => {
    it('of the facts are CSV and NDJSON with all rows, in the same order', async () => {
      const minPosition = await head()
      const ask = async (accept: string) =>
        succeeded(await desk.as('ana').get('/incident-facts', { minPosition }, { headers: { accept } }))
      const lines = (await ask('application/x-ndjson'))
        .trim()
        .split('\n')
        .map((line: string) => JSON.parse(line).number)
      const csv = (await ask('text/csv')).trim().split('\n')
      expect(csv[0]).toMatch(/^number,state,priority,/)
      expect(csv.slice(1).map((line: string) => line.split(',')[0])).toEqual(lines)
      expect(new Set(lines).size).toBe(lines.length)
      const page = succeeded(await desk.as('ana').get('/incident-facts', { minPosition, pageSize: 1_000 }))
      expect(numbers(page)).toEqual(lines.slice(0, 1_000))
    })

    it('of the facts hold no formula for a spreadsheet, whatever people write (counter-proof: NDJSON has it as it is)', async () => {
      const category = '=HYPERLINK("http://elsewhere.example")'
      const number = await desk.opened({ category, location: '+1' })
      const query = { minPosition: await head(), filter: `number = "${number}"` }
      const ask = async (accept: string) =>
        succeeded(await desk.as('ana').get('/incident-facts', query, { headers: { accept } }))
      const [row] = parse(await ask('text/csv'), { columns: true }) as Record<string, string>[]
      expect(row).toMatchObject({ number, category: `'${category}`, location: "'+1", impact: '3' })
      expect(JSON.parse(await ask('application/x-ndjson'))).toMatchObject({ category, location: '+1' })
    })

    it('of the facts are the one that is wanted most, named or not', async () => {
      const formOf = async (accept: string) => {
        const answer = await desk.as('ana').get('/incident-facts', {}, { headers: { accept } })
        return answer.headers.get('content-type')?.split(';')[0]
      }
      expect(await formOf('*/*')).toBe('application/json')
      expect(await formOf('text/*')).toBe('text/csv')
      expect(await formOf('application/json;q=0, */*')).toBe('text/csv')
      expect(await formOf('application/x-ndjson;q=0.5, */*')).toBe('application/json')
    })

    it('of the facts are refused before they begin, and the server lives', async () => {
      for (const accept of ['text/csv', 'application/x-ndjson']) {
        const ask = (query: Record<string, string>) =>
          desk.as('ana').get('/incident-facts', query, { headers: { accept } })
        expect(refusal(await ask({ filter: 'colour = "red"' }))).toBe('400 FILTER.UNKNOWN_FIELD')
        expect(refusal(await ask({ pageSize: '5' }))).toBe('400 EXPORT.NO_PAGES')
      }
      expect((await desk.as('ana').get('/incident-facts')).status).toBe(200)
    })

    it('of the log are JSON and NDJSON, from any position, by type and stream', async () => {
      const audrey = desk.as('audrey')
      const number = await desk.opened()
      await desk.done('ann', number, 'comments', { text: 'One' })
      await desk.done('ann', number, 'comments', { text: 'Two' })
      const query = { streams: [`incident-${number}`], types: ['CommentAdded'] }
      const page = succeeded(await audrey.get('/events', query))
      expect(page.items.map(({ data }: { data: { text: string } }) => data.text)).toEqual(['One', 'Two'])
      expect(page.end).toBe(true)
      const first = succeeded(await audrey.get('/events', { ...query, limit: 1 }))
      const second = succeeded(await audrey.get('/events', { ...query, limit: 1, after: first.position }))
      expect([...first.items, ...second.items]).toEqual(page.items)
      const text = await audrey.get('/events', query, { headers: { accept: 'application/x-ndjson' } })
      expect(
        text.body
          .trim()
          .split('\n')
          .map((line: string) => JSON.parse(line)),
      ).toEqual(page.items)
      expect(text.headers.get('itsm-position')).toBe(page.position)
      expect(refusal(await audrey.get('/events', { after: '00000000009999999999' }))).toBe(
        '400 POSITION.UNKNOWN',
      )
      expect(refusal(await audrey.get('/events', { types: ['CommentAded'] }))).toBe('400 EVENTS.TYPE_UNKNOWN')
      expect(
        JSON.stringify(succeeded(await audrey.get('/events', { types: ['ApiTokenIssued'] }))),
      ).not.toMatch(/[0-9a-f]{64}/)
    })

    it('of the log are for a service the incidents that it may see, and nothing else', async () => {
      const service = desk.as('service:monitoring')
      const number = await desk.opened({ audience: { kind: 'groups', groups: ['Network'] } })
      const ask = async (person: string) =>
        succeeded(await desk.as(person).get('/events', { streams: [`incident-${number}`] })).items.length
      expect(await ask('audrey')).toBeGreaterThan(0)
      expect(await ask('service:monitoring')).toBe(0)
      expect(refusal(await service.get('/events', { streams: ['person-'] }))).toBe(
        '400 EVENTS.STREAM_FORBIDDEN',
      )
      const all = succeeded(await service.get('/events', { limit: 1_000 })).items
      expect(all.every(({ subject }: { subject: string }) => subject.startsWith('incident-'))).toBe(true)
    })
  })

  it('knows only the paths, methods and parameters of the contract', async () => {
    const ask = async (method: string, path: string) => {
      const response = await fetch(desk.server.url + path, {
        method,
        headers: { authorization: `Bearer ${desk.as('ann').token}` },
      })
      return `${response.status} ${((await response.json()) as { code: string }).code}`
    }
    expect(await ask('GET', '/nothing')).toMatch(/^404 /)
    expect(await ask('DELETE', '/incidents')).toMatch(/^405 /)
    expect(await ask('GET', '/queues?colour=red')).toMatch(/^400 /)
    expect(await ask('GET', '/incidents/INC0000001?colour=red')).toMatch(/^400 /)
    expect(await ask('GET', '/people/ann?colour=red')).toMatch(/^400 /)
  })
})

/** A time that is later than everything before, and earlier than everything after, to the millisecond. */
async function instantLater(): Promise<string> {
  await new Promise((done) => setTimeout(done, 5))
  const at = new Date().toISOString()
  await new Promise((done) => setTimeout(done, 5))
  return at
}
