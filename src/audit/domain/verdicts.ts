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
  /** Told by a source afterwards, not done here. */
  imported: boolean
  /** What the controlled attributes are like since, or the class, or the status; null: gone. */
  values: Readonly<Record<string, AttributeValue | null>>
}

/**
 * `authorised`: nothing is wrong. `not-assessable`: it was imported, as its change was, whose source tells nothing of approval. The
 * others: no change, one that nobody approved, one that the CI is not in scope of, another value than planned, not while it was implemented.
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
const GRACE_MINUTES = 30
const GRACE_MS = GRACE_MINUTES * 60_000

/** Judges a modification by what is known of its change by now. */
export function verdictOn(modification: Modification, change: ChangeKnown | undefined): Verdict {
  if (change?.type === undefined) return 'no-change'
  const { ci, byProgram, imported } = modification
  // What is done here under its number nobody approved, whatever its source may have known of what the source did
  if (change.type === 'configuration-commit') return imported ? 'not-assessable' : 'not-approved'
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

/** What was told of a modification, and the change that it rests on; absent: it has none. */
export interface ToldVerdict {
  verdict: Verdict
  change?: string
}

/**
 * What is to be told of a modification next. One change that allows it is enough: then no other one, and no link that is taken away,
 * makes it unauthorised. Another one that allows it, too, is told, since it may have to stand for the first one day.
 * @param told up to now, in its order
 * @param judges verdicts by all changes that it may rest on now, by their numbers
 * @param by the one of them of which something has become known, if it is one
 * @returns undefined: all is told already
 */
export function nextVerdict(
  told: readonly ToldVerdict[],
  judges: ReadonlyMap<string, Verdict>,
  by: string | undefined,
): ToldVerdict | undefined {
  const last = told.at(-1)
  const since = told.slice(told.findLastIndex(({ verdict }) => isUnauthorised(verdict)) + 1)
  const isJudge = (change: string | undefined) => change !== undefined && judges.has(change)
  const allows = (change: string | undefined) => isJudge(change) && !isUnauthorised(judges.get(change!)!)
  // What it said before it does not say again as long as something else holds
  const said = told.findLast(({ change }) => change === by)?.verdict
  const news = isJudge(by) && said !== judges.get(by!) ? by : undefined
  if (since.length > 0 && allows(last?.change) && !allows(news)) return undefined
  const latestFirst = [news, ...told.map(({ change }) => change).reverse()]
  const change = latestFirst.find(allows) ?? latestFirst.find(isJudge)
  const next: ToldVerdict =
    change === undefined ? { verdict: 'no-change' } : { verdict: judges.get(change)!, change }
  return last?.verdict === next.verdict && last.change === next.change ? undefined : next
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
