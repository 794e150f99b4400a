import { type Fact, type FieldError, fact, InvalidInput, type StreamFold } from '#libs/event-sourcing'
import { backtrackingRisk } from './backtracking.js'
import { DEFAULT_PRIORITY_MATRIX, LONGEST_RETRY_WINDOW_SECONDS } from './defaults.js'
import type { PublishAlertMapping } from './settings.commands.js'
import type {
  AlertMapping,
  AlertMappingPublished,
  AlertRule,
  LabelMatcher,
  PriorityMatrix,
  PriorityMatrixPublished,
} from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

const streamExists: StreamFold<boolean> = { initial: false, evolve: () => true }
const matrixInForce: StreamFold<PriorityMatrix, PriorityMatrixPublished> = {
  initial: DEFAULT_PRIORITY_MATRIX,
  evolve: (known, event) => (event.type === 'PriorityMatrixPublished' ? event.data.matrix : known),
}

/** By group id: whether the directory knows it; and the matrix that levels are places in. */
export interface AlertMappingFacts {
  matrix: Fact<PriorityMatrix>
  [group: GroupFact]: Fact<boolean>
}
type GroupFact = `group ${string}`

/** More open repetitions than this in one alternative make a pattern slow on a long value. */
const MOST_OPEN_REPETITIONS = 3

/** What becomes of an alert: for each field of the incident, the first rule that fits and says it decides. */
export const alertMappingDecider = versionedDecider<
  AlertMapping,
  PublishAlertMapping,
  AlertMappingPublished,
  AlertMappingFacts
>({
  published: 'AlertMappingPublished',
  contentOf: ({ mapping }) => mapping,
  facts: ({ data: { mapping } }) => ({
    matrix: fact('settings-priority-matrix', matrixInForce),
    ...Object.fromEntries(
      mapping.rules.flatMap(({ group }) =>
        group === undefined ? [] : [[`group ${group}`, fact(`group-${group}`, streamExists)]],
      ),
    ),
  }),
  check({ data: { mapping } }, facts) {
    const { rules, retryWindowSeconds } = mapping
    const errors = rules.flatMap((rule, index) => ruleErrors(rule, index, rules, facts.matrix.value))
    const inRange = retryWindowSeconds >= 0 && retryWindowSeconds <= LONGEST_RETRY_WINDOW_SECONDS
    if (!Number.isInteger(retryWindowSeconds) || !inRange) {
      const message = `must be whole seconds, from 0 to ${LONGEST_RETRY_WINDOW_SECONDS}`
      errors.push({ pointer: '/retryWindowSeconds', message })
    }
    if (errors.length > 0) {
      throw new InvalidInput(
        'SETTINGS.ALERT_MAPPING_MALFORMED',
        'The alert mapping is not well formed',
        errors,
      )
    }
    requireGroups(rules, facts)
    return { mapping }
  },
})

function ruleErrors(
  rule: AlertRule,
  index: number,
  rules: readonly AlertRule[],
  matrix: PriorityMatrix,
): FieldError[] {
  const pointer = `/rules/${index}`
  const errors = rule.when.flatMap((matcher, place) => matcherErrors(matcher, `${pointer}/when/${place}`))
  if (rule.name.trim() === '') errors.push({ pointer: `${pointer}/name`, message: 'is empty' })
  else if (rules.findIndex(({ name }) => name === rule.name) < index) {
    errors.push({ pointer: `${pointer}/name`, message: 'stands twice: an alert records its rules by name' })
  }
  for (const [field, names] of [
    ['impact', matrix.impacts],
    ['urgency', matrix.urgencies],
  ] as const) {
    const level = rule[field]
    if (level === undefined || (Number.isInteger(level) && level >= 1 && level <= names.length)) continue
    errors.push({
      pointer: `${pointer}/${field}`,
      message: `must be a whole number from 1 to ${names.length}`,
    })
  }
  return errors
}

function matcherErrors(matcher: LabelMatcher, pointer: string): FieldError[] {
  const { equals, matches } = matcher
  if ((equals === undefined) === (matches === undefined))
    return [{ pointer, message: 'needs either equals or matches' }]
  const wrong = matches === undefined ? undefined : patternError(matches)
  return wrong === undefined ? [] : [{ pointer: `${pointer}/matches`, message: wrong }]
}

function patternError(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u')
  } catch (error) {
    return `is no regular expression: ${(error as Error).message}`
  }
  const risk = backtrackingRisk(pattern)
  if (risk !== undefined) return `may take very long: it ${risk}`
  if (openRepetitions(pattern) <= MOST_OPEN_REPETITIONS) return undefined
  return `may take very long: it has more than ${MOST_OPEN_REPETITIONS} of *, + and {n,}`
}

/** Repetitions without an upper bound, those in character classes and behind a backslash aside. */
function openRepetitions(pattern: string): number {
  const syntax = pattern.replaceAll(/\\[\s\S]/g, '').replaceAll(/\[[^\]]*\]/g, '.')
  return syntax.match(/[*+]|\{\d+,\}/g)?.length ?? 0
}

/** Incidents of a group that does not exist would wait where nobody looks. */
function requireGroups(rules: readonly AlertRule[], facts: AlertMappingFacts): void {
  const errors = rules.flatMap(({ group }, index) =>
    group === undefined || facts[`group ${group}`]?.value === true
      ? []
      : [{ pointer: `/rules/${index}/group`, message: `the directory knows no group "${group}"` }],
  )
  if (errors.length === 0) return
  throw new InvalidInput(
    'SETTINGS.GROUP_UNKNOWN',
    'The alert mapping names groups that do not exist: register them first',
    errors,
  )
}
