import { hash } from 'node:crypto'
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Principal } from '#libs/access'
import { Forbidden, Unauthenticated, Unavailable } from '#libs/event-sourcing'
import { Authenticator } from './authenticator.js'
import type { IdentityDirectory } from './identity-directory.js'

export interface OidcOptions {
  /** Compared exactly with the claim `iss`. */
  issuer: string
  audience: string
  /** Default: `jwks_uri` of the issuer's discovery document. */
  jwksUrl?: string
  /** Claim that lists groups. Default: `groups`. */
  groupsClaim?: string
}

/** Asymmetric only: with a symmetric one, whoever knows the public key could sign. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]
const CLOCK_TOLERANCE_SECONDS = 5
/** A verified token is verified anew after this time, so that a withdrawn signing key stops working. */
const VERIFIED_FOR_MS = 60_000
const NETWORK_TIMEOUT_MS = 5_000

interface VerifiedToken {
  readonly subject: string
  /** Seconds since 1970. */
  readonly expires: number
}

/**
 * Checks JWTs of an OpenID Connect provider (RFC 7519, RFC 9068). The result is kept by the token's hash for a minute;
 * who the subject is and what he may do is asked of the directory every time.
 */
export class OidcAuthenticator extends Authenticator {
  readonly #verified = new LRUCache<string, VerifiedToken>({ max: 10_000, ttl: VERIFIED_FOR_MS })
  readonly #underway = new Map<string, Promise<VerifiedToken>>()
  #keys: Promise<JWTVerifyGetKey> | undefined

  constructor(
    private readonly directory: IdentityDirectory,
    private readonly options: OidcOptions,
  ) {
    super()
  }

  override authenticate(token: string): Principal | Promise<Principal> {
    const key = hash('sha256', token, 'hex')
    const known = this.#verified.get(key)
    if (known && known.expires + CLOCK_TOLERANCE_SECONDS > Date.now() / 1000)
      return this.#principal(known.subject)
    return this.#verifyOnce(key, token).then(({ subject }) => this.#principal(subject))
  }

  /** Parallel requests with one new token verify it, and record its groups, once. */
  #verifyOnce(key: string, token: string): Promise<VerifiedToken> {
    let underway = this.#underway.get(key)
    if (!underway) {
      underway = this.#verify(token)
        .then((verified) => {
          this.#verified.set(key, verified)
          return verified
        })
        .finally(() => this.#underway.delete(key))
      this.#underway.set(key, underway)
    }
    return underway
  }

  async #verify(token: string): Promise<VerifiedToken> {
    const keys = await this.#keySet()
    const { issuer, audience, groupsClaim = 'groups' } = this.options
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['sub', 'exp'],
    }).catch(explain)
    const subject = payload.sub ?? ''
    await this.directory.recordIdpRoles?.(this.#principalId(subject), groupsOf(payload, groupsClaim), issuer)
    return { subject, expires: payload.exp ?? 0 }
  }

  #principalId(subject: string): string {
    const principalId = this.directory.identity(this.options.issuer, subject)
    if (principalId === undefined) {
      throw new Forbidden(
        'IDENTITY.UNKNOWN',
        `Nobody in the directory has the identity ${subject} of ${this.options.issuer}. Ask an administrator to enter it.`,
      )
    }
    return principalId
  }

  #principal(subject: string): Principal {
    const principal = this.directory.principal(this.#principalId(subject))
    if (!principal) throw new Unauthenticated('TOKEN.OWNER_UNKNOWN', 'The owner of this token is not active.')
    return principal
  }

  /** Found on first use, so that the server starts while the provider is away; a failure is not kept. */
  #keySet(): Promise<JWTVerifyGetKey> {
    this.#keys ??= this.#findKeySet().catch((error) => {
      this.#keys = undefined
      throw error
    })
    return this.#keys
  }

  async #findKeySet(): Promise<JWTVerifyGetKey> {
    const url = this.options.jwksUrl ?? (await this.#discoverJwksUrl())
    return createRemoteJWKSet(new URL(url), { timeoutDuration: NETWORK_TIMEOUT_MS })
  }

  /** OpenID Connect Discovery 1.0, section 4. */
  async #discoverJwksUrl(): Promise<string> {
    const { issuer } = this.options
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(NETWORK_TIMEOUT_MS),
      redirect: 'error',
    }).catch(providerAway)
    if (!response.ok) return providerAway(new Error(`HTTP ${response.status}`))
    const document = (await response.json().catch(providerAway)) as { issuer?: string; jwks_uri?: string }
    if (document.issuer !== issuer || document.jwks_uri === undefined) {
      return providerAway(new Error(`The discovery document is for ${document.issuer}`))
    }
    return document.jwks_uri
  }
}

function groupsOf(payload: JWTPayload, claim: string): string[] {
  const groups = payload[claim]
  return Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : []
}

/** Errors of the network, which say nothing about the token. jose reports a bad answer of the provider as plain JOSEError. */
const NETWORK_CODES = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID'])

function explain(error: unknown): never {
  if (!(error instanceof errors.JOSEError) || NETWORK_CODES.has(error.code)) return providerAway(error)
  if (error instanceof errors.JWTExpired)
    throw new Unauthenticated('TOKEN.EXPIRED', 'This token has expired.')
  throw new Unauthenticated('TOKEN.INVALID', `This token is not valid: ${error.message}.`)
}

function providerAway(cause: unknown): never {
  const error = new Unavailable('OIDC.UNREACHABLE', 'The identity provider cannot be asked for its keys.', 5)
  throw Object.assign(error, { cause })
}
