import { EventStoreDBClient } from '@eventstore/db-client'

/** What the client reads; of an option that it does not know it prints the whole string, password and all. */
const OPTIONS: ReadonlySet<string> = new Set(
  [
    'connectionName',
    'defaultDeadline',
    'discoveryInterval',
    'dnsDiscover',
    'gossipTimeout',
    'keepAliveInterval',
    'keepAliveTimeout',
    'maxDiscoverAttempts',
    'nodePreference',
    'throwOnAppendFailure',
    'tls',
    'tlsCAFile',
    'tlsVerifyCert',
    'userCertFile',
    'userKeyFile',
  ].map((name) => name.toLowerCase()),
)

export interface Credentials {
  username: string
  password: string
}

/**
 * A connection string in the form that the client reads, and the client of it, which has not connected yet. What is
 * wrong is said before the client sees it, and never with the string itself: it may hold a password.
 * @throws Error that names what is wrong
 */
export function readConnectionString(given: string): {
  client: EventStoreDBClient
  credentials: Credentials
} {
  const url = given.trim().replace(/^(kurrentdb|kdb)(\+discover)?:/, 'esdb$2:')
  const [, userInfo, hosts, options = ''] =
    /^esdb(?:\+discover)?:\/\/(?:([^/?]*)@)?([^@?]*)(?:\?(.*))?$/.exec(url) ?? []
  if (hosts === undefined) {
    throw new Error('it must begin with esdb://, esdb+discover://, kurrentdb:// or kdb://, and hosts follow')
  }
  for (const option of options.split('&')) checkOption(option)
  const credentials = credentialsOf(userInfo, options)
  try {
    return { client: EventStoreDBClient.connectionString(url), credentials }
  } catch {
    throw new Error('the hosts or the values of its options can’t be read')
  }
}

function checkOption(option: string): void {
  if (option === '') return
  const [name = '', value = ''] = option.split('=')
  if (!OPTIONS.has(name.toLowerCase())) throw new Error(`there is no option "${name.slice(0, 40)}"`)
  // With "false" the client answers a conflict with a wrong revision.
  if (/^throwOnAppendFailure$/i.test(name) && /^false$/i.test(value))
    throw new Error('it must not say throwOnAppendFailure=false')
  // A follower may lack what was acknowledged: commands would be decided, and checkpoints verified, on a log that is behind.
  if (/^nodePreference$/i.test(name) && !/^leader$/i.test(value))
    throw new Error(
      `it must not say nodePreference=${value.slice(0, 40)}: only the leader has all that was acknowledged`,
    )
  if (/^tls(VerifyCert)?$/i.test(name) && !/^(true|false)$/i.test(value))
    throw new Error(`${name} must be true or false`)
}

function credentialsOf(userInfo: string | undefined, options: string): Credentials {
  if (userInfo === undefined) {
    if (/(^|&)tls=false(&|$)/i.test(options))
      return { username: 'nobody', password: 'without TLS the client sends none' }
    throw new Error('it needs user:password@ in front of the hosts, or tls=false for a server without TLS')
  }
  const [, user, password] = /^([^:@]+):([^:@]+)$/.exec(userInfo) ?? []
  try {
    if (user !== undefined && password !== undefined)
      return { username: decodeURIComponent(user), password: decodeURIComponent(password) }
  } catch {
    // Told below
  }
  throw new Error(
    'in front of the hosts it needs user:password@, with what is no letter or digit percent-encoded (@ is %40)',
  )
}
