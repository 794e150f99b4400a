import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Principal } from '#libs/access'
import { Unauthenticated } from '#libs/event-sourcing'
import { Authenticator } from './authenticator.js'
import type { IdentityDirectory } from './identity-directory.js'

/** API tokens begin so, which lets secret scanners find one that got away. */
export const API_TOKEN_PREFIX = 'ldk_'

/** `ldk_<id: 16 hex digits>_<secret: 256 bits, base64url>`. */
const API_TOKEN = /^ldk_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/

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

/** Checks API tokens against the directory, every time: one that was revoked a moment ago is refused. About 2 µs. */
export class ApiTokenAuthenticator extends Authenticator {
  constructor(private readonly directory: IdentityDirectory) {
    super()
  }

  override authenticate(token: string): Principal {
    const tokenId = API_TOKEN.exec(token)?.[1]
    const stored = tokenId === undefined ? undefined : this.directory.findToken(tokenId)
    if (!stored || !sameHash(hash('sha256', token, 'hex'), stored.hash)) {
      throw new Unauthenticated('TOKEN.UNKNOWN', 'This token is not known.')
    }
    if (stored.revoked) throw new Unauthenticated('TOKEN.REVOKED', 'This token has been revoked.')
    if (stored.expiresAt !== undefined && stored.expiresAt <= Date.now()) {
      throw new Unauthenticated('TOKEN.EXPIRED', 'This token has expired.')
    }
    const principal = this.directory.principal(stored.principalId)
    if (!principal) throw new Unauthenticated('TOKEN.OWNER_UNKNOWN', 'The owner of this token is not active.')
    return principal
  }
}

function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
