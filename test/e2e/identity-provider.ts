import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import type Provider from 'oidc-provider'

/** Clients of the provider; each is the subject of its own tokens. */
const CLIENTS = ['olga', 'stranger'] as const
export type Subject = (typeof CLIENTS)[number]

/** A real OpenID Connect provider on a free port, which issues JWTs by the client credentials grant (RFC 6749, 4.4). */
export class IdentityProvider {
  static readonly audience = 'https://itsm.example.org'
  /** What its tokens say under `groups`. */
  groups: string[] = []

  private constructor(
    private readonly server: Server,
    readonly issuer: string,
  ) {}

  static async start(): Promise<IdentityProvider> {
    const server = createServer()
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const provider = new IdentityProvider(
      server,
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    )
    const { privateKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'k1' }
    // It warns about the runtime and its quick-start defaults.
    const silenced = [jest.spyOn(console, 'warn'), jest.spyOn(console, 'info')].map((spy) =>
      spy.mockImplementation(),
    )
    const { default: OidcProvider } = await import('oidc-provider')
    server.on(
      'request',
      (new OidcProvider(provider.issuer, provider.configuration(jwk)) as Provider).callback(),
    )
    for (const spy of silenced) spy.mockRestore()
    return provider
  }

  stop(): void {
    this.server.closeAllConnections()
    this.server.close()
  }

  async tokenFor(subject: Subject): Promise<string> {
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${subject}:s3cret`).toString('base64')}` },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        resource: IdentityProvider.audience,
        scope: 'tickets',
      }),
    })
    const answer = (await response.json()) as { access_token?: string }
    if (!answer.access_token) throw new Error(JSON.stringify(answer))
    return answer.access_token
  }

  private configuration(jwk: object): Record<string, unknown> {
    const client = {
      client_secret: 's3cret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    }
    return {
      clients: CLIENTS.map((client_id) => ({ client_id, ...client })),
      jwks: { keys: [jwk] },
      cookies: { keys: ['only for this test'] },
      extraTokenClaims: async () => ({ groups: this.groups }),
      ttl: { ClientCredentials: 600 },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_context: unknown, resource: string) => ({
            scope: 'tickets',
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 600,
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
    }
  }
}
