import type { AttributeValue } from '../../configuration/domain/configuration.events.js'
import type { CiClass } from '../../settings/domain/settings.events.js'
import type { ChangeKnown } from './audited-change.js'

/** A modification of attributes that only an approved change may modify. */
export interface Modification {
  /** The finding that it is, or may become. */
  id: string
  /** Number of the CI. */
  ci: string
  /** ISO 8601: when it was done, not when it was recorded. */
  at: string
  /** Who did it. */
  actor: string
  /** The change that it names, or that it was put down to afterwards. */
  change?: string
  /** Written by the program itself as a change ended: no hand was at work. */
  byProgram: boolean
  /** What the controlled attributes are like since; null: gone. */
  values: Readonly<Record<string, AttributeValue | null>>
}

/**
 * `authorised`: nothing is wrong. `not-assessable`: its change is a source's, which tells nothing of approval. The others: no
 * change, one that nobody approved, one that the CI is not in scope of, another value than planned, not while it was implemented.
 */
export const VERDICTS = [
  'authorised',
  'not-assessable',
  'no-change',
  'not-approved',
  'ci-not-in-scope',
  'value-differs',
  'outside-window',
] as const
export type Verdict = (typeof VERDICTS)[number]

/** Whether a change does not allow it, or none was named. */
export function isUnauthorised(verdict: Verdict): boolean {
  return verdict !== 'authorised' && verdict !== 'not-assessable'
}

/** Clocks differ, and people write down what they did a moment later: so much before and after the actual window is within it. */
export const GRACE_MINUTES = 30
const GRACE_MS = GRACE_MINUTES * 60_000

/** Judges a modification by what is known of its change by now. */
export function verdictOn(modification: Modification, change: ChangeKnown | undefined): Verdict {
  if (change?.type === undefined) return 'no-change'
  if (change.type === 'configuration-commit') return 'not-assessable'
  const { ci, byProgram } = modification
  if (!change.approved && !change.ratified) return 'not-approved'
  if (!change.affectedCis.includes(ci)) return 'ci-not-in-scope'
  if (differs(modification, change)) return 'value-differs'
  return byProgram || isWithin(modification.at, change) ? 'authorised' : 'outside-window'
}

/** Where the plan proposes values for a CI, these it is; a plan in words says nothing of values. */
function differs({ ci, values }: Modification, { proposedValues }: ChangeKnown): boolean {
  const proposed = proposedValues.find((one) => one.ci === ci)?.attributes
  if (proposed === undefined) return false
  return Object.entries(values).some(
    ([attribute, value]) =>
      !(attribute in proposed) || JSON.stringify(proposed[attribute]) !== JSON.stringify(value),
  )
}

function isWithin(at: string, { startedAt, endedAt }: ChangeKnown): boolean {
  if (startedAt === undefined) return false
  const time = Date.parse(at)
  if (time < Date.parse(startedAt) - GRACE_MS) return false
  return endedAt === undefined || time <= Date.parse(endedAt) + GRACE_MS
}

/** The attributes of a class, and of those above it, that only an approved change may modify. */
export function controlledAttributes(classes: readonly CiClass[], name: string | undefined): Set<string> {
  const controlled = new Set<string>()
  for (let at = classOf(classes, name); at !== undefined; at = classOf(classes, at.parent))
    for (const [attribute, { changeControlled }] of Object.entries(at.attributes))
      if (changeControlled) controlled.add(attribute)
  return controlled
}

function classOf(classes: readonly CiClass[], name: string | null | undefined): CiClass | undefined {
  return classes.find((one) => one.name === name)
}
