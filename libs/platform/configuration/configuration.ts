import {
  choice,
  code,
  flag,
  integer,
  list,
  optional,
  roleMap,
  type Setting,
  secrets,
  size,
  text,
  url,
} from './setting-kinds.js'

export type { Setting } from './setting-kinds.js'

/** Every setting begins so; a variable that begins so and is none is an error. */
const PREFIX = 'LEDGERDESK_'

type ValueOf<S> = S extends Setting<infer Value> ? Value : never

/** All settings, in the order of the README's table. */
export const SETTINGS = {
  dataDir: text({
    name: 'DATA_DIR',
    default: './data',
    description: 'Folder of the event store, read models and attachments.',
    example: '/var/lib/ledgerdesk',
  }),
  host: text({
    name: 'HOST',
    default: '127.0.0.1',
    description: 'Address to listen on. Put a TLS proxy in front before it is anything but this machine.',
    example: '0.0.0.0',
  }),
  port: integer(0, 65535, {
    name: 'PORT',
    default: '3000',
    description: 'TCP port; 0 picks a free one.',
    example: '8080',
  }),
  logLevel: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    name: 'LOG_LEVEL',
    default: 'info',
    description: 'Least level that is logged; every request is logged at `debug`.',
    example: 'debug',
  }),
  logFormat: choice(['json', 'text'], {
    name: 'LOG_FORMAT',
    default: 'json',
    description: 'One JSON object a line, or text for people.',
    example: 'text',
  }),
  namespace: text({
    name: 'NAMESPACE',
    default: 'ledgerdesk',
    allowed: 'a-z, 0-9 and -, at most 32, a letter first',
    pattern: /^[a-z][a-z0-9-]{0,31}$/,
    description: 'Prefix of streams, databases, topics and consumer groups in shared servers.',
    example: 'acme',
  }),
  role: choice(['all', 'api', 'projector', 'publisher'], {
    name: 'ROLE',
    default: 'all',
    description:
      'What this process does; one role alone needs EventStoreDB and MongoDB, `publisher` Kafka as well.',
    example: 'api',
  }),
  eventstoreUrl: optional(
    text({
      name: 'EVENTSTORE_URL',
      allowed: 'a connection string of EventStoreDB or KurrentDB, with user and password or `tls=false`',
      pattern: /^(esdb|kurrentdb|kdb)(\+discover)?:\/\/([^\s:@/]+:[^\s@]+@\S+|\S+[?&]tls=false\S*)$/i,
      description: 'Keeps the log there instead of in the data folder; together with MongoDB.',
      example: 'esdb://ledgerdesk:secret@es1:2113,es2:2113,es3:2113?tls=true',
      secret: true,
    }),
  ),
  mongodbUrl: optional(
    text({
      name: 'MONGODB_URL',
      allowed: 'a connection string of MongoDB',
      pattern: /^mongodb(\+srv)?:\/\/\S+$/,
      description: 'Keeps read models and attachments there instead of in the data folder.',
      example: 'mongodb://ledgerdesk:secret@mongo:27017/?tls=true',
      secret: true,
    }),
  ),
  kafkaBrokers: optional(
    list({
      name: 'KAFKA_BROKERS',
      allowed: 'host:port, with commas between them',
      pattern: /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5}$/,
      description: 'Publishes events to this Kafka, for all who subscribe to topics.',
      example: 'kafka1:9092,kafka2:9092',
    }),
  ),
  kafkaTls: flag({
    name: 'KAFKA_TLS',
    default: 'false',
    description: 'Whether the brokers are spoken to over TLS.',
    example: 'true',
  }),
  kafkaCaFile: optional(
    text({
      name: 'KAFKA_CA_FILE',
      description: 'Certificates (PEM) that sign those of the brokers, when they are not publicly known.',
      example: '/etc/ledgerdesk/kafka-ca.pem',
    }),
  ),
  kafkaSaslMechanism: optional(
    choice(['plain', 'scram-sha-256', 'scram-sha-512'], {
      name: 'KAFKA_SASL_MECHANISM',
      description: 'How this process signs in at the brokers; with user name and password.',
      example: 'scram-sha-512',
    }),
  ),
  kafkaUsername: optional(
    text({ name: 'KAFKA_USERNAME', description: 'User name at the brokers.', example: 'ledgerdesk' }),
  ),
  kafkaPassword: optional(
    text({
      name: 'KAFKA_PASSWORD',
      description: 'Password at the brokers.',
      example: 'secret',
      secret: true,
    }),
  ),
  kafkaPartitions: integer(1, 10_000, {
    name: 'KAFKA_PARTITIONS',
    default: '12',
    description: 'Partitions of a topic, fixed when it is made: a later change is refused.',
    example: '24',
  }),
  kafkaReplication: optional(
    integer(1, 100, {
      name: 'KAFKA_REPLICATION',
      description: 'Copies of a topic that is made; without it what the brokers think best.',
      example: '3',
    }),
  ),
  kafkaCompression: choice(['snappy', 'gzip', 'none'], {
    name: 'KAFKA_COMPRESSION',
    default: 'snappy',
    description: 'How messages are compressed.',
    example: 'gzip',
  }),
  oidcIssuer: optional(
    url({
      name: 'OIDC_ISSUER',
      description: 'Issuer of the identity provider, exactly as in its tokens; together with the audience.',
      example: 'https://login.example.org/realms/acme',
    }),
  ),
  oidcAudience: optional(
    text({
      name: 'OIDC_AUDIENCE',
      description: 'Audience that a token must name.',
      example: 'https://itsm.example.org',
    }),
  ),
  oidcJwksUrl: optional(
    url({
      name: 'OIDC_JWKS_URL',
      description: 'Keys of the identity provider; without it they are found by discovery.',
      example: 'https://login.example.org/realms/acme/certs',
    }),
  ),
  oidcGroupsClaim: text({
    name: 'OIDC_GROUPS_CLAIM',
    default: 'groups',
    description: 'Claim that lists the groups of a person.',
    example: 'roles',
  }),
  oidcRoleMap: roleMap({
    name: 'OIDC_ROLE_MAP',
    default: '',
    description: 'Roles that membership of a group at the identity provider gives.',
    example: 'itsm-agents=agent,itsm-admins=administrator',
  }),
  attachmentMaxBytes: size({
    name: 'ATTACHMENT_MAX_BYTES',
    default: '25 MiB',
    description: 'Largest attachment.',
    example: '100 MiB',
  }),
  attachmentTypes: list({
    name: 'ATTACHMENT_TYPES',
    default:
      'image/png,image/jpeg,image/gif,image/webp,application/pdf,text/plain,text/csv,application/json,application/zip,message/rfc822',
    allowed: 'media types with commas between them; `image/*` and `*/*` as well',
    pattern: /^[a-z0-9*][a-z0-9.+*-]*\/[a-z0-9*][a-z0-9.+*-]*$/,
    description: 'Media types that may be attached.',
    example: 'image/*,application/pdf',
  }),
  bodyLimit: size({
    name: 'BODY_LIMIT',
    default: '1 MiB',
    description: 'Largest request body, attachments and those below aside.',
    example: '4 MiB',
  }),
  alertsBodyLimit: size({
    name: 'ALERTS_BODY_LIMIT',
    default: '16 MiB',
    description:
      'Largest notification of Alertmanager, which sends no second time what is too large: a storm must fit.',
    example: '64 MiB',
  }),
  shutdownGraceSeconds: integer(0, 3600, {
    name: 'SHUTDOWN_GRACE_SECONDS',
    default: '20',
    description: 'Time for requests in progress after SIGTERM.',
    example: '60',
  }),
  shutdownDelaySeconds: integer(0, 300, {
    name: 'SHUTDOWN_DELAY_SECONDS',
    default: '0',
    description:
      'Time after SIGTERM in which it still takes requests while `/health/ready` says no, so that a load balancer sends no more.',
    example: '5',
  }),
  queryThreads: integer(1, 64, {
    name: 'QUERY_THREADS',
    default: '1',
    description: 'Threads that answer queries.',
    example: '4',
  }),
  projectionWaitMs: integer(0, 60_000, {
    name: 'PROJECTION_WAIT_MS',
    default: '2000',
    description: 'Longest wait of a query for its `minPosition`, in milliseconds.',
    example: '5000',
  }),
  smtpUrl: optional(
    text({
      name: 'SMTP_URL',
      allowed: '`smtp://` or `smtps://`, with user and password where the server wants them',
      pattern: /^smtps?:\/\/([^\s:@/]+:[^\s@/]+@)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?\/?(\?\S*)?$/,
      description: 'Mail server for notifications; without it nobody is told by mail, and none are queued.',
      example: 'smtps://ledgerdesk:secret@mail.example.org:465',
      secret: true,
    }),
  ),
  mailFrom: optional(
    text({
      name: 'MAIL_FROM',
      allowed: 'an address, with a name before it in `<…>` or not',
      pattern: /^([^<>@\r\n"]+<[^\s<>@]+@[A-Za-z0-9.-]+>|[^\s<>@]+@[A-Za-z0-9.-]+)$/,
      description: 'Sender of all mail; answers go there. Together with the mail server.',
      example: 'Service Desk <itsm@example.org>',
    }),
  ),
  publicUrl: optional(
    url({
      name: 'PUBLIC_URL',
      description: 'Where people find records, for the links in mails: `/incidents/<number>` follows.',
      example: 'https://itsm.example.org',
    }),
  ),
  webhookSecrets: secrets({
    name: 'WEBHOOK_SECRETS',
    default: '',
    description:
      'Secrets of the endpoints in the setting `webhooks`; an endpoint may have two while it changes from one to the other.',
    example: `chat=whsec_${Buffer.from('an example of 24 to 64 bytes').toString('base64')}`,
    secret: true,
  }),
  rateLimit: integer(0, 1_000_000, {
    name: 'RATE_LIMIT',
    default: '0',
    description: 'Requests a minute for each principal; 0: no limit.',
    example: '600',
  }),
} as const satisfies Record<string, Setting<unknown>>

/** What the environment says, checked and typed. */
export type Configuration = { readonly [Name in keyof typeof SETTINGS]: ValueOf<(typeof SETTINGS)[Name]> }

/** Thrown at start; its message names every wrong variable, one a line, with what is allowed. */
export class ConfigurationError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.name = 'ConfigurationError'
  }
}

