import { AudienceDto } from '../http/audience.dto.js'
import { Reasoned } from '../http/reasoned.js'
import { FinishTaskDto, TaskDto } from '../http/record-tasks.dto.js'
import { type Verbs, verb } from '../http/verbs.js'
import * as c from './domain/problem.commands.js'
import { PROBLEM_RIGHTS } from './domain/problem.rights.js'
import * as dto from './dto/problem-commands.dto.js'

/** What a problem is about, who has it, and what is found out: `POST /problems/{id}/<verb>`. */
const describing = {
  edit: verb({
    summary: 'Change what describes it',
    roles: PROBLEM_RIGHTS.EditProblem,
    body: dto.EditProblemDto,
    command: (id, data, metadata) => new c.EditProblem(id, data, metadata),
  }),
  prioritize: verb({
    summary: 'Set impact or urgency; the priority follows by the matrix',
    roles: PROBLEM_RIGHTS.PrioritizeProblem,
    body: dto.PrioritizeProblemDto,
    command: (id, data, metadata) => new c.PrioritizeProblem(id, data, metadata),
  }),
  assign: verb({
    summary: 'Assign to a group, a person, or both',
    roles: PROBLEM_RIGHTS.AssignProblem,
    body: dto.AssignProblemDto,
    command: (id, data, metadata) => new c.AssignProblem(id, data, metadata),
  }),
  watch: verb({
    summary: 'Add a watcher',
    roles: PROBLEM_RIGHTS.AddProblemWatcher,
    body: dto.ProblemWatcherDto,
    command: (id, data, metadata) => new c.AddProblemWatcher(id, data, metadata),
  }),
  unwatch: verb({
    summary: 'Remove a watcher',
    roles: PROBLEM_RIGHTS.RemoveProblemWatcher,
    body: dto.ProblemWatcherDto,
    command: (id, data, metadata) => new c.RemoveProblemWatcher(id, data, metadata),
  }),
  audience: verb({
    summary: 'Set who may see it, and its tasks',
    description:
      'Of a restricted problem, whoever works on it watches it. Its workaround is told to no incident.',
    roles: PROBLEM_RIGHTS.ChangeProblemAudience,
    body: AudienceDto,
    command: (id, data, metadata) => new c.ChangeProblemAudience(id, data, metadata),
  }),
  comments: verb({
    summary: 'Add a comment',
    roles: PROBLEM_RIGHTS.CommentOnProblem,
    body: dto.ProblemTextDto,
    command: (id, data, metadata) => new c.CommentOnProblem(id, data, metadata),
  }),
  'work-notes': verb({
    summary: 'Add a work note',
    roles: PROBLEM_RIGHTS.NoteOnProblem,
    body: dto.ProblemTextDto,
    command: (id, data, metadata) => new c.NoteOnProblem(id, data, metadata),
  }),
  links: verb({
    summary: 'Link another record: the change that fixes it, or any',
    roles: PROBLEM_RIGHTS.LinkProblem,
    body: dto.ProblemLinkDto,
    command: (id, data, metadata) => new c.LinkProblem(id, data, metadata),
  }),
  unlink: verb({
    summary: 'Remove a link',
    roles: PROBLEM_RIGHTS.UnlinkProblem,
    body: dto.ProblemLinkDto,
    command: (id, data, metadata) => new c.UnlinkProblem(id, data, metadata),
  }),
  'link-incidents': verb({
    summary: 'Link the incidents that it is behind',
    description: 'The links stand in the incidents, which are told of it once this is recorded.',
    roles: PROBLEM_RIGHTS.LinkIncidents,
    body: dto.LinkIncidentsDto,
    command: (id, data, metadata) => new c.LinkIncidents(id, data, metadata),
  }),
  'root-cause': verb({
    summary: 'Record the root cause',
    roles: PROBLEM_RIGHTS.RecordRootCause,
    body: dto.RootCauseDto,
    command: (id, data, metadata) => new c.RecordRootCause(id, data, metadata),
  }),
  workaround: verb({
    summary: 'Record a workaround; of a known error it is told to every open incident',
    roles: PROBLEM_RIGHTS.RecordWorkaround,
    body: dto.WorkaroundDto,
    command: (id, data, metadata) => new c.RecordWorkaround(id, data, metadata),
  }),
  'known-error': verb({
    summary: 'Declare a known error: its root cause or a workaround is known',
    roles: PROBLEM_RIGHTS.DeclareKnownError,
    body: Reasoned,
    command: (id, _, metadata) => new c.DeclareKnownError(id, {}, metadata),
  }),
  'withdraw-known-error': verb({
    summary: 'Say that it is no known error after all',
    roles: PROBLEM_RIGHTS.WithdrawKnownError,
    body: dto.ProblemNotesDto,
    command: (id, data, metadata) => new c.WithdrawKnownError(id, data, metadata),
  }),
} satisfies Verbs

