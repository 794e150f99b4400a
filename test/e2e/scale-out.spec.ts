import { setTimeout as sleep } from 'node:timers/promises'
import { wantedShape } from '../servers/deployment.js'
import { FollowedQueue } from './followed-queue.js'
import { ended, type RoleProcess, ServerProcess } from './server.js'

const describeScaleOut = wantedShape() === 'scale-out' ? describe : describe.skip

interface Reply {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: what was asked for says what it is
  body: any
  retryAfter: string | null
}

describeScaleOut('several processes of each role (E2E_SHAPE=scale-out)', () => {
  const server = new ServerProcess({ SHUTDOWN_DELAY_SECONDS: '1' })
  const more: RoleProcess[] = []
  let token = ''
  let apis: RoleProcess[]

  beforeAll(async () => {
    token = await server.createToken('adam', 'administrator', 'agent', 'auditor')
    await server.start()
    const second = await server.launch('api')
    more.push(second)
    apis = [server.process('api'), second]
  })
  afterAll(async () => {
    await Promise.all(more.map(({ child }) => ended(child)))
    await server.dispose()
  })

  async function ask(
    { url }: Pick<RoleProcess, 'url'>,
    path: string,
    { body, key }: { body?: object; key?: string } = {},
  ): Promise<Reply> {
    const response = await fetch(url + path, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(key && { 'idempotency-key': key }),
      },
      body: body && JSON.stringify(body),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') && text !== ''
    return {
      status: response.status,
      body: isJson ? JSON.parse(text) : text,
      retryAfter: response.headers.get('retry-after'),
    }
  }
  const open = (api: RoleProcess, key?: string) =>
    ask(api, '/incidents', { body: { title: 'Mail does not arrive' }, key })
  const readiness = (process: Pick<RoleProcess, 'url'>) => ask(process, '/health/ready')
  const until = async (what: string, isSo: () => Promise<boolean>) => {
    const deadline = performance.now() + 60_000
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`${what}: not within a minute`)
      await sleep(100)
    }
  }

  it('serve health and metrics, and only an API the rest', async () => {
    const projector = server.process('projector')
    for (const { url } of [projector, ...apis]) {
      expect(await ask({ url }, '/health/live')).toMatchObject({ status: 200 })
      expect(await ask({ url }, '/metrics')).toMatchObject({ status: 200 })
    }
    expect((await ask(projector, '/metrics')).body).toContain('ledgerdesk_projection_lag_seconds{')
    for (const path of ['/incidents', '/openapi.json', '/projections'])
      expect(await ask(projector, path)).toMatchObject({
        status: 404,
        body: {
          code: 'ROLE.SERVES_NO_API',
          role: 'projector',
          instance: expect.stringContaining('urn:uuid:'),
        },
      })
    expect(await ask(apis[1]!, '/incidents')).toMatchObject({ status: 200 })
  })

  it('give out different numbers, and one for the same key', async () => {
    const opened = await Promise.all(Array.from({ length: 20 }, (_, i) => open(apis[i % 2]!)))
    expect(new Set(opened.map(({ body }) => body.id)).size).toBe(20)
    const keyed = await Promise.all(Array.from({ length: 20 }, (_, i) => open(apis[i % 2]!, '"same"')))
    expect(keyed.map(({ status }) => status)).toEqual(Array(20).fill(201))
    expect(new Set(keyed.map(({ body }) => `${body.id} ${body.position}`)).size).toBe(1)
    const reserved = (await ask(apis[0]!, '/events?types=NumberBlockReserved')).body.items
    expect(reserved.map(({ data }: { data: { data: object } }) => data.data ?? data)).toEqual([
      expect.objectContaining({ series: 'incident-', first: 1, last: 50 }),
      expect.objectContaining({ series: 'incident-', first: 51, last: 100 }),
    ])
  })

  it('read what another has written, and go on with its pages', async () => {
    const { body: opened } = await open(apis[0]!)
    const path = `/incidents?pageSize=1&minPosition=${opened.position}`
    const first = await ask(apis[1]!, path)
    expect(first).toMatchObject({ status: 200 })
    const next = await ask(apis[0]!, `${path}&pageToken=${encodeURIComponent(first.body.nextPageToken)}`)
    expect(next).toMatchObject({ status: 200 })
    expect(next.body.items[0].number).not.toBe(first.body.items[0].number)
  })

  it('tell live queues of every process what any has written, with the projector elsewhere', async () => {
    const founded = await ask(apis[0]!, '/groups', { body: { id: 'live', name: 'Live' } })
    expect(founded.status).toBe(201)
    const queue = (api: RoleProcess) => new FollowedQueue(`${api.url}/queues/live`, token)
    // A process learns of a group, as of all, by the log
    await until('known everywhere', async () => (await ask(apis[1]!, '/queues/live')).status === 200)
    const followed = apis.map(queue)
    try {
      await until('level', async () => followed.every(({ level }) => level))
      for (const api of apis)
        expect((await ask(api, '/metrics')).body).toMatch(/^ledgerdesk_queue_listeners 1$/m)
      const opened = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          ask(apis[i % 2]!, '/incidents', {
            body: { title: `Row ${i}`, assignmentGroup: 'live' },
          }),
        ),
      )
      const numbers = opened.map(({ body }) => body.id as string).sort()
      const rowsOf = ({ rows }: FollowedQueue) => [...rows.keys()].sort()
      await until('every row at every process', async () =>
        followed.every((one) => rowsOf(one).join() === numbers.join()),
      )
      // One leaves by each process, without a projector for a while: it is told when there is one again
      expect(await ended(server.process('projector').child)).toBe(0)
      for (const [index, api] of apis.entries())
        expect(
          await ask(api, `/incidents/${numbers[index]}/cancel`, { body: { code: 'not-an-incident' } }),
        ).toMatchObject({ status: 200 })
      expect(followed.map(rowsOf)).toEqual([numbers, numbers])
      await server.restart('projector')
      await until('gone from every process', async () =>
        followed.every((one) => rowsOf(one).join() === numbers.slice(2).join()),
      )
      expect(followed.map(({ surprises, connections }) => [surprises, connections])).toEqual([
        [0, 1],
        [0, 1],
      ])
      await until('reported', async () => (await ask(apis[1]!, '/projections')).status === 200)
    } finally {
      for (const one of followed) one.close()
    }
  })

  it('rebuild and retry for whoever asks an API', async () => {
    const build = async () =>
      (await ask(apis[1]!, '/projections')).body.items.find(
        ({ name, status }: { name: string; status: string }) => name === 'work_queue' && status === 'live',
      ).build as number
    const before = await build()
    expect(await ask(apis[0]!, '/projections/work_queue/rebuild', { body: {} })).toMatchObject({
      status: 202,
    })
    await until('the new build answers', async () => (await build()) > before)
    expect(await ask(apis[0]!, '/projections/work_queue/retry', { body: {} })).toMatchObject({
      status: 200,
      body: { replayed: 0, stillParked: [] },
    })
  })

  it('are restarted one after the other without an error to anybody', async () => {
    const failures: string[] = []
    let done = 0
    let stopping = false
    /** As behind a load balancer: asks whoever says that it is ready. */
    const caller = async () => {
      while (!stopping) {
        for (const api of [...apis]) {
          const ready = await readiness(api).catch(() => undefined)
          if (ready?.status !== 200) continue
          const reply = await open(api).catch((error: unknown) => ({ status: 0, body: String(error) }))
          if (reply.status === 201) done++
          else failures.push(`${reply.status} ${JSON.stringify(reply.body)}`)
        }
        await sleep(10)
      }
    }
    const callers = [caller(), caller()]
    for (const index of [0, 1]) {
      const before = apis[index]!
      expect(await ended(before.child)).toBe(0)
      const after = await server.launch('api')
      more.push(after)
      apis[index] = after
    }
    stopping = true
    await Promise.all(callers)
    expect(failures).toEqual([])
    expect(done).toBeGreaterThan(5)
  })

  it('say what is missing while no projector runs: commands go on, and nobody waits for ever', async () => {
    expect(await ended(server.process('projector').child)).toBe(0)
    const { body: opened, status } = await open(apis[0]!)
    expect(status).toBe(201)
    // A load balancer that took it out would take out every one.
    await until('told', async () => {
      const { status, body } = await readiness(apis[0]!)
      expect([status, body.checks.log]).toEqual([200, 'ok'])
      return body.status === 'degraded' && body.checks['read models'].includes('LEDGERDESK_ROLE=projector')
    })
    const brief = await server.launch('projector')
    more.push(brief)
    await until('a projector is back', async () => (await readiness(apis[0]!)).body.status === 'ready')
    expect(await ask(apis[1]!, `/incidents/${opened.id}?minPosition=${opened.position}`)).toMatchObject({
      status: 200,
    })
  })

  const frozen = process.env.EVENTSTORE_URL ? it.skip : it
  frozen(
    'answer 503 while the store stands still, and go on when it does',
    async () => {
      const double = server.double!
      process.kill(double.pid, 'SIGSTOP')
      try {
        const reply = await open(apis[0]!)
        expect(reply).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) })
        const { status, body } = await readiness(apis[0]!)
        expect([status, body.checks.log]).toEqual([503, expect.not.stringMatching(/^ok$/)])
      } finally {
        process.kill(double.pid, 'SIGCONT')
      }
      await until('the store is back', async () => (await open(apis[0]!)).status === 201)
      await until('it is ready again', async () => (await readiness(apis[0]!)).status === 200)
    },
    180_000,
  )
})
