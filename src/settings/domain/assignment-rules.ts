import { type Fact, type FieldError, fact, InvalidInput, type StreamFold } from '#libs/event-sourcing'
import type { PublishAssignmentRules } from './settings.commands.js'
import type { AssignmentRule, AssignmentRulesPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/** Whether a stream has an event at all. */
const streamExists: StreamFold<boolean> = { initial: false, evolve: () => true }

/** By group id: whether the directory knows it. */
export type KnownGroups = Record<string, Fact<boolean>>

/** Which queue a new incident comes into: the first rule that fits decides. */
export const assignmentRulesDecider = versionedDecider<
  readonly AssignmentRule[],
  PublishAssignmentRules,
  AssignmentRulesPublished,
  KnownGroups
>({
  published: 'AssignmentRulesPublished',
  contentOf: ({ rules }) => rules,
  facts: ({ data: { rules } }) =>
    Object.fromEntries(rules.map(({ group }) => [group, fact(`group-${group}`, streamExists)])),
  check({ data: { rules } }, groups) {
    const errors = rules.flatMap((rule, index) => ruleErrors(rule, index, rules))
    if (errors.length > 0) {
      throw new InvalidInput('SETTINGS.RULES_MALFORMED', 'The assignment rules are not well formed', errors)
    }
    requireGroups(rules, groups)
    return { rules, warnings: unreachableWarnings(rules) }
  },
})

function ruleErrors(rule: AssignmentRule, index: number, rules: readonly AssignmentRule[]): FieldError[] {
  const errors: FieldError[] = []
  const pointer = `/rules/${index}`
  if (rule.name.trim() === '') errors.push({ pointer: `${pointer}/name`, message: 'is empty' })
  else if (rules.findIndex(({ name }) => name === rule.name) < index) {
    errors.push({ pointer: `${pointer}/name`, message: 'stands twice: an incident records the rule by name' })
  }
  if (rule.group.trim() === '') errors.push({ pointer: `${pointer}/group`, message: 'is empty' })
  for (const [field, value] of Object.entries(rule.when)) {
    if (value === '')
      errors.push({ pointer: `${pointer}/when/${field}`, message: 'is empty: leave it out instead' })
  }
  return errors
}

/** Incidents of a group that does not exist would wait where nobody looks. */
function requireGroups(rules: readonly AssignmentRule[], groups: KnownGroups): void {
  const errors = rules.flatMap(({ group }, index) =>
    groups[group]?.value === true
      ? []
      : [{ pointer: `/rules/${index}/group`, message: `the directory knows no group "${group}"` }],
  )
  if (errors.length === 0) return
  throw new InvalidInput(
    'SETTINGS.GROUP_UNKNOWN',
    'The assignment rules name groups that do not exist: register them first',
    errors,
  )
}

/** A rule whose conditions include all of an earlier one's never decides. */
function unreachableWarnings(rules: readonly AssignmentRule[]): string[] {
  return rules.flatMap((rule, index) => {
    const earlier = rules.slice(0, index).find((other) => covers(other, rule))
    return earlier ? [`Rule "${rule.name}" never decides: "${earlier.name}" comes first`] : []
  })
}

function covers(earlier: AssignmentRule, later: AssignmentRule): boolean {
  const conditions = Object.entries(earlier.when) as [keyof AssignmentRule['when'], string | undefined][]
  return conditions.every(([field, value]) => value === undefined || later.when[field] === value)
}
