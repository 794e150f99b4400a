import type { Conflict } from '../src/changes/domain/change.events.js'

/** Numbers of the changes that are in the way. */
export function changesInTheWay(conflicts: readonly Conflict[] = []): readonly string[] {
  return conflicts.flatMap(({ change }) => change ?? [])
}

/** Who may not see the change that is in the way learns what is busy and when, not by which. */
export function conflictsAsSeen(
  conflicts: readonly Conflict[],
  seen: ReadonlySet<string>,
): readonly Conflict[] {
  return conflicts.map((conflict) => {
    const { change, ...rest } = conflict
    return change === undefined || seen.has(change) ? conflict : rest
  })
}
