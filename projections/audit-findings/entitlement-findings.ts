import type { RecordedEvent } from '#libs/event-sourcing'
import type {
  ApprovalEvent,
  ApprovalGranted,
  ApprovalRejected,
  Approver,
} from '../../src/approvals/domain/approval.events.js'
import type { DirectoryEvent } from '../../src/directory/domain/directory.events.js'
import { type AnswerKnown, type Ground, groundsOf, groundTold, notEntitled } from './entitlement.js'
import type { FindingBook } from './finding.js'

/** By stream of the round: {@link ApprovalKnown}. */
export const APPROVALS = 'audit_approvals'
/** By id of the event: {@link AnswerKnown}. */
export const ANSWERS = 'audit_answers'
/** By what answers rest on ({@link groundsOf}): {@link Ground}. */
export const GROUNDS = 'audit_grounds'

interface ApprovalKnown {
  change: string
  approvers: readonly Approver[]
  /** Somebody has approved. */
  granted?: true
}
/** Of one ground, so many answers and facts. */
const MOST_KEPT = 500
const UNTOLD: Ground = { told: [], answers: [] }

/** Whether anybody has approved in this round. */
export function isGranted({ view }: FindingBook, approval: string): boolean {
  return view.get<ApprovalKnown>(APPROVALS, `approval-${approval}`)?.granted ?? false
}

/** Answers, and whether who gave them was entitled to: judged as they are given, and again by what is told of that time later. */
export class EntitlementFindings {
  constructor(private readonly book: FindingBook) {}

  ofApproval(event: RecordedEvent<ApprovalEvent>): void {
    if (event.type === 'ApprovalRequested') {
      const { subject, approvers } = event.data
      this.book.view.put(APPROVALS, event.stream, {
        change: subject.number,
        approvers,
      } satisfies ApprovalKnown)
    } else if (event.type === 'ApprovalGranted' || event.type === 'ApprovalRejected') this.#answered(event)
  }

  #answered({ stream, id, type, data, metadata }: RecordedEvent<ApprovalGranted | ApprovalRejected>): void {
    const round = this.book.view.get<ApprovalKnown>(APPROVALS, stream)
    if (round === undefined) return
    if (type === 'ApprovalGranted' && !round.granted)
      this.book.view.put(APPROVALS, stream, { ...round, granted: true } satisfies ApprovalKnown)
    const { approver, onBehalfOf, delegation, roles } = data
    const seat = round.approvers.find(({ person }) => person === (onBehalfOf ?? approver))
    const answer: AnswerKnown = {
      approval: stream.slice('approval-'.length),
      change: round.change,
      event: id,
      at: metadata.occurredAt,
      approver,
      ...(seat && { seat }),
      ...(delegation !== undefined && { delegation }),
      roles: roles.map(({ role }) => role),
    }
    const grounds = groundsOf(answer)
    this.book.view.want(GROUNDS, grounds)
    this.book.view.put(ANSWERS, id, answer)
    for (const ground of grounds) {
      const { told, answers } = this.#ground(ground)
      const { event, at } = answer
      this.#keep(ground, { told, answers: [...answers, { event, at }] })
    }
    this.#judge(answer)
  }

  /** What is told of the directory now may be of a time before somebody answered. */
  ofDirectory(event: RecordedEvent<DirectoryEvent>): void {
    const news = groundTold(event)
    if (news === undefined) return
    const known = this.#ground(news.ground)
    this.#keep(news.ground, { ...known, told: [...known.told, ...news.facts] })
    const [since] = news.facts.map(({ at }) => at).sort()
    const touched = known.answers.filter(({ at }) => at >= since!).map(({ event: id }) => id)
    this.book.view.want(ANSWERS, touched)
    for (const id of touched) this.#judge(this.book.view.get<AnswerKnown>(ANSWERS, id)!)
  }

  #judge(answer: AnswerKnown): void {
    const { approval, change, event, at, approver, seat } = answer
    const because = notEntitled(answer, (ground) => this.#ground(ground).told)
    const { id } = this.book.event
    const finding = this.book.known(`approver-not-entitled/${change}/${event}`)
    if (because.length === 0) {
      this.book.putRight('approver-not-entitled', change, { key: event })
      return
    }
    // What was told of it later does not make it known then
    const known = (finding?.details.at(-1) ?? (id === event ? 'known-then' : 'told-later')) as string
    const details = [approval, ...because, known]
    if (finding?.standing && finding.details.join() === details.join()) return
    this.book.found('approver-not-entitled', change, {
      at,
      persons: [...new Set([approver, ...(seat ? [seat.person] : [])])],
      key: event,
      events: [...new Set([...(finding?.events ?? [event]), id])],
      details,
    })
  }

  #ground(id: string): Ground {
    return this.book.view.get<Ground>(GROUNDS, id) ?? UNTOLD
  }

  #keep(id: string, { told, answers }: Ground): void {
    this.book.view.put(GROUNDS, id, {
      told: told.slice(-MOST_KEPT),
      answers: answers.slice(-MOST_KEPT),
    } satisfies Ground)
  }
}
