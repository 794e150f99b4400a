import type { Principal, Role } from '#libs/access'
import type { RecordedEvent } from '#libs/event-sourcing'
import type { IdentityDirectory, StoredToken } from '#libs/platform/authentication'
import type {
  DelegationGranted,
  DirectoryEvent,
  GroupEvent,
  PersonEvent,
  RoleGranted,
} from './domain/directory.events.js'

/** Stream prefixes that {@link Directory} folds. */
export const DIRECTORY_PREFIXES = ['person-', 'group-'] as const

/** Ids of the `RoleGranted` events that stand: a role may come from here and from the identity provider. */
interface Grants {
  own?: string
  idp?: string
}

interface PersonRights {
  active: boolean
  readonly grants: Map<Role, Grants>
  readonly tokens: Set<string>
  readonly identities: Set<string>
  readonly groups: Set<string>
  /** By their ids, those that others have given him. */
  readonly delegatedBy: Map<string, { person: string } & Pick<DelegationGranted['data'], 'from' | 'until'>>
  /** Built when asked for, dropped when an event touches it. */
  principal?: Principal
}

/**
 * Who may do what now: a fold of all people and groups, kept in memory so that no request waits for a read. It keeps
 * what rights need and nothing else: a person without role, token, identity or membership takes no room, however many
 * are imported.
 *
 * Within a stream, applying an event again, or a late one followed by its successors again, ends in the same state
 * (every event sets or clears, none counts): {@link follow} relies on it.
 */
export class Directory implements IdentityDirectory {
  private readonly people = new Map<string, PersonRights>()
  private readonly tokens = new Map<string, StoredToken>()
  /** Identity → who has it. Two holders can only come from two processes at once, and then neither gets in. */
  private readonly holders = new Map<string, Set<string>>()

  /** Folds one event; those of other streams leave it as it was. */
  apply(event: RecordedEvent): void {
    const known = event as RecordedEvent<DirectoryEvent>
    if (event.stream.startsWith('person-')) {
      this.applyToPerson(event.stream.slice('person-'.length), known as RecordedEvent<PersonEvent>)
    } else if (event.stream.startsWith('group-')) {
      this.applyToGroup(event.stream.slice('group-'.length), known as RecordedEvent<GroupEvent>)
    }
  }

  /**
   * The caller with the rights of this moment; the same object until an event touches the person. Undefined for a
   * deactivated person, and for one who has never had role, token, identity or membership.
   */
  principal(id: string): Principal | undefined {
    const rights = this.people.get(id)
    if (rights === undefined || !rights.active) return undefined
    rights.principal ??= toPrincipal(id, rights)
    return rights.principal
  }

  /** The token with this id, unless it is revoked. Compare the hash in constant time, and `expiresAt` with the clock. */
  findToken(tokenId: string): StoredToken | undefined {
    return this.tokens.get(tokenId)
  }

  /** Who has this identity; also a deactivated person, for whom {@link principal} gives nothing. */
  identity(issuer: string, subject: string): string | undefined {
    const holders = this.holders.get(identityKey(issuer, subject))
    return holders?.size === 1 ? first(holders) : undefined
  }

  groupsOf(person: string): ReadonlySet<string> {
    return this.people.get(person)?.groups ?? NONE
  }

  /**
   * Those for whom this person may answer when their approval is asked.
   * @param now ISO 8601 UTC
   */
  delegatorsOf(person: string, now: string): readonly string[] {
    const given = this.people.get(person)?.delegatedBy.values() ?? []
    const standing = [...given].filter(
      ({ person, from, until }) => from <= now && now < until && this.people.get(person)?.active !== false,
    )
    return [...new Set(standing.map(({ person }) => person))].sort()
  }

  /** Active administrators besides this person: what `DeactivatePerson` and `RevokeRole` ask for. */
  otherAdministrators(person: string): number {
    let count = 0
    for (const [id, { active, grants }] of this.people) {
      if (id !== person && active && grants.has('administrator')) count++
    }
    return count
  }

