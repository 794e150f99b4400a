import { definePolicy } from '#libs/projections-runtime'
import { LapseApproval } from './approval.commands.js'
import type { ApprovalEvent } from './approval.events.js'

const PREFIX = 'approval-'

/** Whether a round waits for an end that comes by itself; most have nothing and leave no trace. */
interface Waiting {
  waiting: boolean
}
const NOT_WAITING: Waiting = { waiting: false }

/** Ends a round that nobody has decided by its time. */
export const approvalExpiry = definePolicy<Waiting, ApprovalEvent>({
  name: 'approval_expiry',
  from: [PREFIX],
  key: ({ stream }) => stream,
  initial: NOT_WAITING,
  evolve: (state, event) => {
    if (event.type === 'ApprovalRequested')
      return event.data.expiresAt === undefined ? null : { waiting: true }
    return event.type === 'ApprovalRoundEnded' ? null : state
  },
  react: (event) =>
    event.type === 'ApprovalRequested' && event.data.expiresAt !== undefined
      ? [{ kind: 'setTimer', name: 'expired', at: event.data.expiresAt }]
      : [],
  onTimer: ({ key }) => [
    {
      kind: 'command',
      build: (metadata) => new LapseApproval(key.slice(PREFIX.length), {}, metadata),
      reason: 'Nobody has decided in time',
    },
  ],
})

export const approvalPolicies = [approvalExpiry] as const
