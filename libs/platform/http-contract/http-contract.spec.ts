import 'reflect-metadata'
import { connect } from 'node:net'
import { Body, Controller, Get, Module, Param, Post, Query } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator'
import type { FastifyInstance } from 'fastify'
import type { Principal, Role } from '#libs/access'
import {
  KeyReused,
  LogMoved,
  NotFound,
  Refused,
  StaleRevision,
  TooLarge,
  Unauthenticated,
  Unavailable,
} from '#libs/event-sourcing'
import { Authenticator } from '../authentication/index.js'
import { assertAnswer } from '../testing/assert-answer.js'
import { Field, IsInstant, Nullable } from '../validation/index.js'
import {
  Answer,
  buildOpenApi,
  Context,
  Endpoint,
  HttpAdapter,
  idempotencyKeyOf,
  ifMatchOf,
  ifNoneMatchOf,
  type OpenApiDocument,
  RawJson,
  RequestContext,
  requestHash,
  serveDocumentation,
} from './index.js'

class TicketParams {
  @Field('Number of the ticket.', 'INC0000001')
  @Matches(/^INC\d{7}$/)
  number!: string
}
class OpenTicket {
  @Field('What is wrong.', 'Printer on fire')
  @IsString()
  @Length(1, 160)
  title!: string
  @IsInt() @Min(1) @Max(3) impact!: number
}
class Ticket {
  @IsString() number!: string
  @IsString() title!: string
  @Nullable() @IsString() assignee!: string | null
  @IsOptional() @IsInstant() resolvedAt?: string
}
class ListTickets {
  @IsOptional() @IsInt() @Min(1) @Max(200) pageSize?: number
  @IsOptional() @IsString({ each: true }) state?: string[]
}
class Echo {
  @IsInt() pageSize!: number
  @IsString({ each: true }) state!: string[]
}

const ticket = { number: 'INC0000001', title: 'Printer on fire', assignee: null }

@Controller('tickets')
class TicketsController {
  @Post()
  @Endpoint({
    summary: 'Open a ticket',
    roles: ['requester', 'agent'],
    body: OpenTicket,
    answer: Ticket,
    status: 201,
    requestHeaders: ['Idempotency-Key'],
    responseHeaders: ['ETag', 'Location', 'ITSM-Position'],
  })
  open(@Body() body: OpenTicket, @Context() context: RequestContext): Answer<Ticket> {
    return new Answer(
      { ...ticket, title: `${body.title} ${context.idempotencyKey ?? ''}`.trim() },
      {
        etag: 0,
        position: '1'.padStart(20, '0'),
        location: '/tickets/INC0000001',
      },
    )
  }

  @Get()
  @Endpoint({ summary: 'List', roles: 'any', query: ListTickets, answer: Echo })
  list(@Query() { pageSize = 50, state = [] }: ListTickets): RawJson {
    return new RawJson(Buffer.from(JSON.stringify({ pageSize, state })), { headers: { 'x-rows': '2' } })
  }

  @Get(':number')
  @Endpoint({
    summary: 'Read',
    roles: 'any',
    params: TicketParams,
    answer: Ticket,
    requestHeaders: ['If-None-Match'],
    responseHeaders: ['ETag'],
  })
  read(@Context() context: RequestContext): Ticket | Answer {
    return context.holds(3) ? Answer.notModified(3) : new Answer(ticket, { etag: 3 })
  }

  @Post(':number/accept')
  @Endpoint({
    summary: 'Accept',
    roles: ['agent'],
    params: TicketParams,
    answer: Ticket,
    requestHeaders: ['If-Match'],
    responseHeaders: ['ETag'],
  })
  accept(@Param() _: TicketParams, @Context() context: RequestContext): Ticket {
    if (context.ifMatch !== undefined && context.ifMatch !== 3) throw new StaleRevision(3)
    return { ...ticket, assignee: context.principal.id }
  }

