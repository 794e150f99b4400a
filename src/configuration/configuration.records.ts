import type { RecordType } from '#libs/command-handling'
import type { NumberSeries } from '#libs/event-store'
import { configurationGrant } from './configuration.rights.js'
import { type Baseline, baselineDecider, type TakeBaseline } from './domain/baseline.decider.js'
import type { CiCommand, CiNameCommand } from './domain/ci.commands.js'
import { ciDecider } from './domain/ci.decider.js'
import type { CiFacts } from './domain/ci.facts.js'
import type { CiRecord } from './domain/ci.state.js'
import { type CiName, type CiNameFacts, ciNameDecider } from './domain/ci-name.decider.js'
import type {
  BaselineTaken,
  CiEvent,
  CiNameEvent,
  DiscoveryRunRecorded,
  ReconciliationEvent,
  RelationEvent,
} from './domain/configuration.events.js'
import { discoveryDecider, type LatestRun, type RecordDiscoveryRun } from './domain/discovery.decider.js'
import type { RelationCommand } from './domain/relation.commands.js'
import { type RelationFacts, type RelationRecord, relationDecider } from './domain/relation.decider.js'
import { type Review, type ReviewCommand, reviewDecider } from './domain/review.decider.js'

/** `CI0000001` and on; more digits when seven no longer do. */
export const ciNumbers: NumberSeries = {
  streamPrefix: ciDecider.streamPrefix,
  format: (n) => `CI${String(n).padStart(7, '0')}`,
}

export const ciRecords: RecordType<CiRecord, CiCommand, CiEvent, CiFacts> = {
  decider: ciDecider,
  numbers: ciNumbers,
  rights: configurationGrant,
}

export const ciNameRecords: RecordType<CiName, CiNameCommand, CiNameEvent, CiNameFacts> = {
  decider: ciNameDecider,
  rights: configurationGrant,
}

export const relationRecords: RecordType<RelationRecord, RelationCommand, RelationEvent, RelationFacts> = {
  decider: relationDecider,
  rights: configurationGrant,
}

export const discoveryRecords: RecordType<
  LatestRun,
  RecordDiscoveryRun,
  DiscoveryRunRecorded,
  Record<never, never>
> = { decider: discoveryDecider, rights: configurationGrant }

export const reviewRecords: RecordType<Review, ReviewCommand, ReconciliationEvent, Record<never, never>> = {
  decider: reviewDecider,
  rights: configurationGrant,
}

export const baselineRecords: RecordType<Baseline, TakeBaseline, BaselineTaken, Record<never, never>> = {
  decider: baselineDecider,
  rights: configurationGrant,
}
