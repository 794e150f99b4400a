import type { Principal } from '#libs/access'
import type { ReadModel } from '#libs/projections-runtime'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { isIn, type KeysetCursor } from '#libs/read-store'
import { CANDIDATES, type Candidate, candidateId } from '#projections/problem-correlation/candidates'
import { type CorrelatedIncident, INCIDENTS } from '#projections/problem-correlation/linking'
import { problemCorrelation } from '#projections/problem-correlation/problem-correlation'

interface MembersArguments {
  principal: Principal
  /** Number of the candidate. */
  id: string
  minPosition?: string
}

/** A member, and the numbers of the problems that it is linked to. */
export interface CandidateMember {
  number: string
  problems?: readonly string[]
}

/** All members of a candidate, also those that it does not list, in the order in which they were opened: {@link CandidateMember}s. */
export async function readCandidateMembers(
  { principal, id, minPosition }: MembersArguments,
  { models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const asking = { principal, minPosition, timeoutMilliseconds }
  const candidates = models.of<Candidate>(problemCorrelation.name, CANDIDATES)
  const names = [candidateId(id)]
  // Those that go on in it, and those that went on in these: incidents name the one that they joined
  for (let named = names.slice(); named.length > 0; ) {
    const ended = await everyOne(candidates, 'mergedInto', named, asking)
    named = ended.map((candidate) => candidate.id)
    names.push(...named)
  }
  const incidents = models.of<CorrelatedIncident>(problemCorrelation.name, INCIDENTS)
  const members = await everyOne(incidents, 'candidate', names, asking)
  members.sort(({ traits: one }, { traits: other }) =>
    one.time === other.time ? (one.number < other.number ? -1 : 1) : one.time - other.time,
  )
  const told = members.map(({ traits: { number }, problems }): CandidateMember => ({ number, problems }))
  return { json: JSON.stringify(told) }
}

const PAGE = 500
/** Values asked for at once. */
const CHUNK = 50

/** All documents whose column has one of the values. */
async function everyOne<Document extends object>(
  model: ReadModel<Document>,
  column: string,
  values: readonly string[],
  asking: { principal: Principal; minPosition?: string; timeoutMilliseconds: number },
): Promise<Document[]> {
  const found: Document[] = []
  for (let from = 0; from < values.length; from += CHUNK) {
    const filter = isIn(column, values.slice(from, from + CHUNK))
    let after: KeysetCursor | undefined
    do {
      const { rows, next } = await model.list({ ...asking, filter, orderBy: [], pageSize: PAGE, after })
      for (const { document } of rows) found.push(document)
      after = next
    } while (after !== undefined)
  }
  return found
}
