import { fact, type StreamFold } from '#libs/event-sourcing'
import { DEFAULT_MAIL_INTAKE } from '../../settings/domain/defaults.js'
import type { MailIntake, MailIntakePublished } from '../../settings/domain/settings.events.js'

const mailIntake: StreamFold<MailIntake, MailIntakePublished> = {
  initial: DEFAULT_MAIL_INTAKE,
  evolve: (known, event) => (event.type === 'MailIntakePublished' ? event.data.intake : known),
}

/** Asks what becomes of mail that comes in. */
export const MAIL_INTAKE = fact('settings-mail-intake', mailIntake)
