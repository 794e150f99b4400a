import { CANDIDATES, type Candidate } from '#projections/problem-correlation/candidates'
import type { CorrelatedIncident } from '#projections/problem-correlation/linking'
import { INCIDENTS, USUAL_SETTINGS } from '#projections/problem-correlation/linking'
import type { Links, Row } from './incident-log.js'
import { UNTAUGHT } from './ranking.js'
import { Replay } from './replay.js'

/** Two candidates become one from so many bits beyond the threshold on. */
const MERGE_BEYOND = USUAL_SETTINGS.mergeThreshold - USUAL_SETTINGS.threshold

const THRESHOLDS = [-2, 0, 2, 4, 6, 8]

/**
 * Candidates that the view makes of the whole log, by threshold, with parameters that saw no link. Almost all incidents are linked to
 * nothing, which does not say that they have no common cause; so precision is told of pairs of which both are linked, and as a
 * lower bound of all candidates.
 */
export function candidatesReport(rows: readonly Row[], links: Links): readonly string[] {
  const problems = new Map<string, Set<string>>()
  for (const { number, problem } of links.all)
    problems.set(number, (problems.get(number) ?? new Set()).add(problem))
  const lines = THRESHOLDS.map((threshold) => {
    const replay = new Replay({
      ...USUAL_SETTINGS,
      parameters: UNTAUGHT,
      threshold,
      mergeThreshold: threshold + MERGE_BEYOND,
    })
    for (const row of rows) replay.add(row)
    return `  ${String(threshold).padStart(2)}  ${figures(replay, problems).join('  ')}`
  })
  return [
    'candidates by threshold (bits beyond chance), parameters untaught',
    '      candidates  members  largest  with a linked one  two of one problem (of those with two linked)  pairs right of linked pairs  linked incidents found',
    ...lines,
  ]
}

function figures(replay: Replay, problems: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const groups = membersOf(replay)
  let [withLinked, withTwo, right, pairs, rightPairs] = [0, 0, 0, 0, 0]
  const found = new Set<string>()
  for (const members of groups) {
    const linked = members.filter((number) => problems.has(number))
    if (linked.length > 0) withLinked++
    if (linked.length > 1) withTwo++
    let isRight = false
    for (const [i, one] of linked.entries())
      for (const other of linked.slice(i + 1)) {
        pairs++
        if (![...(problems.get(one) ?? [])].some((problem) => problems.get(other)?.has(problem))) continue
        rightPairs++
        isRight = true
        found.add(one).add(other)
      }
    if (isRight) right++
  }
  const sizes = groups.map(({ length }) => length)
  const members = sizes.reduce((sum, size) => sum + size, 0)
  const share = (part: number, whole: number) => `${part}/${whole} ${whole ? (part / whole).toFixed(2) : '-'}`
  return [
    String(groups.length).padStart(10),
    String(members).padStart(7),
    String(Math.max(0, ...sizes)).padStart(7),
    String(withLinked).padStart(17),
    share(right, withTwo).padStart(46),
    share(rightPairs, pairs).padStart(27),
    share(found.size, problems.size).padStart(22),
  ]
}

/** Numbers by candidate, all of them. */
function membersOf(replay: Replay): readonly string[][] {
  const candidates = new Map(replay.documents<Candidate>(CANDIDATES).map((one) => [one.id, one]))
  const groups = new Map<string, string[]>()
  for (const { traits, candidate } of replay.documents<CorrelatedIncident>(INCIDENTS)) {
    if (candidate === undefined) continue
    let id = candidate
    for (let into = candidates.get(id)?.mergedInto; into; into = candidates.get(id)?.mergedInto) id = into
    groups.set(id, [...(groups.get(id) ?? []), traits.number])
  }
  return [...groups.values()]
}
