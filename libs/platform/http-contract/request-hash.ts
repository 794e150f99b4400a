import { hash } from 'node:crypto'

/**
 * SHA-256 (hex) of what a request asks for: method, route template, path parameters and body, whatever the order of
 * members. Tells a repeat from a reused `Idempotency-Key`.
 * @param body JSON values only; members that are `undefined` count as absent
 */
export function requestHash(method: string, route: string, params: unknown, body: unknown): string {
  return hash('sha256', `${method} ${route}\n${canonicalJson(params)}\n${canonicalJson(body)}`, 'hex')
}

/** JSON with members sorted by name, as RFC 8785 orders them. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  let members = ''
  for (const name of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[name]
    if (member !== undefined) members += `${members && ','}${JSON.stringify(name)}:${canonicalJson(member)}`
  }
  return `{${members}}`
}
