import { hash } from 'node:crypto'
import { parse } from 'uuid'

/** Namespace of all ids that Ledgerdesk derives (a random UUID, fixed for ever). */
const LEDGERDESK_NAMESPACE = parse('5f1c7d0e-6d0b-4f44-9a53-0c8d3c1c2f6a')

/**
 * UUIDv5 (RFC 9562, section 5.5) of the parts, joined so that no two lists of parts give the same name.
 * Deterministic: the same parts give the same id for ever.
 */
export function derivedId(...parts: (string | number)[]): string {
  return uuidv5(JSON.stringify(parts))
}

/**
 * Not `v5` of the package `uuid`, which takes three times as long: each event has such an id, and with it they were an
 * eighth of an import's time.
 */
function uuidv5(name: string): string {
  return asUuid(hash('sha1', withNamespace(name), 'hex'))
}

/** Where in the text of a UUID the digits of a digest go. */
const PLACES = [...'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx'].flatMap((sign, at) => (sign === 'x' ? [at] : []))
// The version is the 13th digit; the variant the two upper bits of the 17th.
const VERSION = PLACES[12]!
const VARIANT = PLACES[16]!
const VERSION_5 = '5'.charCodeAt(0)
const VARIANTS = Buffer.from('89ab')
/** Written over and over, as the place of names is. */
const uuid = Buffer.alloc(36, '-')

/** By bytes: a text that is put together of pieces takes longer, and once more when it is first read: V8 joins the pieces only then. */
function asUuid(digest: string): string {
  for (let digit = 0; digit < PLACES.length; digit++) uuid[PLACES[digit]!] = digest.charCodeAt(digit)
  uuid[VERSION] = VERSION_5
  uuid[VARIANT] = VARIANTS[Number.parseInt(digest[16]!, 16) & 3]!
  return uuid.toString('latin1')
}

/** Names are short: one place for all is written over and over. */
const NAME_BYTES = 1_024
const place = Buffer.concat([LEDGERDESK_NAMESPACE, Buffer.alloc(NAME_BYTES)])

/** The bytes to be hashed; they stand until the next call. */
function withNamespace(name: string): Uint8Array {
  const start = LEDGERDESK_NAMESPACE.length
  // UTF-8 takes three bytes at most for each code unit
  if (name.length * 3 > NAME_BYTES) return Buffer.concat([LEDGERDESK_NAMESPACE, Buffer.from(name)])
  return place.subarray(0, start + place.write(name, start))
}

/** A record's number, ours or one that an import kept: it ends stream names and URLs. */
export const RECORD_NUMBER = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$/

/** Id of the event at `index` of what one command appends to one stream. */
export function eventId(commandId: string, stream: string, index: number): string {
  return eventIds(commandId, stream)(index)
}

/** The same for several events: what their names have in common is written once. */
export function eventIds(commandId: string, stream: string): (index: number) => string {
  const start = JSON.stringify(['event', commandId, stream]).slice(0, -1)
  return (index) => uuidv5(`${start},${index}]`)
}
