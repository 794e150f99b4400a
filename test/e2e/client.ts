import type { OpenApiDocument } from '#libs/platform'
import { assertAnswer, operationPath } from '#libs/platform/testing'

export interface Reply {
  status: number
  /** Parsed JSON, text, or bytes, by media type. */
  // biome-ignore lint/suspicious/noExplicitAny: the contract's schemas say what it is, and every answer is held against them
  body: any
  headers: Headers
}

export interface Asking {
  query?: Readonly<Record<string, string | number | readonly string[] | undefined>>
  headers?: Readonly<Record<string, string>>
  /** `Idempotency-Key` */
  key?: string
  /** `If-Match`: a revision. */
  ifMatch?: number
  /** The request itself is outside the contract on purpose: past the proxy that would refuse it. */
  offContract?: boolean
}

export interface Addresses {
  /** The server itself. */
  direct: string
  /** A contract-checking proxy, if there is one: its address, what requests that go there must say, and which do. */
  proxy?: {
    url: string
    headers?: Readonly<Record<string, string>>
    takes(operation: string): boolean
  }
  openapi: OpenApiDocument
}

export interface SentFile {
  name: string
  type: string
  content: string | Uint8Array<ArrayBuffer>
}

/** One caller. Every answer is held against the live contract. */
export class Client {
  constructor(
    private readonly addresses: () => Addresses,
    readonly token?: string,
  ) {}

  get(path: string, query?: Asking['query'], asking: Asking = {}): Promise<Reply> {
    return this.request('GET', path, undefined, { query, ...asking })
  }

  post(path: string, body?: object, asking: Asking = {}): Promise<Reply> {
    return this.request('POST', path, body ?? {}, asking)
  }

  put(path: string, body: object, asking: Asking = {}): Promise<Reply> {
    return this.request('PUT', path, body, asking)
  }

  /** Attaches a file to an incident. */
  attach(number: string, file: SentFile, query?: Asking['query'], asking: Asking = {}): Promise<Reply> {
    return this.attachTo(`/incidents/${number}/attachments`, file, query, asking)
  }

  /** Sends a file as a form's part. */
  attachTo(path: string, file: SentFile, query?: Asking['query'], asking: Asking = {}): Promise<Reply> {
    const form = new FormData()
    form.append('file', new Blob([file.content], { type: file.type }), file.name)
    // Prism takes what it passes on for text
    const offContract = typeof file.content !== 'string'
    return this.request('POST', path, form, { query, ...(offContract && { offContract }), ...asking })
  }

  /** Hands a mail over, as a mail server does. */
  handOver(message: string | Buffer, asking: Asking = {}): Promise<Reply> {
    const headers = { 'content-type': 'message/rfc822' }
    return this.request('POST', '/mails', Buffer.from(message), { headers, ...asking })
  }

  async request(method: string, path: string, body: unknown, asking: Asking): Promise<Reply> {
    const { direct, proxy, openapi } = this.addresses()
    const target = path + queryString(asking.query)
    const operation = `${method} ${operationPath(openapi, method, target)}`
    const by = asking.offContract || !proxy?.takes(operation) ? { url: direct, headers: undefined } : proxy
    const response = await fetch(by.url + target, {
      method,
      headers: { ...this.headers(asking, body), ...by.headers },
      body: bodyOf(body),
    })
    const type = response.headers.get('content-type') ?? undefined
    const answer = await contentOf(response, type)
    assertAnswer(openapi, method, target, response.status, answer, type)
    return { status: response.status, body: answer, headers: response.headers }
  }

  private headers({ headers, key, ifMatch }: Asking, body: unknown): Record<string, string> {
    return {
      ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
      ...(body !== undefined && !(body instanceof FormData) && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
      ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
      ...headers,
    }
  }
}

function bodyOf(body: unknown): BodyInit | undefined {
  if (body === undefined || body instanceof FormData || body instanceof Uint8Array) return body as BodyInit
  return JSON.stringify(body)
}

function queryString(query: Asking['query'] = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) parameters.append(name, String(one))
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

async function contentOf(response: Response, type: string | undefined): Promise<unknown> {
  if (type?.includes('json') && !type.includes('ndjson')) {
    const text = await response.text()
    return text === '' ? '' : JSON.parse(text)
  }
  return type?.startsWith('application/octet-stream') || type?.startsWith('application/zip')
    ? Buffer.from(await response.arrayBuffer())
    : response.text()
}