  @Post(':number/break')
  @Endpoint({ summary: 'Fail in some way', roles: 'any', refusals: [412, 422] })
  break(@Query() _: unknown, @Param('number') kind: string): void {
    const errors: Record<string, Error> = {
      missing: new NotFound('TICKET.UNKNOWN', 'No such ticket.'),
      refused: new Refused('TICKET.NOT_OPEN', 'It is closed.', { state: 'closed' }),
      moved: new LogMoved('The log is elsewhere.'),
      stale: new StaleRevision(7),
      large: new TooLarge('EVENT.TOO_LARGE', 'description: too long'),
      reused: new KeyReused(),
      away: new Unavailable('STORE.AWAY', 'The store is away.', 2.2),
    }
    throw errors[kind] ?? new Error('secret password=hunter2')
  }
}

@Controller('undeclared')
class UndeclaredController {
  @Get() secret(): string {
    return 'secret'
  }
}

@Module({ controllers: [TicketsController] })
class TicketsModule {}
@Module({ controllers: [TicketsController, UndeclaredController] })
class CarelessModule {}

const principals: Record<string, Role[]> = { agent: ['agent'], requester: ['requester'], nobody: [] }

class TestAuthenticator extends Authenticator {
  override authenticate(token: string): Principal | Promise<Principal> {
    const name = token.replace('slow-', '')
    const roles = principals[name]
    if (!roles) throw new Unauthenticated('TOKEN.UNKNOWN', 'This token is not known.')
    const principal = {
      id: name,
      grants: new Map(roles.map((role) => [role, 'grant'])),
      groups: new Set<string>(),
    }
    return token.startsWith('slow-') ? Promise.resolve(principal) : principal
  }
}

const unexpected: { error: unknown; instance: string }[] = []

async function serve(module: new () => object, noSuchPath?: (path: string) => NotFound) {
  const adapter = new HttpAdapter({
    bodyLimit: 2000,
    bodyLimits: { '/tickets/:number/accept': 4000 },
    authenticator: new TestAuthenticator(),
    logUnexpected: (error, { instance }) => unexpected.push({ error, instance }),
    noSuchPath,
    // The reserved title takes a while to look up; that of an absent store can't be
    furtherErrors: async (_, body) => {
      const { title } = body as { title?: string }
      if (title === 'away') throw new Unavailable('STORE.AWAY', 'The store is away.')
      return title === 'reserved' ? [{ pointer: '/title', message: 'is reserved' }] : []
    },
  })
  const app = await NestFactory.create(module, adapter, { bodyParser: false, logger: false })
  adapter.handleErrors(app)
  const document = (): OpenApiDocument =>
    buildOpenApi(adapter.routes, {
      title: 'Tickets',
      version: '1',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      tags: { tickets: 'All there is.' },
    })
  serveDocumentation(adapter.getInstance() as unknown as FastifyInstance, document)
  await app.listen(0, '127.0.0.1')
  return { app, document, url: await app.getUrl() }
}

let server: Awaited<ReturnType<typeof serve>>
let openapi: OpenApiDocument
beforeAll(async () => {
  server = await serve(TicketsModule)
  openapi = server.document()
})
afterAll(() => server.app.close())

/** Sends a request and holds every answer against the contract. */
async function call(
  method: string,
  path: string,
  options: { token?: string; body?: unknown; raw?: string; headers?: Record<string, string> } = {},
) {
  const { token = 'agent', body, raw, headers = {} } = options
  const answer = await fetch(server.url + path, {
    method,
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    redirect: 'manual',
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body !== undefined || raw !== undefined ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
  })
  const text = await answer.text()
  const type = answer.headers.get('content-type') ?? undefined
  const json = type?.includes('json') && text ? JSON.parse(text) : undefined
  return { status: answer.status, headers: answer.headers, json, text, type }
}

