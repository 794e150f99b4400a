import { toUtc } from '../http/instants.js'
import { type Verbs, verb } from '../http/verbs.js'
import { BACK_DATERS, CONFIGURATION_WRITERS, RECONCILERS } from './configuration.rights.js'
import { ChangeCi, CorrectCi, ObserveCi, ReclassifyCi, RenameCi, RetireCi } from './domain/ci.commands.js'
import { UnrelateCi } from './domain/relation.commands.js'
import { ResolveReconciliationReview } from './domain/review.decider.js'
import {
  ChangeCiDto,
  CorrectCiDto,
  ObserveCiDto,
  ReclassifyCiDto,
  RenameCiDto,
  ResolveReviewDto,
  RetireCiDto,
  UnrelateDto,
} from './dto/configuration.dto.js'

/** What can be done to a configuration item. */
export const ciVerbs = {
  change: verb({
    summary: 'Change attributes; only what differs is recorded',
    description:
      'Refused (409 `CI.SOURCE_PRECEDES`) where a source says otherwise that comes before `source`, or before `people` where the setting ' +
      '`ci-reconciliation` names them. What a `source` says without a difference is recorded, too.',
    roles: CONFIGURATION_WRITERS,
    body: ChangeCiDto,
    command: (id, data, metadata) => new ChangeCi(id, data, metadata),
  }),
  rename: verb({
    summary: 'Rename',
    roles: CONFIGURATION_WRITERS,
    body: RenameCiDto,
    command: (id, data, metadata) => new RenameCi(id, data, metadata),
  }),
  reclassify: verb({
    summary: 'Give it another class',
    roles: CONFIGURATION_WRITERS,
    body: ReclassifyCiDto,
    command: (id, data, metadata) => new ReclassifyCi(id, data, metadata),
  }),
  retire: verb({
    summary: 'Retire: its name is free for another',
    roles: CONFIGURATION_WRITERS,
    body: RetireCiDto,
    command: (id, data, metadata) => new RetireCi(id, data, metadata),
  }),
  observe: verb({
    summary: 'It was seen, as it is known',
    roles: CONFIGURATION_WRITERS,
    body: ObserveCiDto,
    command: (id, data, metadata) => new ObserveCi(id, data, metadata),
  }),
  correct: verb({
    summary: 'Say how it was from a time in the past on',
    description:
      'Changes answers only for an `asOf` after it. What is recorded from later on than `validFrom` still holds from there. Needs a reason.',
    roles: BACK_DATERS,
    body: CorrectCiDto,
    command: (id, { validFrom, until, ...data }, metadata) =>
      new CorrectCi(
        id,
        { ...data, ...(until !== undefined && { until: toUtc(until) }), enteredAt: metadata.occurredAt },
        { ...metadata, occurredAt: toUtc(validFrom) },
      ),
  }),
} satisfies Verbs

/** What can be done to a relation. */
export const relationVerbs = {
  unrelate: verb({
    summary: 'It is no more',
    roles: CONFIGURATION_WRITERS,
    body: UnrelateDto,
    command: (id, data, metadata) => new UnrelateCi(id, data, metadata),
  }),
} satisfies Verbs

/** What can be done to a review. */
export const reviewVerbs = {
  resolve: verb({
    summary: 'Say which CI it is that a source reports',
    roles: RECONCILERS,
    body: ResolveReviewDto,
    command: (id, data, metadata) => new ResolveReconciliationReview(id, data, metadata),
  }),
} satisfies Verbs
