import type { Position } from '#libs/event-sourcing'
import type { Asking } from '#libs/projections-runtime'
import type { QueryDependencies } from '#libs/query-handling'
import { and, compare, type Filter } from '#libs/read-store'
import { auditFindings } from '#projections/audit-findings/audit-findings'
import { type AuditedCommit, COMMITS } from '#projections/audit-findings/change-findings'

/** Half-open, by when it happened; ISO 8601 UTC. */
export interface Span {
  from?: string
  to?: string
}

/**
 * Counts the commits of a source's configuration in a time: changes of which nothing can be asked.
 * @param upTo as it was recorded up to there; absent: all that the view holds
 */
export async function countNotAssessable(
  span: Span,
  upTo: Position | undefined,
  { models }: QueryDependencies,
  asking: Asking,
): Promise<number> {
  const recorded = upTo === undefined ? [] : [compare('position', '<=', upTo)]
  const commits = models.of<AuditedCommit>(auditFindings.name, COMMITS)
  const { count } = await commits.count({ ...asking, filter: within(span, ...recorded) })
  return count
}

/** Rows of that time for which these conditions hold, too; undefined: all. */
export function within({ from, to }: Span, ...conditions: readonly Filter[]): Filter | undefined {
  const all = [
    ...(from === undefined ? [] : [compare('at', '>=', from)]),
    ...(to === undefined ? [] : [compare('at', '<', to)]),
    ...conditions,
  ]
  return all.length === 0 ? undefined : and(...all)
}
