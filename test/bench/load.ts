import { randomUUID } from 'node:crypto'
import autocannon from 'autocannon'
import { type OpeningBody, openingBody, seeded } from './opening.js'
import { answer, input } from './programs.js'

/** A program: opens incidents as fast as they are answered, over so many connections. */
export interface Load {
  url: string
  token: string
  connections: number
  seconds: number
  /** With an `Idempotency-Key` of its own for each request. */
  keyed: boolean
  /** Not counted: until the code is compiled and the connections are there. */
  warmUpSeconds?: number
}

export interface LoadResult {
  requestsPerSecond: number
  /** Answered, warm-up included. */
  requests: number
  p50: number
  p99: number
  max: number
  /** Answers other than 2xx, and errors. */
  failed: number
}

const BODIES = 64

async function fire({ url, token, connections, keyed }: Load, seconds: number): Promise<LoadResult> {
  const random = seeded(7)
  const bodies: OpeningBody[] = Array.from({ length: BODIES }, () => openingBody(random))
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const requests = bodies.map((body): autocannon.Request => {
    const request: autocannon.Request = {
      method: 'POST',
      path: '/incidents',
      headers,
      body: JSON.stringify(body),
    }
    if (keyed)
      request.setupRequest = (given) => ({
        ...given,
        headers: { ...headers, 'idempotency-key': randomUUID() },
      })
    return request
  })
  const result = await autocannon({ url, connections, duration: seconds, requests })
  const { p50, p99, max } = result.latency
  const failed = result.non2xx + result.errors + result.timeouts
  return {
    requests: result['2xx'],
    requestsPerSecond: result['2xx'] / result.duration,
    p50,
    p99,
    max,
    failed,
  }
}

const load = input<Load>()
const before = load.warmUpSeconds ? (await fire(load, load.warmUpSeconds)).requests : 0
const result = await fire(load, load.seconds)
await answer({ ...result, requests: before + result.requests })
