import type { RecordedEvent } from '#libs/event-sourcing'
import type { ApprovalEvent, ApprovalRequested, Outcome } from './approval.events.js'

/** Each seat is answered once, by whomever. */
export interface SeatAnswer {
  readonly answer: 'granted' | 'rejected'
  readonly approver: string
}

export interface Unborn {
  readonly status: 'unborn'
}
interface Asked {
  readonly asked: ApprovalRequested['data']
  /** By whose seat it is. */
  readonly answers: ReadonlyMap<string, SeatAnswer>
  /** Who of those that have not answered may do so no more, nor anybody for him. */
  readonly lost: ReadonlySet<string>
  /** When the latest of its events occurred: nothing is recorded before it. */
  readonly latestAt: string
}
export type ApprovalRound =
  | (Asked & { readonly status: 'open' })
  | (Asked & { readonly status: 'ended'; readonly outcome: Outcome })
export type ApprovalRecord = Unborn | ApprovalRound

const NOBODY: ReadonlySet<string> = new Set()
export const UNBORN: Unborn = { status: 'unborn' }

export function evolve(record: ApprovalRecord, event: RecordedEvent<ApprovalEvent>): ApprovalRecord {
  const latestAt = event.metadata.occurredAt
  if (event.type === 'ApprovalRequested')
    return { status: 'open', asked: event.data, answers: new Map(), lost: NOBODY, latestAt }
  if (record.status === 'unborn') return record
  switch (event.type) {
    case 'ApprovalGranted':
    case 'ApprovalRejected': {
      const { approver, onBehalfOf } = event.data
      const answer = event.type === 'ApprovalGranted' ? 'granted' : 'rejected'
      const seat = onBehalfOf ?? approver
      const answers = new Map(record.answers).set(seat, { answer, approver })
      return { ...record, answers, lost: without(record.lost, seat), latestAt }
    }
    case 'ApprovalSeatLost':
      return { ...record, lost: new Set(record.lost).add(event.data.person), latestAt }
    case 'ApprovalSeatRegained':
      return { ...record, lost: without(record.lost, event.data.person), latestAt }
    case 'ApprovalRoundEnded':
      return { ...record, status: 'ended', outcome: event.data.outcome, latestAt }
    case 'ApprovalVoided':
      // While it is open, its end follows.
      return record.status === 'ended' ? { ...record, outcome: 'voided', latestAt } : record
    case 'ApprovalAudienceChanged':
      return { ...record, asked: { ...record.asked, audience: event.data.audience } }
    default:
      return record
  }
}

function without(people: ReadonlySet<string>, person: string): ReadonlySet<string> {
  return people.has(person) ? new Set([...people].filter((other) => other !== person)) : people
}
