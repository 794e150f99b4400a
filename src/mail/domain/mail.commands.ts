import { Command } from '#libs/event-sourcing'
import type { MailHandled, MailReceived, MailRefused, MailReviewed } from './mail.events.js'

/** `id` of each: that of the message, see `mailIdOf`. */

export class ReceiveMail extends Command<'ReceiveMail', MailReceived['data']> {
  readonly type = 'ReceiveMail'
}

export class ReviewMail extends Command<'ReviewMail', MailReviewed['data']> {
  readonly type = 'ReviewMail'
}

export class CompleteMail extends Command<'CompleteMail', MailHandled['data']> {
  readonly type = 'CompleteMail'
}

export class RefuseMail extends Command<'RefuseMail', MailRefused['data']> {
  readonly type = 'RefuseMail'
}

export type MailCommand = ReceiveMail | ReviewMail | CompleteMail | RefuseMail

export const MAIL_COMMANDS = [ReceiveMail, ReviewMail, CompleteMail, RefuseMail] as const
