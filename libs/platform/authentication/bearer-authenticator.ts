import type { Principal } from '#libs/access'
import { Unauthenticated } from '#libs/event-sourcing'
import { API_TOKEN_PREFIX, ApiTokenAuthenticator } from './api-tokens.js'
import { Authenticator } from './authenticator.js'
import type { IdentityDirectory } from './identity-directory.js'
import { OidcAuthenticator, type OidcOptions } from './oidc.js'

/** API tokens and, where an identity provider is configured, its JWTs. */
export class BearerAuthenticator extends Authenticator {
  readonly #apiTokens: ApiTokenAuthenticator
  readonly #oidc: OidcAuthenticator | undefined

  constructor(directory: IdentityDirectory, oidc?: OidcOptions) {
    super()
    this.#apiTokens = new ApiTokenAuthenticator(directory)
    this.#oidc = oidc && new OidcAuthenticator(directory, oidc)
  }

  override authenticate(token: string): Principal | Promise<Principal> {
    if (token.startsWith(API_TOKEN_PREFIX)) return this.#apiTokens.authenticate(token)
    if (this.#oidc) return this.#oidc.authenticate(token)
    throw new Unauthenticated('TOKEN.UNKNOWN', 'This token is not known.')
  }
}