describe('a declared endpoint', () => {
  it('answers with status, headers and body within the contract', async () => {
    const { status, headers, json } = await call('POST', '/tickets', {
      body: { title: 'Printer', impact: 1 },
      headers: { 'idempotency-key': '"k 1"'.replace(' ', '-'), 'x-request-id': 'mine' },
    })
    expect(status).toBe(201)
    expect(json.title).toBe('Printer k-1')
    expect(Object.fromEntries(headers)).toMatchObject({
      etag: '"0"',
      'itsm-position': '00000000000000000001',
      location: '/tickets/INC0000001',
      'x-request-id': 'mine',
    })
    assertAnswer(openapi, 'POST', '/tickets', status, json)
  })

  it('sends JSON that is text already as it is, with coerced parameters', async () => {
    const { status, json, type, headers } = await call('GET', '/tickets?pageSize=7&state=a&state=b')
    expect({ status, json, type }).toEqual({
      status: 200,
      json: { pageSize: 7, state: ['a', 'b'] },
      type: 'application/json; charset=utf-8',
    })
    expect(headers.get('x-rows')).toBe('2')
  })

  it('answers 304 to the one who holds the state', async () => {
    const { status, text, headers } = await call('GET', '/tickets/INC0000001', {
      headers: { 'if-none-match': 'W/"2", "3"' },
    })
    expect({ status, text, etag: headers.get('etag') }).toEqual({ status: 304, text: '', etag: '"3"' })
    expect((await call('GET', '/tickets/INC0000001', { headers: { 'if-none-match': '"2"' } })).status).toBe(
      200,
    )
  })

  it('heeds If-Match', async () => {
    expect(
      (await call('POST', '/tickets/INC0000001/accept', { headers: { 'if-match': '"3"' } })).status,
    ).toBe(200)
    const { status, json } = await call('POST', '/tickets/INC0000001/accept', {
      headers: { 'if-match': '"2"' },
    })
    expect({ status, revision: json.currentRevision, code: json.code }).toEqual({
      status: 412,
      revision: 3,
      code: 'REVISION.STALE',
    })
  })
})

