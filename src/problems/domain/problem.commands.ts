import type { Audience } from '#libs/access'
import { Command } from '#libs/event-sourcing'
import type {
  ProblemFields,
  ProblemFile,
  ProblemLink,
  ProblemOrigin,
  ProblemReview,
} from './problem.events.js'
import type { ObservedProblem } from './problem.import.js'

type Nothing = Record<never, never>

export interface OpenProblemData extends Omit<ProblemFields, 'affectedCis'> {
  affectedCis?: readonly string[]
  /** Absent: reactive. */
  origin?: ProblemOrigin
  /** Id of the candidate that it is made from. */
  candidate?: string
  /** Absent: public. Of a restricted one, whoever opens it is a watcher. */
  audience?: Audience
  /** 1 is the highest; absent: the lowest of the matrix. */
  impact?: number
  urgency?: number
  group?: string
  assignee?: string
  /** Numbers of incidents behind which it is: they are linked to it. */
  incidents?: readonly string[]
}
export class OpenProblem extends Command<'OpenProblem', OpenProblemData> {
  readonly type = 'OpenProblem'
}

/** Absent stays, null clears. Custom fields are merged one by one, null removes one. */
export type ProblemWishes = {
  [Field in Exclude<keyof ProblemFields, 'customFields'>]?: ProblemFields[Field] | null
} & { customFields?: Record<string, unknown> }
export class EditProblem extends Command<'EditProblem', ProblemWishes> {
  readonly type = 'EditProblem'
}
/** Absent stays. */
export class PrioritizeProblem extends Command<'PrioritizeProblem', { impact?: number; urgency?: number }> {
  readonly type = 'PrioritizeProblem'
}
/** Absent stays, null takes it away. */
export class AssignProblem extends Command<
  'AssignProblem',
  { group?: string | null; assignee?: string | null }
> {
  readonly type = 'AssignProblem'
}
/** The content is in the blob store already, under its hash (SHA-256, lower-case hex). `size` in bytes. */
export class AttachFileToProblem extends Command<'AttachFileToProblem', ProblemFile> {
  readonly type = 'AttachFileToProblem'
}
export class AddProblemWatcher extends Command<'AddProblemWatcher', { person: string }> {
  readonly type = 'AddProblemWatcher'
}
export class RemoveProblemWatcher extends Command<'RemoveProblemWatcher', { person: string }> {
  readonly type = 'RemoveProblemWatcher'
}
export class ChangeProblemAudience extends Command<'ChangeProblemAudience', { audience: Audience }> {
  readonly type = 'ChangeProblemAudience'
}
export class CommentOnProblem extends Command<'CommentOnProblem', { text: string }> {
  readonly type = 'CommentOnProblem'
}
export class NoteOnProblem extends Command<'NoteOnProblem', { text: string }> {
  readonly type = 'NoteOnProblem'
}
export class LinkProblem extends Command<'LinkProblem', ProblemLink> {
  readonly type = 'LinkProblem'
}
export class UnlinkProblem extends Command<'UnlinkProblem', ProblemLink> {
  readonly type = 'UnlinkProblem'
}
/** Numbers; allowed in every state, as what was behind an incident is often learned late. `candidate`: id of that which they are of. */
export class LinkIncidents extends Command<
  'LinkIncidents',
  { incidents: readonly string[]; candidate?: string }
> {
  readonly type = 'LinkIncidents'
}

export class StartProblemAssessment extends Command<'StartProblemAssessment', Nothing> {
  readonly type = 'StartProblemAssessment'
}
export class StartAnalysis extends Command<'StartAnalysis', Nothing> {
  readonly type = 'StartAnalysis'
}
export class ReanalyseProblem extends Command<'ReanalyseProblem', { notes: string }> {
  readonly type = 'ReanalyseProblem'
}
export class RecordRootCause extends Command<'RecordRootCause', { cause: string }> {
  readonly type = 'RecordRootCause'
}
export class RecordWorkaround extends Command<'RecordWorkaround', { workaround: string }> {
  readonly type = 'RecordWorkaround'
}
export class DeclareKnownError extends Command<'DeclareKnownError', Nothing> {
  readonly type = 'DeclareKnownError'
}
export class WithdrawKnownError extends Command<'WithdrawKnownError', { notes: string }> {
  readonly type = 'WithdrawKnownError'
}
/** `change`: number of the change with which the fix travels. */
export class StartFix extends Command<'StartFix', { change?: string }> {
  readonly type = 'StartFix'
}
export class HoldProblem extends Command<'HoldProblem', { reason: string; comment?: string }> {
  readonly type = 'HoldProblem'
}
export class ResumeProblem extends Command<'ResumeProblem', Nothing> {
  readonly type = 'ResumeProblem'
}

export class AddProblemTask extends Command<
  'AddProblemTask',
  { title: string; group?: string; assignee?: string }
> {
  readonly type = 'AddProblemTask'
}
export class StartProblemTask extends Command<'StartProblemTask', { task: string }> {
  readonly type = 'StartProblemTask'
}
/** Notes are mandatory unless it is done. */
export class FinishProblemTask extends Command<
  'FinishProblemTask',
  { task: string; result: 'done' | 'skipped' | 'failed'; notes?: string }
> {
  readonly type = 'FinishProblemTask'
}
export class RemoveProblemTask extends Command<'RemoveProblemTask', { task: string }> {
  readonly type = 'RemoveProblemTask'
}

/** The fix has been applied. */
export class ResolveProblem extends Command<'ResolveProblem', { notes: string }> {
  readonly type = 'ResolveProblem'
}
export class AcceptRisk extends Command<'AcceptRisk', { notes: string }> {
  readonly type = 'AcceptRisk'
}
/** `survivor`: number of the problem that goes on. */
export class MarkProblemDuplicate extends Command<
  'MarkProblemDuplicate',
  { survivor: string; notes?: string }
> {
  readonly type = 'MarkProblemDuplicate'
}
export class CancelProblem extends Command<'CancelProblem', { notes: string }> {
  readonly type = 'CancelProblem'
}
export class ReviewProblem extends Command<'ReviewProblem', ProblemReview> {
  readonly type = 'ReviewProblem'
}
export class CloseProblem extends Command<'CloseProblem', Nothing> {
  readonly type = 'CloseProblem'
}

/** One row of a source. Its `metadata` has channel `import`, the row's time as `occurredAt` and `source`. */
export class ImportProblemUpdate extends Command<'ImportProblemUpdate', ObservedProblem> {
  readonly type = 'ImportProblemUpdate'
}

/** Every command class, for the handlers. */
export const PROBLEM_COMMANDS = [
  OpenProblem,
  EditProblem,
  PrioritizeProblem,
  AssignProblem,
  AttachFileToProblem,
  AddProblemWatcher,
  RemoveProblemWatcher,
  ChangeProblemAudience,
  CommentOnProblem,
  NoteOnProblem,
  LinkProblem,
  UnlinkProblem,
  LinkIncidents,
  StartProblemAssessment,
  StartAnalysis,
  ReanalyseProblem,
  RecordRootCause,
  RecordWorkaround,
  DeclareKnownError,
  WithdrawKnownError,
  StartFix,
  HoldProblem,
  ResumeProblem,
  AddProblemTask,
  StartProblemTask,
  FinishProblemTask,
  RemoveProblemTask,
  ResolveProblem,
  AcceptRisk,
  MarkProblemDuplicate,
  CancelProblem,
  ReviewProblem,
  CloseProblem,
  ImportProblemUpdate,
] as const

export type ProblemCommand = InstanceType<(typeof PROBLEM_COMMANDS)[number]>