/**
 * Reads the configuration. An empty variable counts as not set.
 * @throws ConfigurationError naming all wrong and unknown `LEDGERDESK_*` variables at once
 */
export function readConfiguration(environment: Readonly<Record<string, string | undefined>>): Configuration {
  const problems = unknownVariables(environment)
  const values: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries(SETTINGS) as [string, Setting<unknown>][]) {
    const given = environment[PREFIX + setting.name] || setting.default
    if (given === undefined) continue
    try {
      values[key] = setting.parse(given)
    } catch {
      problems.push(
        `${PREFIX}${setting.name}=${setting.secret ? '***' : given}: allowed is ${setting.allowed}, such as ${setting.example}`,
      )
    }
  }
  const configuration = values as Configuration
  problems.push(...contradictions(configuration, (key) => Boolean(environment[PREFIX + SETTINGS[key].name])))
  if (problems.length > 0) throw new ConfigurationError(problems)
  return configuration
}

/** The README's table of settings, in Markdown. */
export function configurationTable(): string {
  const rows = (Object.values(SETTINGS) as Setting<unknown>[]).map((setting) => {
    const standard = setting.default ? code(setting.default) : ''
    return [
      code(PREFIX + setting.name),
      standard,
      setting.allowed,
      setting.description,
      code(setting.example),
    ]
  })
  const header = ['Variable', 'Default', 'Allowed', 'Meaning', 'Example']
  const lines = [header, header.map(() => '---'), ...rows]
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
}

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(Object.values(SETTINGS).map(({ name }) => PREFIX + name))
  const unknown = Object.keys(environment).filter((name) => name.startsWith(PREFIX) && !known.has(name))
  const names = [...known].join(', ')
  return unknown.map((name) => `${name}: there is no such setting; the settings are ${names}`)
}

