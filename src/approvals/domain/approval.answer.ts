import type { Role } from '#libs/access'
import { Forbidden, InvalidInput, Refused } from '#libs/event-sourcing'
import type { AnswerCommand } from './approval.commands.js'
import type { Answer, ApprovalEvent } from './approval.events.js'
import { type ApprovalFacts, type PersonRights, seatOf } from './approval.facts.js'
import { endOf, partiesTo } from './approval.round.js'
import { requireSeat } from './approval.seats.js'
import type { ApprovalRound } from './approval.state.js'

/** An answer to one seat, and the end of the round when that decides it. */
export function answer(
  command: AnswerCommand,
  round: ApprovalRound,
  facts: ApprovalFacts,
): readonly ApprovalEvent[] {
  const { data, metadata } = command
  const { answers } = round
  const kind = command.type === 'GrantApproval' ? 'granted' : 'rejected'
  const seat = data.onBehalfOf ?? metadata.actor
  refuseOthers(seat, round)
  requireSameDocument(data.hash, round)
  const before = answers.get(seat)
  if (before?.answer === kind && before.approver === metadata.actor) return []
  requireOpen(round, metadata.occurredAt)
  if (before !== undefined)
    throw new Refused('APPROVAL.ALREADY_ANSWERED', `"${seat}" is answered for: ${before.answer}`)
  const given = answerOf(command, round, facts)
  if (kind === 'rejected' && given.comment === undefined) {
    throw new InvalidInput('APPROVAL.COMMENT_NEEDED', 'A rejection says why', [
      { pointer: '/comment', message: 'is needed' },
    ])
  }
  const event: ApprovalEvent = {
    type: kind === 'granted' ? 'ApprovalGranted' : 'ApprovalRejected',
    data: given,
  }
  const answered = new Map(answers).set(seat, { answer: kind, approver: metadata.actor })
  return [event, ...endOf({ ...round, answers: answered })]
}

function answerOf(
  { data: { hash, onBehalfOf, comment }, metadata: { actor, occurredAt } }: AnswerCommand,
  round: ApprovalRound,
  facts: ApprovalFacts,
): Answer {
  const { asked } = round
  const { answerer, delegator } = facts
  const delegated = onBehalfOf !== undefined && onBehalfOf !== actor
  requireSeat(seatOf(onBehalfOf ?? actor, round)!, delegated ? delegator.value : answerer.value, facts)
  if (delegated) refuseSecondVoice(actor, onBehalfOf, round)
  const delegation = delegated ? delegationTo(actor, onBehalfOf, delegator.value, occurredAt) : undefined
  const parties = partiesTo(asked)
  const own = parties.includes(actor) || (onBehalfOf !== undefined && parties.includes(onBehalfOf))
  if (own && asked.selfApproval === 'refused')
    throw new Forbidden(
      'APPROVAL.SELF_APPROVAL',
      'Nobody approves what he himself has asked for, opened, submitted or implemented',
    )
  const text = comment?.trim()
  return {
    approver: actor,
    ...(delegated && { onBehalfOf, delegation }),
    roles: rolesHeld(answerer.value),
    ...(text && { comment: text }),
    hash,
    ...(own && { breach: 'self-approval' }),
  }
}

/**
 * Id of the delegation that lets him answer at this time.
 * @throws Forbidden `APPROVAL.NOT_DELEGATED`; `because`: what became of the latest that there was
 */
function delegationTo(actor: string, seat: string, { delegations }: PersonRights, now: string): string {
  const his = delegations.filter(({ to, scope }) => to === actor && scope === 'approvals')
  const standing = his.find(({ from, until, revoked }) => !revoked && from <= now && now < until)
  if (standing) return standing.delegationId
  const { because, so } = whyNot(his.at(-1), now)
  throw new Forbidden('APPROVAL.NOT_DELEGATED', `"${seat}" ${so}: he does so in the directory`, { because })
}

function whyNot(last: PersonRights['delegations'][number] | undefined, now: string) {
  if (last === undefined) return { because: 'none', so: 'has never let you answer for him' }
  if (last.revoked) return { because: 'revoked', so: 'lets you answer for him no longer' }
  return last.until <= now
    ? { because: 'over', so: `let you answer for him until ${last.until}` }
    : { because: 'not-yet', so: `lets you answer for him only from ${last.from} on` }
}

/** By role, the grant that an administrator gave before that of the identity provider. */
function rolesHeld({ grants }: PersonRights): Answer['roles'] {
  const held = new Map<Role, string>()
  for (const origin of ['idp', 'own'] as const) {
    for (const [key, grant] of grants) {
      if (key.startsWith(`${origin}/`)) held.set(key.slice(4) as Role, grant)
    }
  }
  return [...held].map(([role, grant]) => ({ role, grant })).sort((a, b) => (a.role < b.role ? -1 : 1))
}

/** @throws Forbidden `APPROVAL.NOT_AN_APPROVER` */
function refuseOthers(seat: string, { asked }: ApprovalRound): void {
  if (asked.approvers.some(({ person }) => person === seat)) return
  throw new Forbidden('APPROVAL.NOT_AN_APPROVER', `"${seat}" is not asked in this round`)
}

/**
 * Where so many people have to grant, each counts once: whoever has a seat, or has answered for somebody, answers for nobody else.
 * @throws Refused `APPROVAL.COUNTS_ONCE`
 */
function refuseSecondVoice(actor: string, seat: string, { asked, answers }: ApprovalRound): void {
  const { rule, approvers } = asked
  if (rule.kind !== 'n-of-m') return
  const seated = approvers.some(({ person }) => person === actor)
  if (!seated && ![...answers.values()].some(({ approver }) => approver === actor)) return
  throw new Refused(
    'APPROVAL.COUNTS_ONCE',
    `Each counts once among the ${rule.n} who have to grant: "${seat}", or somebody without a seat who has not answered yet, answers`,
  )
}

/** @throws Refused `APPROVAL.HASH_DIFFERS` */
function requireSameDocument(hash: string, { asked }: ApprovalRound): void {
  if (hash === asked.hash) return
  throw new Refused(
    'APPROVAL.HASH_DIFFERS',
    `This round asks about another document (${asked.hash}): read it, and answer anew`,
  )
}

/** @throws Refused `APPROVAL.ROUND_ENDED` */
function requireOpen(round: ApprovalRound, now: string): void {
  const { expiresAt } = round.asked
  const over = round.status === 'open' && expiresAt !== undefined && expiresAt <= now
  if (round.status === 'open' && !over) return
  const outcome = round.status === 'ended' ? round.outcome : 'lapsed'
  throw new Refused('APPROVAL.ROUND_ENDED', `The round has ended: ${outcome}`)
}
