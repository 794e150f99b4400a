import { AudienceDto } from '../http/audience.dto.js'
import { toUtc } from '../http/instants.js'
import { Reasoned } from '../http/reasoned.js'
import { FinishTaskDto, TaskDto } from '../http/record-tasks.dto.js'
import { type Verbs, verb } from '../http/verbs.js'
import * as c from './domain/change.commands.js'
import { CHANGE_MODEL_RIGHTS, rolesThatMay } from './domain/change.rights.js'
import { ApproveChangeModel, RetireChangeModel } from './domain/change-model.commands.js'
import * as dto from './dto/change-commands.dto.js'

/** From the plan to the approval: `POST /changes/{id}/<verb>`. */
const planning = {
  edit: verb({
    summary: 'Edit the plan; where an approval is bound to what is edited, it is void and asked for again',
    roles: rolesThatMay('EditPlan'),
    body: dto.EditPlanDto,
    command: (id, data, metadata) => new c.EditPlan(id, data, metadata),
  }),
  'move-planned-times': verb({
    summary: 'Say when within the window it is to be done',
    roles: rolesThatMay('MovePlannedTimes'),
    body: dto.MovePlannedTimesDto,
    command: (id, data, metadata) => new c.MovePlannedTimes(id, data, metadata),
  }),
  assign: verb({
    summary: 'Assign to a group, a person, or both',
    roles: rolesThatMay('AssignChange'),
    body: dto.AssignChangeDto,
    command: (id, data, metadata) => new c.AssignChange(id, data, metadata),
  }),
  watch: verb({
    summary: 'Add a watcher',
    roles: rolesThatMay('AddChangeWatcher'),
    body: dto.ChangeWatcherDto,
    command: (id, data, metadata) => new c.AddChangeWatcher(id, data, metadata),
  }),
  unwatch: verb({
    summary: 'Remove a watcher',
    roles: rolesThatMay('RemoveChangeWatcher'),
    body: dto.ChangeWatcherDto,
    command: (id, data, metadata) => new c.RemoveChangeWatcher(id, data, metadata),
  }),
  audience: verb({
    summary: 'Set who may see it, and the approvals that were asked for it',
    description:
      'Of a restricted change, whoever works on it watches it; who was asked for approval sees what about. Others see that a configuration item is busy, not by which change.',
    roles: rolesThatMay('SetChangeAudience'),
    body: AudienceDto,
    command: (id, data, metadata) => new c.SetChangeAudience(id, data, metadata),
  }),
  comments: verb({
    summary: 'Add a comment, which the requester sees',
    roles: rolesThatMay('CommentOnChange'),
    body: dto.ChangeTextDto,
    command: (id, data, metadata) => new c.CommentOnChange(id, data, metadata),
  }),
  'work-notes': verb({
    summary: 'Add an internal work note',
    roles: rolesThatMay('NoteOnChange'),
    body: dto.ChangeTextDto,
    command: (id, data, metadata) => new c.NoteOnChange(id, data, metadata),
  }),
  links: verb({
    summary: 'Link another record: an incident that it caused, or any',
    roles: rolesThatMay('LinkChange'),
    body: dto.ChangeLinkDto,
    command: (id, data, metadata) => new c.LinkChange(id, data, metadata),
  }),
  unlink: verb({
    summary: 'Remove a link',
    roles: rolesThatMay('UnlinkChange'),
    body: dto.ChangeLinkDto,
    command: (id, data, metadata) => new c.UnlinkChange(id, data, metadata),
  }),
  assess: verb({
    summary: 'Start the assessment of a normal change: New → Assess',
    roles: rolesThatMay('StartAssessment'),
    body: Reasoned,
    command: (id, _, metadata) => new c.StartAssessment(id, {}, metadata),
  }),
  'assess-risk': verb({
    summary: 'Find the risk, by the rules and the answers to the questionnaire',
    roles: rolesThatMay('AssessRisk'),
    body: dto.AssessRiskDto,
    command: (id, data, metadata) => new c.AssessRisk(id, data, metadata),
  }),
  submit: verb({
    summary: 'Submit for approval, or once more after a round has lapsed: → Authorize',
    description: 'Its items are reserved, and then those whom the approval policy names are asked.',
    roles: rolesThatMay('SubmitChange'),
    body: Reasoned,
    command: (id, _, metadata) => new c.SubmitChange(id, {}, metadata),
  }),
  schedule: verb({
    summary: 'Schedule a standard change, by the approval of its model: New → Scheduled',
    roles: rolesThatMay('ScheduleStandardChange'),
    body: Reasoned,
    command: (id, _, metadata) => new c.ScheduleStandardChange(id, {}, metadata),
  }),
  return: verb({
    summary: 'Return to New, from Assess or Authorize',
    roles: rolesThatMay('ReturnChange'),
    body: Reasoned,
    command: (id, _, metadata) => new c.ReturnChange(id, {}, metadata),
  }),
  recheck: verb({
    summary: 'Look for conflicts again, with the items and relations as they are now',
    roles: rolesThatMay('RecheckConflicts'),
    body: Reasoned,
    command: (id, _, metadata) => new c.RecheckConflicts(id, {}, metadata),
  }),
  'override-blackout': verb({
    summary: 'Allow it in a blackout, for the times that are planned now; needs a reason',
    roles: rolesThatMay('OverrideBlackout'),
    body: dto.OverrideBlackoutDto,
    command: (id, data, metadata) => new c.OverrideBlackout(id, data, metadata),
  }),
  hold: verb({
    summary: 'Put on hold: no step is taken meanwhile',
    roles: rolesThatMay('HoldChange'),
    body: dto.HoldChangeDto,
    command: (id, { holdReason, comment }, metadata) =>
      new c.HoldChange(id, { reason: holdReason, comment }, metadata),
  }),
  resume: verb({
    summary: 'Resume from hold; what has lapsed meanwhile is asked again',
    roles: rolesThatMay('ResumeChange'),
    body: Reasoned,
    command: (id, _, metadata) => new c.ResumeChange(id, {}, metadata),
  }),
} satisfies Verbs

