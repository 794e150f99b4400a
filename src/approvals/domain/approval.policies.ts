import { definePolicy, type Reaction } from '#libs/projections-runtime'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import type { DirectoryEvent } from '../../directory/domain/directory.events.js'
import {
  LapseApproval,
  RequestApproval,
  ReviewSeats,
  SetApprovalAudience,
  VoidApproval,
} from './approval.commands.js'
import type { ApprovalEvent } from './approval.events.js'

const PREFIX = 'approval-'
const PERSON = 'person-'
const GROUP = 'group-'

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
        const { approval, title, round, requester, involved, audience } = event.data
        const { document, changeType, risk, group } = event.data
        const data = {
          subject: { type: 'change', number } as const,
          title,
          round,
          requester,
          ...(involved && { involved }),
          ...(audience && { audience }),
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
      case 'ChangeAudienceChanged': {
        const { audience, approvals } = event.data
        return approvals.map((approval) => ({
          kind: 'command',
          build: (metadata) => new SetApprovalAudience(approval, { audience }, metadata),
          reason: `Others see ${number} from now on`,
        }))
      }
      default:
        return []
    }
  },
})

function voids(approval: string, fields: readonly string[], reason: string): Reaction {
  return { kind: 'command', build: (metadata) => new VoidApproval(approval, { fields }, metadata), reason }
}

/** Rounds that are open, each with whom it rests on: people, and the groups by which they were asked. */
interface OpenRounds {
  rounds: Readonly<Record<string, { people: readonly string[]; groups: readonly string[] }>>
}

/**
 * Has seats looked at when something befalls what they were given for, and once as a round begins: that may have happened while
 * it was being asked. A round in which too few are left ends then, instead of waiting for answers that nobody may give.
 */
export const approvalSeats = definePolicy<OpenRounds, ApprovalEvent | DirectoryEvent>({
  name: 'approval_seats',
  from: [PREFIX, PERSON, GROUP],
  key: ({ type }) => (isTelling(type) ? 'all' : undefined),
  initial: { rounds: {} },
  evolve: (state, event) => {
    if (event.type === 'ApprovalRequested' && event.metadata.channel !== 'import') {
      const { approvers } = event.data
      const people = approvers.map(({ person }) => person)
      const groups = [...new Set(approvers.flatMap(({ group }) => group ?? []))]
      return { rounds: { ...state.rounds, [event.stream]: { people, groups } } }
    }
    if (event.type !== 'ApprovalRoundEnded' || state.rounds[event.stream] === undefined) return state
    const { [event.stream]: _, ...rounds } = state.rounds
    return { rounds }
  },
  react: ({ type, stream }, { rounds }) => {
    if (type === 'ApprovalRoundEnded') return []
    if (type === 'ApprovalRequested') return rounds[stream] === undefined ? [] : [reviewed(stream)]
    const touched = Object.entries(rounds).filter(([, { people, groups }]) =>
      stream.startsWith(PERSON)
        ? people.includes(stream.slice(PERSON.length))
        : groups.includes(stream.slice(GROUP.length)),
    )
    return touched.map(([round]) => reviewed(round))
  },
})

const TELLING = new Set<(ApprovalEvent | DirectoryEvent)['type']>([
  'ApprovalRequested',
  'ApprovalRoundEnded',
  'PersonDeactivated',
  'PersonReactivated',
  'RoleGranted',
  'RoleRevoked',
  'MemberAdded',
  'MemberRemoved',
  'GroupChanged',
])
const isTelling = (type: (ApprovalEvent | DirectoryEvent)['type']) => TELLING.has(type)

function reviewed(stream: string): Reaction {
  return {
    kind: 'command',
    build: (metadata) => new ReviewSeats(stream.slice(PREFIX.length), {}, metadata),
    reason: 'Whoever was asked may have lost his seat',
  }
}

export const approvalPolicies = [approvalExpiry, changeApprovals, approvalSeats] as const
