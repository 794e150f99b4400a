import 'reflect-metadata'
import { spawnSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Controller, Get, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { Principal } from '#libs/access'
import { Unavailable } from '#libs/event-sourcing'
import {
  Authenticator,
  buildOpenApi,
  closeAll,
  createApiToken,
  createLogger,
  Endpoint,
  HealthChecks,
  HealthController,
  HttpAdapter,
  type Logger,
  logAnswer,
  logUnexpected,
  Metrics,
  MetricsController,
  NestLogger,
  shutDown,
} from './index.js'
import { assertAnswer } from './testing/assert-answer.js'

class Anyone extends Authenticator {
  override authenticate(): Principal {
    return { id: 'ada', grants: new Map(), groups: new Set() }
  }
}

@Controller('things')
class ThingsController {
  @Get(':id')
  @Endpoint({ summary: 'A thing', roles: 'any', answer: 'text' })
  read(): string {
    return 'x'
  }

  @Get(':id/broken')
  @Endpoint({ summary: 'Broken', roles: 'any' })
  broken(): void {
    throw new Error('boom')
  }
}

const metrics = new Metrics()
const health = new HealthChecks()

@Module({
  controllers: [ThingsController, HealthController, MetricsController],
  providers: [
    { provide: Metrics, useValue: metrics },
    { provide: HealthChecks, useValue: health },
  ],
})
class TestModule {}

const lines: string[] = []
const destination = { write: (line: string) => void lines.push(line) }
const logger = createLogger({ logLevel: 'debug', logFormat: 'json' }, destination)
const adapter = new HttpAdapter({
  bodyLimit: 1000,
  authenticator: new Anyone(),
  logUnexpected: logUnexpected(logger),
  onAnswer: (request, reply) => {
    metrics.observeAnswer(request, reply)
    logAnswer(logger, request, reply)
  },
})
let url: string
let close: () => Promise<void>

beforeAll(async () => {
  const app = await NestFactory.create(TestModule, adapter, {
    bodyParser: false,
    logger: new NestLogger(logger),
  })
  adapter.handleErrors(app)
  await app.listen(0, '127.0.0.1')
  url = await app.getUrl()
  close = () => app.close()
})
afterAll(() => close())

const get = async (path: string) => {
  const answer = await fetch(url + path, {
    headers: { authorization: 'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln' },
  })
  const text = await answer.text()
  const openapi = buildOpenApi(adapter.routes, { title: 'Test', version: '1' })
  const type = answer.headers.get('content-type') ?? undefined
  if (answer.status !== 500)
    assertAnswer(openapi, 'GET', path, answer.status, type?.includes('json') ? JSON.parse(text) : text, type)
  return { status: answer.status, text, type }
}

describe('health', () => {
  it('is alive and ready', async () => {
    health.register('store', () => undefined)
    expect(await get('/health/live')).toMatchObject({ status: 200, text: '{"status":"live"}' })
    expect(await get('/health/ready')).toMatchObject({
      status: 200,
      text: '{"status":"ready","checks":{"store":"ok"}}',
    })
  })

  it('says what is missing, without giving away why', async () => {
    health.register('projections', async () => 'work_queue is 90 s behind')
    health.register('read-store', () =>
      Promise.reject(new Unavailable('X', 'The read store is being rebuilt.')),
    )
    health.register('database', () => Promise.reject(new Error('connect mongodb://root:hunter2@db')))
    const { status, text } = await get('/health/ready')
    expect(status).toBe(503)
    expect(JSON.parse(text)).toEqual({
      status: 'not ready',
      checks: {
        store: 'ok',
        projections: 'work_queue is 90 s behind',
        'read-store': 'The read store is being rebuilt.',
        database: 'failed',
      },
    })
  })

  it('is not ready while it shuts down', async () => {
    const checks = new HealthChecks()
    expect(await checks.readiness()).toEqual({ status: 'ready', checks: {} })
    checks.drain()
    expect(await checks.readiness()).toEqual({
      status: 'not ready',
      checks: { shutdown: 'the server is shutting down' },
    })
  })

  it('does not wait for ever', async () => {
    const checks = new HealthChecks()
    checks.register('hung', () => new Promise(() => undefined))
    expect(await checks.readiness()).toEqual({
      status: 'not ready',
      checks: { hung: 'no answer within 2000 ms' },
    })
  })

  it('goes on serving while something is missing that decides nothing, and is quick to say so', async () => {
    const checks = new HealthChecks()
    checks.register('log', () => undefined)
    checks.register('projector', () => 'none reports', { decides: false })
    checks.register('read store', () => new Promise(() => undefined), { decides: false })
    const results = { log: 'ok', projector: 'none reports', 'read store': 'no answer within 500 ms' }
    expect(await checks.readiness()).toEqual({ status: 'degraded', checks: results })
    checks.register('log', () => 'away')
    expect(await checks.readiness()).toEqual({ status: 'not ready', checks: { ...results, log: 'away' } })
    checks.register('log', () => undefined)
    checks.drain()
    expect(await checks.readiness()).toMatchObject({ status: 'not ready' })
  })

  it('answers a load balancer with 200 while it is degraded', async () => {
    const text = (checks: Record<string, string>) => JSON.stringify({ status: 'degraded', checks })
    for (const name of ['projections', 'read-store', 'database']) health.register(name, () => undefined)
    health.register('database', () => 'away', { decides: false })
    expect(await get('/health/ready')).toMatchObject({
      status: 200,
      text: text({ store: 'ok', projections: 'ok', 'read-store': 'ok', database: 'away' }),
    })
  })
})

describe('metrics', () => {
  it('count requests by route template and status, with few series', async () => {
    for (const id of ['1', '2', '3']) await get(`/things/${id}`)
    await fetch(`${url}/no/such/path`)
    const { text, type } = await get('/metrics')
    expect(type).toContain('text/plain')
    expect(text).toContain(
      'ledgerdesk_http_request_duration_seconds_count{method="GET",route="/things/:id",status="200"} 3',
    )
    expect(text).toContain('method="any",route="none",status="404"')
    expect(text).not.toContain('/things/1')
    expect(text).toContain('nodejs_eventloop_lag_seconds')
    expect(text).toContain('process_resident_memory_bytes')
  })

  it('have places for appends, projections and policies', async () => {
    metrics.appendDuration.observe(0.004)
    metrics.appendGroupEvents.observe(64)
    metrics.policyCommands.inc({ policy: 'auto_close', outcome: 'accepted' })
    metrics.beforeReading(() => metrics.projectionLag.set({ projection: 'work_queue' }, 0.25))
    metrics.projectionParkedKeys.set({ projection: 'work_queue' }, 0)
    expect(await metrics.text()).toContain('ledgerdesk_projection_lag_seconds{projection="work_queue"} 0.25')
  })

  it('are told when somebody does not say his own', async () => {
    const some = new Metrics()
    some.beforeReading(() => new Promise(() => undefined))
    some.beforeReading(() => some.projectionLag.set({ projection: 'work_queue' }, 0.5))
    expect(await some.text()).toContain('ledgerdesk_projection_lag_seconds{projection="work_queue"} 0.5')
  })

  const promtool = (text: string) =>
    spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
  // promtool comes with Debian's package prometheus
  if (promtool('').error === undefined) {
    it('pass promtool, which finds fault with others', async () => {
      const ours = promtool(await metrics.text())
      expect({ status: ours.status, says: ours.stdout + ours.stderr }).toEqual({ status: 0, says: '' })
      expect(
        promtool('# HELP requests_total x\n# TYPE requests_total gauge\nrequests_total 1\n').status,
      ).not.toBe(0)
    })
  }
})

describe('the log', () => {
  const records = () => lines.map((line) => JSON.parse(line))

  it('has a line per request at debug, with who and what', async () => {
    lines.length = 0
    await get('/things/7')
    expect(records().at(-1)).toMatchObject({
      level: 'debug',
      principal: 'ada',
      method: 'GET',
      route: '/things/:id',
      status: 200,
      requestId: expect.any(String),
      msg: 'answered',
    })
  })

  it('has an unexpected error under the instance that the caller was given', async () => {
    lines.length = 0
    const { instance } = JSON.parse((await get('/things/7/broken')).text)
    expect(records().find(({ level }) => level === 'error')).toMatchObject({
      instance,
      err: { message: 'boom' },
      route: '/things/:id/broken',
    })
  })

  it('never holds a secret', () => {
    lines.length = 0
    const { token } = createApiToken()
    logger.info(
      {
        headers: { authorization: `Bearer ${token}` },
        request: { headers: { cookie: 'session=1' } },
        password: 'p1',
      },
      `got ${token}`,
    )
    logger.error(new Error(`no such token: ${token}`))
    logger.info({ note: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln' }, 'jwt')
    expect(lines).toHaveLength(3)
    expect(lines.join('')).not.toMatch(/ldk_|eyJ|session=1|p1/)
  })

  it('keeps quiet below its level, and can be text', () => {
    const out: string[] = []
    const text = createLogger(
      { logLevel: 'warn', logFormat: 'text' },
      { write: (line) => void out.push(line) },
    )
    const nest = new NestLogger(text)
    nest.log('Mapped {/x, GET} route', 'RouterExplorer')
    nest.error('gone', 'Error: gone\n  at x', 'Store')
    text.warn({ lag: 3 }, 'behind')
    expect(out).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} error gone context="Store" stack="Error/),
      expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} warn {2}behind lag=3\n$/),
    ])
  })
})

