import type { Client } from './client.js'
import { Desk, refusal, succeeded } from './desk.js'
import { IdentityProvider } from './identity-provider.js'

interface RoleEvent {
  type: string
  authid: string
  sequence: string
  data: { role: string; source: string }
}

describe('Signing in with a JWT of the identity provider', () => {
  let provider: IdentityProvider
  let desk: Desk

  beforeAll(async () => {
    provider = await IdentityProvider.start()
    desk = await Desk.open({
      OIDC_ISSUER: provider.issuer,
      OIDC_AUDIENCE: IdentityProvider.audience,
      OIDC_ROLE_MAP:
        'itsm-agents=agent, itsm-admins=administrator, itsm-admins=auditor, itsm-programs=service',
    })
    await desk.enrol('olga')
    succeeded(
      await desk.as('adam').post('/people/olga/link-identity', { issuer: provider.issuer, subject: 'olga' }),
    )
  })
  afterAll(async () => {
    provider.stop()
    await desk.close()
  })

  /** Olga with a token of this moment, in these groups. */
  const olga = async (...groups: string[]): Promise<Client> => {
    provider.groups = groups
    return desk.withToken(await provider.tokenFor('olga'))
  }
  const roleEvents = async (): Promise<RoleEvent[]> =>
    succeeded(
      await desk
        .as('audrey')
        .get('/events', { streams: ['person-olga'], types: ['RoleGranted', 'RoleRevoked'] }),
    ).items
  const roles = async (): Promise<string[]> => succeeded(await desk.as('ann').get('/people/olga')).roles

  it('opens an incident with the role of her group, which is recorded before it is used', async () => {
    const client = await olga('itsm-agents', 'canteen')
    const { position, id } = succeeded(await client.post('/incidents', { title: 'By single sign-on' }))
    expect(succeeded(await client.get(`/incidents/${id}`)).openedBy).toBe('olga')
    const [granted, ...others] = await roleEvents()
    expect(others).toEqual([])
    expect(granted).toMatchObject({ authid: 'system:sign-in', data: { role: 'agent', source: 'idp' } })
    expect(granted!.sequence < position).toBe(true)
  })

  it('records nothing when nothing is new, be it with another token or after a restart', async () => {
    const before = await roleEvents()
    for (let i = 0; i < 3; i++) succeeded(await (await olga('itsm-agents')).get('/incidents'))
    const client = await olga('itsm-agents')
    await Promise.all(Array.from({ length: 20 }, async () => succeeded(await client.get('/incidents'))))
    await desk.stop()
    await desk.start()
    succeeded(await client.get('/incidents'))
    expect(await roleEvents()).toEqual(before)
  })

  it('has the roles of the groups that the latest token names, and no longer those of others', async () => {
    const promoted = await olga('itsm-admins')
    expect((await promoted.get('/projections')).status).toBe(200)
    expect((await roles()).sort()).toEqual(['administrator', 'auditor'])
    expect(refusal(await promoted.post('/incidents', { title: 'No agent any more' }))).toMatch(/^403 /)
    const demoted = await olga()
    expect(refusal(await demoted.get('/projections'))).toMatch(/^403 /)
    expect(await roles()).toEqual([])
  })

  it('leaves roles alone that were granted here', async () => {
    succeeded(await desk.as('adam').post('/people/olga/grant-role', { role: 'analyst' }))
    succeeded(await (await olga('itsm-agents')).get('/incidents'))
    succeeded(await (await olga()).get('/incident-facts'))
    expect(await roles()).toEqual(['analyst'])
  })

  it('gives a person no role that is for programs', async () => {
    succeeded(await (await olga('itsm-programs', 'itsm-agents')).get('/incidents'))
    expect((await roles()).sort()).toEqual(['agent', 'analyst'])
  })

  it('is refused to a subject whom the directory does not know, and to a leaver', async () => {
    const stranger = desk.withToken(await provider.tokenFor('stranger'))
    expect(refusal(await stranger.post('/incidents', { title: 'Let me in' }))).toBe('403 IDENTITY.UNKNOWN')
    const client = await olga('itsm-agents')
    succeeded(await client.get('/incidents'))
    succeeded(await desk.as('adam').post('/people/olga/deactivate'))
    expect(refusal(await client.get('/incidents'))).toBe('401 TOKEN.OWNER_UNKNOWN')
    expect(refusal(await (await olga('itsm-agents')).get('/incidents'))).toBe('401 TOKEN.OWNER_UNKNOWN')
  })

  it('is refused with a token that the provider did not sign', async () => {
    const [header, , signature] = (await provider.tokenFor('olga')).split('.')
    const claims = { iss: provider.issuer, aud: IdentityProvider.audience, sub: 'olga', exp: 9_999_999_999 }
    const forged = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`
    expect(refusal(await desk.withToken(forged).get('/incidents'))).toBe('401 TOKEN.INVALID')
    expect(refusal(await desk.withToken('x.y.z').get('/incidents'))).toBe('401 TOKEN.INVALID')
  })
})
