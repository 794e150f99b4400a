import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Principal } from '#libs/access'
import { Unauthenticated } from '#libs/event-sourcing'
import { Authenticator } from './authenticator.js'
import type { IdentityDirectory, StoredToken } from './identity-directory.js'

/** API tokens begin so, which lets secret scanners find one that got away. */
export const API_TOKEN_PREFIX = 'ldk_'

/** `ldk_<id: 16 hex digits>_<secret: 256 bits, base64url>`. */
const API_TOKEN = /^ldk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/
const ID_START = API_TOKEN_PREFIX.length
const ID_END = ID_START + 16

export interface NewApiToken {
  /** Shown once, to its owner. */
  token: string
  tokenId: string
  /** SHA-256 (hex) of the token, for the directory. Plain SHA-256 suffices as the secret is random. */
  hash: string
}

export function createApiToken(): NewApiToken {
  const tokenId = randomBytes(8).toString('hex')
  const token = `${API_TOKEN_PREFIX}${tokenId}_${randomBytes(32).toString('base64url')}`
  return { token, tokenId, hash: hash('sha256', token, 'hex') }
}

/** Tokens whose hash is remembered. */
const REMEMBERED = 1_000

/**
 * Checks API tokens against the directory, every time: one that was revoked a moment ago is refused. Only the hash of a
 * token that was right is remembered, as hashing is most of the cost.
 */
export class ApiTokenAuthenticator extends Authenticator {
  readonly #hashes = new LRUCache<string, string>({ max: REMEMBERED })

  constructor(private readonly directory: IdentityDirectory) {
    super()
  }

  override authenticate(token: string): Principal {
    const stored = this.#stored(token)
    if (!stored) throw new Unauthenticated('TOKEN.UNKNOWN', 'This token is not known.')
    if (stored.revoked) throw new Unauthenticated('TOKEN.REVOKED', 'This token has been revoked.')
    if (stored.expiresAt !== undefined && stored.expiresAt <= Date.now()) {
      throw new Unauthenticated('TOKEN.EXPIRED', 'This token has expired.')
    }
    const principal = this.directory.principal(stored.principalId)
    if (!principal) throw new Unauthenticated('TOKEN.OWNER_UNKNOWN', 'The owner of this token is not active.')
    return principal
  }

  /** What the directory has for this token, provided that the token is the one that was issued. */
  #stored(token: string): StoredToken | undefined {
    const remembered = this.#hashes.get(token)
    if (remembered === undefined && !API_TOKEN.test(token)) return undefined
    const stored = this.directory.findToken(token.slice(ID_START, ID_END))
    if (!stored || remembered === stored.hash) return stored
    const given = hash('sha256', token, 'hex')
    if (!sameHash(given, stored.hash)) return undefined
    this.#hashes.set(token, given)
    return stored
  }
}

function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