describe('shutdown', () => {
  async function slowServer(milliseconds: number): Promise<{ server: Server; address: string }> {
    const server = createServer(
      (_, response) => void setTimeout(() => response.end('done'), milliseconds).unref(),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  }
  const silent: Logger = createLogger({ logLevel: 'silent', logFormat: 'json' })
  const begun = () => new Promise((resolve) => setTimeout(resolve, 50))

  it('lets requests finish, takes no new ones, then closes in order', async () => {
    const { server, address } = await slowServer(300)
    const order: string[] = []
    // On this side: what the client has read of it by then is the network's affair
    server.on('request', (_, response) => response.on('finish', () => order.push('done')))
    const underway = fetch(address).then((answer) => answer.text())
    await begun()
    const checks = new HealthChecks()
    const down = shutDown({
      server,
      health: checks,
      graceSeconds: 5,
      logger: silent,
      closers: ['store', 'log'].map((name) => ({ name, close: async () => void order.push(name) })),
    })
    await expect(fetch(address)).rejects.toThrow()
    expect(await checks.readiness()).toHaveProperty('checks.shutdown')
    expect(await down).toBe(true)
    expect(await underway).toBe('done')
    expect(order).toEqual(['done', 'store', 'log'])
  })

  it('cuts off what outlasts the grace, and closes the rest even when a closer fails', async () => {
    const { server, address } = await slowServer(60_000)
    const cut = expect(fetch(address)).rejects.toThrow()
    await begun()
    const order: string[] = []
    const clean = await shutDown({
      server,
      health: new HealthChecks(),
      graceSeconds: 0.1,
      logger: silent,
      closers: [
        {
          name: 'bad',
          close: () => {
            throw new Error('no')
          },
        },
        { name: 'good', close: () => void order.push('good') },
      ],
    })
    await cut
    expect({ clean, order }).toEqual({ clean: false, order: ['good'] })
  })

  it('leaves behind what does not end, and closes the rest', async () => {
    const closed: string[] = []
    const closers = [
      { name: 'stuck', close: () => new Promise<void>(() => {}) },
      { name: 'good', close: () => void closed.push('good') },
    ]
    expect(await closeAll(closers, silent, 10)).toBe(false)
    expect(closed).toEqual(['good'])
  })
})
