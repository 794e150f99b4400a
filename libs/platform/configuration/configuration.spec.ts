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
      role: 'all',
      kafkaTls: false,
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
    expect(problems).toHaveLength(6)
    expect(problems[0]).toMatch(/^LEDGERDESK_PROT: there is no such setting; .*LEDGERDESK_PORT/)
    expect(problems[1]).toBe('LEDGERDESK_PORT=80x: allowed is an integer from 0 to 65535, such as 8080')
    expect(problems[2]).toContain('`fatal`, `error`, `warn`')
    expect(problems[3]).toContain('an https URL')
    expect(problems[4]).toContain('give both or neither')
    expect(problems[5]).toBe('LEDGERDESK_OIDC_JWKS_URL: needs LEDGERDESK_OIDC_ISSUER as well')
  })

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '1.5'],
    ['BODY_LIMIT', '0'],
    ['BODY_LIMIT', '1 MB'],
    ['NAMESPACE', 'Acme'],
    ['ATTACHMENT_TYPES', 'png'],
    ['ROLE', 'worker'],
    ['KAFKA_BROKERS', 'kafka1,kafka2'],
    ['KAFKA_PARTITIONS', '0'],
    ['KAFKA_COMPRESSION', 'lz4'],
    ['KAFKA_SASL_MECHANISM', 'SCRAM-SHA-512'],
    ['KAFKA_TLS', 'yes'],
    ['OIDC_ISSUER', 'login.example.org'],
    ['OIDC_ROLE_MAP', 'itsm-agents'],
    ['OIDC_ROLE_MAP', 'itsm-agents=boss'],
    ['OIDC_ROLE_MAP', '=agent'],
  ])('refuses %s=%s', (name, value) => {
    expect(problemsOf({ [`LEDGERDESK_${name}`]: value })[0]).toContain(`LEDGERDESK_${name}=${value}`)
  })

  const STORES = {
    LEDGERDESK_EVENTSTORE_URL: 'esdb://es:2113?tls=false',
    LEDGERDESK_MONGODB_URL: 'mongodb://mongo:27017',
  }

  it('takes the servers of a scale-out, in any role', () => {
    const kafka = {
      LEDGERDESK_KAFKA_BROKERS: 'kafka1:9092, [::1]:9092',
      LEDGERDESK_KAFKA_TLS: 'true',
      LEDGERDESK_KAFKA_CA_FILE: '/ca.pem',
      LEDGERDESK_KAFKA_SASL_MECHANISM: 'scram-sha-512',
      LEDGERDESK_KAFKA_USERNAME: 'desk',
      LEDGERDESK_KAFKA_PASSWORD: 'secret',
    }
    expect(readConfiguration({ ...STORES, ...kafka, LEDGERDESK_ROLE: 'publisher' })).toMatchObject({
      role: 'publisher',
      eventstoreUrl: 'esdb://es:2113?tls=false',
      kafkaBrokers: ['kafka1:9092', '[::1]:9092'],
      kafkaTls: true,
      kafkaPartitions: 12,
    })
    for (const role of ['api', 'projector', 'all'])
      expect(readConfiguration({ ...STORES, LEDGERDESK_ROLE: role }).role).toBe(role)
    expect(readConfiguration({ LEDGERDESK_KAFKA_BROKERS: 'kafka:9092' }).role).toBe('all')
  })

  it('tells what a role and servers need of each other, all at once', () => {
    expect(problemsOf({ LEDGERDESK_ROLE: 'api' })).toEqual([
      'LEDGERDESK_ROLE=api: needs LEDGERDESK_EVENTSTORE_URL and LEDGERDESK_MONGODB_URL as well',
    ])
    expect(problemsOf({ LEDGERDESK_MONGODB_URL: 'mongodb://mongo' })).toEqual([
      'LEDGERDESK_EVENTSTORE_URL and LEDGERDESK_MONGODB_URL: give both or neither',
    ])
    expect(problemsOf({ ...STORES, LEDGERDESK_ROLE: 'publisher' })).toEqual([
      'LEDGERDESK_ROLE=publisher: needs LEDGERDESK_KAFKA_BROKERS as well',
    ])
    expect(problemsOf({ LEDGERDESK_KAFKA_TLS: 'true' })).toEqual([
      'LEDGERDESK_KAFKA_TLS=true: needs LEDGERDESK_KAFKA_BROKERS as well',
    ])
    expect(
      problemsOf({
        LEDGERDESK_EVENTSTORE_URL: 'esdb://es:2113?tls=false',
        LEDGERDESK_KAFKA_TLS: 'false',
        LEDGERDESK_KAFKA_CA_FILE: '/ca.pem',
        LEDGERDESK_KAFKA_PASSWORD: 'secret',
      }),
    ).toEqual([
      'LEDGERDESK_EVENTSTORE_URL and LEDGERDESK_MONGODB_URL: give both or neither',
      'LEDGERDESK_KAFKA_CA_FILE: needs LEDGERDESK_KAFKA_TLS=true as well',
      'LEDGERDESK_KAFKA_SASL_MECHANISM, LEDGERDESK_KAFKA_USERNAME and LEDGERDESK_KAFKA_PASSWORD: give all or none',
    ])
  })

  it('repeats no secret, and asks for nothing that was given wrongly', () => {
    const problems = problemsOf({
      LEDGERDESK_EVENTSTORE_URL: 'http://admin:changeit@es:2113',
      LEDGERDESK_MONGODB_URL: 'mongo://admin:changeit@mongo',
    })
    expect(problems).toHaveLength(2)
    expect(problems[0]).toMatch(/^LEDGERDESK_EVENTSTORE_URL=\*\*\*: allowed is a connection string/)
    expect(problems.join()).not.toContain('changeit')
    const withoutPassword = { ...STORES, LEDGERDESK_EVENTSTORE_URL: 'esdb://es:2113' }
    expect(problemsOf(withoutPassword)).toEqual([
      expect.stringContaining('with user and password or `tls=false`'),
    ])
    const withPassword = { ...STORES, LEDGERDESK_EVENTSTORE_URL: 'kurrentdb+discover://desk:a%40b@es:2113' }
    expect(problemsOf(withPassword)).toEqual([])
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
