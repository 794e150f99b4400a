import type { Audience } from '#libs/access'
import { Command } from '#libs/event-sourcing'
import type {
  AppliedRule,
  IncidentFields,
  Link,
  MajorIncidentReview,
  MajorIncidentRole,
} from './incident.events.js'
import type { ObservedIncident } from './incident.import.js'

/** Values of fields as a change wants them: absent stays, null clears. */
type Wanted<Fields> = { [Field in keyof Fields]?: Fields[Field] | null }

export interface OpenIncidentData
  extends Omit<IncidentFields, 'openedBy' | 'title'>,
    Partial<Pick<IncidentFields, 'title'>> {
  /** Place in the matrix, 1 is the highest; absent: the lowest. */
  impact?: number
  urgency?: number
  /** Absent: the assignment rules decide. */
  assignmentGroup?: string
  /** Absent: public, that is everybody who works at the desk. */
  audience?: Audience
  /** Name of a template, which fills in what is left out here. */
  template?: string
  /** The policy's: id of the alert that it is opened for. */
  alert?: string
}
/** The caller is, unless said otherwise, the one on whose behalf the actor acts, or the actor when that is a person. */
export class OpenIncident extends Command<'OpenIncident', OpenIncidentData> {
  readonly type = 'OpenIncident'
}

/** Fields that `ChangeDetails` may change; custom fields are merged one by one, null removes one. */
export type DetailChanges = Wanted<
  Omit<IncidentFields, 'openedBy' | 'category' | 'subcategory' | 'symptom' | 'customFields'>
> & { customFields?: Record<string, unknown> }
export class ChangeDetails extends Command<'ChangeDetails', DetailChanges> {
  readonly type = 'ChangeDetails'
}

export class Categorize extends Command<
  'Categorize',
  Wanted<Pick<IncidentFields, 'category' | 'subcategory' | 'symptom'>>
> {
  readonly type = 'Categorize'
}

/** Sets impact, urgency or both; the matrix in force derives the priority, also when it was overridden before. */
export class Prioritize extends Command<'Prioritize', { impact?: number; urgency?: number }> {
  readonly type = 'Prioritize'
}

/** Needs `metadata.reason`. */
export class OverridePriority extends Command<'OverridePriority', { priority: number }> {
  readonly type = 'OverridePriority'
}

/** `group: null` takes it out of every queue. */
export class AssignToGroup extends Command<'AssignToGroup', { group: string | null }> {
  readonly type = 'AssignToGroup'
}

/** `person: null` puts it back into the group's queue. `group`: moves it there first. */
export class AssignToPerson extends Command<'AssignToPerson', { person: string | null; group?: string }> {
  readonly type = 'AssignToPerson'
}

/**
 * The actor takes it on. Take-next is an `Accept` of whatever record comes next: `queue` is the group in whose queue it must still
 * wait.
 */
export class Accept extends Command<'Accept', { queue?: string }> {
  readonly type = 'Accept'
}

export class StartWork extends Command<'StartWork', Record<never, never>> {
  readonly type = 'StartWork'
}

/** Also changes reason, comment and end of a hold that stands. */
export class Hold extends Command<'Hold', { reason: string; comment?: string; until?: string }> {
  readonly type = 'Hold'
}

/** `cause: 'hold-expired'` is the policy's. */
export class Resume extends Command<'Resume', { cause?: 'hold-expired' }> {
  readonly type = 'Resume'
}

/** Functional: another group takes over. Hierarchical: a manager (absent: that of the group) is informed. */
export class Escalate extends Command<
  'Escalate',
  { kind: 'functional'; group?: string } | { kind: 'hierarchical'; informed?: string }
> {
  readonly type = 'Escalate'
}

/** Public: the caller sees it. The caller's own comment resumes an incident that waits for him. */
/** `forChildren`: the callers of the incidents that follow this one are told, too. */
export class AddComment extends Command<'AddComment', { text: string; forChildren?: boolean }> {
  readonly type = 'AddComment'
}

/** Internal: requesters never see it. */
export class AddWorkNote extends Command<'AddWorkNote', { text: string }> {
  readonly type = 'AddWorkNote'
}

/**
 * Links a CI (`affects`), a problem (`has-problem`), a change (`fixed-by-change`, `caused-by-change`) or any record
 * (`related-to`): one command for all, the relation says which.
 */
export class AddLink extends Command<'AddLink', Link> {
  readonly type = 'AddLink'
}

export class RemoveLink extends Command<'RemoveLink', Link> {
  readonly type = 'RemoveLink'
}

