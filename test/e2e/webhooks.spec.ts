import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { eventually } from '#libs/testing'
import { Desk, succeeded } from './desk.js'

const SECRETS = {
  chat: `whsec_${Buffer.from('what the chat and we know alone').toString('base64')}`,
  pager: `whsec_${Buffer.from('what the pager and we know, too').toString('base64')}`,
}
/** The first attempt fails, the next one comes a minute later. */
const AFTER_A_RETRY_MS = 120_000

interface Taken {
  endpoint: string
  id: string
  headers: Record<string, string>
  body: string
}

/** Endpoints on this machine; what they answer is set by title of the incident. */
class Endpoints {
  readonly taken: Taken[] = []
  readonly answers = new Map<string, number>()
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Endpoints> {
    const endpoints: Endpoints = new Endpoints(
      createServer(async (request: IncomingMessage, response) => {
        let body = ''
        for await (const chunk of request.setEncoding('utf8')) body += chunk
        const headers = request.headers as Record<string, string>
        const endpoint = (request.url ?? '').slice(1)
        endpoints.taken.push({ endpoint, id: headers['webhook-id'] ?? '', headers, body })
        response.writeHead(endpoints.answers.get(JSON.parse(body).data.title) ?? 204).end()
      }),
    )
    await new Promise<void>((listening) => endpoints.server.listen(0, '127.0.0.1', listening))
    return endpoints
  }

