import type { Type } from '@nestjs/common'
import { deciderHandlers } from '#libs/command-handling/nest'
import { verbController } from '../http/verbs.js'
import { namingHandlers } from './ci-names.js'
import {
  CiRegistrationController,
  ConfigurationController,
  DiscoveryController,
} from './configuration.controllers.js'
import {
  baselineRecords,
  ciNameRecords,
  ciRecords,
  discoveryRecords,
  relationRecords,
  reviewRecords,
} from './configuration.records.js'
import { ciVerbs, relationVerbs, reviewVerbs } from './configuration.verbs.js'
import { TakeBaseline } from './domain/baseline.decider.js'
import { CI_NAME_COMMANDS, PLAIN_CI_COMMANDS } from './domain/ci.commands.js'
import { RecordDiscoveryRun } from './domain/discovery.decider.js'
import { RELATION_COMMANDS } from './domain/relation.commands.js'
import { REVIEW_COMMANDS } from './domain/review.decider.js'
import { CiParams, RelationParams, ReviewParams } from './dto/configuration.dto.js'

/** What service configuration adds to the application. */
export const configuration = {
  controllers: [
    CiRegistrationController,
    ConfigurationController,
    DiscoveryController,
    verbController({
      path: 'configuration-items',
      parameter: 'id',
      params: CiParams,
      streamPrefix: 'ci-',
      verbs: ciVerbs,
    }),
    verbController({
      path: 'configuration/relations',
      parameter: 'id',
      params: RelationParams,
      streamPrefix: 'relation-',
      verbs: relationVerbs,
    }),
    verbController({
      path: 'configuration/reviews',
      parameter: 'id',
      params: ReviewParams,
      streamPrefix: 'reconciliation-',
      verbs: reviewVerbs,
    }),
  ] satisfies Type[],
  providers: [
    ...namingHandlers,
    ...deciderHandlers(ciRecords, PLAIN_CI_COMMANDS),
    ...deciderHandlers(ciNameRecords, CI_NAME_COMMANDS),
    ...deciderHandlers(relationRecords, RELATION_COMMANDS),
    ...deciderHandlers(discoveryRecords, [RecordDiscoveryRun]),
    ...deciderHandlers(reviewRecords, REVIEW_COMMANDS),
    ...deciderHandlers(baselineRecords, [TakeBaseline]),
  ],
}
