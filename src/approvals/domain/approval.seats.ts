import type { GroupStanding } from '#libs/access'
import { Forbidden } from '#libs/event-sourcing'
import type { ApprovalEvent, Approver, SeatLoss } from './approval.events.js'
import { type ApprovalFacts, candidateFact, groupFact, type PersonRights } from './approval.facts.js'
import { endOf, unanswered } from './approval.round.js'
import type { ApprovalRound } from './approval.state.js'

/** Seats are lost and regained with what they were given for; a round that those who are left can no longer meet ends. */

/**
 * Whether a seat is still his: a round may take days, and he may have left meanwhile, or lost what he was asked for.
 * @param standing of the group by which he has the seat
 */
function seatLost(
  { person, via }: Approver,
  { active, grants }: PersonRights,
  standing: GroupStanding | undefined,
): SeatLoss | undefined {
  if (!active) return 'inactive'
  if (grants.size === 0) return 'no-role'
  if (via === 'group' && !standing?.members.has(person)) return 'left-group'
  return via === 'group-manager' && standing?.manager !== person ? 'manager-no-more' : undefined
}

const SEAT_LOST: Readonly<Record<SeatLoss, string>> = {
  inactive: 'has left',
  'no-role': 'has no role any more',
  'left-group': 'is no longer a member of the group that was asked',
  'manager-no-more': 'is no longer the manager of the group that was asked',
}

/** Whoever was asked may have lost what he was asked for. @throws Forbidden `APPROVAL.SEAT_LOST` with `because` */
export function requireSeat(seat: Approver, rights: PersonRights, facts: ApprovalFacts): void {
  const standing = seat.group === undefined ? undefined : facts[groupFact(seat.group)]?.value
  const because = seatLost(seat, rights, standing)
  if (because === undefined) return
  throw new Forbidden('APPROVAL.SEAT_LOST', `"${seat.person}" was asked, but ${SEAT_LOST[because]}`, {
    because,
  })
}

/** Which of the seats that nobody has answered are lost by now, or are held again; and the end, when too few are left. */
export function reviewSeats(round: ApprovalRound, facts: ApprovalFacts): readonly ApprovalEvent[] {
  if (round.status === 'ended') return []
  const lost = new Set(round.lost)
  const events = unanswered(round).flatMap((seat): ApprovalEvent[] => {
    const { person, group } = seat
    const standing = group === undefined ? undefined : facts[groupFact(group)]?.value
    const because = seatLost(seat, facts[candidateFact(person)]!.value, standing)
    if ((because !== undefined) === lost.has(person)) return []
    if (because === undefined) {
      lost.delete(person)
      return [{ type: 'ApprovalSeatRegained', data: { person } }]
    }
    lost.add(person)
    return [{ type: 'ApprovalSeatLost', data: { person, because } }]
  })
  return events.length === 0 ? [] : [...events, ...endOf({ ...round, lost })]
}
