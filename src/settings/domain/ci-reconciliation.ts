import { type Fact, type FieldError, fact, InvalidInput, type StreamFold } from '#libs/event-sourcing'
import { DEFAULT_CI_CLASSES } from './ci-defaults.js'
import type { PublishCiReconciliation } from './settings.commands.js'
import type {
  CiClass,
  CiClassesPublished,
  CiMatchRule,
  CiReconciliation,
  CiReconciliationPublished,
  CiSourcePrecedence,
} from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

const classesInForce: StreamFold<readonly CiClass[], CiClassesPublished> = {
  initial: DEFAULT_CI_CLASSES,
  evolve: (known, event) => (event.type === 'CiClassesPublished' ? event.data.classes : known),
}

interface ReconciliationFacts {
  classes: Fact<readonly CiClass[]>
}

/** By what a discovery source's items are taken for CIs that are known, and which source is believed. */
export const ciReconciliationDecider = versionedDecider<
  CiReconciliation,
  PublishCiReconciliation,
  CiReconciliationPublished,
  ReconciliationFacts
>({
  published: 'CiReconciliationPublished',
  contentOf: ({ reconciliation }) => reconciliation,
  facts: () => ({ classes: fact('settings-ci-classes', classesInForce) }),
  check({ data: { reconciliation } }, { classes }) {
    const { matchRules, precedence, silentAfterDays } = reconciliation
    const errors = [
      ...matchRules.flatMap((rule, index) => ruleErrors(rule, index, classes.value)),
      ...precedence.flatMap((entry, index) => precedenceErrors(entry, index, precedence, classes.value)),
    ]
    if (silentAfterDays !== null && !(Number.isInteger(silentAfterDays) && silentAfterDays >= 1))
      errors.push({ pointer: '/silentAfterDays', message: 'must be whole days from 1, or null' })
    if (errors.length > 0) {
      throw new InvalidInput(
        'SETTINGS.CI_RECONCILIATION_MALFORMED',
        'The reconciliation is not well formed',
        errors,
      )
    }
    return { reconciliation: { matchRules, precedence, silentAfterDays } }
  },
})

function classError(pointer: string, name: string, classes: readonly CiClass[]): FieldError[] {
  return classes.some((one) => one.name === name)
    ? []
    : [{ pointer: `${pointer}/class`, message: `there is no class "${name}"` }]
}

function ruleErrors(rule: CiMatchRule, index: number, classes: readonly CiClass[]): FieldError[] {
  const pointer = `/matchRules/${index}`
  const errors = classError(pointer, rule.class, classes)
  if (rule.attributes.length === 0)
    errors.push({ pointer: `${pointer}/attributes`, message: 'name at least one' })
  const known = new Set(['name', ...attributesAt(rule.class, classes)])
  for (const [at, attribute] of rule.attributes.entries())
    if (errors.length === 0 && !known.has(attribute))
      errors.push({
        pointer: `${pointer}/attributes/${at}`,
        message: `is no attribute of "${rule.class}", nor of a class above it`,
      })
  return errors
}

/** Names of the attributes that a class has, with those of the classes above it. */
function attributesAt(name: string, classes: readonly CiClass[]): string[] {
  const found = classes.find((one) => one.name === name)
  if (found === undefined) return []
  const above = found.parent === null ? [] : attributesAt(found.parent, classes)
  return [...above, ...Object.keys(found.attributes)]
}

function precedenceErrors(
  entry: CiSourcePrecedence,
  index: number,
  all: readonly CiSourcePrecedence[],
  classes: readonly CiClass[],
): FieldError[] {
  const pointer = `/precedence/${index}`
  const errors = entry.class === undefined ? [] : classError(pointer, entry.class, classes)
  const same = (other: CiSourcePrecedence) =>
    other.class === entry.class && other.attribute === entry.attribute
  if (all.findIndex(same) < index)
    errors.push({ pointer, message: 'stands twice: one entry for a class and an attribute' })
  for (const [at, source] of entry.sources.entries())
    if (entry.sources.indexOf(source) < at || source.trim() === '')
      errors.push({ pointer: `${pointer}/sources/${at}`, message: 'is empty or stands twice' })
  return errors
}
