import type { Role } from '#libs/access'
import { canonicalHash, type Decider, Forbidden, InvalidInput, NotFound, Refused } from '#libs/event-sourcing'
import type { AnswerCommand, ApprovalCommand, RequestApproval, VoidApproval } from './approval.commands.js'
import type {
  Answer,
  ApprovalEvent,
  ApprovalRequested,
  ApprovalRoundEnded,
  Approver,
  LeftOut,
} from './approval.events.js'
import {
  type ApprovalFacts,
  candidateFact,
  candidates,
  facts,
  furtherFacts,
  groupFact,
  type PersonRights,
  policyOf,
  reasonAgainst,
  type SeatLoss,
  seatLost,
  seatOf,
} from './approval.facts.js'
import { decidedBy } from './approval.round.js'
import { type ApprovalRecord, type ApprovalRound, evolve, UNBORN } from './approval.state.js'
import { approvalId } from './defaults.js'

/** One round of asking: who is asked about which document, what they say, and how it ends. */
export const approvalDecider: Decider<ApprovalRecord, ApprovalCommand, ApprovalEvent, ApprovalFacts> = {
  streamPrefix: 'approval-',
  initial: UNBORN,
  facts,
  furtherFacts,
  decide,
  evolve,
}

function decide(
  command: ApprovalCommand,
  record: ApprovalRecord,
  facts: ApprovalFacts,
): readonly ApprovalEvent[] {
  if (command.type === 'RequestApproval') return request(command, record, facts)
  if (record.status === 'unborn')
    throw new NotFound('APPROVAL.UNKNOWN', `There is no approval ${command.id}, or none that you may see`)
  refuseBackDated(command, record)
  switch (command.type) {
    case 'GrantApproval':
    case 'RejectApproval':
      return answer(command, record, facts)
    case 'LapseApproval':
      return lapse(record, command.metadata.occurredAt)
    case 'VoidApproval':
      return voidRound(command, record)
    default: {
      const unknown: never = command
      throw new Error(`no such command: ${JSON.stringify(unknown)}`)
    }
  }
}

function request(
  command: RequestApproval,
  record: ApprovalRecord,
  facts: ApprovalFacts,
): readonly ApprovalEvent[] {
  const { subject, title, round, requester, involved, audience = { kind: 'public' }, document } = command.data
  if (command.id !== approvalId(subject, round))
    throw new InvalidInput('APPROVAL.ID_MALFORMED', 'The id of a round follows from its subject and number')
  const hash = canonicalHash(document)
  if (record.status !== 'unborn') {
    if (record.asked.hash === hash) return []
    throw new Refused('APPROVAL.ROUND_EXISTS', `Round ${round} asks about another document: begin a new one`)
  }
  const { version: policyVersion } = facts.policies.value
  const asked = {
    ...{ subject, title, round, requester, audience, document, hash, policyVersion },
    ...(involved && { involved }),
  }
  const requested: ApprovalRequested = {
    type: 'ApprovalRequested',
    data: { ...asked, ...whoIsAsked(command, facts) },
  }
  const { policy, rule, approvers } = requested.data
  const outcome = decidedBy(rule, { seats: approvers.length, granted: 0, rejected: 0 })
  if (outcome === undefined) return [requested]
  const because = policy === undefined ? 'no-policy' : 'too-few-approvers'
  const ended: ApprovalRoundEnded = {
    type: 'ApprovalRoundEnded',
    data: { subject, outcome, granted: 0, rejected: 0, because },
  }
  return [requested, ended]
}

type WhoIsAsked = Pick<
  ApprovalRequested['data'],
  'policy' | 'rule' | 'approvers' | 'leftOut' | 'selfApproval' | 'expiresAt'
>

function whoIsAsked(command: RequestApproval, facts: ApprovalFacts): WhoIsAsked {
  const policy = policyOf(command, facts.policies.value)
  if (policy === undefined)
    return { rule: { kind: 'any' }, approvers: [], leftOut: [], selfApproval: 'refused' }
  const { name, rule, selfApproval, expiresAfterHours } = policy
  const excluded = selfApproval === 'refused' ? partiesTo(command.data) : []
  const named = candidates(policy, command, facts)
  const leftOut = named.flatMap(({ person }): LeftOut[] => {
    const because = reasonAgainst(person, excluded, facts[candidateFact(person)]?.value)
    return because === undefined ? [] : [{ person, because }]
  })
  const approvers = named.filter(({ person }) => !leftOut.some((other) => other.person === person))
  return {
    policy: name,
    rule,
    approvers,
    leftOut,
    selfApproval,
    ...(expiresAfterHours !== null && {
      expiresAt: hoursAfter(command.metadata.occurredAt, expiresAfterHours),
    }),
  }
}

