import {
  ConfigurationError,
  configurationTable,
  readConfiguration,
  SETTINGS,
  type Setting,
} from './configuration.js'

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfiguration(environment)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
  return []
}

describe('the configuration', () => {
  it('needs nothing', () => {
    expect(readConfiguration({ PATH: '/bin', LEDGERDESK_OIDC_ISSUER: '' })).toMatchObject({
      dataDir: './data',
      host: '127.0.0.1',
      port: 3000,
      attachmentMaxBytes: 25 * 1024 * 1024,
      eventStore: 'sqlite',
      rateLimit: 0,
    })
  })

  it('is what the environment says', () => {
    const read = readConfiguration({
      LEDGERDESK_PORT: '0',
      LEDGERDESK_ATTACHMENT_TYPES: 'image/*, text/plain',
      LEDGERDESK_OIDC_ISSUER: 'http://localhost:4000',
      LEDGERDESK_OIDC_AUDIENCE: 'itsm',
      LEDGERDESK_BODY_LIMIT: '2MiB',
    })
    expect(read).toMatchObject({ port: 0, attachmentTypes: ['image/*', 'text/plain'], bodyLimit: 2_097_152 })
    expect(read.oidcIssuer).toBe('http://localhost:4000')
  })

  it('names every wrong and unknown variable at once, with what is allowed', () => {
    const problems = problemsOf({
      LEDGERDESK_PROT: '80',
      LEDGERDESK_PORT: '80x',
      LEDGERDESK_LOG_LEVEL: 'loud',
      LEDGERDESK_OIDC_JWKS_URL: 'http://example.org/keys',
      LEDGERDESK_OIDC_AUDIENCE: 'itsm',
    })
    expect(problems).toHaveLength(5)
    expect(problems[0]).toMatch(/^LEDGERDESK_PROT: there is no such setting; .*LEDGERDESK_PORT/)
    expect(problems[1]).toBe('LEDGERDESK_PORT=80x: allowed is an integer from 0 to 65535, such as 8080')
    expect(problems[2]).toContain('`fatal`, `error`, `warn`')
    expect(problems[3]).toContain('an https URL')
    expect(problems[4]).toContain('give both or neither')
  })

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '1.5'],
    ['BODY_LIMIT', '0'],
    ['BODY_LIMIT', '1 MB'],
    ['NAMESPACE', 'Acme'],
    ['ATTACHMENT_TYPES', 'png'],
    ['ROLE', 'projector'],
    ['OIDC_ISSUER', 'login.example.org'],
    ['OIDC_ROLE_MAP', 'itsm-agents'],
    ['OIDC_ROLE_MAP', 'itsm-agents=boss'],
    ['OIDC_ROLE_MAP', '=agent'],
  ])('refuses %s=%s', (name, value) => {
    expect(problemsOf({ [`LEDGERDESK_${name}`]: value })[0]).toContain(`LEDGERDESK_${name}=${value}`)
  })

  it('maps groups of the identity provider to roles, whatever the groups are called', () => {
    const { oidcRoleMap } = readConfiguration({
      LEDGERDESK_OIDC_ISSUER: 'https://login.example.org',
      LEDGERDESK_OIDC_AUDIENCE: 'itsm',
      LEDGERDESK_OIDC_ROLE_MAP: 'cn=it desk;ou=x=agent, admins=administrator,admins=auditor',
    })
    expect([...oidcRoleMap]).toEqual([
      ['cn=it desk;ou=x', ['agent']],
      ['admins', ['administrator', 'auditor']],
    ])
    expect(problemsOf({ LEDGERDESK_OIDC_ROLE_MAP: 'a=agent' })).toHaveLength(1)
  })

  it('has examples and defaults that it takes itself', () => {
    for (const setting of Object.values<Setting<unknown>>(SETTINGS)) {
      const written = [setting.example, setting.default ?? setting.example]
      expect(() => written.map((text) => setting.parse(text))).not.toThrow(setting.name)
    }
  })

  it('renders as a table with one row per setting', () => {
    const lines = configurationTable().split('\n')
    expect(lines).toHaveLength(Object.keys(SETTINGS).length + 2)
    expect(lines[2]).toBe(
      '| `LEDGERDESK_DATA_DIR` | `./data` | any text | Folder of the event store, read models and attachments. | `/var/lib/ledgerdesk` |',
    )
  })
})
