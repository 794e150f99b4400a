import type { DomainEvent } from '#libs/event-sourcing'

/** Streams `mail-<id>`: one incoming message each. The id comes from its `Message-ID`, so that a message that comes twice is one. */

/** Why a message leads to nothing: whoever answered it would answer a program, and be answered by it. */
export const IGNORED = ['own-mail', 'auto-reply', 'bulk', 'no-return-path'] as const
/** Why a message waits for a person to look at it. */
export const REVIEWED = [
  'sender-unknown',
  'sender-ambiguous',
  'sender-inactive',
  'not-theirs',
  'no-text',
  'message-id-reused',
] as const

export type MailDecision =
  | { kind: 'ignored'; reason: (typeof IGNORED)[number] }
  | { kind: 'review'; reason: (typeof REVIEWED)[number] }
  /** An answer in a record that the sender has to do with. */
  | { kind: 'comment'; number: string; person: string }
  /** `followUpOf`: the record that it answered takes no more comments. `register`: the sender was nobody yet. */
  | { kind: 'open'; person: string; followUpOf?: string; register?: boolean }

/**
 * A message came, and what becomes of it was decided, before anything was done about it. The whole message lies among the
 * attachments under its hash: nothing of it is lost, whatever was decided.
 */
export type MailReceived = DomainEvent<
  'MailReceived',
  {
    /** As the header has it; null: it had none, and its content stands for it. */
    messageId: string | null
    /** Stands for the sender's address, the same for all his messages, and tells nothing of it; null: there was none. */
    sender: string | null
    subject: string
    /** SHA-256 of the message as it came, hex. */
    hash: string
    size: number
    decision: MailDecision
  }
>

/** What was decided has been done. `attached`, `leftOut`: names of its files; left out for their size or type. */
export type MailHandled = DomainEvent<
  'MailHandled',
  { record: string; attached: readonly string[]; leftOut: readonly string[] }
>

/** A person looked at a message that waited for one. `dismissed`: nothing is to be done. */
export type MailReviewed = DomainEvent<
  'MailReviewed',
  { decision: Extract<MailDecision, { kind: 'comment' | 'open' }> | { kind: 'dismissed' } }
>

/** What was decided can't be done: a rule forbids it. The message waits for a person. */
export type MailRefused = DomainEvent<'MailRefused', { code: string; detail: string }>

export type MailEvent = MailReceived | MailReviewed | MailHandled | MailRefused
