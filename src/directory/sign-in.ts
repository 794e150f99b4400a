import type { Configuration, OidcOptions } from '#libs/platform'

/** The identity provider as configured; undefined: API tokens only. */
export function oidcOptions({
  oidcIssuer,
  oidcAudience,
  oidcJwksUrl,
  oidcGroupsClaim,
}: Configuration): OidcOptions | undefined {
  if (oidcIssuer === undefined || oidcAudience === undefined) return undefined
  return { issuer: oidcIssuer, audience: oidcAudience, jwksUrl: oidcJwksUrl, groupsClaim: oidcGroupsClaim }
}