/** By what is given, also where that is wrong by itself: nobody is told to give what they gave. */
function contradictions(
  { role, kafkaTls }: Configuration,
  given: (key: keyof typeof SETTINGS) => boolean,
): string[] {
  const together = (...keys: (keyof typeof SETTINGS)[]): string[] => {
    const names = keys.map((key) => PREFIX + SETTINGS[key].name)
    const all = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
    return new Set(keys.map(given)).size > 1
      ? [`${all}: give ${keys.length === 2 ? 'both or neither' : 'all or none'}`]
      : []
  }
  const needs = (key: keyof typeof SETTINGS, needed: keyof typeof SETTINGS, value = ''): string[] =>
    given(key) && !given(needed)
      ? [`${PREFIX}${SETTINGS[key].name}${value}: needs ${PREFIX}${SETTINGS[needed].name} as well`]
      : []
  const alone = role !== undefined && role !== 'all'
  return [
    ...together('oidcIssuer', 'oidcAudience'),
    ...needs('oidcJwksUrl', 'oidcIssuer'),
    ...needs('oidcRoleMap', 'oidcIssuer'),
    ...together('smtpUrl', 'mailFrom'),
    ...together('eventstoreUrl', 'mongodbUrl'),
    ...(alone && !given('eventstoreUrl') && !given('mongodbUrl')
      ? [`${PREFIX}ROLE=${role}: needs ${PREFIX}EVENTSTORE_URL and ${PREFIX}MONGODB_URL as well`]
      : []),
    ...(role === 'publisher' ? needs('role', 'kafkaBrokers', '=publisher') : []),
    ...(kafkaTls ? needs('kafkaTls', 'kafkaBrokers', '=true') : []),
    ...(given('kafkaCaFile') && kafkaTls === false
      ? [`${PREFIX}KAFKA_CA_FILE: needs ${PREFIX}KAFKA_TLS=true as well`]
      : []),
    ...needs('kafkaSaslMechanism', 'kafkaBrokers'),
    ...together('kafkaSaslMechanism', 'kafkaUsername', 'kafkaPassword'),
  ]
}
