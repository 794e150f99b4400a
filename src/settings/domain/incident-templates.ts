import { type Fact, type FieldError, fact, InvalidInput, type StreamFold } from '#libs/event-sourcing'
import type { PublishIncidentTemplates } from './settings.commands.js'
import { type IncidentTemplate, type IncidentTemplatesPublished, TEMPLATE_FIELDS } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

const streamExists: StreamFold<boolean> = { initial: false, evolve: () => true }

/** By group id: whether the directory knows it. */
type KnownGroups = Record<string, Fact<boolean>>

/** What frequent incidents have in common: whoever opens one names the template and says the rest. */
export const incidentTemplatesDecider = versionedDecider<
  readonly IncidentTemplate[],
  PublishIncidentTemplates,
  IncidentTemplatesPublished,
  KnownGroups
>({
  published: 'IncidentTemplatesPublished',
  contentOf: ({ templates }) => templates,
  facts: ({ data: { templates } }) =>
    Object.fromEntries(
      templates.flatMap(({ fields: { assignmentGroup: group } }) =>
        group === undefined ? [] : [[group, fact(`group-${group}`, streamExists)]],
      ),
    ),
  check({ data: { templates } }, groups) {
    const errors = templates.flatMap((template, index) => templateErrors(template, index, templates))
    if (errors.length > 0)
      throw new InvalidInput('SETTINGS.TEMPLATES_MALFORMED', 'The templates are not well formed', errors)
    requireGroups(templates, groups)
    return { templates }
  },
})

function templateErrors(
  { name, fields }: IncidentTemplate,
  index: number,
  templates: readonly IncidentTemplate[],
): FieldError[] {
  const errors: FieldError[] = []
  const pointer = `/templates/${index}`
  if (name.trim() === '') errors.push({ pointer: `${pointer}/name`, message: 'is empty' })
  else if (templates.findIndex((other) => other.name === name) < index) {
    errors.push({
      pointer: `${pointer}/name`,
      message: 'stands twice: an incident names its template by it',
    })
  }
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  if (given.length === 0) errors.push({ pointer: `${pointer}/fields`, message: 'fill in nothing' })
  for (const [field, value] of given) {
    if (!(TEMPLATE_FIELDS as readonly string[]).includes(field)) {
      errors.push({ pointer: `${pointer}/fields/${field}`, message: 'is no field that a template fills in' })
    } else if (typeof value === 'string' && value.trim() === '') {
      errors.push({ pointer: `${pointer}/fields/${field}`, message: 'is empty: leave it out instead' })
    }
  }
  return errors
}

/** Groups are never taken back, so that whoever uses the template need not ask again. */
function requireGroups(templates: readonly IncidentTemplate[], groups: KnownGroups): void {
  const errors = templates.flatMap(({ fields: { assignmentGroup: group } }, index) =>
    group === undefined || groups[group]?.value === true
      ? []
      : [
          {
            pointer: `/templates/${index}/fields/assignmentGroup`,
            message: `the directory knows no group "${group}"`,
          },
        ],
  )
  if (errors.length === 0) return
  throw new InvalidInput(
    'SETTINGS.GROUP_UNKNOWN',
    'The templates name groups that do not exist: register them first',
    errors,
  )
}
