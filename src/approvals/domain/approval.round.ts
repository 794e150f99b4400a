import type { ApprovalRequested, ApprovalRoundEnded, Approver } from './approval.events.js'
import type { ApprovalRound } from './approval.state.js'
import { type ApprovalRule, grantsNeeded } from './defaults.js'

/** How far a round has come. */
export interface Tally {
  readonly seats: number
  readonly granted: number
  readonly rejected: number
  /** Seats that nobody has answered, and nobody may any more. */
  readonly lost?: number
}

/** What is decided, whatever those say who have not answered yet; undefined: nothing is. */
export function decidedBy(
  rule: ApprovalRule,
  { seats, granted, rejected, lost = 0 }: Tally,
): 'approved' | 'rejected' | undefined {
  const needed = grantsNeeded(rule, seats)
  if (granted >= needed) return 'approved'
  return seats - rejected - lost < needed ? 'rejected' : undefined
}

/** Whose approval would be one of their own doing. */
export function partiesTo({
  requester,
  involved = [],
}: Pick<ApprovalRequested['data'], 'requester' | 'involved'>) {
  return [requester, ...involved]
}

/** The seats that still await an answer. */
export function unanswered({ asked, answers }: ApprovalRound): readonly Approver[] {
  return asked.approvers.filter(({ person }) => !answers.has(person))
}

/** The end of a round that is decided as it stands; nothing while it is not. */
export function endOf(round: ApprovalRound): readonly ApprovalRoundEnded[] {
  const { rule } = round.asked
  const tally = tallyOf(round)
  const outcome = decidedBy(rule, tally)
  if (outcome === undefined) return []
  // Had nobody lost his seat, it would go on
  const forLost = outcome === 'rejected' && decidedBy(rule, { ...tally, lost: 0 }) === undefined
  return [ended(round, outcome, forLost ? 'seats-lost' : undefined)]
}

/** The end of a round, with what was answered until then. */
export function ended(
  round: ApprovalRound,
  outcome: ApprovalRoundEnded['data']['outcome'],
  because?: ApprovalRoundEnded['data']['because'],
): ApprovalRoundEnded {
  const { granted, rejected } = tallyOf(round)
  const { subject } = round.asked
  return {
    type: 'ApprovalRoundEnded',
    data: { subject, outcome, granted, rejected, ...(because && { because }) },
  }
}

function tallyOf({ asked, answers, lost }: ApprovalRound): Tally {
  const all = [...answers.values()]
  const granted = all.filter(({ answer }) => answer === 'granted').length
  return { seats: asked.approvers.length, granted, rejected: all.length - granted, lost: lost.size }
}
