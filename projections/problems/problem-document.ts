import type { EventSource } from '#libs/event-sourcing'
import type { ShownTask } from '#libs/record-tasks'
import type {
  ProblemFields,
  ProblemFile,
  ProblemLink,
  ProblemOrigin,
  ProblemOutcome,
  ProblemReview,
  ProblemState,
} from '../../src/problems/domain/problem.events.js'
import type { Blank } from '../drafts.js'
import { BLANK_PROBLEM_HEAD, type ProblemHead } from '../problem-folds.js'

/** All that a list or a record page shows of a problem, save the texts of its stream: comments, notes, history. */
export interface ProblemDetails extends ProblemHead, Omit<ProblemFields, 'title'> {
  origin: ProblemOrigin
  /** Id of the candidate that it was made from. */
  candidate?: string
  /** Filterable form of the scalar custom fields. */
  custom?: readonly string[]
  /** Set while it is on hold. */
  hold?: { reason: string; comment?: string; since: string }
  /** Filterable form of `hold`. */
  onHold?: true
  /** Of imports: it is worked on, the source does not say in which phase. */
  phaseUnknown?: true
  rootCause?: string
  workaround?: string
  /** Number of the latest workaround. */
  workarounds?: number
  knownError?: true
  knownErrorSince?: string
  outcome?: ProblemOutcome
  resolutionNotes?: string
  /** The problem that goes on instead. */
  survivor?: string
  links?: readonly ProblemLink[]
  /** Filterable form of the changes that fix it. */
  fixedByChanges?: readonly string[]
  attachments?: readonly (ProblemFile & { addedAt: string; addedBy: string })[]
  tasks?: readonly ShownTask[]
  openTasks?: number
  review?: ProblemReview & { at: string; by: string }
  comments?: number
  workNotes?: number
  /** How often it was analysed again. */
  reanalyses?: number
  /** Latest entry into each state that it was in; effective times. */
  entered: Readonly<Partial<Record<ProblemState, string>>>
  resolvedAt?: string
  closedAt?: string
  /** Latest valid time of an update. */
  updatedAt: string
  /** Valid time up to which the record is told: later events count no earlier. */
  effectiveAt: string
  source?: Pick<EventSource, 'name' | 'externalId'> & { fields: Readonly<Record<string, string>> }
  /** Imported steps that would have been refused here. */
  irregular?: number
}

/** A problem that nothing has been told of yet. */
export const BLANK_PROBLEM: Blank<ProblemDetails> = {
  ...BLANK_PROBLEM_HEAD,
  description: undefined,
  category: undefined,
  subcategory: undefined,
  symptom: undefined,
  service: undefined,
  affectedCis: [],
  customFields: undefined,
  custom: undefined,
  origin: 'reactive',
  candidate: undefined,
  hold: undefined,
  onHold: undefined,
  phaseUnknown: undefined,
  rootCause: undefined,
  workaround: undefined,
  workarounds: undefined,
  knownError: undefined,
  knownErrorSince: undefined,
  outcome: undefined,
  resolutionNotes: undefined,
  survivor: undefined,
  links: undefined,
  fixedByChanges: undefined,
  attachments: undefined,
  tasks: undefined,
  openTasks: undefined,
  review: undefined,
  comments: undefined,
  workNotes: undefined,
  reanalyses: undefined,
  entered: {},
  resolvedAt: undefined,
  closedAt: undefined,
  updatedAt: '',
  effectiveAt: '',
  source: undefined,
  irregular: undefined,
}
