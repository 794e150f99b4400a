import { deciderHandlers } from '#libs/command-handling/nest'
import { MAIL_COMMANDS } from './domain/mail.commands.js'
import { MailController } from './mail.controller.js'
import { mailRecords } from './mail.record.js'

/** What the intake of mail adds to the application. */
export const mail = {
  controllers: [MailController],
  providers: deciderHandlers(mailRecords, MAIL_COMMANDS),
}
