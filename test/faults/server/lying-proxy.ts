import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** In which way it is wrong. */
export interface Lie {
  /** Says that a comment is added so many milliseconds before it even hands it over. */
  acknowledgeEarly?: number
  /** Forgets idempotency keys. */
  dropKeys?: boolean
}

interface Receipt {
  id: string
  revision: number
  position: string
}

/**
 * Makes a good server look like a wrong one, to show that the checks would notice. One client, one request at a time:
 * then what the server is going to answer to a comment is known before it does.
 */
export class LyingProxy {
  lie: Lie = {}
  private last: Receipt | undefined
  private readonly late = new Set<Promise<unknown>>()
  private readonly server: Server

  private constructor(private readonly target: string) {
    this.server = createServer((request, response) => void this.handle(request, response))
  }

  static async before(target: string): Promise<LyingProxy> {
    const proxy = new LyingProxy(target)
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Everything that was promised is handed over. */
  async settled(): Promise<void> {
    await Promise.all(this.late)
  }

  close(): Promise<void> {
    this.server.closeAllConnections()
    return new Promise((resolve) => this.server.close(() => resolve()))
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request)
    const { acknowledgeEarly } = this.lie
    if (acknowledgeEarly !== undefined && this.last && request.url?.endsWith('/comments')) {
      const { id, revision, position } = this.last
      const next = String(Number(position) + 1).padStart(20, '0')
      this.last = { id, revision: revision + 1, position: next }
      answer(response, 200, JSON.stringify(this.last))
      // One after the other: the revisions that were promised are those of this order.
      const before = [...this.late].at(-1)
      const late = Promise.all([sleep(acknowledgeEarly), before]).then(() =>
        this.forward(request, body).catch(() => {}),
      )
      this.late.add(late)
      return
    }
    const { status, text } = await this.forward(request, body)
    this.last = JSON.parse(text) as Receipt
    answer(response, status, text)
  }

  private async forward({ url, method, headers }: IncomingMessage, body: string) {
    const key = headers['idempotency-key']
    const response = await fetch(this.target + url, {
      method,
      headers: {
        authorization: headers.authorization!,
        'content-type': 'application/json',
        ...(key !== undefined && !this.lie.dropKeys && { 'idempotency-key': key as string }),
      },
      body,
    })
    return { status: response.status, text: await response.text() }
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(text)
}
