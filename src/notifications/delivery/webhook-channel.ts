import { createHmac } from 'node:crypto'
import type { WebhookEndpoint } from '../domain/defaults.js'
import type { Notification } from '../domain/notification.decider.js'
import { type DeliveryChannel, DeliveryError } from './delivery-channel.js'

export interface WebhookOptions {
  /** Secrets (`whsec_…`) by the endpoint's name. Several: each signs, while the recipient changes from one to the other. */
  secrets: ReadonlyMap<string, readonly string[]>
  /** The endpoints in force. */
  endpoints(): Promise<readonly WebhookEndpoint[]>
  clock?(): number
  /** Milliseconds for a whole exchange. */
  limit?: number
}

const LIMIT_MS = 15_000
/** The endpoint is gone for good, by the specification. */
const GONE = 410

/** POSTs by https://www.standardwebhooks.com. Redirects are not followed: the signed body is for the endpoint alone. */
export class WebhookChannel implements DeliveryChannel {
  readonly #closing = new AbortController()

  constructor(private readonly options: WebhookOptions) {}

  async send(id: string, { head: { recipient }, text }: Notification): Promise<string> {
    const { secrets, clock = Date.now, limit = LIMIT_MS } = this.options
    const endpoint = (await this.options.endpoints()).find(({ name }) => name === recipient)
    if (!endpoint) throw new DeliveryError(`There is no endpoint ${recipient} any more`, true)
    const keys = secrets.get(recipient) ?? []
    if (keys.length === 0)
      throw new DeliveryError(`LEDGERDESK_WEBHOOK_SECRETS has no secret of ${recipient}`, false)
    const timestamp = Math.floor(clock() / 1000)
    const status = await this.#post(endpoint.url, limit, text, {
      'content-type': 'application/json',
      'user-agent': 'Ledgerdesk',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': keys.map((key) => signature(key, id, timestamp, text)).join(' '),
    })
    if (status < 200 || status > 299)
      throw new DeliveryError(`The endpoint answered ${status}`, status === GONE || isRedirect(status))
    return id
  }

  async #post(url: string, limit: number, body: string, headers: Record<string, string>): Promise<number> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(limit)])
    try {
      const answer = await fetch(url, { method: 'POST', body, headers, redirect: 'manual', signal })
      // Nobody reads it, and it may have no end.
      await answer.body?.cancel()
      return answer.status
    } catch (error) {
      const { message, cause } = error as Error
      throw new DeliveryError(cause instanceof Error ? `${message}: ${cause.message}` : message, false)
    }
  }

  close(): void {
    this.#closing.abort()
  }
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400
}

/** `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; the key is the base64 after `whsec_`. */
export function signature(secret: string, id: string, timestamp: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}
