import { setTimeout as sleep } from 'node:timers/promises'
import { randomNumbers } from '#libs/random-numbers'
import { eventually } from '#libs/testing'
import { CuttingProxy } from './cutting-proxy.js'
import { Desk, type Person, refusal, succeeded } from './desk.js'
import { FollowedQueue } from './followed-queue.js'

const LIVE = { headers: { accept: 'text/event-stream' } }
/** Of four commands each, while connections are cut: so many, or for so long, and more when it takes longer until so many were cut. */
const ROUNDS = 75
const LONGEST_MS = 15_000
const FEWEST_CUTS = 20

describe('A queue that is followed', () => {
  let desk: Desk
  let proxy: CuttingProxy
  const followed: FollowedQueue[] = []

  beforeAll(async () => {
    desk = await Desk.open({ RATE_LIMIT: '0' })
    proxy = await CuttingProxy.before(desk.server.url)
  })
  afterEach(() => {
    for (const one of followed.splice(0)) one.close()
  })
  afterAll(async () => {
    await proxy?.close()
    await desk.close()
  })

  const follow = (person: string, group: string, query: Record<string, string> = {}, url = proxy.url) => {
    const parameters = new URLSearchParams(query)
    const queue = new FollowedQueue(
      `${url}/queues/${encodeURIComponent(group)}?${parameters}`,
      desk.as(person).token!,
    )
    followed.push(queue)
    return queue
  }
  const level = (queue: FollowedQueue) => eventually('the queue is level', () => queue.level, 20_000)
  const head = async () => (await desk.done('ann', await desk.opened(), 'comments', { text: 'x' })).position
  const page = async (person: string, group: string, query: Record<string, string> = {}) => {
    const asked = { ...query, pageSize: 1_000, minPosition: await head() }
    const { items } = succeeded(await desk.as(person).get(`/queues/${encodeURIComponent(group)}`, asked))
    return new Map((items as { number: string }[]).map((row) => [row.number, row]))
  }

  /** Raw text of a stream, for as long as told. */
  async function raw(path: string, milliseconds: number, headers: Record<string, string> = {}) {
    const stopping = new AbortController()
    const authorization = `Bearer ${desk.as('ann').token}`
    const response = await fetch(desk.server.url + path, {
      headers: { authorization, ...LIVE.headers, ...headers },
      signal: stopping.signal,
    })
    let text = ''
    const reading = (async () => {
      const decoder = new TextDecoder()
      for await (const part of response.body!) text += decoder.decode(part as Uint8Array, { stream: true })
    })().catch(() => {})
    await sleep(milliseconds)
    await eventually('it is level', () => text.includes('event: level'))
    stopping.abort()
    await reading
    return { text, response }
  }

  it('is a stream of server-sent events that nobody keeps or buffers, and begins with the rows there are', async () => {
    await desk.founded('Begun', ['ann'])
    const first = await desk.opened({ assignmentGroup: 'Begun' })
    await head()
    await page('ann', 'Begun')
    const { text, response } = await raw('/queues/Begun', 500)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    const blocks = text.split('\n\n')
    expect(blocks[0]).toBe('retry: 3000')
    expect(blocks[1]).toBe('event: reset\nid: \ndata: {}')
    expect(blocks[2]).toMatch(new RegExp(`^event: enter\ndata: \\{.*"number":"${first}"`))
    expect(blocks[3]).toMatch(/^event: level\nid: \d{20}\ndata: \{\}$/)
    expect(blocks).toHaveLength(5)
  })

  it('tells what enters, changes and leaves, as the page shows it', async () => {
    await desk.founded('Told', ['ann', 'ben'])
    const queue = follow('ann', 'Told')
    await level(queue)
    const number = await desk.opened({ assignmentGroup: 'Told' })
    await eventually('it enters', () => queue.rows.has(number))
    await desk.done('ann', number, 'accept')
    await eventually(
      'it changes',
      () => (queue.rows.get(number) as { assignee?: string })?.assignee === 'ann',
    )
    expect([...queue.rows]).toEqual([...(await page('ann', 'Told'))])
    await desk.done('ann', number, 'assign', { group: 'Network' })
    await eventually('it leaves', () => !queue.rows.has(number))
    expect(queue.surprises).toBe(0)
  })

  it('is bound to the filter that was asked for, or saved', async () => {
    await desk.founded('Urgent', ['ann', 'lea'])
    succeeded(
      await desk
        .as('lea')
        .post('/saved-filters', { group: 'Urgent', name: 'Top', list: 'queues', filter: 'priority = 1' }),
    )
    const queues = [
      follow('ann', 'Urgent', { filter: 'priority = 1' }),
      follow('ann', 'Urgent', { savedFilter: 'Urgent/Top' }),
    ]
    for (const queue of queues) await level(queue)
    const low = await desk.opened({ assignmentGroup: 'Urgent', impact: 3, urgency: 3 })
    const high = await desk.opened({ assignmentGroup: 'Urgent', impact: 1, urgency: 1 })
    for (const queue of queues) await eventually('the urgent one', () => queue.rows.has(high))
    await desk.done('ann', low, 'prioritize', { impact: 1, urgency: 1 })
    await desk.done('ann', high, 'prioritize', { impact: 3, urgency: 3 })
    for (const queue of queues) {
      await eventually('they change places', () => queue.rows.has(low) && !queue.rows.has(high))
      expect(queue.named).toEqual(new Set([low, high]))
      expect(queue.surprises).toBe(0)
    }
  })

  it('goes on from the last event, with what was touched since and nothing else', async () => {
    await desk.founded('Back', ['ann', 'ben'])
    const [stays, changes, leaves] = await Promise.all(
      [0, 1, 2].map(() => desk.opened({ assignmentGroup: 'Back' })),
    )
    const since = await head()
    await desk.done('ann', changes!, 'accept')
    await desk.done('ann', leaves!, 'assign', { group: 'Network' })
    const enters = await desk.opened({ assignmentGroup: 'Back' })
    const elsewhere = await desk.opened({ assignmentGroup: 'Network' })
    await page('ann', 'Back')
    for (const asked of [
      { path: '/queues/Back', headers: { 'last-event-id': since } },
      { path: `/queues/Back?lastEventId=${since}`, headers: {} },
    ]) {
      const { text } = await raw(asked.path, 500, asked.headers as unknown as Record<string, string>)
      const told = [...text.matchAll(/event: (\w+)\n(?:id: \d*\n)?data: (.*)/g)].map(([, kind, data]) => [
        kind,
        JSON.parse(data!).number,
      ])
      expect(told.slice(0, -1).sort()).toEqual(
        [
          ['change', changes],
          ['enter', enters],
          ['leave', leaves],
        ].sort(),
      )
      expect(told.at(-1)?.[0]).toBe('level')
      expect(text).not.toContain(stays)
      expect(text).not.toContain(elsewhere)
    }
  })

  it('begins anew when too much has happened, or for an id that this server never gave', async () => {
    await desk.founded('Anew', ['ann'])
    await desk.opened({ assignmentGroup: 'Anew' })
    await page('ann', 'Anew')
    const first = `${'0'.repeat(19)}1`
    for (const id of ['9'.repeat(20), 'no position']) {
      const { text } = await raw('/queues/Anew', 500, { 'last-event-id': id })
      expect([id, text.includes('event: reset'), text.includes('event: enter')]).toEqual([id, true, true])
    }
    // Her own rights have changed since, so that other rows may have been hers
    expect((await raw('/queues/Anew', 500, { 'last-event-id': first })).text).toContain('event: reset')
  })

  it('refuses what means nothing here, as problem documents', async () => {
    const ask = async (path: string, query: Record<string, string> = {}, person: Person = 'ann') =>
      refusal(await desk.as(person).get(path, query, { ...LIVE, offContract: true }))
    expect(await ask('/queues/Nobodies')).toBe('404 QUEUE.UNKNOWN')
    expect(await ask('/queues/Network', { filter: 'colour = 1' })).toBe('400 FILTER.UNKNOWN_FIELD')
    expect(await ask('/queues/Network', { savedFilter: 'none' })).toBe('400 FILTER.SAVED_UNKNOWN')
    expect(await ask('/queues/Network', { asOf: '2020-01-01T00:00:00Z', pageSize: '3' })).toBe(
      '400 QUEUE.NOT_LIVE',
    )
    expect(await ask('/queues/Network', {}, 'rita')).toBe('403 ROLE.REQUIRED')
    expect(refusal(await desk.as('ann').get('/queues/Network', { lastEventId: '0'.repeat(20) }))).toBe(
      '400 QUEUE.NOT_A_STREAM',
    )
  })

  it('never names what its reader may not see, and drops what is closed to her', async () => {
    await desk.founded('Guarded', ['ann', 'lea'])
    await desk.founded('Board', ['lea'])
    const audience = { kind: 'groups', groups: ['Board'] }
    const open = await desk.opened({ assignmentGroup: 'Guarded' }, 'lea')
    const secret = await desk.opened({ assignmentGroup: 'Guarded', audience, title: 'canary' }, 'lea')
    await page('ann', 'Guarded')
    const [hers, theirs] = [follow('ann', 'Guarded'), follow('lea', 'Guarded')]
    for (const queue of [hers, theirs]) await level(queue)
    await desk.done('lea', secret, 'comments', { text: 'canary' })
    await desk.done('lea', secret, 'assign', { group: 'Network' })
    await desk.done('lea', secret, 'assign', { group: 'Guarded' })
    await desk.done('lea', open, 'audience', { audience })
    await eventually('the closed one leaves', () => hers.rows.size === 0)
    await eventually('the lead has both', () => theirs.rows.size === 2)
    expect(hers.named).toEqual(new Set([open]))
    // Nor when she comes back
    const since = '0'.repeat(20)
    const { text } = await raw('/queues/Guarded', 500, { 'last-event-id': since })
    expect(text).not.toContain(secret)
  })

  it('ends when a role, a membership or the token is taken away', async () => {
    await desk.founded('Left', ['ann', 'lea'])
    await desk.founded('Insiders', ['lea'])
    const audience = { kind: 'groups', groups: ['Insiders'] }
    const inside = await desk.opened({ assignmentGroup: 'Left', audience }, 'lea')
    const adam = desk.as('adam')
    await desk.enrol('gus', 'agent')
    succeeded(await adam.post('/groups/Insiders/add-member', { person: 'gus' }))
    await page('gus', 'Left')
    const queue = follow('gus', 'Left', {}, desk.server.url)
    await level(queue)
    expect(queue.rows.has(inside)).toBe(true)

    succeeded(await adam.post('/groups/Insiders/remove-member', { person: 'gus' }))
    await eventually('his row is gone', () => !queue.rows.has(inside) && queue.level, 15_000)
    succeeded(await adam.post('/people/gus/revoke-role', { role: 'agent' }))
    await eventually('his stream is refused', () => queue.refused === 403, 15_000)

    const { token } = await desk.enrol('gone', 'agent')
    const other = follow('gone', 'Left', {}, desk.server.url)
    await level(other)
    await desk.server.cli('token', 'revoke', token!)
    await eventually('it is refused', () => other.refused === 401, 15_000)
  })

  it('loses no row, however often connections are cut', async () => {
    await desk.founded('Cut', ['ann', 'ben', 'lea'])
    await desk.founded('Hidden', ['lea'])
    const everybody = ['ann', 'ben', 'lea', 'audrey', 'ana', 'adam']
    const asked: Record<string, string>[] = [{}, { filter: 'state = "New"' }]
    const queues = everybody.flatMap((person) =>
      asked.map((query) => ({ person, query, queue: follow(person, 'Cut', query) })),
    )
    const random = randomNumbers(7)
    const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!
    let working = true
    const cutting = (async () => {
      while (working) {
        await sleep(100)
        proxy.cut(() => random() < 0.05)
      }
    })()
    const numbers: string[] = []
    const steps: readonly [string, () => object][] = [
      ['comments', () => ({ text: 'Hello' })],
      ['prioritize', () => ({ impact: one([1, 2, 3]) })],
      ['assign', () => ({ group: one(['Cut', 'Network']) })],
      ['start', () => ({})],
      ['hold', () => ({ holdReason: 'awaiting-vendor' })],
      ['resolve', () => ({ code: 'fixed', notes: 'Restarted' })],
      ['reopen', () => ({})],
      ['close', () => ({})],
      ['audience', () => ({ audience: one([{ kind: 'public' }, { kind: 'groups', groups: ['Hidden'] }]) })],
    ]
    const end = Date.now() + LONGEST_MS
    for (let round = 0; (round < ROUNDS && Date.now() < end) || proxy.cuts <= FEWEST_CUTS; round++) {
      await Promise.all(
        [0, 1, 2, 3].map(async () => {
          if (numbers.length < 20 || random() < 0.2)
            numbers.push(await desk.opened({ assignmentGroup: 'Cut' }))
          const [verb, body] = one(steps)
          await desk.as('lea').post(`/incidents/${one(numbers)}/${verb}`, body())
        }),
      )
    }
    working = false
    await cutting
    const position = await head()
    for (const { person, query, queue } of queues) {
      const expected = await page(person, 'Cut', query)
      await eventually(
        `${person} sees what the page shows at ${position}`,
        () => queue.level && equal(queue.rows, expected),
        60_000,
      )
    }
    expect(Math.max(...queues.map(({ queue }) => queue.connections))).toBeGreaterThan(1)
  })

  it('is counted, and ends with the server', async () => {
    // Clients keep connections on which they have asked nothing yet, and those hold a server back until the grace is over
    await proxy.close()
    await eventually('nobody listens', async () => (await listeners()) === 0)
    const queue = follow('ann', 'Network', {}, desk.server.url)
    await level(queue)
    expect(await listeners()).toBe(1)
    queue.close()
    await eventually('it is not counted any more', async () => (await listeners()) === 0)
    const last = follow('ann', 'Network', {}, desk.server.url)
    await level(last)
    expect(await desk.stop()).toBe(0)
    await desk.start()
  })

  async function listeners(): Promise<number> {
    const text = await (await fetch(`${desk.server.url}/metrics`)).text()
    return Number(/^ledgerdesk_queue_listeners (\d+)$/m.exec(text)?.[1])
  }
})

function equal(rows: ReadonlyMap<string, object>, expected: ReadonlyMap<string, object>): boolean {
  if (rows.size !== expected.size) return false
  return [...expected].every(([number, row]) => JSON.stringify(rows.get(number)) === JSON.stringify(row))
}
