import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import type { Notification } from '../domain/notification.decider.js'
import { WebhookChannel } from './webhook-channel.js'

const OLD = `whsec_${Buffer.from('an old secret of thirty bytes.').toString('base64')}`
const NEW = `whsec_${Buffer.from('a new secret of thirty bytes..').toString('base64')}`
const ID = '00000000-0000-5000-8000-00000000000a'

describe('A webhook', () => {
  let server: Server
  let status = 204
  const taken: { path: string; headers: Record<string, string>; body: string }[] = []

  beforeAll(async () => {
    server = createServer(async (request: IncomingMessage, response) => {
      let body = ''
      for await (const chunk of request.setEncoding('utf8')) body += chunk
      taken.push({ path: request.url ?? '', headers: request.headers as Record<string, string>, body })
      response.writeHead(status, { location: '/elsewhere' }).end()
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  })
  afterAll(() => new Promise((closed) => server.close(closed)))
  beforeEach(() => {
    taken.length = 0
    status = 204
  })

  function send(secrets: readonly string[] = [NEW, OLD], name = 'chat'): Promise<string> {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
    const channel = new WebhookChannel({
      secrets: new Map([['chat', secrets]]),
      endpoints: async () => [{ name: 'chat', url, kinds: ['resolved'] }],
      limit: 5_000,
    })
    const text = JSON.stringify({ type: 'incident.resolved', data: { record: 'INC0000001' } })
    return channel.send(ID, { head: { recipient: name }, text } as Notification)
  }

  it('is one by the standard, for holders of the new secret and of the old one', async () => {
    await expect(send()).resolves.toBe(ID)
    const { headers = {}, body = '' } = taken[0] ?? {}
    expect(headers['webhook-id']).toBe(ID)
    for (const secret of [OLD, NEW])
      expect(new Webhook(secret).verify(body, headers)).toMatchObject({ type: 'incident.resolved' })
  })

  it('is refused by whoever has another secret, or gets another body (counter-proof)', async () => {
    await send([NEW])
    const { headers = {}, body = '' } = taken[0] ?? {}
    expect(() => new Webhook(OLD).verify(body, headers)).toThrow()
    expect(() => new Webhook(NEW).verify(`${body} `, headers)).toThrow()
  })

  it('follows no redirect', async () => {
    status = 307
    await expect(send()).rejects.toMatchObject({ permanent: true })
    expect(taken.map(({ path }) => path)).toEqual(['/hook'])
  })

  it.each([
    [500, false],
    [429, false],
    [410, true],
  ])('answered with %i is given up for good: %s', async (answer, permanent) => {
    status = answer
    await expect(send()).rejects.toMatchObject({ permanent })
  })

  it('without endpoint or secret is not sent', async () => {
    await expect(send([NEW], 'gone')).rejects.toMatchObject({ permanent: true })
    await expect(send([])).rejects.toMatchObject({ permanent: false })
    expect(taken).toEqual([])
  })
})
