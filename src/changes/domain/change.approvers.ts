import { Refused } from '#libs/event-sourcing'
import type { LeftOut } from '../../approvals/domain/approval.events.js'
import {
  type ApprovalPolicy,
  grantsNeeded,
  groupsAsked,
  namedBy,
  reasonAgainst,
} from '../../approvals/domain/defaults.js'
import { policyInForce } from './change.assessment.js'
import type { SubmitChange } from './change.commands.js'
import {
  approverGroup,
  byName,
  type ChangeFacts,
  candidate,
  groupFact,
  personFact,
  type Questions,
} from './change.facts.js'
import type { Change } from './change.state.js'

/**
 * Whether anybody could approve: known as approval is asked for, so that whoever asks need not wait to hear it. It decides
 * nothing: the approval looks itself whom it asks.
 */

/**
 * The groups that the policy names, and then of those whom they stand for so many as are needed. These nearly always do; where one of
 * them may not grant it, all others are asked about at once.
 */
export function approverFacts(command: SubmitChange, change: Change, known: ChangeFacts): Questions {
  const { policy } = policyInForce(change, known)
  if (policy === undefined) return {}
  const unknown = groupsAsked(policy, change.group ?? undefined).filter(
    (id) => known[approverGroup(id)] === undefined,
  )
  if (unknown.length > 0) return byName(unknown.map((id) => [approverGroup(id), groupFact(id)]))
  const { missing, unheard, leftOut } = approversOf(policy, command, change, known)
  if (missing === 0) return {}
  const next = leftOut.length === 0 ? unheard.slice(0, missing) : unheard
  return byName(next.map((id) => [candidate(id), personFact(id)]))
}

/**
 * @throws Refused `CHANGE.NOBODY_APPROVES`: fewer may grant it than the policy wants; `leftOut` says who may not, and why
 */
export function requireApprovers(
  policy: ApprovalPolicy,
  command: SubmitChange,
  change: Change,
  known: ChangeFacts,
): void {
  const { approvers, missing, needed, leftOut } = approversOf(policy, command, change, known)
  if (missing === 0) return
  const without = groupsAsked(policy, change.group ?? undefined).filter((id) => hasNobody(policy, id, known))
  const reasons = [
    ...without.map((id) => `group "${id}" has nobody to ask`),
    ...leftOut.map(({ person, because }) => `"${person}" ${WHY_NOT[because]}`),
  ]
  throw new Refused(
    'CHANGE.NOBODY_APPROVES',
    `The policy "${policy.name}" wants ${needed} to grant it, and ${approvers.length} may: ${reasons.join('; ')}. ` +
      'Let a manager or member be named who may, or another policy be published, and submit it again.',
    { policy: policy.name, needed, approvers, leftOut, emptyGroups: without },
  )
}

const WHY_NOT: Readonly<Record<LeftOut['because'], string>> = {
  requester: 'has a part in it',
  inactive: 'has left, or is not registered',
  'no-role': 'has no role',
  program: 'is a program',
}

/** Who may grant it, who not; `unheard`: of whom nothing is known yet, asked about while some are `missing`. */
function approversOf(policy: ApprovalPolicy, { metadata }: SubmitChange, change: Change, known: ChangeFacts) {
  const named = namedBy(policy, change.group ?? undefined, (id) => known[approverGroup(id)]?.value)
  const implementer = 'ratification' in change.stage ? change.implementer : null
  const parties = [change.requester, ...change.involved, metadata.actor, implementer].filter(
    (party) => party !== null,
  )
  const excluded = policy.selfApproval === 'refused' ? parties : []
  const approvers: string[] = []
  const leftOut: LeftOut[] = []
  const unheard: string[] = []
  for (const { person } of named) {
    const standing = known[candidate(person)]?.value
    if (standing === undefined) {
      unheard.push(person)
      continue
    }
    const { active, roles } = standing
    const because = reasonAgainst(person, excluded, { active, hasRole: roles.size > 0 })
    if (because === undefined) approvers.push(person)
    else leftOut.push({ person, because })
  }
  const needed = grantsNeeded(policy.rule, approvers.length)
  return { needed, approvers, leftOut, unheard, missing: Math.max(needed - approvers.length, 0) }
}

function hasNobody({ approvers }: ApprovalPolicy, group: string, known: ChangeFacts): boolean {
  const { manager, members } = known[approverGroup(group)]!.value
  const asksMembers = approvers.some(({ kind }) => kind === 'group')
  return asksMembers ? members.size === 0 : manager == null
}
