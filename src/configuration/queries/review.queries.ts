import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import {
  type ReconciliationReview,
  reconciliationReviews,
} from '#projections/reconciliation-reviews/reconciliation-reviews'
import { type ListArguments, listPage } from '../../http/listing.js'

/** Reviews as they are now, the latest first. */
export function listReconciliationReviews(
  args: ListArguments,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  return listPage<ReconciliationReview>(dependencies, args, {
    definition: reconciliationReviews,
    usualOrder: [{ column: 'openedAt', direction: 'desc' }],
    render: ({ class: _, name: __, ...review }, stale) => ({ ...review, ...(stale && { stale }) }),
  })
}
