import {
  Command,
  type Decider,
  derivedId,
  InvalidInput,
  NotFound,
  type RecordedEvent,
  Refused,
} from '#libs/event-sourcing'
import type {
  DiscoveredItem,
  ReconciliationEvent,
  ReconciliationReviewOpened,
  ReconciliationReviewResolved,
} from './configuration.events.js'

/** What a source says fits several CIs: somebody has to look. */
export class OpenReconciliationReview extends Command<
  'OpenReconciliationReview',
  ReconciliationReviewOpened['data']
> {
  readonly type = 'OpenReconciliationReview'
}

export class ResolveReconciliationReview extends Command<
  'ResolveReconciliationReview',
  ReconciliationReviewResolved['data']
> {
  readonly type = 'ResolveReconciliationReview'
}

export type ReviewCommand = OpenReconciliationReview | ResolveReconciliationReview
export const REVIEW_COMMANDS = [OpenReconciliationReview, ResolveReconciliationReview] as const

export type Review =
  | { readonly status: 'none' }
  | { readonly status: 'open'; readonly candidates: readonly string[] }
  | {
      readonly status: 'resolved'
      readonly candidates: readonly string[]
      readonly decision: ReconciliationReviewResolved['data']['decision']
      readonly ci?: string
    }

/** One for what a source calls by one name: what was decided of it holds when the source says it again. */
export function reviewId(source: string, item: Pick<DiscoveredItem, 'class' | 'name'>): string {
  return derivedId('reconciliation', source, item.class, item.name)
}

export const reviewDecider: Decider<Review, ReviewCommand, ReconciliationEvent> = {
  streamPrefix: 'reconciliation-',
  initial: { status: 'none' },
  evolve(review, event: RecordedEvent<ReconciliationEvent>): Review {
    if (event.type === 'ReconciliationReviewOpened')
      return { status: 'open', candidates: event.data.candidates }
    if (event.type !== 'ReconciliationReviewResolved' || review.status === 'none') return review
    return { status: 'resolved', candidates: review.candidates, ...event.data }
  },
  decide(command, review) {
    if (command.type === 'ResolveReconciliationReview') return resolve(command, review)
    if (review.status === 'none') return [{ type: 'ReconciliationReviewOpened', data: command.data }]
    // What was decided about these candidates stands; others are another question.
    const looked = command.data.candidates.every((candidate) => review.candidates.includes(candidate))
    return looked ? [] : [{ type: 'ReconciliationReviewOpened', data: command.data }]
  },
}

function resolve(
  { data: { decision, ci } }: ResolveReconciliationReview,
  review: Review,
): readonly ReconciliationEvent[] {
  if (review.status === 'none')
    throw new NotFound('RECONCILIATION.UNKNOWN', 'There is no such review: check the id.')
  if (decision === 'same-as' ? ci === undefined || !review.candidates.includes(ci) : ci !== undefined) {
    throw new InvalidInput(
      'RECONCILIATION.DECISION_INVALID',
      `Name one of ${review.candidates.join(', ')} with "same-as", and none otherwise.`,
      [{ pointer: '/ci', message: 'must be one of the candidates with "same-as", and absent otherwise' }],
    )
  }
  if (review.status === 'resolved') {
    if (review.decision === decision && review.ci === ci) return []
    throw new Refused('RECONCILIATION.RESOLVED', 'It is resolved already: correct the CI instead.')
  }
  return [{ type: 'ReconciliationReviewResolved', data: { decision, ci } }]
}