describe('a request that is refused', () => {
  const refusals: [number, string, string, string, Parameters<typeof call>[2]?][] = [
    [401, 'TOKEN.MISSING', 'GET', '/tickets', { token: '' }],
    [401, 'TOKEN.SCHEME', 'GET', '/tickets', { token: '', headers: { authorization: 'Basic eA==' } }],
    [401, 'TOKEN.UNKNOWN', 'GET', '/tickets', { token: 'x' }],
    [403, 'ROLE.REQUIRED', 'POST', '/tickets', { token: 'nobody', body: { title: 'x', impact: 1 } }],
    [403, 'ROLE.REQUIRED', 'POST', '/tickets', { token: 'slow-nobody', body: {} }],
    [400, 'REQUEST.INVALID', 'POST', '/tickets', { body: { title: '', impact: 1, x: 1 } }],
    [400, 'REQUEST.INVALID', 'POST', '/tickets', {}],
    [400, 'REQUEST.INVALID', 'POST', '/tickets', { raw: 'null' }],
    [400, 'REQUEST.INVALID', 'POST', '/tickets', { raw: '"x"' }],
    [400, 'REQUEST.MALFORMED_JSON', 'POST', '/tickets', { raw: '{"title":' }],
    [400, 'REQUEST.MALFORMED_JSON', 'POST', '/tickets', { raw: '{"__proto__":{"a":1}}' }],
    [400, 'REQUEST.UNKNOWN_PARAMETER', 'GET', '/tickets?pagesize=1', {}],
    [400, 'REQUEST.UNKNOWN_PARAMETER', 'GET', '/tickets/INC0000001?x=1', {}],
    [400, 'REQUEST.INVALID', 'GET', '/tickets/7', {}],
    [400, 'REQUEST.UNEXPECTED_BODY', 'POST', '/tickets/INC0000001/accept', { body: { a: 1 } }],
    [400, 'HEADER.INVALID', 'POST', '/tickets/INC0000001/accept', { headers: { 'if-match': 'W/"3"' } }],
    [400, 'HEADER.INVALID', 'POST', '/tickets/INC0000001/accept', { headers: { 'idempotency-key': 'k' } }],
    [400, 'HEADER.INVALID', 'GET', '/tickets', { headers: { 'x-request-id': 'a b' } }],
    [400, 'REQUEST.MALFORMED_URL', 'GET', '/tickets/%E0%A4', {}],
    [414, 'REQUEST.URL_TOO_LONG', 'GET', `/tickets/${'x'.repeat(300)}`, {}],
    [431, 'REQUEST.431', 'GET', `/tickets?title=${'x'.repeat(20_000)}`, {}],
    [404, 'REQUEST.404', 'GET', '/nothing', {}],
    [405, 'REQUEST.METHOD_NOT_ALLOWED', 'DELETE', '/tickets/INC0000001', {}],
    [406, 'REQUEST.NOT_ACCEPTABLE', 'GET', '/tickets', { headers: { accept: 'text/csv' } }],
    [415, 'REQUEST.MEDIA_TYPE', 'POST', '/tickets', { raw: 'x', headers: { 'content-type': 'text/plain' } }],
    [413, 'REQUEST.TOO_LARGE', 'POST', '/tickets', { body: { title: 'x'.repeat(3000) } }],
    // Has a larger limit of its own, and is read
    [
      400,
      'REQUEST.UNEXPECTED_BODY',
      'POST',
      '/tickets/INC0000001/accept',
      { body: { title: 'x'.repeat(3000) } },
    ],
    [413, 'REQUEST.TOO_LARGE', 'POST', '/tickets/INC0000001/accept', { body: { title: 'x'.repeat(4000) } }],
    [404, 'TICKET.UNKNOWN', 'POST', '/tickets/missing/break', {}],
    [409, 'TICKET.NOT_OPEN', 'POST', '/tickets/refused/break', {}],
    [409, 'LOG.MOVED', 'POST', '/tickets/moved/break', {}],
    [412, 'REVISION.STALE', 'POST', '/tickets/stale/break', {}],
    [413, 'EVENT.TOO_LARGE', 'POST', '/tickets/large/break', {}],
    [422, 'IDEMPOTENCY_KEY.REUSED', 'POST', '/tickets/reused/break', {}],
    [503, 'STORE.AWAY', 'POST', '/tickets/away/break', {}],
  ]
  it.each(refusals)('%i %s %s %s', async (status, code, method, path, options) => {
    const answer = await call(method, path, options)
    expect({ status: answer.status, code: answer.json?.code, type: answer.type }).toEqual({
      status,
      code,
      type: expect.stringMatching(/^application\/problem\+json/),
    })
    expect(answer.json).toMatchObject({
      status,
      instance: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/),
      title: expect.any(String),
    })
    if (status !== 405 && path !== '/nothing')
      assertAnswer(openapi, method, path, status, answer.json, answer.type)
  })

  it('for want of a role says which would do', async () => {
    const detailOf = async (method: string, path: string, body?: object) =>
      (await call(method, path, { token: 'nobody', body })).json?.detail
    expect(await detailOf('POST', '/tickets', { title: 'x', impact: 1 })).toBe(
      'This needs one of the roles requester, agent.',
    )
    expect(await detailOf('POST', '/tickets/INC0000001/accept')).toBe('This needs the role agent.')
  })

  it('for its size is still read to its end, or its sender would find the connection reset before knowing why', async () => {
    const part = 'x'.repeat(10_000)
    const head = [
      'POST /tickets HTTP/1.1',
      'host: localhost',
      'authorization: Bearer agent',
      'content-type: application/json',
      `content-length: ${2 * part.length}`,
    ]
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    const answers = socket.setEncoding('utf8')[Symbol.asyncIterator]()
    const post = async () => {
      socket.write(`${head.join('\r\n')}\r\n\r\n${part}`)
      const { value } = await answers.next()
      socket.write(part)
      return value
    }
    expect(await post()).toMatch(/^HTTP\/1.1 413 /)
    expect(await post()).toMatch(/^HTTP\/1.1 413 /)
    socket.destroy()
  })

  it('is told in words how to mend it', async () => {
    const detail = async (...args: Parameters<typeof call>) => (await call(...args)).json.detail
    const text = { raw: 'x', headers: { 'content-type': 'text/plain' } }
    expect(await detail('POST', '/tickets', text)).toBe('Send application/json, and say so in Content-Type.')
    expect(await detail('POST', '/tickets/INC0000001/accept', text)).toMatch(/takes no request body/)
    expect(await detail('GET', '/nothing?x=1')).toBe('There is no /nothing here: /docs tells what there is.')
    expect((await call('GET', '/tickets/7')).json.errors).toEqual([
      { pointer: 'number', message: 'number must have the form described for it, such as INC0000001' },
    ])
  })

  it('is told what would be possible', async () => {
    expect((await call('DELETE', '/tickets/INC0000001')).headers.get('allow')).toBe('GET, HEAD')
    expect((await call('GET', '/tickets', { token: '' })).headers.get('www-authenticate')).toBe(
      'Bearer realm="ledgerdesk"',
    )
    expect((await call('POST', '/tickets/away/break')).headers.get('retry-after')).toBe('3')
    expect((await call('POST', '/tickets/refused/break')).json.state).toBe('closed')
  })

  it('is told nothing of an error on our side, which the log has under the same instance', async () => {
    const { status, text, json } = await call('POST', '/tickets/other/break')
    expect(status).toBe(500)
    expect(text).not.toMatch(/hunter2|\.ts|stack/)
    expect(unexpected.at(-1)).toMatchObject({
      instance: json.instance,
      error: expect.objectContaining({ message: expect.stringContaining('hunter2') }),
    })
  })
})

