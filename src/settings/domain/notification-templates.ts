import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import {
  hasLooseBraces,
  isKind,
  KINDS,
  kindOf,
  PLACEHOLDERS,
  placeholdersIn,
  type Templates,
} from '../../notifications/domain/defaults.js'
import type { PublishNotificationTemplates } from './settings.commands.js'
import type { NotificationTemplatesPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/** What mails say. A template knows the placeholders that its readers may see the values of, and no others. */
export const notificationTemplatesDecider = versionedDecider<
  Templates,
  PublishNotificationTemplates,
  NotificationTemplatesPublished
>({
  published: 'NotificationTemplatesPublished',
  contentOf: ({ templates }) => templates,
  check({ data: { templates } }) {
    const errors = Object.entries(templates).flatMap(([kind, template]) => templateErrors(kind, template))
    if (errors.length > 0) {
      throw new InvalidInput(
        'SETTINGS.NOTIFICATION_TEMPLATES_MALFORMED',
        'The templates are not well formed',
        errors,
      )
    }
    return { templates }
  },
})

function templateErrors(kind: string, template: { subject: string; text: string }): FieldError[] {
  const pointer = `/templates/${kind}`
  if (!isKind(kind)) return [{ pointer, message: `is no kind; there are ${KINDS.join(', ')}` }]
  const allowed = PLACEHOLDERS[kindOf(kind).readership]
  return (['subject', 'text'] as const).flatMap((part) => {
    const at = `${pointer}/${part}`
    if (template[part].trim() === '') return [{ pointer: at, message: 'is empty' }]
    if (hasLooseBraces(template[part]))
      return [{ pointer: at, message: 'has {{ without }}, or }} without {{: a placeholder is {{name}}' }]
    const unknown = placeholdersIn(template[part]).filter((name) => !allowed.includes(name))
    return unknown.map((name) => ({
      pointer: at,
      message: `{{${name}}} is no placeholder here; there are ${allowed.join(', ')}`,
    }))
  })
}
