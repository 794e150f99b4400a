import type { Audience } from '#libs/access'
import { Command } from '#libs/event-sourcing'
import type { RecordFile } from '#libs/record-files'
import type { MovedValues } from '../../configuration/domain/configuration.events.js'
import type { ChangeLink, Outcome, Period, Plan, Surroundings } from './change.events.js'
import type { ObservedChange } from './change.import.js'
import type { RiskAnswers } from './change.risk.js'
import type { ChangeType } from './defaults.js'

type Nothing = Record<never, never>

/** Whoever hands it to the decider adds what the CMDB's view says, where there is one (`change.handlers`). */
export interface Surrounded {
  surroundings?: Surroundings
}

export interface OpenChangeData extends Partial<Plan> {
  type: ChangeType
  /** Absent: whoever opens it. */
  requester?: string
  group?: string
  assignee?: string
  /** Standard changes: which model, and what its variables are. */
  model?: string
  variables?: Readonly<Record<string, string>>
  /** Absent: public. */
  audience?: Audience
  customFields?: Record<string, unknown>
}
export class OpenChange extends Command<'OpenChange', OpenChangeData> {
  readonly type = 'OpenChange'
}
/** A change that brings back what the named one changed; it takes its own way through approval. */
export class OpenRevert extends Command<
  'OpenRevert',
  {
    reverts: string
    type: Exclude<ChangeType, 'standard'>
    window?: Period
    title?: string
    /** Absent: those of the change that it reverts. */
    customFields?: Record<string, unknown>
  }
> {
  readonly type = 'OpenRevert'
}

/** Absent stays, null clears. The type may change while New. */
export type PlanWishes = { [Field in keyof Plan]?: Plan[Field] | null } & {
  type?: Exclude<ChangeType, 'standard'>
}
/** Custom fields are no part of the plan, and edited beside it. Absent ones stay, null takes one away. */
export class EditPlan extends Command<'EditPlan', PlanWishes & { customFields?: Record<string, unknown> }> {
  readonly type = 'EditPlan'
}
/** `planned: null`: the whole window. */
export class MovePlannedTimes extends Command<'MovePlannedTimes', { planned: Period | null } & Surrounded> {
  readonly type = 'MovePlannedTimes'
}
/** Absent stays, null takes it away. */
export class AssignChange extends Command<
  'AssignChange',
  { group?: string | null; assignee?: string | null }
> {
  readonly type = 'AssignChange'
}
export class CommentOnChange extends Command<'CommentOnChange', { text: string }> {
  readonly type = 'CommentOnChange'
}
export class NoteOnChange extends Command<'NoteOnChange', { text: string }> {
  readonly type = 'NoteOnChange'
}
/** The content is in the blob store already, under its hash. */
export class AttachFileToChange extends Command<'AttachFileToChange', RecordFile> {
  readonly type = 'AttachFileToChange'
}
export class AddChangeWatcher extends Command<'AddChangeWatcher', { person: string }> {
  readonly type = 'AddChangeWatcher'
}
export class RemoveChangeWatcher extends Command<'RemoveChangeWatcher', { person: string }> {
  readonly type = 'RemoveChangeWatcher'
}
export class SetChangeAudience extends Command<'SetChangeAudience', { audience: Audience }> {
  readonly type = 'SetChangeAudience'
}
export class LinkChange extends Command<'LinkChange', ChangeLink> {
  readonly type = 'LinkChange'
}
export class UnlinkChange extends Command<'UnlinkChange', ChangeLink> {
  readonly type = 'UnlinkChange'
}

export class StartAssessment extends Command<'StartAssessment', Nothing> {
  readonly type = 'StartAssessment'
}
/** `answers` of the questionnaire, by question; without them the rules alone say. */
export class AssessRisk extends Command<'AssessRisk', { answers?: RiskAnswers }> {
  readonly type = 'AssessRisk'
}
/** Also asks again for a round that has lapsed. */
export class SubmitChange extends Command<'SubmitChange', Surrounded> {
  readonly type = 'SubmitChange'
}
/** The policy's, once the CIs are reserved. */
export class AskApproval extends Command<'AskApproval', { round: number } & Surrounded> {
  readonly type = 'AskApproval'
}
/** The policy's. */
export class RecordApprovalOutcome extends Command<
  'RecordApprovalOutcome',
  {
    approval: string
    hash: string
    outcome: 'approved' | 'rejected' | 'lapsed'
    approvers: readonly string[]
    comment?: string
    /** Rejected because too few are left of those who were asked: nobody has said no. */
    seatsLost?: true
  } & Surrounded
