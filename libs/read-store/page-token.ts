import { createHmac, timingSafeEqual } from 'node:crypto'
import { canonicalJson, InvalidInput, LOG_START } from '#libs/event-sourcing'
import type { Checkpoint, KeysetCursor } from './read-store.js'

const MAC_BYTES = 32
/** Enough to tell two queries or principals apart; what protects the token is its whole MAC. */
const DIGEST_CHARACTERS = 22

/** What a page belongs to: whoever shows its token must ask the same again. */
export interface PageBinding {
  /** Who asked. */
  principal: string
  /** All that shapes the answer: collection, filter, orderBy, asOf, validAt, fields. Compared as JSON, key order aside. */
  query: object
}

/** The log as it is now, to notice that a backup was restored under a client's feet. */
export interface LogIdentity {
  logId: string
  eventIdAt(position: string): Promise<string | undefined>
  /** A position as the log gives it now: another one when it came from another store since. */
  currentPosition(position: string): Promise<string>
}

export interface PageStart {
  cursor: KeysetCursor
  /** Where the read model stood when the page before was read. */
  checkpoint: Checkpoint
}

interface Payload {
  /** Digests of principal and query. */
  who: string
  what: string
  after: KeysetCursor
  at: Checkpoint
}

/**
 * Keyset page tokens: base64url of JSON and its HMAC-SHA256 (RFC 2104). Stateless, tamper-proof, of use only to the
 * principal and the query they were made for, in the log they were made in.
 */
export class PageTokens {
  /** @param key secret, at least 32 bytes; the same in every process that serves the API */
  constructor(private readonly key: Uint8Array) {
    if (key.length < MAC_BYTES) throw new Error(`The page-token key must have at least ${MAC_BYTES} bytes`)
  }

  issue({ cursor, checkpoint }: PageStart, binding: PageBinding): string {
    const payload: Payload = { ...this.digests(binding), after: cursor, at: checkpoint }
    const json = Buffer.from(JSON.stringify(payload))
    return Buffer.concat([json, this.mac(json)]).toString('base64url')
  }

  /**
   * @throws InvalidInput `PAGE_TOKEN.INVALID` unless this server made it; `PAGE_TOKEN.FOREIGN` when it was made for
   * another principal or another log, be it this one before a backup was restored; `PAGE_TOKEN.OTHER_QUERY` when it
   * belongs to another query
   */
  async verify(token: string, binding: PageBinding, log: LogIdentity): Promise<PageStart> {
    const payload = this.open(token)
    const expected = this.digests(binding)
    if (payload.who !== expected.who) throw refuse('FOREIGN', 'it was made for another principal')
    if (payload.what !== expected.what)
      throw refuse('OTHER_QUERY', 'it belongs to another query: repeat filter, orderBy and all else with it')
    const { logId, eventId } = payload.at
    const position = await log.currentPosition(payload.at.position)
    const known =
      logId === log.logId && (position === LOG_START || (await log.eventIdAt(position)) === eventId)
    if (!known) throw refuse('FOREIGN', 'it was made before the log was restored or replaced')
    if (position === payload.at.position) return { cursor: payload.after, checkpoint: payload.at }
    const id = await currentId(payload.after.id, log)
    return { cursor: { ...payload.after, id }, checkpoint: { logId, position, eventId } }
  }

  private open(token: string): Payload {
    const bytes = Buffer.from(token, 'base64url')
    const json = bytes.subarray(0, -MAC_BYTES)
    // The decoder skips what is not base64url, and the last character has bits to spare
    const canonical = bytes.toString('base64url') === token
    if (
      bytes.length <= MAC_BYTES ||
      !canonical ||
      !timingSafeEqual(this.mac(json), bytes.subarray(-MAC_BYTES))
    )
      throw refuse('INVALID', 'it is not one that this server made')
    return JSON.parse(json.toString()) as Payload
  }

  private digests({ principal, query }: PageBinding): { who: string; what: string } {
    const digest = (text: string) =>
      this.mac(Buffer.from(text)).toString('base64url').slice(0, DIGEST_CHARACTERS)
    return { who: digest(`principal ${principal}`), what: digest(`query ${canonicalJson(query)}`) }
  }

  private mac(bytes: Uint8Array): Buffer {
    return createHmac('sha256', this.key).update(bytes).digest()
  }
}

/** A document may be named by the position at which it begins. */
async function currentId(id: string, log: LogIdentity): Promise<string> {
  const [, name, position] = /^(.*#)(\d{20})$/.exec(id) ?? []
  return position === undefined ? id : name + (await log.currentPosition(position))
}

function refuse(code: string, why: string): InvalidInput {
  const message = `The page token does not fit: ${why}. Start again at the first page`
  return new InvalidInput(`PAGE_TOKEN.${code}`, message, [{ pointer: 'pageToken', message }])
}
