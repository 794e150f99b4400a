import type { Audience } from '#libs/access'
import type { StreamFold } from '#libs/event-sourcing'
import type { ApprovalEvent } from '../../approvals/domain/approval.events.js'

/** What notifications need to know of a round of asking. */
export interface ApprovalAsTold {
  /** Number of the record that is to be approved. */
  readonly subject: string
  readonly title: string
  /** Whose answer is awaited; none: it has ended. */
  readonly awaiting: readonly string[]
  readonly audience: Audience
  readonly expiresAt?: string
}

/** The round as it is after all its events; undefined: nobody has asked. */
export const approvalAsTold: StreamFold<ApprovalAsTold | undefined, ApprovalEvent> = {
  initial: undefined,
  evolve(approval, event) {
    switch (event.type) {
      case 'ApprovalRequested': {
        const { subject, title, approvers, audience, expiresAt } = event.data
        const awaiting = approvers.map(({ person }) => person)
        return { subject: subject.number, title, awaiting, audience, expiresAt }
      }
      case 'ApprovalGranted':
      case 'ApprovalRejected': {
        const seat = event.data.onBehalfOf ?? event.data.approver
        return approval && { ...approval, awaiting: approval.awaiting.filter((person) => person !== seat) }
      }
      case 'ApprovalAudienceChanged':
        return approval && { ...approval, audience: event.data.audience }
      case 'ApprovalRoundEnded':
        return approval && { ...approval, awaiting: [] }
      default:
        return approval
    }
  },
}
