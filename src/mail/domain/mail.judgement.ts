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
 * Source: RFC 3834 (Auto-Submitted, null return path), RFC 6522 (reports: bounces, receipts), RFC 2142 and RFC 5321
 * (addresses of mail servers), and the headers that older responders and lists use.
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
  const isReport = /^multipart\/report\b/i.test(headers.get('content-type')?.trim() ?? '')
  if (isReport || [from, returnPath].some(isMailSystem)) return ignored('mail-system')
  return undefined
}

function isMailSystem(address: string | null | undefined): boolean {
  return /^<?(mailer-daemon|postmaster)(@|>|$)/i.test(address?.trim() ?? '')
}

/** Whether it asks for no automatic answer. Source: Microsoft, [MS-OXCMAIL] X-Auto-Response-Suppress. */
export function suppressesReplies({ headers }: Pick<MailHead, 'headers'>): boolean {
  const suppressed =
    headers
      .get('x-auto-response-suppress')
      ?.toLowerCase()
      .split(/[,;\s]+/) ?? []
  return ['all', 'oof', 'autoreply'].some((word) => suppressed.includes(word))
}

/** An earlier message of the same sender. */
export interface EarlierMail {
  readonly subject: string
  readonly content?: string
  /** ISO 8601. */
  readonly receivedAt: string
  readonly ignored: boolean
}

/** Messages of one sender within `BRAKE_WINDOW_MS` that lead to something; what is beyond waits for a person. */
export const MOST_OF_A_SENDER = 30
export const BRAKE_WINDOW_MS = 60 * 60_000

/**
 * What keeps us and a program that says nothing of being one from answering each other for ever.
 * @param now milliseconds
 */
export function brake(
  decision: MailDecision,
  { subject, content }: Pick<EarlierMail, 'subject' | 'content'>,
  earlier: readonly EarlierMail[],
  now: number,
): MailDecision {
  if (decision.kind === 'ignored' || decision.kind === 'review') return decision
  const lately = earlier.filter(({ receivedAt }) => now - Date.parse(receivedAt) < BRAKE_WINDOW_MS)
  if (lately.some((mail) => mail.subject === subject && mail.content === content))
    return { kind: 'ignored', reason: 'repeated' }
  return lately.filter(({ ignored }) => !ignored).length >= MOST_OF_A_SENDER
    ? { kind: 'review', reason: 'too-many' }
    : decision
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
  /** It is Resolved, and his: he is who can say that it is not. */
  readonly resolved: boolean
}

export interface Judged {
  readonly sender: Sender
  readonly answers: AnsweredRecord | undefined
  readonly hasText: boolean
  readonly suppressesReplies: boolean
  /** What the setting says of senders whom nobody knows; the id that such a sender would get. */
  readonly register: string | undefined
}

/** What becomes of a message that a person wrote. */
export function judge({ sender, answers, hasText, suppressesReplies, register }: Judged): MailDecision {
  const review = (reason: Extract<MailDecision, { kind: 'review' }>['reason']): MailDecision => ({
    kind: 'review',
    reason,
  })
  if (sender.kind === 'several') return review('sender-ambiguous')
  if (sender.kind === 'left') return review('sender-inactive')
  if (!hasText) return review('no-text')
  if (suppressesReplies) return review('suppresses-replies')
  if (sender.kind === 'nobody') {
    if (register === undefined) return review('sender-unknown')
    // Whoever is not known yet can have nothing to do with a record
    return answers === undefined ? { kind: 'open', person: register, register: true } : review('not-theirs')
  }
  const person = sender.id
  if (answers === undefined) return { kind: 'open', person }
  if (!answers.theirs) return review('not-theirs')
  return answers.open
    ? { kind: 'comment', number: answers.number, person, ...(answers.resolved && { reopen: true }) }
    : { kind: 'open', person, followUpOf: answers.number }
}
