import type { Principal } from '#libs/access'
import { NotFound } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import {
  type ApprovalEntry,
  approvals,
  approvalToAnswer,
  awaitingAnswerOf,
  shownApproval,
} from '#projections/approvals/approvals'
import { changesInTheWay, conflictsAsSeen } from '#projections/change-conflicts'
import { changes } from '#projections/changes/changes'
import type { Conflict } from '../changes/domain/change.events.js'
import { type ListArguments, listPage } from '../http/listing.js'
import { seenAmong } from '../http/seen-among.js'
import type { ApprovalRequested } from './domain/approval.events.js'

/** Rounds as they are now. */
export function listApprovals(args: ListArguments, dependencies: QueryDependencies): Promise<QueryAnswer> {
  return listPage<ApprovalEntry>(dependencies, args, {
    definition: approvals,
    usualOrder: [{ column: 'askedAt', direction: 'desc' }],
    render: shownApproval,
  })
}

/**
 * What waits for the principal's answer, the oldest first.
 * @param args `delegators`: who lets him answer for them now, as the directory of the caller's thread knows
 */
export function myApprovals(
  args: ListArguments & { delegators: readonly string[] },
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { principal, delegators, ...asked } = args
  return listPage<ApprovalEntry>(
    dependencies,
    { ...asked, principal },
    {
      definition: approvals,
      scope: awaitingAnswerOf(principal.id, delegators),
      usualOrder: [{ column: 'askedAt', direction: 'asc' }],
      render: approvalToAnswer(principal.id, delegators),
    },
  )
}

/**
 * One round with the document that it asks about.
 * @throws NotFound when there is none, or none that the principal may see
 */
export async function readApproval(
  { principal, id, minPosition }: { principal: Principal; id: string; minPosition?: string },
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const { eventStore, models, waitMilliseconds: timeoutMilliseconds } = dependencies
  const stream = `approval-${id}`
  const found = await models
    .of<ApprovalEntry>(approvals.name)
    .get(stream, { principal, minPosition, timeoutMilliseconds })
  if (!found.row)
    throw new NotFound('APPROVAL.UNKNOWN', `There is no approval ${id}, or none that you may see`)
  const [first] = await eventStore.readStream(stream, { limit: 1 })
  const { document, approvers } = first!.data as ApprovalRequested['data']
  const asked = approvers.some(({ person }) => person === principal.id)
  const read = { principal, minPosition: first!.position }
  const { position, row } = found
  const view = {
    ...shownApproval(row.document, row.stale),
    document: asked ? document : await documentAsSeen(document, read, dependencies),
    position,
  }
  return { json: JSON.stringify(view), position }
}

/** Whoever is asked reads the document that bears the hash; all others no more of other changes than they may see. */
async function documentAsSeen(
  document: ApprovalRequested['data']['document'],
  reader: { principal: Principal; minPosition: string },
  dependencies: QueryDependencies,
): Promise<object> {
  const { conflicts } = document as { conflicts?: readonly Conflict[] }
  if (conflicts === undefined) return document
  const seen = await seenAmong(changesInTheWay(conflicts), changes, reader, dependencies)
  return { ...document, conflicts: conflictsAsSeen(conflicts, seen) }
}
