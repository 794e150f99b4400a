import { type GroupStanding, isServiceId } from '#libs/access'
import { derivedId } from '#libs/event-sourcing'
import type { Approver, LeftOut } from './approval.events.js'

/** What approval policies say, and which of them holds for a subject: for the setting, for approvals and for their subjects. */

/** Kinds of records that ask for approval. */
export const SUBJECT_TYPES = ['change', 'request'] as const
export type SubjectType = (typeof SUBJECT_TYPES)[number]

/** How many of the approvers have to grant; `n-of-m`: so many, of however many there are when asked. */
export type ApprovalRule = { kind: 'any' } | { kind: 'all' } | { kind: 'n-of-m'; n: number }

/** Who is asked. A group stands for its members when asked; without `group` it is the one that has the subject. */
export type ApproverSource =
  | { kind: 'person'; person: string }
  | { kind: 'group'; group?: string }
  | { kind: 'group-manager'; group?: string }

export interface ApprovalPolicy {
  name: string
  subjectType: SubjectType
  /** All must hold; absent ones do. */
  when: {
    /** `normal`, `emergency`, ... */
    changeTypes?: readonly string[]
    /** `high`, ... */
    risks?: readonly string[]
  }
  rule: ApprovalRule
  approvers: readonly ApproverSource[]
  /** Hours after the asking at which a round lapses; null: never. */
  expiresAfterHours: number | null
  /** Whether who asks may also approve: he is not asked and is refused, or he may and it is recorded as a breach. */
  selfApproval: 'refused' | 'recorded'
  /** Fields of the subject that the approval is bound to: an edit of one of them voids it. */
  materialFields: readonly string[]
}

/** What a subject is, as far as policies ask. */
export interface SubjectTraits {
  subjectType: SubjectType
  changeType?: string
  risk?: string
}

/**
 * Fields that may be material, by subject. A change's conflicts that were shown when approval was asked are part of what is
 * approved under every policy.
 */
export const MATERIAL_FIELDS: Readonly<Record<SubjectType, readonly string[]>> = {
  change: [
    'type',
    'title',
    'description',
    'implementation',
    'backout',
    'test',
    'window',
    'affectedCis',
    'proposedValues',
  ],
  request: ['items', 'answers', 'price'],
}

/** The policy that holds: the first that fits. Undefined: none does, and nothing can be approved. */
export function policyFor(
  policies: readonly ApprovalPolicy[],
  { subjectType, changeType, risk }: SubjectTraits,
): ApprovalPolicy | undefined {
  const fits = (wanted: readonly string[] | undefined, trait: string | undefined) =>
    wanted === undefined || (trait !== undefined && wanted.includes(trait))
  return policies.find(
    (policy) =>
      policy.subjectType === subjectType &&
      fits(policy.when.changeTypes, changeType) &&
      fits(policy.when.risks, risk),
  )
}

/** How many of so many have to grant. */
export function grantsNeeded(rule: ApprovalRule, seats: number): number {
  switch (rule.kind) {
    case 'any':
      return 1
    case 'all':
      return Math.max(seats, 1)
    case 'n-of-m':
      return rule.n
  }
}

/** The groups that a policy asks. @param own the group that has the subject */
export function groupsAsked({ approvers }: ApprovalPolicy, own: string | undefined): readonly string[] {
  return approvers.flatMap((source) => groupAsked(source, own) ?? [])
}

function groupAsked(source: ApproverSource, own: string | undefined): string | undefined {
  return source.kind === 'person' ? undefined : (source.group ?? own)
}

/** Those whom the policy names, each once, for the first reason that it gives. Groups of which nothing is known have nobody. */
export function namedBy(
  { approvers }: ApprovalPolicy,
  own: string | undefined,
  standingOf: (group: string) => Pick<GroupStanding, 'manager' | 'members'> | undefined,
): readonly Approver[] {
  const found = approvers.flatMap((source): Approver[] => {
    if (source.kind === 'person') return [{ person: source.person, via: 'person' }]
    const id = groupAsked(source, own)
    const standing = id === undefined ? undefined : standingOf(id)
    if (standing === undefined) return []
    const people = source.kind === 'group' ? [...standing.members].sort() : [standing.manager ?? []].flat()
    return people.map((person) => ({ person, via: source.kind, group: id }))
  })
  const first = new Map<string, Approver>()
  for (const approver of found) if (!first.has(approver.person)) first.set(approver.person, approver)
  return [...first.values()]
}

/** Why somebody whom the policy names is not asked; undefined: he is. @param parties whose own doing it is */
export function reasonAgainst(
  person: string,
  parties: readonly string[],
  standing: { readonly active: boolean; readonly hasRole: boolean },
): LeftOut['because'] | undefined {
  if (isServiceId(person)) return 'program'
  if (parties.includes(person)) return 'requester'
  if (!standing.active) return 'inactive'
  return standing.hasRole ? undefined : 'no-role'
}

/** The manager of the group that has the change; whoever asks does not approve. */
export const DEFAULT_APPROVAL_POLICIES: readonly ApprovalPolicy[] = [
  {
    name: 'changes',
    subjectType: 'change',
    when: {},
    rule: { kind: 'any' },
    approvers: [{ kind: 'group-manager' }],
    expiresAfterHours: null,
    selfApproval: 'refused',
    materialFields: ['type', 'implementation', 'backout', 'test', 'window', 'affectedCis', 'proposedValues'],
  },
]

/** Id of a round: one for each number of asking about a subject, for ever. */
export function approvalId(subject: { type: SubjectType; number: string }, round: number): string {
  return derivedId('approval', subject.type, subject.number, round)
}
