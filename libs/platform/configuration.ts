import { ROLES, type Role } from '#libs/access'

/** Every setting begins so; a variable that begins so and is none is an error. */
const PREFIX = 'LEDGERDESK_'

/** One environment variable: how it is read, and what is said of it. */
export interface Setting<Value> {
  /** Name without the prefix. */
  readonly name: string
  /** What may be given, in words. */
  readonly allowed: string
  /** As it would be written; undefined: optional, no default. */
  readonly default: string | undefined
  readonly description: string
  readonly example: string
  /** @throws Error with nothing but the reason when the text is not allowed */
  readonly parse: (text: string) => Value
}

type ValueOf<S> = S extends Setting<infer Value> ? Value : never
type Words = Pick<Setting<unknown>, 'name' | 'description' | 'example'>

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
  role: choice(['all'], {
    name: 'ROLE',
    default: 'all',
    description: 'What this process does.',
    example: 'all',
  }),
  eventStore: choice(['sqlite'], {
    name: 'EVENT_STORE',
    default: 'sqlite',
    description: 'Where the log is kept.',
    example: 'sqlite',
  }),
  readStore: choice(['sqlite'], {
    name: 'READ_STORE',
    default: 'sqlite',
    description: 'Where read models are kept.',
    example: 'sqlite',
  }),
  blobStore: choice(['folder'], {
    name: 'BLOB_STORE',
    default: 'folder',
    description: 'Where attachments are kept.',
    example: 'folder',
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
    description: 'Largest request body, attachments aside.',
    example: '4 MiB',
  }),
  shutdownGraceSeconds: integer(0, 3600, {
    name: 'SHUTDOWN_GRACE_SECONDS',
    default: '20',
    description: 'Time for requests in progress after SIGTERM.',
    example: '60',
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
        `${PREFIX}${setting.name}=${given}: allowed is ${setting.allowed}, such as ${setting.example}`,
      )
    }
  }
  const configuration = values as Configuration
  problems.push(...contradictions(configuration))
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

function contradictions({ oidcIssuer, oidcAudience, oidcJwksUrl, oidcRoleMap }: Configuration): string[] {
  const problems: string[] = []
  if ((oidcIssuer === undefined) !== (oidcAudience === undefined)) {
    problems.push(`${PREFIX}OIDC_ISSUER and ${PREFIX}OIDC_AUDIENCE: give both or neither`)
  }
  if (oidcJwksUrl !== undefined && oidcIssuer === undefined) {
    problems.push(`${PREFIX}OIDC_JWKS_URL: needs ${PREFIX}OIDC_ISSUER as well`)
  }
  if (oidcRoleMap?.size && oidcIssuer === undefined) {
    problems.push(`${PREFIX}OIDC_ROLE_MAP: needs ${PREFIX}OIDC_ISSUER as well`)
  }
  return problems
}

function code(text: string): string {
  return `\`${text}\``
}

function refuse(): never {
  throw new Error('not allowed')
}

function text(words: Words & { default?: string; allowed?: string; pattern?: RegExp }): Setting<string> {
  const { allowed = 'any text', pattern, ...rest } = words
  const parse = (given: string): string => (pattern && !pattern.test(given) ? refuse() : given)
  return { default: undefined, ...rest, allowed, parse }
}

function choice<const Choices extends readonly string[]>(
  choices: Choices,
  words: Words & { default: Choices[number] },
): Setting<Choices[number]> {
  const parse = (given: string): Choices[number] => choices.find((known) => known === given) ?? refuse()
  return { ...words, allowed: choices.map(code).join(', '), parse }
}

function integer(least: number, most: number, words: Words & { default: string }): Setting<number> {
  const parse = (given: string): number => {
    const value = Number(given)
    return /^\d+$/.test(given) && value >= least && value <= most ? value : refuse()
  }
  return { ...words, allowed: `an integer from ${least} to ${most}`, parse }
}

const UNITS: Record<string, number> = { '': 1, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** A number of bytes, plain or with a unit. */
function size(words: Words & { default: string }): Setting<number> {
  const parse = (given: string): number => {
    const [, amount, unit = ''] = /^(\d{1,12}) ?(B|KiB|MiB|GiB)?$/.exec(given) ?? refuse()
    const bytes = Number(amount) * (UNITS[unit] ?? refuse())
    return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : refuse()
  }
  return { ...words, allowed: 'bytes, plain or with B, KiB, MiB or GiB', parse }
}

function list(
  words: Words & { default: string; allowed: string; pattern: RegExp },
): Setting<readonly string[]> {
  const { pattern, ...rest } = words
  const parse = (given: string): string[] => {
    const items = given.split(',').map((item) => item.trim())
    return items.every((item) => pattern.test(item)) ? items : refuse()
  }
  return { ...rest, parse }
}

/** Group → roles; a group may stand several times. The last `=` of a pair parts them. */
function roleMap(words: Words & { default: string }): Setting<ReadonlyMap<string, readonly Role[]>> {
  const parse = (given: string): Map<string, Role[]> => {
    const roles = new Map<string, Role[]>()
    for (const pair of given.split(',').filter((text) => text.trim() !== '')) {
      const [, group = '', name] = /^\s*(\S.*?)\s*=\s*([a-z-]+)\s*$/.exec(pair) ?? refuse()
      roles.set(group, [...(roles.get(group) ?? []), ROLES.find((role) => role === name) ?? refuse()])
    }
    return roles
  }
  return { ...words, allowed: `group=role, with commas between them; roles are ${ROLES.join(', ')}`, parse }
}

/** Tokens and keys travel over it, so plain http is for this machine only. */
function url(words: Words): Setting<string> {
  const parse = (given: string): string => {
    const { protocol, hostname } = new URL(given)
    const local = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
    return protocol === 'https:' || (protocol === 'http:' && local) ? given : refuse()
  }
  return { default: undefined, ...words, allowed: 'an https URL (http for this machine only)', parse }
}

function optional<Value>(setting: Setting<Value>): Setting<Value | undefined> {
  return { ...setting, allowed: `${setting.allowed}; optional` }
}
