import type { Principal } from '#libs/access'
import { NotFound } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, compare, type KeysetCursor } from '#libs/read-store'
import { type AuditFinding, auditFindings, FINDINGS } from '#projections/audit-findings/audit-findings'
import { type ListArguments, listPage } from '../http/listing.js'

/** One page of findings, the latest first. */
export function listFindings(args: ListArguments, dependencies: QueryDependencies): Promise<QueryAnswer> {
  return listPage<AuditFinding>(dependencies, args, {
    definition: auditFindings,
    collection: FINDINGS,
    usualOrder: [{ column: 'at', direction: 'desc' }],
    render: (finding) => finding,
  })
}

/** @throws NotFound `AUDIT.UNKNOWN_FINDING` */
export async function readFinding(
  { principal, id }: { principal: Principal; id: string },
  { models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const { row, position } = await models
    .of<AuditFinding>(auditFindings.name, FINDINGS)
    .get(id, { principal, timeoutMilliseconds })
  if (!row) throw new NotFound('AUDIT.UNKNOWN_FINDING', `There is no finding ${id}`)
  return { json: JSON.stringify(row.document), position }
}

/** A part of an extract. */
export interface FindingsAsked {
  principal: Principal
  /** Half-open, by when it happened; ISO 8601 UTC. */
  from?: string
  to?: string
  after?: KeysetCursor
  minPosition?: string
}

/** The next findings of an extract, the earliest first, with where to go on. */
export async function extractFindings(
  { principal, from, to, after, minPosition }: FindingsAsked,
  { models, waitMilliseconds: timeoutMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const bounds = [
    ...(from === undefined ? [] : [compare('at', '>=', from)]),
    ...(to === undefined ? [] : [compare('at', '<', to)]),
  ]
  const { rows, next, position } = await models.of<AuditFinding>(auditFindings.name, FINDINGS).list({
    principal,
    filter: bounds.length === 0 ? undefined : and(...bounds),
    orderBy: [{ column: 'at', direction: 'asc' }],
    pageSize: 1_000,
    after,
    minPosition,
    timeoutMilliseconds,
  })
  return { json: JSON.stringify({ rows: rows.map(({ document }) => document), next }), position }
}