  url(name: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${name}`
  }

  /** What came about a record to one of them. */
  about(number: string, endpoint = 'chat'): Taken[] {
    return this.taken.filter(
      (one) => one.endpoint === endpoint && JSON.parse(one.body).data.record === number,
    )
  }

  stop(): Promise<unknown> {
    this.server.closeAllConnections()
    return new Promise((stopped) => this.server.close(stopped))
  }
}

describe('Webhooks about incidents', () => {
  let endpoints: Endpoints
  let desk: Desk
  /** Resolved first, looked after last: it waits for its retry. */
  let failing: string

  beforeAll(async () => {
    endpoints = await Endpoints.start()
    desk = await Desk.open({ WEBHOOK_SECRETS: `chat=${SECRETS.chat},pager=${SECRETS.pager}` })
    succeeded(
      await desk.as('adam').put('/settings/webhooks', {
        endpoints: [
          { name: 'chat', url: endpoints.url('chat'), kinds: ['resolved'] },
          { name: 'pager', url: endpoints.url('pager'), kinds: ['resolved', 'reopened'] },
        ],
      }),
    )
    endpoints.answers.set('Fails once', 500)
    failing = await resolved({ title: 'Fails once' })
  })
  afterAll(async () => {
    await endpoints.stop()
    await desk.close()
  })

  async function resolved(body: object): Promise<string> {
    const number = await desk.opened(body, 'ann')
    await desk.done('ann', number, 'resolve', { code: 'solved', notes: 'Turned off and on, secretly' })
    return number
  }

  /** The one notification of a record to an endpoint that is in this state. */
  function rowOf(number: string, state: string, timeout = 20_000, recipient = 'chat') {
    return eventually(
      `a webhook about ${number} that is ${state}`,
      async () => {
        const { items } = succeeded(await desk.as('ann').get(`/incidents/${number}/notifications`))
        return items.find(
          (row: { state: string; recipient: string }) => row.state === state && row.recipient === recipient,
        )
      },
      timeout,
    )
  }

  /** The value of a metric's series as a process tells it: of the API, or of another role. */
  async function metric(
    series: string,
    { url } = desk.server as { url: string },
  ): Promise<number | undefined> {
    const text = await (await fetch(`${url}/metrics`)).text()
    const line = text.split('\n').find((one) => one.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.slice(series.length + 1))
  }

  async function metricBecomes(series: string, value: number): Promise<void> {
    await eventually(`${series} ${value}`, async () => (await metric(series)) === value, 20_000)
  }

  it('come signed, so that the receiver knows who sent them and when', async () => {
    const number = await resolved({ title: 'Mail is late' })
    const { id } = await rowOf(number, 'delivered')
    const [taken] = endpoints.about(number)
    expect(endpoints.about(number)).toHaveLength(1)
    expect(taken?.id).toBe(id)
    // Throws when the signature, or the age of the timestamp, is not right
    const told = new Webhook(SECRETS.chat).verify(taken?.body ?? '', taken?.headers ?? {})
    expect(told).toMatchObject({
      type: 'incident.resolved',
      data: { record: number, kind: 'resolved', event: 'IncidentResolved', title: 'Mail is late' },
    })
    expect(taken?.body).not.toContain('secretly')
  })

  it('are no use to whoever has another endpoint’s secret, or changes a word (counter-proof)', async () => {
    const number = await resolved({ title: 'Fax is late' })
    await rowOf(number, 'delivered')
    const [{ body, headers } = { body: '', headers: {} }] = endpoints.about(number)
    expect(() => new Webhook(SECRETS.pager).verify(body, headers)).toThrow()
    expect(() => new Webhook(SECRETS.chat).verify(body.replace('late', 'lost'), headers)).toThrow()
  })

  it('go to those who asked for the kind, and never about records of a closed circle', async () => {
    const audience = { kind: 'groups', groups: ['Network'] }
    const internal = await desk.opened({ title: 'Break-in', audience }, 'ben')
    await desk.done('ben', internal, 'resolve', { code: 'solved', notes: 'Locked' })
    const number = await resolved({ title: 'Open' })
    await desk.done('ann', number, 'reopen', { reason: 'It is back' })
    await eventually('both kinds at the pager', () => endpoints.about(number, 'pager').length === 2, 20_000)
    expect(endpoints.about(number)).toHaveLength(1)
    expect(JSON.stringify(endpoints.taken)).not.toContain(internal)
  })

  it('that the endpoint refuses for good are dead letters, and are sent again when somebody says so', async () => {
    endpoints.answers.set('Gone', 410)
    const before = (await metric('ledgerdesk_notification_dead_letters{channel="webhook"}')) ?? 0
    const number = await resolved({ title: 'Gone' })
    const { id, error } = await rowOf(number, 'dead-lettered')
    await rowOf(number, 'dead-lettered', 20_000, 'pager')
    expect(error).toBe('The endpoint answered 410')
    await metricBecomes('ledgerdesk_notification_dead_letters{channel="webhook"}', before + 2)

    endpoints.answers.delete('Gone')
    succeeded(await desk.as('adam').post(`/notifications/${id}/resend`, {}))
    expect(await rowOf(number, 'delivered')).toMatchObject({ id, attempts: 2 })
    expect(endpoints.about(number).map((one) => one.id)).toEqual([id, id])
    await metricBecomes('ledgerdesk_notification_dead_letters{channel="webhook"}', before + 1)
  })

  it(
    'that the endpoint failed to take come again, under the same id and with a signature of their own',
    async () => {
      await eventually('the first attempt', () => endpoints.about(failing).length > 0, 20_000)
      expect((await rowOf(failing, 'retrying')).error).toBe('The endpoint answered 500')
      await metricBecomes('ledgerdesk_notifications_pending{channel="webhook"}', 2)
      expect(
        await metric('ledgerdesk_notification_oldest_pending_seconds{channel="webhook"}'),
      ).toBeGreaterThan(0)
      endpoints.answers.delete('Fails once')
      await rowOf(failing, 'delivered', AFTER_A_RETRY_MS)
      await rowOf(failing, 'delivered', AFTER_A_RETRY_MS, 'pager')
      const [first, second, ...more] = endpoints.about(failing)
      expect(more).toEqual([])
      expect(second?.id).toBe(first?.id)
      expect(second?.body).toBe(first?.body)
      expect(second?.headers['webhook-timestamp']).not.toBe(first?.headers['webhook-timestamp'])
      new Webhook(SECRETS.chat).verify(second?.body ?? '', second?.headers ?? {})
      await metricBecomes('ledgerdesk_notification_oldest_pending_seconds{channel="webhook"}', 0)
    },
    AFTER_A_RETRY_MS + 60_000,
  )

  it('are counted by what came of each attempt', async () => {
    // Told by the process that delivers
    const courier = desk.server.process(process.env.E2E_SHAPE === 'scale-out' ? 'projector' : 'all')
    const outcome = (name: string) =>
      metric(`ledgerdesk_notification_deliveries_total{channel="webhook",outcome="${name}"}`, courier)
    expect(await outcome('failed')).toBe(2)
    expect(await outcome('refused')).toBe(2)
    expect(await outcome('delivered')).toBe(endpoints.taken.length - 4)
  })
})
