import type { FastifyReply } from 'fastify'
import { TooManyRequests } from './problem-details.js'
import { rateLimitOf } from './rate-limit.js'

describe('the rate limit', () => {
  let now = 0
  const headers: Record<string, unknown> = {}
  const reply = {
    header: (name: string, value: unknown) => (headers[name] = value),
  } as unknown as FastifyReply
  const limit = rateLimitOf(60, () => now)
  const ask = (id: string): void => limit({ id, grants: new Map(), groups: new Set() }, reply)

  it('lets a burst through, then one a second, each principal alone', () => {
    for (let i = 0; i < 60; i++) ask('ada')
    expect(headers).toEqual({ 'ratelimit-policy': '"default";q=60;w=60', ratelimit: '"default";r=0;t=60' })
    expect(() => ask('ada')).toThrow(TooManyRequests)
    expect(() => ask('bob')).not.toThrow()
    now += 1000
    expect(() => ask('ada')).not.toThrow()
    expect(() => ask('ada')).toThrow('try again in 1 s')
  })

  it('does not save up more than a minute', () => {
    now += 3_600_000
    for (let i = 0; i < 60; i++) ask('ada')
    expect(() => ask('ada')).toThrow(TooManyRequests)
  })
})
