import { hash } from 'node:crypto'
import { canonicalJson } from '#libs/event-sourcing'

/**
 * SHA-256 (hex) of what a request asks for: method, route template, path parameters and body, whatever the order of
 * members. Tells a repeat from a reused `Idempotency-Key`.
 * @param body JSON values only; members that are `undefined` count as absent
 */
export function requestHash(method: string, route: string, params: unknown, body: unknown): string {
  return hash('sha256', `${method} ${route}\n${canonicalJson(params)}\n${canonicalJson(body)}`, 'hex')
}
