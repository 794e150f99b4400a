import type { Principal } from '#libs/access'
import { NotFound } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { type IncidentDetails, incidentDetails } from '#projections/incident-details/incident-details'
import {
  CANDIDATES,
  type Candidate,
  candidateId,
  candidateNumber,
} from '#projections/problem-correlation/candidates'
import { problemCorrelation } from '#projections/problem-correlation/problem-correlation'
import { candidateReasons, candidateTitle, trendOf } from '#projections/problem-correlation/reasons'
import { columnsOf, type ListArguments, listPage } from '../../http/listing.js'
import { commonTraits } from '../domain/common-traits.js'

/** What people may ask by: `mergedInto` holds ids of streams, and they know candidates by number. */
const { mergedInto: _, ...COLUMNS } = columnsOf(problemCorrelation, CANDIDATES)

/** One page of candidates, those with the most evidence first. */
export function listCandidates(args: ListArguments, dependencies: QueryDependencies): Promise<QueryAnswer> {
  return listPage<Candidate>(dependencies, args, {
    definition: problemCorrelation,
    collection: CANDIDATES,
    columns: COLUMNS,
    usualOrder: [{ column: 'score', direction: 'desc' }],
    render: shownCandidate,
  })
}

/** @throws NotFound `CANDIDATE.UNKNOWN` */
export async function readCandidate(
  { principal, id, minPosition }: { principal: Principal; id: string; minPosition?: string },
  { models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const { row, position } = await models
    .of<Candidate>(problemCorrelation.name, CANDIDATES)
    .get(candidateId(id), { principal, minPosition, timeoutMilliseconds })
  if (!row) throw new NotFound('CANDIDATE.UNKNOWN', `There is no candidate ${id}`)
  return { json: JSON.stringify({ ...shownCandidate(row.document), position }), position }
}

/** What incidents have in common, in the order given, as far as the principal may see them. */
export async function readCommonTraits(
  {
    principal,
    incidents,
    minPosition,
  }: { principal: Principal; incidents: readonly string[]; minPosition?: string },
  { models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const { rows, position } = await models.of<IncidentDetails>(incidentDetails.name).getMany(
    incidents.map((number) => `incident-${number}`),
    { principal, minPosition, timeoutMilliseconds },
  )
  const known = new Map(rows.map(({ document }) => [document.number, document]))
  const seen = incidents.flatMap((number) => known.get(number) ?? [])
  return { json: JSON.stringify(commonTraits(seen)), position }
}

/** As answers tell it, with its trend as of now. */
function shownCandidate(candidate: Candidate): object {
  const { id, mergedInto, ...all } = candidate
  const {
    grounds: _grounds,
    evidence: _evidence,
    links: _links,
    titledBy: _titledBy,
    unlisted: _unlisted,
    problemEndedAt: _ended,
    ...shown
  } = all
  return {
    ...shown,
    id: candidateNumber(id),
    title: candidateTitle(candidate),
    ...(mergedInto !== undefined && { mergedInto: candidateNumber(mergedInto) }),
    trend: trendOf(candidate, Date.now()),
    reasons: candidateReasons(candidate),
  }
}
