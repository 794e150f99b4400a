import { LRUCache } from 'lru-cache'
import type { RateLimit } from './http-contract/index.js'
import { TooManyRequests } from './problem-details.js'

/** Principals that are remembered; one that is forgotten starts with a full allowance. */
const REMEMBERED = 10_000
const WINDOW_SECONDS = 60

/**
 * Allows each principal `perMinute` requests a minute: a bucket that holds as many and fills up evenly. Says so with the
 * fields of the IETF draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers).
 * @param now milliseconds, for tests
 */
export function rateLimitOf(perMinute: number, now: () => number = Date.now): RateLimit {
  const buckets = new LRUCache<string, { left: number; at: number }>({ max: REMEMBERED })
  const perMs = perMinute / (WINDOW_SECONDS * 1000)
  return ({ id }, reply) => {
    const at = now()
    const bucket = buckets.get(id) ?? { left: perMinute, at }
    const left = Math.min(perMinute, bucket.left + (at - bucket.at) * perMs)
    const spent = left >= 1 ? left - 1 : left
    buckets.set(id, { left: spent, at })
    const full = Math.ceil((perMinute - spent) / perMs / 1000)
    reply.header('ratelimit-policy', `"default";q=${perMinute};w=${WINDOW_SECONDS}`)
    reply.header('ratelimit', `"default";r=${Math.floor(spent)};t=${full}`)
    if (left < 1) throw new TooManyRequests(Math.max(1, Math.ceil((1 - left) / perMs / 1000)))
  }
}
