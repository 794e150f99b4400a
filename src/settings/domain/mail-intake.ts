import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import type { PublishMailIntake } from './settings.commands.js'
import type { MailIntake, MailIntakePublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/** What becomes of mail that comes in. */
export const mailIntakeDecider = versionedDecider<MailIntake, PublishMailIntake, MailIntakePublished>({
  published: 'MailIntakePublished',
  contentOf: ({ intake }) => intake,
  check({ data: { intake } }) {
    const { unknownSenders, ownAddresses, assignmentGroup } = intake
    const errors = ownAddresses.flatMap(addressErrors)
    if (errors.length > 0)
      throw new InvalidInput('SETTINGS.MAIL_INTAKE_MALFORMED', 'The mail intake is not well formed', errors)
    const own = [...new Set(ownAddresses.map((address) => address.toLowerCase()))]
    return { intake: { unknownSenders, ownAddresses: own, assignmentGroup } }
  },
})

function addressErrors(address: string, index: number): FieldError[] {
  if (/^[^\s@<>]+@[^\s@<>]+$/.test(address)) return []
  return [{ pointer: `/ownAddresses/${index}`, message: 'must be an address such as desk@example.org' }]
}