/** From the assessment to the end. */
const proceeding = {
  assess: verb({
    summary: 'Start the assessment: New → Assess',
    roles: PROBLEM_RIGHTS.StartProblemAssessment,
    body: Reasoned,
    command: (id, _, metadata) => new c.StartProblemAssessment(id, {}, metadata),
  }),
  analyse: verb({
    summary: 'Start the analysis: Assess → Root Cause Analysis',
    roles: PROBLEM_RIGHTS.StartAnalysis,
    body: Reasoned,
    command: (id, _, metadata) => new c.StartAnalysis(id, {}, metadata),
  }),
  reanalyse: verb({
    summary: 'Analyse again: Fix in Progress or Resolved → Root Cause Analysis',
    roles: PROBLEM_RIGHTS.ReanalyseProblem,
    body: dto.ProblemNotesDto,
    command: (id, data, metadata) => new c.ReanalyseProblem(id, data, metadata),
  }),
  fix: verb({
    summary: 'Start the fix of a known root cause: Root Cause Analysis → Fix in Progress',
    roles: PROBLEM_RIGHTS.StartFix,
    body: dto.StartFixDto,
    command: (id, data, metadata) => new c.StartFix(id, data, metadata),
  }),
  hold: verb({
    summary: 'Put on hold: no step is taken meanwhile',
    roles: PROBLEM_RIGHTS.HoldProblem,
    body: dto.HoldProblemDto,
    command: (id, { holdReason, comment }, metadata) =>
      new c.HoldProblem(id, { reason: holdReason, comment }, metadata),
  }),
  resume: verb({
    summary: 'Resume from hold',
    roles: PROBLEM_RIGHTS.ResumeProblem,
    body: Reasoned,
    command: (id, _, metadata) => new c.ResumeProblem(id, {}, metadata),
  }),
  tasks: verb({
    summary: 'Add a task',
    roles: PROBLEM_RIGHTS.AddProblemTask,
    body: dto.AddProblemTaskDto,
    command: (id, data, metadata) => new c.AddProblemTask(id, data, metadata),
  }),
  'start-task': verb({
    summary: 'Start a task',
    roles: PROBLEM_RIGHTS.StartProblemTask,
    body: TaskDto,
    command: (id, data, metadata) => new c.StartProblemTask(id, data, metadata),
  }),
  'finish-task': verb({
    summary: 'Say how a task went',
    roles: PROBLEM_RIGHTS.FinishProblemTask,
    body: FinishTaskDto,
    command: (id, data, metadata) => new c.FinishProblemTask(id, data, metadata),
  }),
  'remove-task': verb({
    summary: 'Remove a task that nobody has started',
    roles: PROBLEM_RIGHTS.RemoveProblemTask,
    body: TaskDto,
    command: (id, data, metadata) => new c.RemoveProblemTask(id, data, metadata),
  }),
  resolve: verb({
    summary: 'The fix is applied: Fix in Progress → Resolved',
    description: 'Incidents that wait for it are resolved or resumed, as the setting `problem` says.',
    roles: PROBLEM_RIGHTS.ResolveProblem,
    body: dto.ProblemNotesDto,
    command: (id, data, metadata) => new c.ResolveProblem(id, data, metadata),
  }),
  'accept-risk': verb({
    summary: 'Accept the risk: it stays as it is → Resolved',
    roles: PROBLEM_RIGHTS.AcceptRisk,
    body: dto.ProblemNotesDto,
    command: (id, data, metadata) => new c.AcceptRisk(id, data, metadata),
  }),
  duplicate: verb({
    summary: 'Close as a duplicate; its incidents are linked to the survivor',
    roles: PROBLEM_RIGHTS.MarkProblemDuplicate,
    body: dto.DuplicateProblemDto,
    command: (id, data, metadata) => new c.MarkProblemDuplicate(id, data, metadata),
  }),
  cancel: verb({
    summary: 'Cancel: there is no problem → Closed',
    roles: PROBLEM_RIGHTS.CancelProblem,
    body: dto.ProblemNotesDto,
    command: (id, data, metadata) => new c.CancelProblem(id, data, metadata),
  }),
  review: verb({
    summary: 'Review what is to be learned from it',
    roles: PROBLEM_RIGHTS.ReviewProblem,
    body: dto.ReviewProblemDto,
    command: (id, data, metadata) => new c.ReviewProblem(id, data, metadata),
  }),
  close: verb({
    summary: 'Close, for good; a major one is reviewed first',
    roles: PROBLEM_RIGHTS.CloseProblem,
    body: Reasoned,
    command: (id, _, metadata) => new c.CloseProblem(id, {}, metadata),
  }),
} satisfies Verbs

/** What can be done to a problem. */
export const problemVerbs = { ...describing, ...proceeding } satisfies Verbs