function answer(
  command: AnswerCommand,
  round: ApprovalRound,
  facts: ApprovalFacts,
): readonly ApprovalEvent[] {
  const { data, metadata } = command
  const { asked, answers } = round
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
  const tally = { ...tallyOf(round), [kind]: tallyOf(round)[kind] + 1 }
  const outcome = decidedBy(asked.rule, tally)
  return outcome === undefined ? [event] : [event, ended(round, outcome, tally)]
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

/** Whose approval would be one of their own doing. */
function partiesTo({ requester, involved = [] }: Pick<ApprovalRequested['data'], 'requester' | 'involved'>) {
  return [requester, ...involved]
}

const SEAT_LOST: Readonly<Record<SeatLoss, string>> = {
  inactive: 'has left',
  'no-role': 'has no role any more',
  'left-group': 'is no longer a member of the group that was asked',
  'manager-no-more': 'is no longer the manager of the group that was asked',
}

/** Whoever was asked may have lost what he was asked for. @throws Forbidden `APPROVAL.SEAT_LOST` with `because` */
function requireSeat(seat: Approver, rights: PersonRights, facts: ApprovalFacts): void {
  const standing = seat.group === undefined ? undefined : facts[groupFact(seat.group)]?.value
  const because = seatLost(seat, rights, standing)
  if (because === undefined) return
  throw new Forbidden('APPROVAL.SEAT_LOST', `"${seat.person}" was asked, but ${SEAT_LOST[because]}`, {
    because,
  })
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

function lapse(round: ApprovalRound, now: string): readonly ApprovalEvent[] {
  if (round.status === 'ended') return []
  const { expiresAt } = round.asked
  if (expiresAt === undefined || expiresAt > now) {
    throw new Refused('APPROVAL.NOT_DUE', 'The time in which it can be answered is not over')
  }
  return [{ type: 'ApprovalLapsed', data: { expiresAt } }, ended(round, 'lapsed', tallyOf(round))]
}

/** An approval that was given stands no longer; a round that is open ends. */
function voidRound({ data }: VoidApproval, round: ApprovalRound): readonly ApprovalEvent[] {
  const event: ApprovalEvent = { type: 'ApprovalVoided', data: { fields: [...data.fields] } }
  if (round.status === 'open') return [event, ended(round, 'voided', tallyOf(round))]
  return round.outcome === 'approved' ? [event] : []
}

function ended(
  { asked: { subject } }: ApprovalRound,
  outcome: ApprovalRoundEnded['data']['outcome'],
  { granted, rejected }: { granted: number; rejected: number },
): ApprovalRoundEnded {
  return { type: 'ApprovalRoundEnded', data: { subject, outcome, granted, rejected } }
}

function tallyOf({ asked, answers }: ApprovalRound) {
  const all = [...answers.values()]
  const granted = all.filter(({ answer }) => answer === 'granted').length
  return { seats: asked.approvers.length, granted, rejected: all.length - granted }
}

/** @throws Forbidden `APPROVAL.NOT_AN_APPROVER` */
function refuseOthers(seat: string, { asked }: ApprovalRound): void {
  if (asked.approvers.some(({ person }) => person === seat)) return
  throw new Forbidden('APPROVAL.NOT_AN_APPROVER', `"${seat}" is not asked in this round`)
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

/** Only an import brings a time of its own. @throws Refused `APPROVAL.BACK_DATED` */
function refuseBackDated({ metadata: { channel, occurredAt } }: ApprovalCommand, round: ApprovalRound): void {
  if (channel !== 'import' || occurredAt >= round.latestAt) return
  throw new Refused('APPROVAL.BACK_DATED', 'Nothing is recorded before what is recorded of the round already')
}

function hoursAfter(time: string, hours: number): string {
  return new Date(Date.parse(time) + hours * 3_600_000).toISOString()
}
