import { type Audience, hasRole, type Principal, type Role } from '#libs/access'
import type { AccessRule } from '#libs/projections-runtime'
import { all, and, eq, type Filter, has, isIn, none, or } from '#libs/read-store'

/**
 * Who may see which records, in one place.
 *
 * | role | rows |
 * |---|---|
 * | auditor, administrator | all |
 * | agent, team lead, change manager, analyst, service | public ones, and restricted ones as below |
 * | requester | those in which she is named: caller, affected user, opened by, requester, watcher |
 * | none | nothing |
 *
 * Restricted: `participants` are seen by the people named in them, the assignee and the members of the assigned group;
 * `groups` by the people named in them and the members of these groups. Leading a team opens no more than membership
 * does, and analysts count what they may see: restricted records are often about people.
 */
const OVERSEERS: readonly Role[] = ['auditor', 'administrator']
const DESK: readonly Role[] = ['agent', 'team-lead', 'change-manager', 'analyst', 'service']

/** Whoever works at the desk or oversees it. */
export const DESK_READERS: readonly Role[] = [
  'agent',
  'team-lead',
  'change-manager',
  'auditor',
  'analyst',
  'service',
  'administrator',
]
/** The same without programs. */
export const DESK_PEOPLE: readonly Role[] = DESK_READERS.filter((role) => role !== 'service')

/** The columns that a collection needs for the row rule. */
export interface AccessColumns {
  audienceKind: Audience['kind']
  audienceGroups?: readonly string[]
  /** People named in the record: requesters and watchers. See `peopleNamed`. */
  visibleTo?: readonly string[]
  assignmentGroup?: string
  assignee?: string
}

export const accessColumns = {
  audienceKind: 'string',
  audienceGroups: 'strings',
  visibleTo: 'strings',
  assignmentGroup: 'string',
  assignee: 'string',
} as const

export function audienceColumns(audience: Audience): Pick<AccessColumns, 'audienceKind' | 'audienceGroups'> {
  return {
    audienceKind: audience.kind,
    audienceGroups: audience.kind === 'groups' ? audience.groups : undefined,
  }
}

/** Who may see what a draft tells of a record, besides those named in it. */
export function setAudience(
  draft: { -readonly [Column in 'audienceKind' | 'audienceGroups']?: AccessColumns[Column] },
  audience: Audience,
): void {
  const { audienceKind, audienceGroups } = audienceColumns(audience)
  draft.audienceKind = audienceKind
  draft.audienceGroups = audienceGroups
}

/** The audience again, for answers. Undefined for those who do not see it (requesters). */
export function audienceOf({
  audienceKind: kind,
  audienceGroups: groups = [],
}: Partial<AccessColumns>): Audience | undefined {
  if (kind === undefined) return undefined
  return kind === 'groups' ? { kind, groups } : { kind }
}

/** Value of `visibleTo`. */
export function peopleNamed(record: {
  caller?: string
  affectedUser?: string
  openedBy?: string
  requester?: string
  watchers?: readonly string[]
}): readonly string[] | undefined {
  const people = new Set<string>()
  if (record.caller !== undefined) people.add(record.caller)
  if (record.affectedUser !== undefined) people.add(record.affectedUser)
  if (record.openedBy !== undefined) people.add(record.openedBy)
  if (record.requester !== undefined) people.add(record.requester)
  if (record.watchers !== undefined) for (const watcher of record.watchers) people.add(watcher)
  return people.size > 0 ? [...people] : undefined
}

/** Works at the desk or oversees it: sees internal fields of what she may see. */
export function seesInternalFields(principal: Principal): boolean {
  return hasRole(principal, ...DESK_READERS)
}

/** How far a principal's sight goes: everything; what is public and some of the rest; or her own records, if any. */
export function sightOf(principal: Principal): 'everything' | 'the desk' | 'own records' {
  if (hasRole(principal, ...OVERSEERS)) return 'everything'
  return hasRole(principal, ...DESK) ? 'the desk' : 'own records'
}

/** The rows that a principal may see. */
export function visibleRows(principal: Principal): Filter {
  const parts = visibleParts(principal)
  return parts.length === 1 ? (parts[0] as Filter) : or(...parts)
}

/**
 * The same as disjoint filters, whose counts may be added up: the public part is answered by materialised counts that
 * have `audienceKind` as a dimension, the restricted part and a requester's own are few rows found by index.
 */
export function visibleParts(principal: Principal): readonly Filter[] {
  if (hasRole(principal, ...OVERSEERS)) return [all]
  if (hasRole(principal, ...DESK))
    return [eq('audienceKind', 'public'), and(RESTRICTED_ROWS, restrictedRows(principal))]
  return [hasRole(principal, 'requester') ? has('visibleTo', principal.id) : none]
}

/** Named one by one, because an index finds these and not what differs from `public`. */
const RESTRICTED = ['participants', 'groups'] as const satisfies readonly Audience['kind'][]

/** Records that are not everybody's at the desk: few. */
export const RESTRICTED_ROWS: Filter = isIn('audienceKind', RESTRICTED)

function restrictedRows({ id, groups }: Principal): Filter {
  const memberships = [...groups]
  return or(
    has('visibleTo', id),
    and(eq('audienceKind', 'participants'), or(eq('assignee', id), isIn('assignmentGroup', memberships))),
    and(eq('audienceKind', 'groups'), or(...memberships.map((group) => has('audienceGroups', group)))),
  )
}

/** The rule of `visibleRows` for one record at hand, as a command or a record page needs it. */
export function canSee(principal: Principal, record: AccessColumns): boolean {
  if (hasRole(principal, ...OVERSEERS)) return true
  const named = record.visibleTo?.includes(principal.id) ?? false
  if (!hasRole(principal, ...DESK)) return hasRole(principal, 'requester') && named
  if (named) return true
  switch (record.audienceKind) {
    case 'public':
      return true
    case 'participants':
      return (
        record.assignee === principal.id ||
        (record.assignmentGroup !== undefined && principal.groups.has(record.assignmentGroup))
      )
    case 'groups':
      return record.audienceGroups?.some((group) => principal.groups.has(group)) ?? false
  }
}

type RowRule = Required<Pick<AccessRule<never>, 'rows' | 'parts'>>

/** The row rule of a collection that everybody reads. */
export const forEverybody: RowRule = { rows: visibleRows, parts: visibleParts }

/** Of one that only these roles read: the rule for them, nothing for others. */
export function forReaders(roles: readonly Role[]): RowRule {
  const reads = (principal: Principal) => hasRole(principal, ...roles)
  return {
    rows: (principal) => (reads(principal) ? visibleRows(principal) : none),
    parts: (principal) => (reads(principal) ? visibleParts(principal) : [none]),
  }
}

/** The rule of {@link forReaders} for one record at hand. */
export function readerSees(roles: readonly Role[], principal: Principal, record: AccessColumns): boolean {
  return hasRole(principal, ...roles) && canSee(principal, record)
}

/** Of a collection that has no record of anybody's own: all of it for these roles, nothing for others. */
export function wholeFor(roles: readonly Role[]): RowRule {
  const rows = (principal: Principal) => (hasRole(principal, ...roles) ? all : none)
  return { rows, parts: (principal) => [rows(principal)] }
}

/** The rule for the documents alone that meet a condition, whatever else the collection holds. */
export function among(condition: Filter, { rows, parts }: RowRule): RowRule {
  return {
    rows: (principal) => and(condition, rows(principal)),
    parts: (principal) => parts(principal).map((part) => and(condition, part)),
  }
}
