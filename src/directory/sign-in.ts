import { randomUUID } from 'node:crypto'
import type { Principal, Role } from '#libs/access'
import { isServiceId } from '#libs/access'
import type { CommandExecutor } from '#libs/command-handling'
import type { Configuration, IdentityDirectory, OidcOptions, StoredToken } from '#libs/platform'
import type { Directory } from './directory.js'
import { personRecords } from './directory.records.js'
import { RecordIdpRoles } from './domain/person.commands.js'

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

/** The directory as sign-in asks it; what the identity provider says of a person's groups is recorded as roles first. */
export class SignInDirectory implements IdentityDirectory {
  /** @param roleMap group of the identity provider → roles that it stands for */
  constructor(
    private readonly directory: Directory,
    private readonly executor: CommandExecutor,
    private readonly roleMap: ReadonlyMap<string, readonly Role[]>,
  ) {}

  findToken(tokenId: string): StoredToken | undefined {
    return this.directory.findToken(tokenId)
  }

  principal(id: string): Principal | undefined {
    return this.directory.principal(id)
  }

  identity(issuer: string, subject: string): string | undefined {
    return this.directory.identity(issuer, subject)
  }

  /** Records which roles the groups stand for, where that differs from what is recorded; nothing for a leaver. */
  async recordIdpRoles(id: string, groups: readonly string[], issuer: string): Promise<void> {
    if (this.directory.principal(id) === undefined) return
    const mapped = groups.flatMap((group) => this.roleMap.get(group) ?? [])
    // A person in the group of programs is a slip of the provider's, and must not shut her out.
    const roles = [...new Set(mapped)].filter((role) => role !== 'service' || isServiceId(id))
    const commandId = randomUUID()
    const metadata = {
      actor: 'system:sign-in',
      channel: 'api' as const,
      reason: `Groups at ${issuer}: ${groups.join(', ') || 'none'}`,
      occurredAt: new Date().toISOString(),
      commandId,
      keyed: false,
      correlationId: commandId,
    }
    await this.executor.execute(personRecords, new RecordIdpRoles(id, { roles }, metadata))
  }
}