> {
  readonly type = 'RecordApprovalOutcome'
}
/** Standard changes: their model is approved already. */
export class ScheduleStandardChange extends Command<'ScheduleStandardChange', Surrounded> {
  readonly type = 'ScheduleStandardChange'
}
/** Back to New, from Assess or Authorize. */
export class ReturnChange extends Command<'ReturnChange', Nothing> {
  readonly type = 'ReturnChange'
}
export class RecheckConflicts extends Command<'RecheckConflicts', Surrounded> {
  readonly type = 'RecheckConflicts'
}
/** Needs `metadata.reason`. */
export class OverrideBlackout extends Command<'OverrideBlackout', { window: string }> {
  readonly type = 'OverrideBlackout'
}
export class HoldChange extends Command<'HoldChange', { reason: string; comment?: string }> {
  readonly type = 'HoldChange'
}
export class ResumeChange extends Command<'ResumeChange', Surrounded> {
  readonly type = 'ResumeChange'
}

export class AddChangeTask extends Command<
  'AddChangeTask',
  { title: string; group?: string; assignee?: string }
> {
  readonly type = 'AddChangeTask'
}
export class StartChangeTask extends Command<'StartChangeTask', { task: string }> {
  readonly type = 'StartChangeTask'
}
/** Notes are needed of a task that was skipped or failed. */
export class FinishChangeTask extends Command<
  'FinishChangeTask',
  { task: string; result: 'done' | 'skipped' | 'failed'; notes?: string }
> {
  readonly type = 'FinishChangeTask'
}
export class RemoveChangeTask extends Command<'RemoveChangeTask', { task: string }> {
  readonly type = 'RemoveChangeTask'
}

export class StartImplementation extends Command<'StartImplementation', Surrounded> {
  readonly type = 'StartImplementation'
}
/** Of an emergency that could not wait, told afterwards or while it is being done. Needs `metadata.reason`. */
export class RecordImplemented extends Command<'RecordImplemented', { startedAt: string }> {
  readonly type = 'RecordImplemented'
}
/** The policy's, when the deadline is over. */
export class RecordRatificationOverdue extends Command<'RecordRatificationOverdue', Nothing> {
  readonly type = 'RecordRatificationOverdue'
}
export class RecordDeviation extends Command<
  'RecordDeviation',
  { fields: readonly string[]; description: string }
> {
  readonly type = 'RecordDeviation'
}
/** `endedAt`: ISO 8601, absent: now. */
export class EndImplementation extends Command<
  'EndImplementation',
  { outcome: Outcome; notes: string; endedAt?: string }
> {
  readonly type = 'EndImplementation'
}
/** The policy's: service configuration has refused what was released. */
export class RecordValuesRefused extends Command<
  'RecordValuesRefused',
  { ci: string; code: string; moved?: MovedValues }
> {
  readonly type = 'RecordValuesRefused'
}
export class ReviewChange extends Command<
  'ReviewChange',
  { objectivesMet: boolean; conclusion: string; lessons?: string }
> {
  readonly type = 'ReviewChange'
}
export class CloseChange extends Command<'CloseChange', Nothing> {
  readonly type = 'CloseChange'
}
export class CancelChange extends Command<'CancelChange', { notes: string }> {
  readonly type = 'CancelChange'
}
export class ImportChangeUpdate extends Command<'ImportChangeUpdate', ObservedChange> {
  readonly type = 'ImportChangeUpdate'
}

export const CHANGE_COMMANDS = [
  OpenChange,
  OpenRevert,
  EditPlan,
  MovePlannedTimes,
  AssignChange,
  CommentOnChange,
  NoteOnChange,
  AttachFileToChange,
  AddChangeWatcher,
  RemoveChangeWatcher,
  SetChangeAudience,
  LinkChange,
  UnlinkChange,
  StartAssessment,
  AssessRisk,
  SubmitChange,
  AskApproval,
  RecordApprovalOutcome,
  ScheduleStandardChange,
  ReturnChange,
  RecheckConflicts,
  OverrideBlackout,
  HoldChange,
  ResumeChange,
  AddChangeTask,
  StartChangeTask,
  FinishChangeTask,
  RemoveChangeTask,
  StartImplementation,
  RecordImplemented,
  RecordRatificationOverdue,
  RecordDeviation,
  EndImplementation,
  RecordValuesRefused,
  ReviewChange,
  CloseChange,
  CancelChange,
  ImportChangeUpdate,
] as const
export type ChangeCommand = InstanceType<(typeof CHANGE_COMMANDS)[number]>
