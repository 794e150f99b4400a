import { type Fact, type FieldError, fact, InvalidInput, type StreamFold } from '#libs/event-sourcing'
import type { PublishEscalationRules } from './settings.commands.js'
import type { EscalationRule, EscalationRulesPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/** Whether a stream has an event at all. */
const streamExists: StreamFold<boolean> = { initial: false, evolve: () => true }

/** By stream of the group or person: whether the directory knows it. */
export type KnownStreams = Record<string, Fact<boolean>>

/** A year: an age beyond it is a mistyped one. */
const MAX_MINUTES = 525_600

/**
 * Who is told, or takes over, when an incident has grown old. An incident waits by the version that was in force when it
 * changed last, and is judged by that version when its time has come.
 */
export const escalationRulesDecider = versionedDecider<
  readonly EscalationRule[],
  PublishEscalationRules,
  EscalationRulesPublished,
  KnownStreams
>({
  published: 'EscalationRulesPublished',
  contentOf: ({ rules }) => rules,
  facts: ({ data: { rules } }) =>
    Object.fromEntries(
      rules.flatMap((rule) => named(rule)).map(({ stream }) => [stream, fact(stream, streamExists)]),
    ),
  check({ data: { rules } }, known) {
    const errors = rules.flatMap((rule, index) => ruleErrors(rule, index, rules))
    if (errors.length > 0) {
      throw new InvalidInput(
        'SETTINGS.ESCALATION_RULES_MALFORMED',
        'The escalation rules are not well formed',
        errors,
      )
    }
    requireKnown(rules, known)
    return { rules }
  },
})

function ruleErrors(rule: EscalationRule, index: number, rules: readonly EscalationRule[]): FieldError[] {
  const errors: FieldError[] = []
  const pointer = `/rules/${index}`
  if (rule.name.trim() === '') errors.push({ pointer: `${pointer}/name`, message: 'is empty' })
  else if (rules.findIndex(({ name }) => name === rule.name) < index) {
    errors.push({ pointer: `${pointer}/name`, message: 'stands twice: an incident records the rule by name' })
  }
  const { afterMinutes, action, when } = rule
  if (!Number.isInteger(afterMinutes) || afterMinutes < 0 || afterMinutes > MAX_MINUTES) {
    errors.push({ pointer: `${pointer}/afterMinutes`, message: `must be 0 to ${MAX_MINUTES} whole minutes` })
  }
  if (action.kind === 'functional' && !action.group) {
    errors.push({ pointer: `${pointer}/action/group`, message: 'is needed: which group takes over?' })
  }
  if (action.kind === 'functional' && action.group && action.group === when.group) {
    errors.push({ pointer: `${pointer}/action/group`, message: 'is the group that has it already' })
  }
  for (const list of ['priorities', 'states'] as const) {
    if (when[list]?.length === 0)
      errors.push({ pointer: `${pointer}/when/${list}`, message: 'is empty: leave it out instead' })
  }
  return errors
}

/** What a rule names of the directory, and where. */
function named({ when, action }: EscalationRule): { stream: string; pointer: string; id: string }[] {
  const found: { stream: string; pointer: string; id: string }[] = []
  const group = (id: string | undefined, pointer: string) => {
    if (id) found.push({ stream: `group-${id}`, pointer, id })
  }
  group(when.group, '/when/group')
  if (action.kind !== 'hierarchical') group(action.group, '/action/group')
  else if (action.informed) {
    const id = action.informed
    found.push({ stream: `person-${id}`, pointer: '/action/informed', id })
  }
  return found
}

function requireKnown(rules: readonly EscalationRule[], known: KnownStreams): void {
  const errors = rules.flatMap((rule, index) =>
    named(rule)
      .filter(({ stream }) => known[stream]?.value !== true)
      .map(({ pointer, id }) => ({
        pointer: `/rules/${index}${pointer}`,
        message: `the directory does not know "${id}"`,
      })),
  )
  if (errors.length === 0) return
  throw new InvalidInput(
    'SETTINGS.ESCALATION_TARGET_UNKNOWN',
    'The escalation rules name groups or people that do not exist: register them first',
    errors,
  )
}