describe('a route without a declaration', () => {
  it('is not served, and stops the document', async () => {
    const careless = await serve(CarelessModule)
    const answer = await fetch(`${careless.url}/undeclared`, { headers: { authorization: 'Bearer agent' } })
    expect(answer.status).toBe(404)
    expect(await answer.text()).not.toContain('"secret"')
    expect(careless.document).toThrow('GET /undeclared has no @Endpoint()')
    await careless.app.close()
  })
})

describe('a body that has not its form', () => {
  const errorsOf = async (body: object) =>
    ((await call('POST', '/tickets', { body })).json.errors as { pointer: string }[]).map(
      ({ pointer }) => pointer,
    )

  it('is told what else is wrong with it, once for each field', async () => {
    expect(await errorsOf({ title: 'reserved', impact: 'high' })).toEqual(['/impact', '/title'])
    expect(await errorsOf({ title: 'fine', impact: 'high' })).toEqual(['/impact'])
    expect(await errorsOf({ title: 'away', impact: 'high' })).toEqual(['/impact'])
  })
})

describe('a path that does not exist', () => {
  it('is told of as the server wishes, and other methods of one that does as ever', async () => {
    const elsewhere = await serve(
      TicketsModule,
      (path) => new NotFound('ELSEWHERE', path, { role: 'publisher' }),
    )
    const answer = await fetch(`${elsewhere.url}/incidents?pageSize=1`)
    expect({ status: answer.status, body: await answer.json() }).toMatchObject({
      status: 404,
      body: { code: 'ELSEWHERE', detail: '/incidents', role: 'publisher' },
    })
    expect((await fetch(`${elsewhere.url}/tickets`, { method: 'DELETE' })).status).toBe(405)
    await elsewhere.app.close()
  })
})

describe('the OpenAPI document', () => {
  it('is served, with a page that loads nothing from elsewhere', async () => {
    const { json } = await call('GET', '/openapi.json', { token: '' })
    expect(json).toEqual(JSON.parse(JSON.stringify(openapi)))
    expect(json.openapi).toBe('3.1.0')
    expect(Object.keys(json.paths)).toEqual([
      '/openapi.json',
      '/tickets',
      '/tickets/{number}',
      '/tickets/{number}/accept',
      '/tickets/{number}/break',
    ])
    const page = await call('GET', '/docs/', { token: '' })
    expect(page.text).not.toMatch(/https?:/)
    for (const [, file] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await call('GET', `/docs/${file}`, { token: '' })).status).toBe(200)
    }
    expect((await call('GET', '/docs', { token: '' })).headers.get('location')).toBe('/docs/')
  })

  it('documents schemas, parameters, headers and statuses', () => {
    const open = openapi.paths['/tickets']?.post
    expect(open).toMatchObject({
      operationId: 'ticketsOpen',
      tags: ['tickets'],
      requestBody: { required: true },
    })
    expect(Object.keys(open?.responses ?? {})).toEqual([
      '201',
      '400',
      '401',
      '403',
      '409',
      '413',
      '415',
      '422',
      '429',
      '431',
      '503',
    ])
    expect(openapi.components.schemas.Ticket).toMatchObject({
      additionalProperties: false,
      required: ['number', 'title', 'assignee'],
      properties: { assignee: { type: ['string', 'null'] } },
    })
  })
})

