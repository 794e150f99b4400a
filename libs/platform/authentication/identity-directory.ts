import type { Principal } from '#libs/access'

/** A token as the directory's events know it: never the token itself. */
export interface StoredToken {
  principalId: string
  /** SHA-256 (hex) of the whole token. */
  hash: string
  /** Milliseconds since 1970 (`Date.now()`); absent: does not expire. */
  expiresAt?: number
  revoked: boolean
}

/** Who identity tokens and API tokens stand for. Asked on every request, so it must answer from memory, and with what is so now. */
export abstract class IdentityDirectory {
  abstract findToken(tokenId: string): StoredToken | undefined
  /** The principal with the rights of this moment; undefined when unknown or deactivated. */
  abstract principal(principalId: string): Principal | undefined
  /** The person whom the identity provider `issuer` calls `subject`. */
  abstract identity(issuer: string, subject: string): string | undefined
  /**
   * Records what the identity provider says about a person's groups, before the token is used. Called whenever a token
   * is verified anew (at least once a minute while it is in use); recording nothing new is the directory's part.
   * @throws Unavailable when it cannot be recorded: then the token is not accepted
   */
  recordIdpRoles?(principalId: string, groups: readonly string[], issuer: string): Promise<void>
}
