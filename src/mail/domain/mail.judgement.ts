import type { MailDecision } from './mail.events.js'

/** What a judgement needs of a message. Names of headers in lower case. */
export interface MailHead {
  readonly from: string | null
  /** The envelope's sender, `Return-Path`; undefined: not told. An empty one (`<>`) is that of a bounce. */
  readonly returnPath: string | undefined
  readonly headers: ReadonlyMap<string, string>
}

/** `ownAddresses`: those that our mail comes from, lower case. */
export interface OwnMail {
  readonly ownAddresses: readonly string[]
}

/** Header by which our own mail says what record it is about. */
export const RECORD_HEADER = 'x-ledgerdesk-record'

type Ignored = Extract<MailDecision, { kind: 'ignored' }>

/**
 * Whether a program wrote it, so that an answer would go in circles.
 * Source: RFC 3834 (Auto-Submitted, null return path), and the headers that older responders and lists use.
 */
export function ignoredFor({ from, returnPath, headers }: MailHead, own: OwnMail): Ignored | undefined {
  const ignored = (reason: Ignored['reason']): Ignored => ({ kind: 'ignored', reason })
  if (headers.has(RECORD_HEADER) || (from !== null && own.ownAddresses.includes(from)))
    return ignored('own-mail')
  const submitted = headers.get('auto-submitted')?.trim().toLowerCase()
  if (submitted !== undefined && !submitted.startsWith('no')) return ignored('auto-reply')
  if (headers.has('x-autoreply') || headers.has('x-autorespond')) return ignored('auto-reply')
  const precedence = headers.get('precedence')?.trim().toLowerCase()
  if (precedence === 'auto_reply') return ignored('auto-reply')
  const isList = headers.has('list-id') || headers.has('list-unsubscribe')
  if (isList || ['bulk', 'list', 'junk'].includes(precedence ?? '')) return ignored('bulk')
  if (returnPath !== undefined && returnPath.replace(/[<>\s]/g, '') === '') return ignored('no-return-path')
  return undefined
}

/** Who the address belongs to, as the directory knows it. */
export type Sender =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'several' }
  | { readonly kind: 'left' }
  | { readonly kind: 'person'; readonly id: string }

/** The record that a message answers, as its sender may know of it. */
export interface AnsweredRecord {
  readonly number: string
  /** He may write in it: he is named in it, or works with it. */
  readonly theirs: boolean
  /** It takes comments. */
  readonly open: boolean
}

export interface Judged {
  readonly sender: Sender
  readonly answers: AnsweredRecord | undefined
  readonly hasText: boolean
  /** What the setting says of senders whom nobody knows; the id that such a sender would get. */
  readonly register: string | undefined
}

/** What becomes of a message that a person wrote. */
export function judge({ sender, answers, hasText, register }: Judged): MailDecision {
  const review = (reason: Extract<MailDecision, { kind: 'review' }>['reason']): MailDecision => ({
    kind: 'review',
    reason,
  })
  if (sender.kind === 'several') return review('sender-ambiguous')
  if (sender.kind === 'left') return review('sender-inactive')
  if (!hasText) return review('no-text')
  if (sender.kind === 'nobody') {
    if (register === undefined) return review('sender-unknown')
    // Whoever is not known yet can have nothing to do with a record
    return answers === undefined ? { kind: 'open', person: register, register: true } : review('not-theirs')
  }
  const person = sender.id
  if (answers === undefined) return { kind: 'open', person }
  if (!answers.theirs) return review('not-theirs')
  return answers.open
    ? { kind: 'comment', number: answers.number, person }
    : { kind: 'open', person, followUpOf: answers.number }
}
