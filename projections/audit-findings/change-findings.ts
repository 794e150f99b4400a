import type { Position, RecordedEvent } from '#libs/event-sourcing'
import { afterEvent, type ChangeKnown, UNKNOWN_CHANGE } from '../../src/audit/domain/audited-change.js'
import type { ChangeEvent } from '../../src/changes/domain/change.events.js'
import { isGranted } from './entitlement-findings.js'
import type { FindingBook } from './finding.js'
import { AUDITED_CHANGES, type ModificationFindings } from './modification-findings.js'

/** Commits of a source's configuration, by their number: {@link AuditedCommit}. */
export const COMMITS = 'audit_commits'

/** A change of which nothing can be asked: its source tells neither of approval nor of outcome. */
export interface AuditedCommit {
  /** When it was done, ISO 8601; and the position of what told it. */
  at: string
  position: Position
}

/** How changes went: what was begun, approved, ended and reviewed, and by whom. */
export class ChangeFindings {
  constructor(
    private readonly book: FindingBook,
    private readonly modifications: ModificationFindings,
  ) {}

  ofChange(event: RecordedEvent<ChangeEvent>): void {
    const number = event.stream.slice('change-'.length)
    const before = this.book.view.get<ChangeKnown>(AUDITED_CHANGES, number) ?? UNKNOWN_CHANGE
    const known = afterEvent(before, event)
    if (known !== before) this.book.view.put(AUDITED_CHANGES, number, known)
    if (known.type === 'configuration-commit') {
      this.#commit(number, before, known)
      return
    }
    if (event.type === 'ChangeLinked') this.modifications.linkedLate(number, known, event.data.link)
    if (event.type === 'ChangeUnlinked') this.modifications.unlinked(number, known, event.data.link)
    this.#lifecycle(number, known, event)
    if (known === before) return
    this.#duties(number, known, event)
    if (movesVerdicts(before, known))
      for (const id of known.modifications) this.modifications.judge(id, number)
  }

  #commit(number: string, before: ChangeKnown, { endedAt: at }: ChangeKnown): void {
    if (at === undefined || before.endedAt !== undefined) return
    const { position } = this.book.event
    this.book.view.put(COMMITS, number, { at, position } satisfies AuditedCommit)
  }

  #lifecycle(change: string, known: ChangeKnown, { type, data }: RecordedEvent<ChangeEvent>): void {
    const emergency = known.type === 'emergency'
    if (type === 'ImplementedBeforeApproval') {
      const { startedAt: at, implementer, ratifyBy } = data
      this.book.found('started-before-approval', change, { at, persons: [implementer] })
      this.book.found('emergency-not-ratified', change, { at, details: [`by ${ratifyBy}`] })
    } else if (type === 'ChangeStateObserved' && data.to === 'Implement' && !known.approved) {
      this.book.found('started-before-approval', change)
      if (emergency) this.book.found('emergency-not-ratified', change)
    } else if (
      type === 'ChangeApprovalVoided' &&
      // Given, and perhaps not heard of yet by the change
      (data.from === 'Scheduled' || isGranted(this.book, data.approval))
    ) {
      this.book.found('approval-voided-by-edit', change, { details: data.fields, key: `${data.round}` })
    } else if (type === 'ChangeRatified')
      this.book.putRight('emergency-not-ratified', change, data.late ? { details: ['ratified late'] } : {})
    else if (type === 'ChangeReviewed') {
      this.book.putRight('failed-not-reviewed', change)
      this.book.putRight('emergency-not-reviewed', change)
    }
    const ends = type === 'ImplementationEnded' || type === 'ChangeStateObserved'
    const { endedAt: at, outcome, reviewed } = known
    if (!ends || at === undefined || reviewed) return
    if (outcome === 'failed' || outcome === 'backed out')
      this.book.found('failed-not-reviewed', change, { at, details: [outcome] })
    if (emergency) this.book.found('emergency-not-reviewed', change, { at })
  }

  /** Two of the three duties in one hand. */
  #duties(
    change: string,
    { requester, involved, approvers, implementers }: ChangeKnown,
    { type, data }: RecordedEvent<ChangeEvent>,
  ): void {
    const asking = requester === undefined ? involved : [requester, ...involved]
    const approving = asking.find((person) => approvers.includes(person))
    const approved = implementers.find((person) => approvers.includes(person))
    const both = [
      approving !== undefined && ['requester-approves', approving],
      requester !== undefined && implementers.includes(requester) && ['requester-implements', requester],
      approved !== undefined && ['approver-implements', approved],
    ].filter((one) => one !== false) as [rule: string, person: string][]
    if (both.length === 0) return
    const details = both.map(([rule]) => rule)
    const known = this.book.known(`duties-not-separated/${change}`)
    if (known?.details.length === details.length) return
    this.book.found('duties-not-separated', change, {
      ...(known === undefined && type === 'ImplementedBeforeApproval' && { at: data.startedAt }),
      details,
      persons: [...new Set(both.map(([, person]) => person))],
    })
  }
}

/** What a verdict depends on; a change that only moves on moves none. */
const DECIDING = [
  'type',
  'approved',
  'ratified',
  'affectedCis',
  'proposedValues',
  'startedAt',
  'endedAt',
] as const satisfies readonly (keyof ChangeKnown)[]
function movesVerdicts(before: ChangeKnown, after: ChangeKnown): boolean {
  return DECIDING.some((field) => before[field] !== after[field])
}
