import { defineProjection } from '#libs/projections-runtime'
import { oneOf } from '#libs/read-store'
import type { MailDecision, MailEvent } from '../../src/mail/domain/mail.events.js'
import { wholeFor } from '../access.js'

/** An incoming message and what became of it. */
export interface MailEntry {
  id: string
  messageId?: string
  /** Stands for the sender's address. */
  sender?: string
  subject: string
  /** Stands for its words and files. */
  content?: string
  /** Bytes. */
  size: number
  receivedAt: string
  /** `review`: waits for a person; `pending`: decided, and about to be done. */
  outcome: 'ignored' | 'review' | 'pending' | 'commented' | 'opened' | 'dismissed'
  /** Why it was ignored or waits: a word, or the code of the rule that forbade what was decided. */
  why?: string
  detail?: string
  /** Whose words it holds. */
  person?: string
  record?: string
  attached?: readonly string[]
  leftOut?: readonly string[]
}

/** What came by mail, for those who look after it. */
export const mails = defineProjection<MailEntry, MailEvent>({
  name: 'mails',
  version: 2,
  from: ['mail-'],
  key: ({ stream }) => stream,
  evolve(entry, event) {
    if (event.type === 'MailReceived') {
      const { messageId, sender, subject, size, content, decision } = event.data
      return {
        id: event.stream.slice('mail-'.length),
        messageId: messageId ?? undefined,
        sender: sender ?? undefined,
        subject,
        content,
        size,
        receivedAt: event.metadata.occurredAt,
        ...decided(decision),
      }
    }
    if (entry === undefined) return entry
    switch (event.type) {
      case 'MailReviewed':
        return { ...entry, detail: undefined, ...decided(event.data.decision) }
      case 'MailHandled': {
        const { record, attached, leftOut } = event.data
        const outcome = entry.record === record ? 'commented' : 'opened'
        return { ...entry, outcome, record, attached, leftOut }
      }
      case 'MailRefused':
        return { ...entry, outcome: 'review', why: event.data.code, detail: event.data.detail }
      default:
        return entry
    }
  },
  columns: {
    id: 'string',
    sender: 'string',
    outcome: oneOf<MailEntry['outcome']>({
      ignored: true,
      review: true,
      pending: true,
      commented: true,
      opened: true,
      dismissed: true,
    }),
    why: 'string',
    person: 'string',
    record: 'string',
    receivedAt: 'timestamp',
  },
  indexes: [['outcome', 'receivedAt'], ['receivedAt'], ['record', 'receivedAt'], ['sender', 'receivedAt']],
  checked: ['why', 'person'],
  ...wholeFor(['team-lead', 'administrator', 'auditor']),
})

function decided(
  decision: MailDecision | { kind: 'dismissed' },
): Pick<MailEntry, 'outcome' | 'why' | 'person' | 'record'> {
  switch (decision.kind) {
    case 'ignored':
    case 'review':
      return { outcome: decision.kind, why: decision.reason, person: undefined, record: undefined }
    case 'dismissed':
      return { outcome: 'dismissed', why: undefined, person: undefined, record: undefined }
    case 'comment':
      return { outcome: 'pending', why: undefined, person: decision.person, record: decision.number }
    case 'open':
      return { outcome: 'pending', why: undefined, person: decision.person, record: undefined }
  }
}
