import type { Principal } from '#libs/access'
import { laterPosition, NotFound, type Position } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { compare, type KeysetCursor } from '#libs/read-store'
import { auditFindings } from '#projections/audit-findings/audit-findings'
import { type AuditFinding, FINDINGS } from '#projections/audit-findings/finding'
import { type ListArguments, listPage } from '../http/listing.js'
import { settleTimePoint } from '../http/time-point.js'
import { findingsAt } from './findings-at.js'
import { countNotAssessable, type Span, within } from './not-assessable.js'

/** One page of findings, the latest first. */
export async function listFindings(
  { from, to, ...args }: ListArguments & Span,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { json, position } = await listPage<AuditFinding>(dependencies, args, {
    definition: auditFindings,
    collection: FINDINGS,
    scope: within({ from, to }),
    usualOrder: [{ column: 'at', direction: 'desc' }],
    render: (finding) => finding,
  })
  const { principal, minPosition } = args
  const asking = { principal, minPosition, timeoutMilliseconds: dependencies.waitMilliseconds }
  const notAssessable = await countNotAssessable({ from, to }, undefined, dependencies, asking)
  return { json: JSON.stringify({ ...JSON.parse(json), notAssessable }), position }
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

/** What an extract is to hold. */
export interface ExtractAsked extends Span {
  principal: Principal
  /** As it was recorded up to this time or position; left out: all. */
  asOf?: string
  minPosition?: string
}

/** What all parts of an extract have in common. */
export interface SettledExtract {
  /** They tell what was recorded up to here. */
  position: Position
  /** Commits of a source's configuration in that time: nothing can be asked of them. */
  notAssessable: number
}

/** Settles what an extract is made from, so that its parts, and an extract made later, tell the same. */
export async function settleExtract(
  { principal, from, to, asOf, minPosition }: ExtractAsked,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { asOf: position } = await settleTimePoint(dependencies.eventStore, { asOf })
  const asking = {
    principal,
    minPosition: laterPosition(position, minPosition),
    timeoutMilliseconds: dependencies.waitMilliseconds,
  }
  const notAssessable = await countNotAssessable({ from, to }, position, dependencies, asking)
  return { json: JSON.stringify({ position, notAssessable } satisfies SettledExtract), position }
}

/** A part of an extract. */
export interface FindingsAsked extends Span {
  principal: Principal
  position: Position
  after?: KeysetCursor
}

/** The next findings of an extract, the earliest first, with where to go on. */
export async function extractFindings(
  { principal, from, to, position, after }: FindingsAsked,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { models, waitMilliseconds: timeoutMilliseconds } = dependencies
  const asking = { principal, minPosition: position, timeoutMilliseconds }
  const { rows, next } = await models.of<AuditFinding>(auditFindings.name, FINDINGS).list({
    ...asking,
    filter: within({ from, to }, compare('position', '<=', position)),
    orderBy: [{ column: 'at', direction: 'asc' }],
    pageSize: 1_000,
    after,
  })
  const findings = await findingsAt(position, rows, dependencies, asking)
  return { json: JSON.stringify({ rows: findings, next }), position }
}
