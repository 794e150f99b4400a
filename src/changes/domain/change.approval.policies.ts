import { definePolicy } from '#libs/projections-runtime'
import type { ApprovalEvent } from '../../approvals/domain/approval.events.js'
import { RecordApprovalOutcome, RecordRatificationOverdue } from './change.commands.js'
import type { ChangeEvent } from './change.events.js'

/** What changes do by themselves about their approval. Rounds that came by an import ask nobody. */

const CHANGE = 'change-'

/** A round about a change; rounds about other subjects leave no trace. */
interface Asked {
  number: string
  hash: string
  approvers: readonly string[]
  comment?: string
}
const NOBODY: Asked = { number: '', hash: '', approvers: [] }

/** Tells the change how its round ended. A voided round was voided by the change itself. */
export const approvalOutcomes = definePolicy<Asked, ApprovalEvent>({
  name: 'change_approval_outcomes',
  from: ['approval-'],
  key: ({ stream }) => stream,
  initial: NOBODY,
  evolve: (state, event) => {
    switch (event.type) {
      case 'ApprovalRequested': {
        const { subject, hash } = event.data
        return subject.type === 'change' ? { number: subject.number, hash, approvers: [] } : null
      }
      case 'ApprovalGranted': {
        const { approver, onBehalfOf } = event.data
        return state.number === ''
          ? null
          : // Whose seat it is has approved, and so has who answered for him: neither is a third person
            { ...state, approvers: [...new Set([...state.approvers, onBehalfOf ?? approver, approver])] }
      }
      case 'ApprovalRejected':
        return state.number === '' ? null : { ...state, comment: event.data.comment }
      default:
        return state.number === '' ? null : state
    }
  },
  react: (event, { number, hash, approvers, comment }) => {
    if (event.type !== 'ApprovalRoundEnded' || number === '') return []
    const { outcome, because } = event.data
    if (outcome === 'voided') return []
    const approval = event.stream.slice('approval-'.length)
    const said = comment ?? (because && NOBODY_SAID_NO[because])
    const data = {
      ...{ approval, hash, outcome, approvers },
      ...(said !== undefined && { comment: said }),
      ...(because === 'seats-lost' && { seatsLost: true as const }),
    }
    return [
      {
        kind: 'command',
        build: (metadata) => new RecordApprovalOutcome(number, data, metadata),
        reason: `The round ended: ${outcome}`,
      },
    ]
  },
})

/** What is told of a round that ended without anybody's word. */
const NOBODY_SAID_NO = {
  'no-policy': 'Nobody was asked: no approval policy is in force for such a change.',
  'too-few-approvers': 'Nobody was asked: there are fewer who may grant it than must.',
  'seats-lost': 'Too few are left of those who were asked.',
} as const

interface Deadline {
  ratifyBy: string | null
}

/** Says so when what was implemented before approval is not ratified in time. */
export const ratificationDeadline = definePolicy<Deadline, ChangeEvent>({
  name: 'change_ratification_deadline',
  from: [CHANGE],
  key: ({ stream }) => stream,
  initial: { ratifyBy: null },
  evolve: (state, event) => {
    switch (event.type) {
      case 'ImplementedBeforeApproval':
        return { ratifyBy: event.data.ratifyBy }
      case 'ChangeRatified':
      case 'RatificationOverdue':
      case 'ChangeCanceled':
        return null
      default:
        return state.ratifyBy === null ? null : state
    }
  },
  // What was refused may be asked again, also after the deadline: then it is overdue at once
  react: (event, { ratifyBy }) =>
    ratifyBy !== null &&
    (event.type === 'ImplementedBeforeApproval' || event.type === 'ChangeApprovalRenewed')
      ? [{ kind: 'setTimer', name: 'ratification-overdue', at: ratifyBy }]
      : [],
  onTimer: ({ key }) => [
    {
      kind: 'command',
      build: (metadata) => new RecordRatificationOverdue(key.slice(CHANGE.length), {}, metadata),
      reason: 'It was not ratified in time',
    },
  ],
})

export const approvalPolicies = [approvalOutcomes, ratificationDeadline] as const
