import crypto, { hash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import type Provider from 'oidc-provider'
import type { Principal } from '#libs/access'
import { Unauthenticated } from '#libs/event-sourcing'
import {
  BearerAuthenticator,
  createApiToken,
  IdentityDirectory,
  OidcAuthenticator,
  type StoredToken,
} from './index.js'

class MemoryDirectory extends IdentityDirectory {
  readonly tokens = new Map<string, StoredToken>()
  readonly active = new Set(['ada', 'monitoring'])
  readonly recorded: unknown[] = []

  override findToken(tokenId: string): StoredToken | undefined {
    return this.tokens.get(tokenId)
  }
  override principal(id: string): Principal | undefined {
    return this.active.has(id) ? { id, grants: new Map(), groups: new Set() } : undefined
  }
  override identity(_issuer: string, subject: string): string | undefined {
    return subject === 'monitoring-client' ? 'monitoring' : undefined
  }
  override async recordIdpRoles(
    principalId: string,
    groups: readonly string[],
    issuer: string,
  ): Promise<void> {
    this.recorded.push({ principalId, groups, issuer })
  }
}

/** Code of the refusal, or the principal's id. */
async function verdict(act: () => Principal | Promise<Principal>): Promise<string> {
  try {
    return (await act()).id
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('API tokens', () => {
  const directory = new MemoryDirectory()
  const authenticator = new BearerAuthenticator(directory)
  const enter = (change: Partial<StoredToken> = {}): string => {
    const { token, tokenId, hash } = createApiToken()
    directory.tokens.set(tokenId, { principalId: 'ada', hash, revoked: false, ...change })
    return token
  }

  it('prove who sends, and only their hash is known here', async () => {
    const { token, tokenId, hash: stored } = createApiToken()
    expect(token).toMatch(/^ldk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/)
    expect(stored).toBe(hash('sha256', token, 'hex'))
    expect(await verdict(() => authenticator.authenticate(token))).toBe('TOKEN.UNKNOWN')
    directory.tokens.set(tokenId, { principalId: 'ada', hash: stored, revoked: false })
    expect(authenticator.authenticate(token)).not.toBeInstanceOf(Promise)
    expect(await verdict(() => authenticator.authenticate(token))).toBe('ada')
  })

  it('are refused the moment that they are revoked, or their owner leaves', async () => {
    const token = enter()
    const id = token.split('_')[1] ?? ''
    expect(await verdict(() => authenticator.authenticate(token))).toBe('ada')
    directory.tokens.set(id, { ...directory.tokens.get(id)!, revoked: true })
    expect(await verdict(() => authenticator.authenticate(token))).toBe('TOKEN.REVOKED')
    directory.tokens.set(id, { principalId: 'ada', hash: createApiToken().hash, revoked: false })
    expect(await verdict(() => authenticator.authenticate(token))).toBe('TOKEN.UNKNOWN')
    expect(await verdict(() => authenticator.authenticate(enter({ principalId: 'gone' })))).toBe(
      'TOKEN.OWNER_UNKNOWN',
    )
  })

  it('expire', async () => {
    expect(await verdict(() => authenticator.authenticate(enter({ expiresAt: Date.now() - 1 })))).toBe(
      'TOKEN.EXPIRED',
    )
    expect(await verdict(() => authenticator.authenticate(enter({ expiresAt: Date.now() + 9000 })))).toBe(
      'ada',
    )
  })

  it('do not pass with another secret, another id, or the hash', async () => {
    const [mine, other] = [enter(), createApiToken().token]
    const [, id, secret] = mine.split(/^ldk_(.{16})_/)
    const wrong = [
      `ldk_${id}_${'A'.repeat(43)}`,
      other,
      `ldk_${id}_`,
      `${mine}x`,
      `ldk_${'0'.repeat(16)}_${secret}`,
      '',
      'ldk_',
    ]
    for (const token of [...wrong, directory.tokens.get(id ?? '')?.hash ?? '']) {
      expect(() => authenticator.authenticate(token)).toThrow(Unauthenticated)
    }
  })

  it('are hashed when they are first shown, and remembered', () => {
    const hashed = jest.spyOn(crypto, 'hash')
    const [mine, other] = [enter(), enter()]
    hashed.mockClear()
    for (const token of [mine, mine, other, mine, other]) authenticator.authenticate(token)
    const calls = hashed.mock.calls.map(([, token]) => token)
    hashed.mockRestore()
    expect(calls).toEqual([mine, other])
  })
})

describe('JWTs of an OpenID Connect provider', () => {
  const audience = 'https://itsm.example.org'
  let server: Server
  let issuer: string
  let keys: Awaited<ReturnType<typeof generateKeyPair>>
  let requests = 0
  const fresh = (): { directory: MemoryDirectory; authenticator: BearerAuthenticator } => {
    const directory = new MemoryDirectory()
    return { directory, authenticator: new BearerAuthenticator(directory, { issuer, audience }) }
  }

  beforeAll(async () => {
    keys = await generateKeyPair('RS256', { extractable: true })
    const jwk = { ...(await exportJWK(keys.privateKey)), alg: 'RS256', use: 'sig', kid: 'k1' }
    server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    // oidc-provider warns about the runtime and its quick-start defaults
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined)
    const info = jest.spyOn(console, 'info').mockImplementation(() => undefined)
    const { default: OidcProvider } = await import('oidc-provider')
    const handle = (new OidcProvider(issuer, providerConfiguration(jwk)) as Provider).callback()
    warn.mockRestore()
    info.mockRestore()
    server.on('request', (request, response) => {
      requests += 1
      handle(request, response)
    })
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  async function tokenFromProvider(resource = audience): Promise<string> {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('monitoring-client:s3cret').toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope: 'tickets' }),
    })
    const answer = (await response.json()) as { access_token: string }
    if (!answer.access_token) throw new Error(JSON.stringify(answer))
    return answer.access_token
  }

  const forge = (claims: Record<string, unknown> = {}, kid = 'k1', alg = 'RS256') => {
    const now = Math.floor(Date.now() / 1000)
    const all = { iss: issuer, aud: audience, sub: 'monitoring-client', iat: now, exp: now + 600, ...claims }
    return new SignJWT(all).setProtectedHeader({ alg, kid })
  }

  it('are accepted as the provider issues them; groups are recorded before use', async () => {
    const { directory, authenticator } = fresh()
    const token = await tokenFromProvider()
    expect(await verdict(() => authenticator.authenticate(token))).toBe('monitoring')
    expect(directory.recorded).toEqual([{ principalId: 'monitoring', groups: ['agents'], issuer }])
  })

  it('are verified once for many requests, and afterwards without waiting', async () => {
    const { directory, authenticator } = fresh()
    const token = await tokenFromProvider()
    const before = requests
    await Promise.all(Array.from({ length: 50 }, () => authenticator.authenticate(token)))
    expect(directory.recorded).toHaveLength(1)
    expect(requests - before).toBe(2) // discovery and keys
    expect(authenticator.authenticate(token)).not.toBeInstanceOf(Promise)
    expect(requests - before).toBe(2)
  })

  it('are refused at once when the owner leaves, though verified a moment ago', async () => {
    const { directory, authenticator } = fresh()
    const token = await tokenFromProvider()
    expect(await verdict(() => authenticator.authenticate(token))).toBe('monitoring')
    directory.active.clear()
    expect(await verdict(() => authenticator.authenticate(token))).toBe('TOKEN.OWNER_UNKNOWN')
  })

  it('are refused when they expire, though verified a moment ago', async () => {
    const { authenticator } = fresh()
    const token = await forge({ exp: Math.floor(Date.now() / 1000) + 10 }).sign(keys.privateKey)
    expect(await verdict(() => authenticator.authenticate(token))).toBe('monitoring')
    jest.useFakeTimers({
      now: Date.now() + 20_000,
      doNotFake: ['performance', 'setTimeout', 'setInterval', 'setImmediate', 'nextTick', 'queueMicrotask'],
    })
    const refused = await verdict(() => authenticator.authenticate(token))
    jest.useRealTimers()
    expect(refused).toBe('TOKEN.EXPIRED')
  })

  it('are accepted when forged well, so that the refusals below mean something', async () => {
    expect(
      await verdict(async () => fresh().authenticator.authenticate(await forge().sign(keys.privateKey))),
    ).toBe('monitoring')
  })

  it.each<[string, string, () => Promise<string> | string]>([
    ['an expired one', 'TOKEN.EXPIRED', () => forge({ exp: 1_500_000_000 }).sign(keys.privateKey)],
    ['one without expiry', 'TOKEN.INVALID', () => forge({ exp: undefined }).sign(keys.privateKey)],
    [
      'one of the provider for another audience',
      'TOKEN.INVALID',
      () => tokenFromProvider('https://other.example.org'),
    ],
    [
      'one of another issuer',
      'TOKEN.INVALID',
      () => forge({ iss: 'https://evil.example.org' }).sign(keys.privateKey),
    ],
    ['one not valid yet', 'TOKEN.INVALID', () => forge({ nbf: 9_999_999_999 }).sign(keys.privateKey)],
    [
      'one signed by another key',
      'TOKEN.INVALID',
      async () => forge().sign((await generateKeyPair('RS256')).privateKey),
    ],
    ['one that names another key', 'TOKEN.INVALID', () => forge({}, 'k2').sign(keys.privateKey)],
    [
      'one with alg none',
      'TOKEN.INVALID',
      () =>
        new UnsecuredJWT({ sub: 'monitoring-client' })
          .setIssuer(issuer)
          .setAudience(audience)
          .setExpirationTime('1h')
          .encode(),
    ],
    [
      'one signed with the public key as HS256 secret',
      'TOKEN.INVALID',
      async () => {
        const secret = new TextEncoder().encode(await exportSPKI(keys.publicKey))
        return forge({}, 'k1', 'HS256').sign(secret)
      },
    ],
    [
      'one whose payload was changed',
      'TOKEN.INVALID',
      async () => {
        const [header, , signature] = (await forge().sign(keys.privateKey)).split('.')
        const claims = JSON.stringify({ iss: issuer, aud: audience, sub: 'root', exp: 9_999_999_999 })
        return `${header}.${Buffer.from(claims).toString('base64url')}.${signature}`
      },
    ],
    ['no JWT at all', 'TOKEN.INVALID', () => 'x.y.z'],
    [
      'an identity that is not in the directory',
      'IDENTITY.UNKNOWN',
      () => forge({ sub: 'stranger' }).sign(keys.privateKey),
    ],
  ])('refuses %s', async (_, code, make) => {
    const token = await make()
    const { directory, authenticator } = fresh()
    expect(await verdict(() => authenticator.authenticate(token))).toBe(code)
    expect(directory.recorded).toEqual([])
  })

  it('are 503, not 401, while the provider is away, and accepted once it is back', async () => {
    const token = await tokenFromProvider()
    const directory = new MemoryDirectory()
    const away = new OidcAuthenticator(directory, { issuer, audience, jwksUrl: 'http://127.0.0.1:1/keys' })
    expect(await verdict(() => away.authenticate(token))).toBe('OIDC.UNREACHABLE')
    const fetching = jest.spyOn(globalThis, 'fetch').mockRejectedValueOnce(new TypeError('fetch failed'))
    const authenticator = new OidcAuthenticator(directory, { issuer, audience })
    expect(await verdict(() => authenticator.authenticate(token))).toBe('OIDC.UNREACHABLE')
    fetching.mockRestore()
    expect(await verdict(() => authenticator.authenticate(token))).toBe('monitoring')
  })

  it('are not accepted when the groups cannot be recorded', async () => {
    const { directory, authenticator } = fresh()
    directory.recordIdpRoles = () => Promise.reject(Object.assign(new Error('away'), { code: 'STORE.AWAY' }))
    const token = await tokenFromProvider()
    expect(await verdict(() => authenticator.authenticate(token))).toBe('STORE.AWAY')
    expect(await verdict(() => authenticator.authenticate(token))).toBe('STORE.AWAY')
  })

  function providerConfiguration(jwk: object): Record<string, unknown> {
    return {
      clients: [
        {
          client_id: 'monitoring-client',
          client_secret: 's3cret',
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
      ],
      jwks: { keys: [jwk] },
      cookies: { keys: ['only for this test'] },
      extraTokenClaims: async () => ({ groups: ['agents'] }),
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
})