export class ApplyKnowledge extends Command<'ApplyKnowledge', { article: string; revision: number }> {
  readonly type = 'ApplyKnowledge'
}

/** The content is in the blob store already, under its hash (SHA-256, lower-case hex). `size` in bytes. */
export class AttachFile extends Command<
  'AttachFile',
  { hash: string; name: string; contentType: string; size: number; visibility: 'public' | 'internal' }
> {
  readonly type = 'AttachFile'
}

export class AddWatcher extends Command<'AddWatcher', { person: string }> {
  readonly type = 'AddWatcher'
}

export class RemoveWatcher extends Command<'RemoveWatcher', { person: string }> {
  readonly type = 'RemoveWatcher'
}

export class ChangeAudience extends Command<'ChangeAudience', { audience: Audience }> {
  readonly type = 'ChangeAudience'
}

/** `serviceRestoredAt`: ISO 8601, when the service worked again. `cause: 'silent-caller'` is the policy's. */
export class Resolve extends Command<
  'Resolve',
  { code: string; notes: string; serviceRestoredAt?: string; cause?: 'silent-caller' }
> {
  readonly type = 'Resolve'
}

/** The policy's: the bound alert fires again, or has cleared. `count`: its notifications so far. `clearedAt`: ISO 8601. */
export class ObserveAlertCondition extends Command<
  'ObserveAlertCondition',
  { alert: string; condition: 'firing' | 'cleared'; count: number; clearedAt?: string }
> {
  readonly type = 'ObserveAlertCondition'
}

export class Reopen extends Command<'Reopen', Record<never, never>> {
  readonly type = 'Reopen'
}

/** By the caller: confirms the resolution. `cause: 'auto-close'` is the policy's. */
export class Close extends Command<'Close', { cause?: 'auto-close' }> {
  readonly type = 'Close'
}

export class Cancel extends Command<'Cancel', { code: string; notes?: string }> {
  readonly type = 'Cancel'
}

/** `survivor`: number of the incident that goes on. */
export class MergeDuplicate extends Command<'MergeDuplicate', { survivor: string }> {
  readonly type = 'MergeDuplicate'
}

/** The policy's: reminds a caller who has been silent since the hold. */
export class RemindCaller extends Command<'RemindCaller', Record<never, never>> {
  readonly type = 'RemindCaller'
}

/** `import --activate`: policies look after this imported record from now on. */
export class ActivateIncident extends Command<'ActivateIncident', { run: string }> {
  readonly type = 'ActivateIncident'
}

/** The policy's: a rule's time has come. Decided again: the record may be another by now. */
export class EscalateByRule extends Command<'EscalateByRule', { rule: AppliedRule }> {
  readonly type = 'EscalateByRule'
}

/** `children`: the policy's, so many follow it. */
export class ProposeMajorIncident extends Command<
  'ProposeMajorIncident',
  { reason: string } | { children: number }
> {
  readonly type = 'ProposeMajorIncident'
}

/** Also without a proposal. */
export class PromoteMajorIncident extends Command<
  'PromoteMajorIncident',
  { manager: string; communications?: string; resolver?: string; nextUpdateAt?: string }
> {
  readonly type = 'PromoteMajorIncident'
}

/** Turns a proposal down, or ends the major incident. Needs `metadata.reason`. */
export class DemoteMajorIncident extends Command<'DemoteMajorIncident', Record<never, never>> {
  readonly type = 'DemoteMajorIncident'
}

export class AssignMajorIncidentRole extends Command<
  'AssignMajorIncidentRole',
  { role: MajorIncidentRole; person: string }
> {
  readonly type = 'AssignMajorIncidentRole'
}

/** `nextUpdateAt`: ISO 8601; absent: as the settings say; null: no other is promised. */
export class PostMajorIncidentUpdate extends Command<
  'PostMajorIncidentUpdate',
  { text: string; visibility: 'internal' | 'public'; nextUpdateAt?: string | null }
> {
  readonly type = 'PostMajorIncidentUpdate'
}

/** The policy's: a promised update is missing. */
export class RemindOfUpdate extends Command<'RemindOfUpdate', Record<never, never>> {
  readonly type = 'RemindOfUpdate'
}

export class ReviewMajorIncident extends Command<'ReviewMajorIncident', MajorIncidentReview> {
  readonly type = 'ReviewMajorIncident'
}

/** Makes it a child; another parent than before replaces that one. */
export class LinkParent extends Command<'LinkParent', { parent: string }> {
  readonly type = 'LinkParent'
}

export class UnlinkParent extends Command<'UnlinkParent', Record<never, never>> {
  readonly type = 'UnlinkParent'
}

