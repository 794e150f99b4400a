import type { RecordedEvent } from '#libs/event-sourcing'
import { defineProjection } from '#libs/projections-runtime'
import { and, eq, type Filter, has, not, oneOf, or } from '#libs/read-store'
import type {
  Answer,
  ApprovalEvent,
  ApprovalRequested,
  Outcome,
  SeatLoss,
} from '../../src/approvals/domain/approval.events.js'
import {
  type AccessColumns,
  accessColumns,
  audienceColumns,
  audienceOf,
  forEverybody,
  seesInternalFields,
} from '../access.js'
import { nonEmpty } from '../drafts.js'

/** A round of asking, as it is. Absent fields are not set; times are ISO 8601 UTC. The document stands in its stream only. */
export interface ApprovalEntry extends AccessColumns {
  id: string
  subjectType: string
  subject: string
  title: string
  round: number
  status: 'open' | Outcome
  requester: string
  /** Who may approve it no more than the requester. */
  involved?: readonly string[]
  /** Filterable form of both. */
  parties: readonly string[]
  hash: string
  policy?: string
  policyVersion: number
  rule: ApprovalRequested['data']['rule']
  approvers: ApprovalRequested['data']['approvers']
  leftOut: ApprovalRequested['data']['leftOut']
  selfApproval: 'refused' | 'recorded'
  /** Whose answer is still awaited, of those who may still give it; absent once the round has ended. */
  awaiting?: readonly string[]
  /** Of a round in which so many have to grant: who has a seat or has answered, so that he answers for nobody else. */
  counted?: readonly string[]
  /** Who was asked, has not answered, and may do so no more. */
  lostSeats?: readonly { person: string; because: SeatLoss }[]
  answers: readonly ShownAnswer[]
  granted: number
  rejected: number
  askedAt: string
  expiresAt?: string
  endedAt?: string
  /** Why it could never be met, or can be no longer. */
  because?: string
  /** What was edited, when it was voided. */
  voidedFields?: readonly string[]
}

export type ShownAnswer = Answer & { answer: 'granted' | 'rejected'; at: string }

/** One document per round: who is asked about what, who has answered, and how it ended. */
export const approvals = defineProjection<ApprovalEntry, ApprovalEvent>({
  name: 'approvals',
  version: 4,
  from: ['approval-'],
  key: ({ stream }) => stream,
  evolve: (entry, event) =>
    event.type === 'ApprovalRequested' ? asked(event) : entry && { ...entry, ...changes(entry, event) },
  columns: {
    id: 'string',
    subjectType: 'string',
    subject: 'string',
    round: 'integer',
    status: oneOf<ApprovalEntry['status']>({
      open: true,
      approved: true,
      rejected: true,
      lapsed: true,
      voided: true,
    }),
    requester: 'string',
    policy: 'string',
    selfApproval: oneOf<ApprovalEntry['selfApproval']>({ refused: true, recorded: true }),
    awaiting: 'strings',
    counted: 'strings',
    parties: 'strings',
    granted: 'integer',
    rejected: 'integer',
    askedAt: 'timestamp',
    expiresAt: 'timestamp',
    endedAt: 'timestamp',
    ...accessColumns,
  },
  indexes: [
    ['askedAt'],
    ['status', 'askedAt'],
    ['subject', 'askedAt'],
    ['requester', 'askedAt'],
    ['audienceKind', 'askedAt'],
  ],
  checked: [
    'id',
    'subjectType',
    'round',
    'policy',
    'selfApproval',
    'granted',
    'rejected',
    'expiresAt',
    'endedAt',
    'assignee',
    'assignmentGroup',
  ],
  ...forEverybody,
  fields: (entry, principal) => (seesInternalFields(principal) ? entry : withoutAudience(entry)),
})

