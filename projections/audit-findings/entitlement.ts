import type { Position, RecordedEvent } from '#libs/event-sourcing'
import type { Approver } from '../../src/approvals/domain/approval.events.js'
import type { DirectoryEvent } from '../../src/directory/domain/directory.events.js'

/**
 * Whether an approver was entitled when he answered, as far as is known by now: what the directory is told of a time before may
 * say otherwise than what was known then. Of two facts that which holds later in valid time wins, of equal ones the later told.
 */

/** What an answer rested on: of each ground a document, with all that was told of it. */
export interface Ground {
  /** In the order of telling, the latest that are kept. */
  told: readonly GroundFact[]
  /** Ids of answers that rest on it, with the time at which each was given. */
  answers: readonly { event: string; at: string }[]
}
/** From a time (ISO 8601) on, something holds or holds no more. */
export interface GroundFact {
  at: string
  position: Position
  /** Of rights: which (`own/agent`, `idp/agent`); `*`: all of them. */
  right?: string
  /** Of a group's manager: who it is. */
  manager?: string | null
  holds: boolean
}

/** An answer, with all that makes it one of somebody who may give it. */
export interface AnswerKnown {
  approval: string
  change: string
  event: string
  at: string
  approver: string
  /** Whose seat it is, and by what; absent: he was not asked, as far as the round tells. */
  seat?: Approver
  delegation?: string
  roles: readonly string[]
}

/** Why an answer was not his to give. */
export type NotEntitled = 'no-role' | 'left-group' | 'manager-no-more' | 'delegation-ended'

const rightsOf = (person: string) => `rights/${person}`
const membershipOf = (group: string, person: string) => `member/${group}/${person}`
const managementOf = (group: string) => `manager/${group}`
const delegationOf = (person: string, id: string) => `delegation/${person}/${id}`

/** The grounds of an answer, by their ids. */
export function groundsOf({ approver, seat, delegation }: AnswerKnown): readonly string[] {
  const { person = approver, via, group = '' } = seat ?? {}
  return [
    rightsOf(approver),
    ...(via === 'group' ? [membershipOf(group, person)] : []),
    ...(via === 'group-manager' ? [managementOf(group)] : []),
    ...(delegation === undefined ? [] : [delegationOf(person, delegation)]),
  ]
}

/** What an event of the directory tells of a ground; undefined: nothing. */
export function groundTold(
  event: RecordedEvent<DirectoryEvent>,
): { ground: string; facts: readonly GroundFact[] } | undefined {
  const { stream, position, metadata } = event
  const { occurredAt: at } = metadata
  const id = stream.slice(stream.indexOf('-') + 1)
  const told = (ground: string, ...more: Omit<GroundFact, 'position'>[]) => ({
    ground,
    facts: more.map((one) => ({ ...one, position })),
  })
  switch (event.type) {
    case 'RoleGranted':
    case 'RoleRevoked': {
      const { role, source } = event.data
      const right = `${source === 'idp' ? 'idp' : 'own'}/${role}`
      return told(rightsOf(id), { at, right, holds: event.type === 'RoleGranted' })
    }
    case 'PersonDeactivated':
      return told(rightsOf(id), { at, right: '*', holds: false })
    case 'DelegationGranted': {
      const { delegationId, from, until } = event.data
      return told(delegationOf(id, delegationId), { at: from, holds: true }, { at: until, holds: false })
    }
    case 'DelegationRevoked':
      return told(delegationOf(id, event.data.delegationId), { at, holds: false })
    case 'MemberAdded':
    case 'MemberRemoved':
      return told(membershipOf(id, event.data.person), { at, holds: event.type === 'MemberAdded' })
    case 'GroupRegistered':
    case 'GroupChanged': {
      const { manager } = event.data
      if (manager === undefined && event.type === 'GroupChanged') return undefined
      return told(managementOf(id), { at, manager: manager ?? null, holds: true })
    }
    default:
      return undefined
  }
}

/**
 * Why an answer was not his to give, as far as is told; empty: it was.
 * @param toldOf all that was told of a ground
 */
export function notEntitled(
  answer: AnswerKnown,
  toldOf: (ground: string) => readonly GroundFact[],
): NotEntitled[] {
  const { approver, seat, delegation, roles, at } = answer
  const { person = approver, via, group = '' } = seat ?? {}
  const found: NotEntitled[] = []
  const rights = toldOf(rightsOf(approver))
  if (!roles.some((role) => hasRight(rights, role, at))) found.push('no-role')
  if (via === 'group' && !holdsAt(toldOf(membershipOf(group, person)), at)) found.push('left-group')
  if (via === 'group-manager' && !managesAt(toldOf(managementOf(group)), person, at))
    found.push('manager-no-more')
  if (delegation !== undefined && !delegatedAt(toldOf(delegationOf(person, delegation)), at))
    found.push('delegation-ended')
  return found
}

/** Before the first that is told it was otherwise; where nothing is told, it held: he was asked for it, or relied on it. */
function holdsAt(told: readonly GroundFact[], at: string): boolean {
  const inTime = inValidTime(told)
  const latest = inTime.findLast((one) => one.at <= at)
  return latest?.holds ?? !(inTime[0]?.holds ?? false)
}

/** Granted by an administrator or by the identity provider. Who leaves loses all. */
function hasRight(told: readonly GroundFact[], role: string, at: string): boolean {
  const own = ['own', 'idp']
    .map((origin) => told.filter(({ right }) => right === `${origin}/${role}` || right === '*'))
    .filter((of) => of.some(({ right }) => right !== '*'))
  const left = told.filter(({ right }) => right === '*')
  return own.length === 0 ? holdsAt(left, at) : own.some((of) => holdsAt(of, at))
}

function managesAt(told: readonly GroundFact[], person: string, at: string): boolean {
  const latest = inValidTime(told).findLast((one) => one.at <= at)
  return latest === undefined || latest.manager === person
}

/** What was taken back before it began never began. */
function delegatedAt(told: readonly GroundFact[], at: string): boolean {
  const from = told.find(({ holds }) => holds)?.at ?? ''
  return holdsAt(
    told.map((one) => (one.at < from ? { ...one, at: from } : one)),
    at,
  )
}

function inValidTime(told: readonly GroundFact[]): readonly GroundFact[] {
  return [...told].sort((one, other) => {
    const [a, b] = one.at === other.at ? [one.position, other.position] : [one.at, other.at]
    return a < b ? -1 : 1
  })
}
