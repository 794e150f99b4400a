import { sameAudience } from '#libs/access'
import { canonicalHash, type Decider, InvalidInput, NotFound, Refused } from '#libs/event-sourcing'
import { answer } from './approval.answer.js'
import type {
  ApprovalCommand,
  RequestApproval,
  SetApprovalAudience,
  VoidApproval,
} from './approval.commands.js'
import type { ApprovalEvent, ApprovalRequested, ApprovalRoundEnded, LeftOut } from './approval.events.js'
import {
  type ApprovalFacts,
  candidateFact,
  candidates,
  facts,
  furtherFacts,
  policyOf,
} from './approval.facts.js'
import { decidedBy, ended, partiesTo } from './approval.round.js'
import { reviewSeats } from './approval.seats.js'
import { type ApprovalRecord, type ApprovalRound, evolve, UNBORN } from './approval.state.js'
import { approvalId, reasonAgainst } from './defaults.js'

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
    case 'SetApprovalAudience':
      return setAudience(command, record)
    case 'ReviewSeats':
      return reviewSeats(record, facts)
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
    const { active, grants } = facts[candidateFact(person)]!.value
    const because = reasonAgainst(person, excluded, { active, hasRole: grants.size > 0 })
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

function lapse(round: ApprovalRound, now: string): readonly ApprovalEvent[] {
  if (round.status === 'ended') return []
  const { expiresAt } = round.asked
  if (expiresAt === undefined || expiresAt > now) {
    throw new Refused('APPROVAL.NOT_DUE', 'The time in which it can be answered is not over')
  }
  return [{ type: 'ApprovalLapsed', data: { expiresAt } }, ended(round, 'lapsed')]
}

/** An approval that was given stands no longer; a round that is open ends. */
function voidRound({ data }: VoidApproval, round: ApprovalRound): readonly ApprovalEvent[] {
  const event: ApprovalEvent = { type: 'ApprovalVoided', data: { fields: [...data.fields] } }
  if (round.status === 'open') return [event, ended(round, 'voided')]
  return round.outcome === 'approved' ? [event] : []
}

/** Also of a round that has ended: what was asked about stays readable. */
function setAudience(
  { data: { audience } }: SetApprovalAudience,
  { asked: { audience: previous } }: ApprovalRound,
): readonly ApprovalEvent[] {
  return sameAudience(previous, audience)
    ? []
    : [{ type: 'ApprovalAudienceChanged', data: { audience, previous } }]
}

/** Only an import brings a time of its own. @throws Refused `APPROVAL.BACK_DATED` */
function refuseBackDated({ metadata: { channel, occurredAt } }: ApprovalCommand, round: ApprovalRound): void {
  if (channel !== 'import' || occurredAt >= round.latestAt) return
  throw new Refused('APPROVAL.BACK_DATED', 'Nothing is recorded before what is recorded of the round already')
}

function hoursAfter(time: string, hours: number): string {
  return new Date(Date.parse(time) + hours * 3_600_000).toISOString()
}