  private applyToPerson(id: string, event: RecordedEvent<PersonEvent>): void {
    switch (event.type) {
      case 'PersonDeactivated':
        this.deactivate(id)
        return
      case 'PersonReactivated': {
        const rights = this.people.get(id)
        if (rights !== undefined) this.touch(id).active = true
        return
      }
      case 'IdentityLinked':
        this.linkIdentity(id, identityKey(event.data.issuer, event.data.subject))
        return
      case 'IdentityUnlinked':
        this.unlinkIdentity(id, identityKey(event.data.issuer, event.data.subject))
        return
      case 'RoleGranted': {
        const { grants } = this.touch(id)
        const { role, source } = event.data
        grants.set(role, { ...grants.get(role), [origin(source)]: event.id })
        return
      }
      case 'RoleRevoked': {
        const { grants } = this.touch(id)
        const { role, source } = event.data
        const left: Grants = { ...grants.get(role), [origin(source)]: undefined }
        if (left.own ?? left.idp) grants.set(role, left)
        else grants.delete(role)
        return
      }
      case 'ApiTokenIssued': {
        const { tokenId, hash, expiresAt } = event.data
        this.touch(id).tokens.add(tokenId)
        this.tokens.set(tokenId, {
          principalId: id,
          hash,
          expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
          revoked: false,
        })
        return
      }
      case 'ApiTokenRevoked':
        this.touch(id).tokens.delete(event.data.tokenId)
        this.tokens.delete(event.data.tokenId)
        return
      case 'DelegationGranted': {
        const { delegationId, to, from, until } = event.data
        this.touch(to).delegatedBy.set(delegationId, { person: id, from, until })
        return
      }
      case 'DelegationRevoked':
        this.touch(event.data.to).delegatedBy.delete(event.data.delegationId)
        return
    }
  }

  private applyToGroup(group: string, event: RecordedEvent<GroupEvent>): void {
    switch (event.type) {
      case 'MemberAdded':
        this.touch(event.data.person).groups.add(group)
        return
      case 'MemberRemoved':
        this.touch(event.data.person).groups.delete(group)
        return
    }
  }

  private touch(id: string): PersonRights {
    let rights = this.people.get(id)
    if (rights === undefined) {
      rights = {
        active: true,
        grants: new Map(),
        tokens: new Set(),
        identities: new Set(),
        groups: new Set(),
        delegatedBy: new Map(),
      }
      this.people.set(id, rights)
    }
    rights.principal = undefined
    return rights
  }

  /** Tokens and roles end for good; identities and memberships wait for a return. */
  private deactivate(id: string): void {
    const rights = this.touch(id)
    rights.active = false
    rights.grants.clear()
    for (const tokenId of rights.tokens) this.tokens.delete(tokenId)
    rights.tokens.clear()
  }

  private linkIdentity(id: string, key: string): void {
    this.touch(id).identities.add(key)
    setOf(this.holders, key).add(id)
  }

  private unlinkIdentity(id: string, key: string): void {
    this.touch(id).identities.delete(key)
    const holders = this.holders.get(key)
    holders?.delete(id)
    if (holders?.size === 0) this.holders.delete(key)
  }
}

const NONE: ReadonlySet<string> = new Set()

function toPrincipal(id: string, { grants, groups }: PersonRights): Principal {
  const standing = [...grants].map(([role, { own, idp }]): [Role, string] => [role, (own ?? idp)!])
  return { id, grants: new Map(standing), groups: new Set(groups) }
}

function origin(source: RoleGranted['data']['source']): keyof Grants {
  return source === 'idp' ? 'idp' : 'own'
}

function identityKey(issuer: string, subject: string): string {
  return JSON.stringify([issuer, subject])
}

function setOf<Key, Value>(sets: Map<Key, Set<Value>>, key: Key): Set<Value> {
  let set = sets.get(key)
  if (set === undefined) {
    set = new Set()
    sets.set(key, set)
  }
  return set
}

function first<Value>(values: Iterable<Value>): Value | undefined {
  for (const value of values) return value
  return undefined
}