function asked({ stream, data, metadata }: RecordedEvent<ApprovalRequested>): ApprovalEntry {
  const { subject, audience, document: _, approvers, ...rest } = data
  const people = approvers.map(({ person }) => person)
  return {
    ...rest,
    id: stream.slice('approval-'.length),
    subjectType: subject.type,
    subject: subject.number,
    approvers,
    status: 'open',
    parties: [data.requester, ...(data.involved ?? [])],
    awaiting: people,
    ...(rest.rule.kind === 'n-of-m' && { counted: people }),
    answers: [],
    granted: 0,
    rejected: 0,
    askedAt: metadata.occurredAt,
    ...audienceColumns(audience),
    // Whoever is asked sees what about, whatever else she may see.
    visibleTo: people,
  }
}

function changes(entry: ApprovalEntry, event: RecordedEvent<ApprovalEvent>): Partial<ApprovalEntry> {
  const at = event.metadata.occurredAt
  switch (event.type) {
    case 'ApprovalGranted':
    case 'ApprovalRejected': {
      const answer = event.type === 'ApprovalGranted' ? 'granted' : 'rejected'
      const seat = event.data.onBehalfOf ?? event.data.approver
      return {
        answers: [...entry.answers, { answer, at, ...event.data }],
        awaiting: entry.awaiting?.filter((person) => person !== seat),
        ...(entry.counted && { counted: [...new Set([...entry.counted, event.data.approver])] }),
        lostSeats: withoutSeat(entry, seat),
        [answer]: entry[answer] + 1,
      }
    }
    case 'ApprovalRoundEnded':
      return {
        status: event.data.outcome,
        endedAt: at,
        awaiting: undefined,
        ...(event.data.because && { because: event.data.because }),
      }
    case 'ApprovalSeatLost': {
      const { person, because } = event.data
      return {
        awaiting: entry.awaiting?.filter((other) => other !== person),
        lostSeats: [...(entry.lostSeats ?? []), { person, because }],
      }
    }
    case 'ApprovalSeatRegained': {
      const { person } = event.data
      const awaiting = new Set(entry.awaiting).add(person)
      return {
        awaiting: entry.approvers.map((seat) => seat.person).filter((seat) => awaiting.has(seat)),
        lostSeats: withoutSeat(entry, person),
      }
    }
    case 'ApprovalAudienceChanged':
      return audienceColumns(event.data.audience)
    case 'ApprovalVoided':
      // An open round's end follows; one that was approved stands no longer.
      return { voidedFields: event.data.fields, ...(entry.status === 'approved' && { status: 'voided' }) }
    default:
      return {}
  }
}

function withoutSeat({ lostSeats = [] }: ApprovalEntry, seat: string): ApprovalEntry['lostSeats'] {
  return nonEmpty(lostSeats.filter(({ person }) => person !== seat))
}

/** Rounds in which this person may still answer: for himself, and for those who let him. */
export function awaitingAnswerOf(person: string, onBehalfOf: readonly string[]): Filter {
  return and(
    eq('status', 'open'),
    or(
      has('awaiting', person),
      and(not(has('counted', person)), or(...onBehalfOf.map((seat) => has('awaiting', seat)))),
    ),
    or(not(has('parties', person)), eq('selfApproval', 'recorded')),
  )
}

/** An entry as answers show it: without the columns that only serve the row rule. */
export function shownApproval(entry: ApprovalEntry, stale: boolean): object {
  const { audienceKind, audienceGroups, visibleTo, parties, counted, ...shown } = entry
  return { ...shown, audience: audienceOf(entry), ...(stale && { stale }) }
}

/** The same for somebody who may answer: `seats` are those that he may answer for. */
export function approvalToAnswer(person: string, onBehalfOf: readonly string[]) {
  return (entry: ApprovalEntry, stale: boolean): object => {
    const mine = new Set(entry.counted?.includes(person) ? [person] : [person, ...onBehalfOf])
    return { ...shownApproval(entry, stale), seats: (entry.awaiting ?? []).filter((seat) => mine.has(seat)) }
  }
}

function withoutAudience({ audienceKind, audienceGroups, ...rest }: ApprovalEntry): Partial<ApprovalEntry> {
  return rest
}