/** From the tasks to the end. */
const implementing = {
  tasks: verb({
    summary: 'Add a task',
    roles: rolesThatMay('AddChangeTask'),
    body: dto.AddTaskDto,
    command: (id, data, metadata) => new c.AddChangeTask(id, data, metadata),
  }),
  'start-task': verb({
    summary: 'Start a task',
    roles: rolesThatMay('StartChangeTask'),
    body: TaskDto,
    command: (id, data, metadata) => new c.StartChangeTask(id, data, metadata),
  }),
  'finish-task': verb({
    summary: 'Say how a task went',
    roles: rolesThatMay('FinishChangeTask'),
    body: FinishTaskDto,
    command: (id, data, metadata) => new c.FinishChangeTask(id, data, metadata),
  }),
  'remove-task': verb({
    summary: 'Remove a task, before it is being implemented',
    roles: rolesThatMay('RemoveChangeTask'),
    body: TaskDto,
    command: (id, data, metadata) => new c.RemoveChangeTask(id, data, metadata),
  }),
  implement: verb({
    summary: 'Start the implementation, within the window: Scheduled → Implement',
    roles: rolesThatMay('StartImplementation'),
    body: Reasoned,
    command: (id, _, metadata) => new c.StartImplementation(id, {}, metadata),
  }),
  'record-implemented': verb({
    summary:
      'Record that an emergency was begun before approval; it stays open until ratified. Needs a reason',
    roles: rolesThatMay('RecordImplemented'),
    body: dto.RecordImplementedDto,
    command: (id, { startedAt }, metadata) =>
      new c.RecordImplemented(id, { startedAt: toUtc(startedAt) }, metadata),
  }),
  deviations: verb({
    summary: 'Record what was done otherwise than planned',
    roles: rolesThatMay('RecordDeviation'),
    body: dto.RecordDeviationDto,
    command: (id, data, metadata) => new c.RecordDeviation(id, data, metadata),
  }),
  'end-implementation': verb({
    summary: 'Say how it went: Implement → Review; what was proposed is written when it went well',
    roles: rolesThatMay('EndImplementation'),
    body: dto.EndImplementationDto,
    command: (id, data, metadata) => new c.EndImplementation(id, data, metadata),
  }),
  review: verb({
    summary: 'Review what was done',
    roles: rolesThatMay('ReviewChange'),
    body: dto.ReviewChangeDto,
    command: (id, data, metadata) => new c.ReviewChange(id, data, metadata),
  }),
  close: verb({
    summary: 'Close, for good',
    roles: rolesThatMay('CloseChange'),
    body: Reasoned,
    command: (id, _, metadata) => new c.CloseChange(id, {}, metadata),
  }),
  cancel: verb({
    summary: 'Cancel what is not to be done; a requester her own while it is New',
    roles: rolesThatMay('CancelChange'),
    body: dto.CancelChangeDto,
    command: (id, data, metadata) => new c.CancelChange(id, data, metadata),
  }),
} satisfies Verbs

/** What can be done to a change. */
export const changeVerbs = { ...planning, ...implementing } satisfies Verbs

/** What can be done to a model of standard changes. */
export const changeModelVerbs = {
  approve: verb({
    summary: 'Approve the latest revision until a day; nobody approves her own',
    roles: CHANGE_MODEL_RIGHTS.ApproveChangeModel,
    body: dto.ApproveChangeModelDto,
    command: (id, data, metadata) => new ApproveChangeModel(id, data, metadata),
  }),
  retire: verb({
    summary: 'Take the approval away: no change follows it any more',
    roles: CHANGE_MODEL_RIGHTS.RetireChangeModel,
    body: Reasoned,
    command: (id, _, metadata) => new RetireChangeModel(id, {}, metadata),
  }),
} satisfies Verbs
