import { definePolicy, type Reaction } from '#libs/projections-runtime'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import { LapseApproval, RequestApproval, VoidApproval } from './approval.commands.js'
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

/** All is in the event: nothing is remembered. */
const NOTHING = {}

/** Asks what changes want asked, in the round that they say, and takes it back when it is about their plan no longer. */
export const changeApprovals = definePolicy<Record<never, never>, ChangeEvent>({
  name: 'approval_requests_of_changes',
  from: ['change-'],
  key: ({ stream }) => stream,
  initial: NOTHING,
  evolve: () => null,
  react: (event) => {
    const number = event.stream.slice('change-'.length)
    switch (event.type) {
      case 'ChangeApprovalAsked': {
        const { approval, title, round, requester, involved, document, changeType, risk, group } = event.data
        const data = {
          subject: { type: 'change', number } as const,
          title,
          round,
          requester,
          ...(involved && { involved }),
          document: { ...document },
          changeType,
          ...(risk !== null && { risk }),
          ...(group !== null && { group }),
        }
        return [
          {
            kind: 'command',
            build: (metadata) => new RequestApproval(approval, data, metadata),
            reason: `${number} needs approval`,
          },
        ]
      }
      case 'ChangeApprovalVoided':
        return [voids(event.data.approval, event.data.fields, `The plan of ${number} was edited`)]
      case 'ChangeApprovalWithdrawn': {
        const { approval } = event.data
        return approval === null ? [] : [voids(approval, [], `${number} waits for it no longer`)]
      }
      default:
        return []
    }
  },
})

function voids(approval: string, fields: readonly string[], reason: string): Reaction {
  return { kind: 'command', build: (metadata) => new VoidApproval(approval, { fields }, metadata), reason }
}

export const approvalPolicies = [approvalExpiry, changeApprovals] as const
