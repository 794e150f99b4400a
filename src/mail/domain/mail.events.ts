import type { DomainEvent } from '#libs/event-sourcing'

/** Streams `mail-<id>`: one incoming message each. The id comes from its `Message-ID`, so that a message that comes twice is one. */

/** Why a message leads to nothing: whoever answered it would answer a program, and be answered by it. */
export const IGNORED = [
  'own-mail',
  'auto-reply',
  'bulk',
  'no-return-path',
  /** What mail servers say of mail: bounces, receipts. */
  'mail-system',
  /** The same words of the same sender, a moment ago. */
  'repeated',
] as const
/** Why a message waits for a person to look at it. */
export const REVIEWED = [
  'sender-unknown',
  'sender-ambiguous',
  'sender-inactive',
  'not-theirs',
  'no-text',
  'message-id-reused',
  /** It asks for no automatic answer, as programs do, though people's mail programs may as well. */
  'suppresses-replies',
  /** Its sender wrote so much lately that it may be a program that answers us. */
  'too-many',
] as const

export type MailDecision =
  | { kind: 'ignored'; reason: (typeof IGNORED)[number] }
  | { kind: 'review'; reason: (typeof REVIEWED)[number] }
  /** An answer in a record that the sender has to do with. `reopen`: it is Resolved, and the answer of her whose it is says otherwise. */
  | { kind: 'comment'; number: string; person: string; reopen?: true }
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
    /** Stands for its words and files, by which the same again is known; absent: recorded before that was asked. */
    content?: string
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
  {
    decision:
      | Omit<Extract<MailDecision, { kind: 'comment' }>, 'reopen'>
      | Extract<MailDecision, { kind: 'open' }>
      | { kind: 'dismissed' }
  }
>

/** What was decided can't be done: a rule forbids it. The message waits for a person. */
export type MailRefused = DomainEvent<'MailRefused', { code: string; detail: string }>

export type MailEvent = MailReceived | MailReviewed | MailHandled | MailRefused
