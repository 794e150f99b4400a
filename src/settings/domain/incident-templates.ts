import { type Fact, type FieldError, fact, InvalidInput, type StreamFold } from '#libs/event-sourcing'
import { DEFAULT_PRIORITY_MATRIX } from './defaults.js'
import type { PublishIncidentTemplates } from './settings.commands.js'
import {
  type IncidentTemplate,
  type IncidentTemplatesPublished,
  type PriorityMatrix,
  type PriorityMatrixPublished,
  TEMPLATE_FIELDS,
} from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

const streamExists: StreamFold<boolean> = { initial: false, evolve: () => true }

const matrixInForce: StreamFold<PriorityMatrix, PriorityMatrixPublished> = {
  initial: DEFAULT_PRIORITY_MATRIX,
  evolve: (known, event) => (event.type === 'PriorityMatrixPublished' ? event.data.matrix : known),
}

/** By group id: whether the directory knows it; and the matrix that levels are places in. */
interface TemplateFacts {
  matrix: Fact<PriorityMatrix>
  [group: GroupFact]: Fact<boolean>
}
type GroupFact = `group ${string}`

/** What frequent incidents have in common: whoever opens one names the template and says the rest. */
export const incidentTemplatesDecider = versionedDecider<
  readonly IncidentTemplate[],
  PublishIncidentTemplates,
  IncidentTemplatesPublished,
  TemplateFacts
>({
  published: 'IncidentTemplatesPublished',
  contentOf: ({ templates }) => templates,
  facts: ({ data: { templates } }) => ({
    matrix: fact('settings-priority-matrix', matrixInForce),
    ...Object.fromEntries(
      templates.flatMap(({ fields: { assignmentGroup: group } }) =>
        group === undefined ? [] : [[`group ${group}`, fact(`group-${group}`, streamExists)]],
      ),
    ),
  }),
  check({ data: { templates } }, facts) {
    const errors = templates.flatMap((template, index) => [
      ...templateErrors(template, index, templates),
      ...levelErrors(template, index, facts.matrix.value),
    ])
    if (errors.length > 0)
      throw new InvalidInput('SETTINGS.TEMPLATES_MALFORMED', 'The templates are not well formed', errors)
    requireGroups(templates, facts)
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

/** With a level that the matrix does not have, every opening would be refused. */
function levelErrors({ fields }: IncidentTemplate, index: number, matrix: PriorityMatrix): FieldError[] {
  const errors: FieldError[] = []
  for (const [field, names] of [
    ['impact', matrix.impacts],
    ['urgency', matrix.urgencies],
  ] as const) {
    const level = fields[field]
    if (level === undefined || (Number.isInteger(level) && level >= 1 && level <= names.length)) continue
    errors.push({
      pointer: `/templates/${index}/fields/${field}`,
      message: `must be a whole number from 1 to ${names.length}`,
    })
  }
  return errors
}

/** Groups are never taken back, so that whoever uses the template need not ask again. */
function requireGroups(templates: readonly IncidentTemplate[], facts: TemplateFacts): void {
  const errors = templates.flatMap(({ fields: { assignmentGroup: group } }, index) =>
    group === undefined || facts[`group ${group}`]?.value === true
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
