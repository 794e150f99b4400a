import type { LedgerdeskError } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec } from '#libs/testing'
import { notificationTemplatesDecider } from './notification-templates.js'
import { PublishNotificationTemplates } from './settings.commands.js'

/** Offending fields of templates that differ from a good one in this. */
function errorsOf(part: { subject?: string; text?: string }): string[] {
  const templates = { resolved: { subject: 'Done: {{title}}', text: '{{ number }} is {done}', ...part } }
  try {
    deciderSpec(notificationTemplatesDecider)
      .given()
      .when(new PublishNotificationTemplates({ templates }, commandMetadata({ actor: 'root' }))).events
    return []
  } catch (error) {
    const { errors = [] } = (error as LedgerdeskError).extra as { errors?: { pointer: string }[] }
    return errors.map(({ pointer }) => pointer)
  }
}

describe('Braces of a template', () => {
  it.each(['{{title', 'title}}', '{{number}} {{title', '{{number}}}} is', '{{ {title} }}', '{{{number}} {{'])(
    'that belong to no placeholder are refused: %s',
    (text) => {
      expect(errorsOf({ text })).toEqual(['/templates/resolved/text'])
      expect(errorsOf({ subject: text })).toEqual(['/templates/resolved/subject'])
    },
  )

  it.each(['{{title}}', 'a { b } c', '{{number}}{{title}}', '{ {{title}} }'])(
    'that do are not: %s',
    (text) => {
      expect(errorsOf({ text })).toEqual([])
    },
  )
})
