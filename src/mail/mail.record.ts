import { grantFor, isSystemId, type Principal, type Role } from '#libs/access'
import type { RecordType } from '#libs/command-handling'
import { Forbidden } from '#libs/event-sourcing'
import type { MailCommand } from './domain/mail.commands.js'
import { type Mail, mailDecider } from './domain/mail.decider.js'
import type { MailEvent } from './domain/mail.events.js'

/** Programs that hand over messages: the mail server. */
export const MAIL_POSTERS: readonly Role[] = ['service', 'administrator']
/** Who looks at messages that wait for a person; they may be about anything. */
export const MAIL_REVIEWERS: readonly Role[] = ['team-lead', 'administrator']

export const mailRecords: RecordType<Mail, MailCommand, MailEvent, Record<never, never>> = {
  decider: mailDecider,
  rights(principal: Principal, { type }: MailCommand) {
    if (isSystemId(principal.id)) return grantFor(principal, MAIL_POSTERS)
    const roles = type === 'ReviewMail' ? MAIL_REVIEWERS : MAIL_POSTERS
    const grant = grantFor(principal, roles)
    if (grant === undefined)
      throw new Forbidden('MAIL.FORBIDDEN', `${type} needs one of the roles ${roles.join(', ')}`)
    return grant
  },
}
