import { defineProjection } from '#libs/projections-runtime'
import { oneOf } from '#libs/read-store'
import type {
  DiscoveredItem,
  ReconciliationEvent,
  ReconciliationReviewResolved,
} from '../../src/configuration/domain/configuration.events.js'
import { DESK_READERS, wholeFor } from '../access.js'
import { performer } from '../drafts.js'

/** What a source reports and several CIs may be: a question for a person. Times are ISO 8601 UTC. */
export interface ReconciliationReview {
  id: string
  status: 'open' | 'resolved'
  source: string
  /** The run that it was asked after last. */
  run: string
  /** What the source says. */
  item: DiscoveredItem
  /** Filterable forms of the item's. */
  class: string
  name: string
  /** Numbers of the CIs that it may be. */
  candidates: readonly string[]
  /** The attributes that they have in common with it. */
  rule: readonly string[]
  openedAt: string
  decision?: ReconciliationReviewResolved['data']['decision']
  /** With `same-as`: which one it is. */
  ci?: string
  resolvedAt?: string
  resolvedBy?: string
}

/** One document per review. One that was resolved is open again when other candidates turn up. */
export const reconciliationReviews = defineProjection<ReconciliationReview, ReconciliationEvent>({
  name: 'reconciliation_reviews',
  version: 1,
  from: ['reconciliation-'],
  key: ({ stream }) => stream,
  evolve(review, event) {
    const { occurredAt } = event.metadata
    if (event.type === 'ReconciliationReviewOpened') {
      const { source, run, item, candidates, rule } = event.data
      const id = event.stream.slice('reconciliation-'.length)
      const { class: ofClass, name } = item
      const asked = { source, run, item, candidates, rule, class: ofClass, name }
      return { id, status: 'open', ...asked, openedAt: occurredAt }
    }
    if (review === undefined || event.type !== 'ReconciliationReviewResolved') return review
    const { decision, ci } = event.data
    const by = { resolvedAt: occurredAt, resolvedBy: performer(event) }
    return { ...review, status: 'resolved', decision, ci, ...by }
  },
  columns: {
    id: 'string',
    status: oneOf<ReconciliationReview['status']>({ open: true, resolved: true }),
    source: 'string',
    class: 'string',
    name: 'string',
    candidates: 'strings',
    openedAt: 'timestamp',
    decision: oneOf<ReconciliationReviewResolved['data']['decision']>({
      'same-as': true,
      new: true,
      dismissed: true,
    }),
    ci: 'string',
    resolvedAt: 'timestamp',
  },
  indexes: [['id'], ['openedAt'], ['status', 'openedAt'], ['source', 'openedAt']],
  checked: ['class', 'name', 'candidates', 'decision', 'ci', 'resolvedAt'],
  // Requesters know nothing of the estate
  ...wholeFor(DESK_READERS),
})
