import { randomUUID } from 'node:crypto'
import { Command, Option } from 'commander'
import { isServiceId, ROLES, type Role } from '#libs/access'
import { type CommandMetadata, NotFound } from '#libs/event-sourcing'
import { createApiToken } from '#libs/platform/authentication'
import { readConfiguration } from '#libs/platform/configuration'
import { createLogger } from '#libs/platform/logging'
import { personRecords } from '../directory/directory.records.js'
import type { PersonCommand } from '../directory/domain/person.commands.js'
import {
  GrantRole,
  IssueApiToken,
  RegisterPerson,
  RevokeApiToken,
} from '../directory/domain/person.commands.js'
import { type EventStoreOptions, storeSettings } from '../runtime/stores.js'
import { openWriteSide, type WriteSide } from '../runtime/write-side.js'
import { instantOf } from './instant.js'
import { print } from './output.js'

/** Who may use the data folder may appoint anybody: the events say that it was the command line. */
export const COMMAND_LINE = 'system:command-line'

export interface TokenWish {
  person: string
  name?: string
  roles: readonly Role[]
  label: string
  expiresAt?: string
}

export function tokenCommand(): Command {
  const token = new Command('token').description('API tokens')
  token
    .command('create')
    .description(
      'Issue a token; registers the person and grants the roles where that is missing. The token is shown this once.',
    )
    .requiredOption('--person <id>', 'directory id; service:<name> for programs')
    .option('--name <name>', 'name of a person that is new')
    .addOption(new Option('--role <role...>', 'roles to grant').choices(ROLES).default([]))
    .option('--label <text>', 'what it is for', 'created by the command line')
    .option('--expires <instant>', 'when it ends, such as 2030-01-01T00:00:00Z')
    .action(async ({ person, name, role, label, expires }) => {
      await withWriteSide(async (write) => {
        const wish = {
          person,
          name,
          roles: role,
          label,
          expiresAt: expires && instantOf('--expires', expires, 'TOKEN.EXPIRY_INVALID'),
        }
        print(await issueToken(write, wish))
      })
    })
  token
    .command('revoke <token-or-id>')
    .description('Revoke a token, at once also in a running server')
    .action(async (given: string) => {
      const revoke = async (write: WriteSide) => {
        const tokenId = /^(?:ldk_)?([0-9a-f]{16})/.exec(given)?.[1] ?? ''
        const issued = write.directory.findToken(tokenId)
        if (!issued) throw new NotFound('TOKEN.UNKNOWN', `There is no token ${given}, or it has been revoked`)
        await run(write, new RevokeApiToken(issued.principalId, { tokenId }, metadata()))
        print(`revoked ${tokenId} of ${issued.principalId}`)
      }
      await withWriteSide(revoke, { begin: false })
    })
  return token
}

/** Registers, grants and issues as far as it is missing. @returns the token */
export async function issueToken(write: WriteSide, wish: TokenWish): Promise<string> {
  const { person, name = person, roles, label, expiresAt } = wish
  if ((await write.eventStore.readStream(`person-${person}`, { limit: 1 })).length === 0) {
    const kind = isServiceId(person) ? 'service' : 'person'
    await run(write, new RegisterPerson(person, { kind, name }, metadata()))
  }
  for (const role of roles) await run(write, new GrantRole(person, { role }, metadata()))
  const { token, tokenId, hash } = createApiToken()
  await run(write, new IssueApiToken(person, { tokenId, hash, label, expiresAt }, metadata()))
  return token
}

export function metadata(): CommandMetadata {
  const commandId = randomUUID()
  return {
    actor: COMMAND_LINE,
    channel: 'api',
    occurredAt: new Date().toISOString(),
    commandId,
    keyed: false,
    correlationId: commandId,
  }
}

async function run(write: WriteSide, command: PersonCommand): Promise<void> {
  await write.executor.execute(personRecords, command)
}

/** Runs work on the log with rights and facts in memory, and closes it. By default a log that is not there is begun. */
export async function withWriteSide(
  work: (write: WriteSide) => Promise<void>,
  options: Pick<EventStoreOptions, 'begin'> = {},
): Promise<void> {
  const configuration = readConfiguration(process.env)
  const write = await openWriteSide(
    await storeSettings(configuration),
    createLogger({ ...configuration, logLevel: 'error' }, process.stderr),
    options,
  )
  try {
    await work(write)
  } finally {
    await write.close()
  }
}
