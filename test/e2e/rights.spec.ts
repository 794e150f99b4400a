import type { OpenApiDocument } from '#libs/platform'
import type { Client } from './client.js'
import { CAST, Desk, type Person, refusal, succeeded } from './desk.js'
import { type Allowed, bodyFor, incidentFor, pathFor, RIGHTS, type RightsTable } from './rights-table.js'

/** Endpoint → caller → what happened. */
type Observed = Map<string, Map<string, number>>

const ROLES_WALKED: readonly Person[] = [
  'rita',
  'ann',
  'lea',
  'chris',
  'audrey',
  'ana',
  'service:monitoring',
  'adam',
]
const STRANGERS = ['no token', 'unknown token', 'revoked token', 'token of a leaver'] as const

describe('Rights', () => {
  let desk: Desk
  let survivor: string
  let observed: Observed
  const strangers = new Map<string, Client>()

  beforeAll(async () => {
    desk = await Desk.open()
    survivor = await desk.opened()
    strangers.set('no token', desk.withToken())
    strangers.set('unknown token', desk.withToken(`ldk_0011223344556677_${'A'.repeat(43)}`))
    strangers.set('revoked token', await revoked())
    strangers.set('token of a leaver', await desk.enrol('leaver', 'agent', 'auditor'))
    succeeded(await desk.as('adam').post('/people/leaver/deactivate'))
    observed = await walk()
  })
  afterAll(() => desk.close())

  async function revoked(): Promise<Client> {
    const client = await desk.enrol('former', 'agent', 'auditor')
    succeeded(await client.get('/incidents'))
    await desk.server.cli('token', 'revoke', client.token ?? '')
    return client
  }

  async function walk(): Promise<Observed> {
    const seen: Observed = new Map()
    for (const endpoint of endpointsOf(desk.openapi)) {
      const known = ROLES_WALKED.map((person) => [CAST[person], desk.as(person), person] as const)
      const unknown = STRANGERS.map((name) => [name, strangers.get(name)!, 'rita'] as const)
      const callers = await Promise.all(
        [...known, ...unknown].map(
          async ([name, client, person]) => [name, await statusFor(endpoint, client, person)] as const,
        ),
      )
      seen.set(endpoint, new Map(callers))
    }
    return seen
  }

  async function statusFor(endpoint: string, client: Client, person: Person): Promise<number> {
    const [method = '', template = ''] = endpoint.split(' ')
    const number = template.includes('{number}') ? await incidentFor(desk, endpoint, person) : ''
    const path = pathFor(template, number)
    // Prism would answer for the server when the token is missing
    const asking = { offContract: client.token === undefined }
    if (template.endsWith('/attachments')) {
      const file = { name: 'a.txt', type: 'text/plain', content: 'a' }
      return (await client.attachTo(path, file, {}, asking)).status
    }
    if (endpoint === 'POST /mails')
      return (await client.handOver('From: rita@example.org\r\n\r\nHello', asking)).status
    const takesBody = desk.openapi.paths[template]?.[method.toLowerCase()]?.requestBody !== undefined
    const body = takesBody ? bodyFor(endpoint, person, survivor) : undefined
    // What it can't be asked without
    const query = template === '/search' ? { q: 'printer' } : undefined
    const { status } = await client.request(method, path, body, { query, ...asking })
    return status
  }

  it('are written down for every endpoint of the contract, and for no other', () => {
    expect(Object.keys(RIGHTS).sort()).toEqual(endpointsOf(desk.openapi).sort())
  })

  it('are what the table says, for every endpoint and role', () => {
    expect(deviations(observed, RIGHTS)).toEqual([])
    // Nothing was left out
    expect([...observed.values()].reduce((sum, callers) => sum + callers.size, 0)).toBe(
      Object.keys(RIGHTS).length * (ROLES_WALKED.length + STRANGERS.length),
    )
  })

  it('deviate when an endpoint lets in one role more than the table says, or one less', () => {
    const table = (endpoint: string, allowed: Allowed): RightsTable => ({ ...RIGHTS, [endpoint]: allowed })
    const narrower = table('POST /incidents', ['agent', 'team-lead', 'requester'])
    expect(deviations(observed, narrower)).toEqual(['POST /incidents: service gets 201'])
    const wider = table('GET /events', ['auditor', 'administrator', 'service', 'analyst'])
    expect(deviations(observed, wider)).toEqual(['GET /events: analyst gets 403'])
    const open = table('PUT /settings/incident', 'public')
    expect(deviations(observed, open)).toContain('PUT /settings/incident: no token gets 401')
  })

  it('deviate when the server gives a role more than the table does', async () => {
    await desk.enrol('vera', 'analyst', 'change-manager')
    const callers = new Map([
      ['analyst', await statusFor('POST /incidents/{number}/links', desk.as('vera'), 'rita')],
    ])
    expect(deviations(new Map([['POST /incidents/{number}/links', callers]]), RIGHTS)).toEqual([
      'POST /incidents/{number}/links: analyst gets 200',
    ])
  })

  it('let nobody write without a token: the log stays as it is', async () => {
    const head = async () =>
      succeeded(await desk.as('audrey').get('/events', { limit: 1_000, types: ['ImportActivated'] })).position
    const before = await head()
    for (const endpoint of endpointsOf(desk.openapi).filter((one) => !one.startsWith('GET '))) {
      const [method = '', template = ''] = endpoint.split(' ')
      const answer = await desk
        .withToken()
        .request(method, pathFor(template, survivor), bodyFor(endpoint, 'rita', survivor), {
          offContract: true,
        })
      expect([endpoint, refusal(answer)]).toEqual([endpoint, '401 TOKEN.MISSING'])
    }
    expect(await head()).toBe(before)
  })

  it('cannot be granted to oneself', async () => {
    const adam = desk.as('adam')
    for (const role of ['agent', 'auditor', 'administrator']) {
      expect(refusal(await adam.post('/people/adam/grant-role', { role }))).toBe('403 DIRECTORY.SELF_GRANT')
    }
    await desk.enrol('eve', 'administrator')
    succeeded(await desk.as('eve').post('/people/adam/grant-role', { role: 'auditor' }))
  })

  it('of a requester end at her own records, of which others do not even learn that they exist', async () => {
    const number = await desk.opened({ caller: 'rita' })
    for (const endpoint of endpointsOf(desk.openapi).filter((one) => one.includes('{number}'))) {
      const [method = '', template = ''] = endpoint.split(' ')
      if (RIGHTS[endpoint] !== 'any' && !RIGHTS[endpoint]?.includes('requester')) continue
      if (template.endsWith('/attachments')) continue
      const ask = async (of: string) => {
        const body = method === 'GET' ? undefined : bodyFor(endpoint, 'rob', survivor)
        return refusal(await desk.as('rob').request(method, pathFor(template, of), body, {}))
      }
      expect([endpoint, await ask(number)]).toEqual([endpoint, '404 INCIDENT.UNKNOWN'])
      expect([endpoint, await ask('INC9999999')]).toEqual([endpoint, '404 INCIDENT.UNKNOWN'])
    }
    const file = { name: 'a.txt', type: 'text/plain', content: 'a' }
    expect(refusal(await desk.as('rob').attach(number, file))).toBe('404 INCIDENT.UNKNOWN')
    expect(refusal(await desk.as('rob').attach('INC9999999', file))).toBe('404 INCIDENT.UNKNOWN')
  })

  it('of a requester hold in bulk as well, item by item', async () => {
    const [mine, hers] = [await desk.opened({ caller: 'rob' }), await desk.opened({ caller: 'rita' })]
    const items = [
      { verb: 'comments', number: mine, body: { text: 'Any news?' } },
      { verb: 'comments', number: hers, body: { text: 'Any news?' } },
      { verb: 'resolve', number: mine, body: { code: 'fixed', notes: 'By myself' } },
      { verb: 'open', body: { title: 'For her', caller: 'rita' } },
    ]
    const { results } = succeeded(await desk.as('rob').post('/incidents/bulk', { items }))
    expect(results.map(({ status }: { status: number }) => status)).toEqual([200, 404, 403, 403])
  })
})

function endpointsOf({ paths }: OpenApiDocument): string[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
}

/** Where what happened is not what the table says. Anything but 401 and 403 means that the caller was let in. */
function deviations(observed: Observed, table: RightsTable): string[] {
  return [...observed].flatMap(([endpoint, callers]) =>
    [...callers].flatMap(([caller, status]) =>
      statusesExpected(table[endpoint] ?? [], caller, status)
        ? []
        : [`${endpoint}: ${caller} gets ${status}`],
    ),
  )
}

function statusesExpected(allowed: Allowed, caller: string, status: number): boolean {
  const stranger = (STRANGERS as readonly string[]).includes(caller)
  if (allowed === 'public') return status < 400
  if (stranger) return status === 401
  const mayDo = allowed === 'any' || (allowed as readonly string[]).includes(caller)
  return mayDo ? status !== 401 && status !== 403 && status < 500 : status === 403
}
