import type { CandidateView } from '../problems/dto/candidate.dto.js'
import { untilTold } from './demo-wait.js'

/** So many candidates are told in words. */
const TOLD = 3
/** Two may be chance; three that hang together are worth a look. */
const FILTER = 'status = "open" AND memberCount >= 3'

/** What the demo knows of the server that it shows. */
export interface Shown {
  /** Answer of a GET, as an agent. */
  get(path: string): Promise<unknown>
  /** A line to paste, that asks as an agent. */
  curl(rest: string): string
}

/**
 * What correlation has found in the sample, in words, and lines to paste that accept a candidate and look at the problem that it becomes.
 * @returns lines of the shell; none when nothing was found
 */
export async function candidateLines({ get, curl }: Shown): Promise<readonly string[]> {
  const path = `/problem-candidates?filter=${encodeURIComponent(FILTER)}&orderBy=${encodeURIComponent('score desc')}&pageSize=${TOLD}`
  const { items } = (await get(path)) as { items: CandidateView[] }
  const [best] = items
  if (best === undefined) return []
  const candidate = curl(`$U/problem-candidates/${best.id}`)
  return [
    '# Incidents that seem to have one cause, found as they were opened; those with the most evidence, and why:',
    ...items.flatMap(told),
    '# All of them; what is similar to the first incident; the candidate becomes a problem, which is linked to its incidents',
    curl(`-G --data-urlencode 'filter=${FILTER}' $U/problem-candidates`),
    curl(`"$U/incidents/${best.id}/similar?pageSize=3"`),
    curl(
      `-H 'Content-Type: application/json' -d '{"reason":"It keeps coming back"}' $U/problem-candidates/${best.id}/accept`,
    ),
    untilTold(candidate, '"problem":"PRB'),
    candidate,
    '',
  ]
}

/** One candidate, as comments. */
function told({ id, score, memberCount, members, reasons }: CandidateView): readonly string[] {
  const numbers = (members as { number: string }[]).map(({ number }) => number)
  return [
    `#   ${id}: ${memberCount} incidents (${shortened(numbers)}), ${score} bits beyond chance`,
    ...reasons.map((reason) => `#     - ${reason}`),
  ]
}

function shortened(numbers: readonly string[]): string {
  const [first, last] = [numbers.slice(0, 4), numbers.length - 4]
  return last > 0 ? `${first.join(', ')} and ${last} more` : first.join(', ')
}