describe('assertAnswer', () => {
  const answer = { ...ticket }
  it('accepts what is within the contract', () =>
    assertAnswer(openapi, 'GET', '/tickets/INC0000001?x=1', 200, answer))

  it.each<[string, string, string, number, unknown, string]>([
    [
      'a dropped field',
      'GET',
      '/tickets/INC0000001',
      200,
      { number: 'INC0000001', title: 'x' },
      "required property 'assignee'",
    ],
    [
      'an extra field',
      'GET',
      '/tickets/INC0000001',
      200,
      { ...answer, note: 'x' },
      'additional properties (note)',
    ],
    ['a wrong type', 'GET', '/tickets/INC0000001', 200, { ...answer, title: 7 }, '/title must be string'],
    [
      'a wrong format',
      'GET',
      '/tickets/INC0000001',
      200,
      { ...answer, resolvedAt: 'yesterday' },
      'must match format "date-time"',
    ],
    ['an undocumented status', 'GET', '/tickets/INC0000001', 409, answer, 'documented are 200'],
    ['an undocumented path', 'GET', '/tickts', 200, answer, 'no such operation'],
    ['an undocumented method', 'PUT', '/tickets', 200, answer, 'no such operation'],
    [
      'a problem without code',
      'GET',
      '/tickets',
      401,
      { type: 't', title: 't', status: 401, detail: '', instance: 'i' },
      "property 'code'",
    ],
  ])('refuses %s', (_, method, path, status, body, reason) => {
    expect(() => assertAnswer(openapi, method, path, status, body)).toThrow(reason)
  })

  it('refuses another media type', () => {
    expect(() => assertAnswer(openapi, 'GET', '/tickets', 200, {}, 'text/csv')).toThrow(
      'text/csv is not among application/json',
    )
  })
})

describe('headers', () => {
  it.each([
    ['"8e0-1"', '8e0-1'],
    ['8e0-1', '8e0-1'],
    ['"a\\"b"', 'a"b'],
    ['x'.repeat(255), 'x'.repeat(255)],
  ])('Idempotency-Key %s', (header, key) => {
    expect(idempotencyKeyOf(header)).toBe(key)
  })
  it.each(['', '""', '"', '"a', '"a"b"', 'x'.repeat(256), 'a b', 'é', '"a\\b"'])(
    'no Idempotency-Key: %j',
    (header) => {
      expect(() => idempotencyKeyOf(header)).toThrow('Idempotency-Key')
    },
  )
  it('If-Match', () => {
    expect([
      ifMatchOf('"0"'),
      ifMatchOf('"12"'),
      ifMatchOf('"-1"'),
      ifMatchOf('*'),
      ifMatchOf(undefined),
    ]).toEqual([0, 12, -1, undefined, undefined])
    for (const wrong of ['3', 'W/"3"', '"x"', '"3", "4"', '"03"', '"-2"', ''])
      expect(() => ifMatchOf(wrong)).toThrow('If-Match')
  })
  it('If-None-Match', () => {
    expect([ifNoneMatchOf('W/"1","b"'), ifNoneMatchOf('*')]).toEqual([['1', 'b'], ['*']])
    expect(() => ifNoneMatchOf('1')).toThrow('If-None-Match')
  })
})

describe('requestHash', () => {
  const hash = (body: unknown, params: unknown = { number: 'INC1' }) =>
    requestHash('POST', '/tickets/:number/assign', params, body)
  it('ignores the order of members only', () => {
    expect(hash({ a: 1, b: { c: [1, 2], d: null } })).toBe(
      hash({ b: { d: null, c: [1, 2] }, a: 1, e: undefined }),
    )
    const others = [
      hash({ a: 1 }),
      hash({ a: '1' }),
      hash({ a: [1, 2] }),
      hash({ a: [2, 1] }),
      hash(undefined),
      hash({}),
      hash({ a: 1 }, { number: 'INC2' }),
    ]
    expect(new Set(others).size).toBe(7)
    expect(others[0]).toMatch(/^[0-9a-f]{64}$/)
  })
})
