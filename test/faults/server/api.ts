/** What a server answered. */
export interface ApiAnswer<Body = Record<string, unknown>> {
  status: number
  etag: string | null
  position: string | null
  location: string | null
  body: Body
}

export interface ApiRequest {
  token: string
  method?: 'GET' | 'POST' | 'PUT'
  path: string
  body?: unknown
  key?: string
  headers?: Record<string, string>
}

/** One request. Rejects when no answer comes, as when the server is killed. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
export async function ask<Body = any>(url: string, request: ApiRequest): Promise<ApiAnswer<Body>> {
  const { token, body, key, path, method = body === undefined ? 'GET' : 'POST' } = request
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
      ...request.headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const header = (name: string) => response.headers.get(name)
  return {
    status: response.status,
    etag: header('etag'),
    position: header('itsm-position'),
    location: header('location'),
    body: text === '' ? undefined : JSON.parse(text),
  }
}

/** The same, for what must succeed. @throws Error with the problem */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
export async function expectOk<Body = any>(url: string, request: ApiRequest): Promise<ApiAnswer<Body>> {
  const answer = await ask<Body>(url, request)
  if (answer.status < 300) return answer
  throw new Error(`${request.path}: ${answer.status} ${JSON.stringify(answer.body)}`)
}
