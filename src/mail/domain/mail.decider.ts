import { isDeepStrictEqual } from 'node:util'
import { type Decider, NotFound, type RecordedEvent, Refused } from '#libs/event-sourcing'
import type { MailCommand, ReviewMail } from './mail.commands.js'
import type { MailEvent, MailReceived, MailReviewed } from './mail.events.js'

export type Mail = { readonly status: 'unknown' } | KnownMail

export type KnownMail = {
  readonly received: MailReceived['data']
  /** What is to be done, or was done; that of a reviewer in place of the first one. */
  readonly decision: MailReceived['data']['decision'] | MailReviewed['data']['decision']
} & (
  | { readonly status: 'decided' }
  | { readonly status: 'handled'; readonly record: string }
  | { readonly status: 'refused'; readonly code: string }
)

const UNKNOWN: Mail = { status: 'unknown' }

/**
 * One incoming message. The first decision stands, whatever holds by the time that the message comes again; only a person may
 * decide anew about one that waits for a person.
 */
export const mailDecider: Decider<Mail, MailCommand, MailEvent> = {
  streamPrefix: 'mail-',
  initial: UNKNOWN,
  decide(command, mail) {
    if (command.type === 'ReceiveMail')
      return mail.status === 'unknown' ? [{ type: 'MailReceived', data: command.data }] : []
    if (mail.status === 'unknown') throw new NotFound('MAIL.UNKNOWN', `There is no message ${command.id}`)
    if (command.type === 'ReviewMail') return review(command, mail)
    if (mail.status !== 'decided') return []
    return command.type === 'CompleteMail'
      ? [{ type: 'MailHandled', data: command.data }]
      : [{ type: 'MailRefused', data: command.data }]
  },
  evolve(mail, event: RecordedEvent<MailEvent>) {
    if (event.type === 'MailReceived')
      return { status: 'decided', received: event.data, decision: event.data.decision }
    if (mail.status === 'unknown') return mail
    const { received, decision } = mail
    switch (event.type) {
      case 'MailReviewed':
        return { status: 'decided', received, decision: event.data.decision }
      case 'MailHandled':
        return { status: 'handled', received, decision, record: event.data.record }
      case 'MailRefused':
        return { status: 'refused', received, decision, code: event.data.code }
      default:
        return mail
    }
  },
}

/** Nothing has been done about it yet that can't be decided anew: it waits for a person, or was cut off half-way. */
function isUndone({ status, decision }: KnownMail): boolean {
  return status === 'refused' || (status === 'decided' && !['ignored', 'dismissed'].includes(decision.kind))
}

function review({ data }: ReviewMail, mail: KnownMail): readonly MailEvent[] {
  if (mail.status !== 'refused' && isDeepStrictEqual(mail.decision, data.decision)) return []
  if (isUndone(mail)) return [{ type: 'MailReviewed', data }]
  throw new Refused('MAIL.DECIDED', 'Nobody needs to decide about this message: it has been dealt with.')
}
