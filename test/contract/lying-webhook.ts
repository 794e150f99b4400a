import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A notification as it went through. */
export interface Passed {
  groupKey: string
  status: 'firing' | 'resolved'
  alerts: readonly { status: 'firing' | 'resolved'; fingerprint: string }[]
  /** The one before it was stored, and its sender told that it was not. */
  retry: boolean
}

/**
 * Passes webhooks on, and now and then answers 503 to what the server has stored: to the first, third, ... notification of each
 * group once, to every third one twice.
 */
export class LyingWebhook {
  readonly passed: Passed[] = []
  lies = 0
  /** Of each group: notifications so far, and lies that are still to be told of the latest. */
  private readonly groups = new Map<string, { count: number; owed: number; lied: boolean }>()

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(upstream: string): Promise<LyingWebhook> {
    const server = createServer()
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const { port } = server.address() as AddressInfo
    const proxy = new LyingWebhook(server, `http://127.0.0.1:${port}`)
    server.on('request', async (asked, answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of asked) chunks.push(chunk as Buffer)
      const body = Buffer.concat(chunks).toString()
      const status = await proxy.pass(`${upstream}${asked.url}`, asked.headers, body).catch(() => 502)
      answer.writeHead(status).end()
    })
    return proxy
  }

  stop(): void {
    this.server.closeAllConnections()
    this.server.close()
  }

  private async pass(url: string, headers: IncomingHttpHeaders, body: string): Promise<number> {
    const { status } = await fetch(url, {
      method: 'POST',
      headers: { authorization: headers.authorization ?? '', 'content-type': headers['content-type'] ?? '' },
      body,
    })
    if (status !== 200) return status
    const { groupKey, status: condition, alerts } = JSON.parse(body) as Omit<Passed, 'retry'>
    const group = this.groups.get(groupKey) ?? { count: 0, owed: 0, lied: false }
    this.groups.set(groupKey, group)
    this.passed.push({ groupKey, status: condition, alerts, retry: group.lied })
    if (!group.lied) {
      group.count++
      group.owed = group.count % 3 === 0 ? 2 : group.count % 2
    }
    group.lied = group.owed > 0
    if (!group.lied) return 200
    group.owed--
    this.lies++
    return 503
  }
}