/** The policy's: the parent did this at `at` (ISO 8601), so its child does too, as far as it makes sense there. */
export class FollowParent extends Command<
  'FollowParent',
  { parent: string; at: string } & (
    | { step: 'progress' | 'hold' | 'release' | 'reopen' }
    | { step: 'comment'; text: string }
    | { step: 'resolve'; code: string | null; resolvedBy: string | null }
  )
> {
  readonly type = 'FollowParent'
}

/** The policy's: it was linked to this parent at `at` (ISO 8601). Lets go of one that leads back to it, else does as that one did. */
export class JoinParent extends Command<'JoinParent', { parent: string; at: string }> {
  readonly type = 'JoinParent'
}

/**
 * The policy's: what a problem behind it leads to. `workaround`: it is told that one, of this number among the problem's. `resolve`,
 * `resume`: it waits no longer. `relink`: another problem goes on in this one's stead. `catch-up`: whatever the problem has come to by now.
 */
export class FollowProblem extends Command<
  'FollowProblem',
  { problem: string } & (
    | { step: 'workaround'; text: string; number: number }
    | { step: 'resolve' | 'resume' }
    | { step: 'relink'; survivor: string }
    | { step: 'catch-up' }
  )
> {
  readonly type = 'FollowProblem'
}

/** Asks the people on call of a group (absent: the one that has it), one after the other, until one answers. */
export class PageOnCall extends Command<'PageOnCall', { group?: string }> {
  readonly type = 'PageOnCall'
}

/** The policy's: who was asked has not answered. */
export class PageNext extends Command<'PageNext', Record<never, never>> {
  readonly type = 'PageNext'
}

export class AcknowledgePage extends Command<'AcknowledgePage', Record<never, never>> {
  readonly type = 'AcknowledgePage'
}

/**
 * One row of a source. Its `metadata` has channel `import`, the row's time as `occurredAt` and `source`.
 * `matrixVersion`: version of the priority matrix that the source's priorities are derived by; null: none.
 */
export class ImportIncidentUpdate extends Command<
  'ImportIncidentUpdate',
  { observed: ObservedIncident; matrixVersion: number | null }
> {
  readonly type = 'ImportIncidentUpdate'
}

export type IncidentCommand =
  | ObserveAlertCondition
  | OpenIncident
  | ChangeDetails
  | Categorize
  | Prioritize
  | OverridePriority
  | AssignToGroup
  | AssignToPerson
  | Accept
  | StartWork
  | Hold
  | Resume
  | Escalate
  | AddComment
  | AddWorkNote
  | AddLink
  | RemoveLink
  | ApplyKnowledge
  | AttachFile
  | AddWatcher
  | RemoveWatcher
  | ChangeAudience
  | Resolve
  | Reopen
  | Close
  | Cancel
  | MergeDuplicate
  | RemindCaller
  | ActivateIncident
  | EscalateByRule
  | ProposeMajorIncident
  | PromoteMajorIncident
  | DemoteMajorIncident
  | AssignMajorIncidentRole
  | PostMajorIncidentUpdate
  | RemindOfUpdate
  | ReviewMajorIncident
  | LinkParent
  | UnlinkParent
  | FollowParent
  | JoinParent
  | FollowProblem
  | PageOnCall
  | PageNext
  | AcknowledgePage
  | ImportIncidentUpdate

/** Every command class, for the handlers. */
export const INCIDENT_COMMANDS = [
  ObserveAlertCondition,
  OpenIncident,
  ChangeDetails,
  Categorize,
  Prioritize,
  OverridePriority,
  AssignToGroup,
  AssignToPerson,
  Accept,
  StartWork,
  Hold,
  Resume,
  Escalate,
  AddComment,
  AddWorkNote,
  AddLink,
  RemoveLink,
  ApplyKnowledge,
  AttachFile,
  AddWatcher,
  RemoveWatcher,
  ChangeAudience,
  Resolve,
  Reopen,
  Close,
  Cancel,
  MergeDuplicate,
  RemindCaller,
  ActivateIncident,
  EscalateByRule,
  ProposeMajorIncident,
  PromoteMajorIncident,
  DemoteMajorIncident,
  AssignMajorIncidentRole,
  PostMajorIncidentUpdate,
  RemindOfUpdate,
  ReviewMajorIncident,
  LinkParent,
  UnlinkParent,
  FollowParent,
  JoinParent,
  FollowProblem,
  PageOnCall,
  PageNext,
  AcknowledgePage,
  ImportIncidentUpdate,
] as const
