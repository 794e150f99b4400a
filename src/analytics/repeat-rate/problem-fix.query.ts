import type { Principal } from '#libs/access'
import { later, NotFound, type RecordedEvent, Refused } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { canSee, DESK_READERS, readerSees } from '#projections/access'
import { foldChangeDetails } from '#projections/changes/changes'
import { foldProblemDetails, type ProblemDetails } from '#projections/problems/problems'
import { requireKnown } from '../../http/time-point.js'

export interface ProblemFixAsked {
  principal: Principal
  number: string
  minPosition?: string
}

/** When something was done about the cause. ISO 8601; equal where only its end is known. */
export interface Fix {
  /** `changes`: those that fix the problem had ended; `resolution`: somebody said that the fix was applied. */
  basis: 'changes' | 'resolution'
  changes: readonly string[]
  startedAt: string
  endedAt: string
}

/** By what its incidents are known: by its items; without any, by what is set of service, category and subcategory. */
export type Kind =
  | { by: 'configuration items'; cis: readonly string[] }
  | { by: 'description'; service?: string; category?: string; subcategory?: string }

/** A problem that was fixed. */
export interface FixedProblem {
  number: string
  title: string
  state: string
  outcome?: string
  kind: Kind
  fix: Fix
}

/** Changes that are looked at; the links that were made last. */
const MOST_CHANGES = 50
/** A change that failed or was backed out has fixed nothing. */
const DONE: readonly unknown[] = ['successful', 'with issues']

/**
 * @throws NotFound `PROBLEM.UNKNOWN`, also when the principal may see no problems; Refused `PROBLEM.NOT_FIXED`, `PROBLEM.DUPLICATE`,
 * `PROBLEM.KIND_UNKNOWN`
 */
export async function readProblemFix(
  { principal, number, minPosition }: ProblemFixAsked,
  { eventStore }: QueryDependencies,
): Promise<QueryAnswer> {
  if (minPosition !== undefined) await requireKnown(eventStore, minPosition, 'minPosition')
  const events = (await eventStore.readStream(`problem-${number}`)) as RecordedEvent[]
  const { details } = foldProblemDetails(events)
  if (!details || !readerSees(DESK_READERS, principal, details))
    throw new NotFound('PROBLEM.UNKNOWN', `There is no problem ${number}, or none that you may see`)
  const { title, state, outcome, survivor } = details
  if (survivor !== undefined)
    throw new Refused('PROBLEM.DUPLICATE', `${number} is a duplicate of ${survivor}: ask about that one`, {
      survivor,
    })
  const kind = kindOf(details)
  const fix = (await fixByChanges(details, principal, eventStore)) ?? fixByResolution(details)
  if (fix === undefined)
    throw new Refused(
      'PROBLEM.NOT_FIXED',
      `${number} is not fixed: it was not resolved by a fix, and no change that fixes it has ended well`,
      { state },
    )
  const fixed: FixedProblem = { number, title, state, outcome, kind, fix }
  return { json: JSON.stringify(fixed), position: events.at(-1)!.position }
}

function kindOf({ number, affectedCis, service, category, subcategory }: ProblemDetails): Kind {
  if (affectedCis.length > 0) return { by: 'configuration items', cis: affectedCis }
  if (service === undefined && category === undefined)
    throw new Refused(
      'PROBLEM.KIND_UNKNOWN',
      `Nothing says what incidents of ${number} are like: name its configuration items, its service or its category`,
    )
  // A subcategory says something within its category only
  return { by: 'description', service, category, ...(category !== undefined && { subcategory }) }
}

/**
 * From the beginning of the first to the end of the last, of the changes that the principal may see. What had ended before the problem
 * was last analysed again did not hold.
 */
async function fixByChanges(
  { fixedByChanges = [], reanalyses, entered }: ProblemDetails,
  principal: Principal,
  eventStore: QueryDependencies['eventStore'],
): Promise<Fix | undefined> {
  const heldSince = reanalyses === undefined ? undefined : entered['Root Cause Analysis']
  const done: Fix[] = []
  for (const change of [...new Set(fixedByChanges)].slice(-MOST_CHANGES)) {
    const { details } = foldChangeDetails(
      (await eventStore.readStream(`change-${change}`)) as RecordedEvent[],
    )
    if (!details || !canSee(principal, details)) continue
    const { endedAt, outcome, startedAt = endedAt } = details
    if (endedAt === undefined || startedAt === undefined || !DONE.includes(outcome)) continue
    if (heldSince !== undefined && endedAt < heldSince) continue
    done.push({ basis: 'changes', changes: [change], startedAt, endedAt })
  }
  if (done.length === 0) return undefined
  return {
    basis: 'changes',
    changes: done.flatMap(({ changes }) => changes),
    startedAt: done.map(({ startedAt }) => startedAt).sort()[0]!,
    endedAt: done.map(({ endedAt }) => endedAt).reduce(later),
  }
}

/** A source may close what it never called resolved. */
function fixByResolution({ outcome, resolvedAt, closedAt }: ProblemDetails): Fix | undefined {
  const at = resolvedAt ?? closedAt
  if (outcome !== 'fix applied' || at === undefined) return undefined
  return { basis: 'resolution', changes: [], startedAt: at, endedAt: at }
}
