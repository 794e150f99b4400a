import type { Role } from '#libs/access'
import type { ProblemCommand } from './problem.commands.js'

/** Who works on problems. */
const WORKERS: readonly Role[] = ['agent', 'team-lead']
/** Programs open and enrich problems, too. */
const WORKERS_AND_SERVICES: readonly Role[] = [...WORKERS, 'service']
/** Who fixes: changes are linked by those who make them. */
const WORKERS_AND_CHANGE_MANAGERS: readonly Role[] = [...WORKERS, 'change-manager', 'service']
/** Who answers for it that something stays as it is, or is over. */
const LEADS: readonly Role[] = ['team-lead']

/** Who may send which command, about a problem that she may see. */
export const PROBLEM_RIGHTS: Readonly<Record<ProblemCommand['type'], readonly Role[]>> = {
  OpenProblem: WORKERS_AND_SERVICES,
  EditProblem: WORKERS_AND_SERVICES,
  PrioritizeProblem: WORKERS,
  AssignProblem: WORKERS,
  AttachFileToProblem: WORKERS_AND_SERVICES,
  AddProblemWatcher: WORKERS,
  RemoveProblemWatcher: WORKERS,
  ChangeProblemAudience: [...WORKERS, 'administrator'],
  CommentOnProblem: WORKERS_AND_SERVICES,
  NoteOnProblem: WORKERS_AND_SERVICES,
  LinkProblem: WORKERS_AND_CHANGE_MANAGERS,
  UnlinkProblem: WORKERS_AND_CHANGE_MANAGERS,
  LinkIncidents: WORKERS_AND_SERVICES,
  StartProblemAssessment: WORKERS,
  StartAnalysis: WORKERS,
  ReanalyseProblem: WORKERS,
  RecordRootCause: WORKERS,
  RecordWorkaround: WORKERS,
  DeclareKnownError: WORKERS,
  WithdrawKnownError: WORKERS,
  StartFix: WORKERS,
  HoldProblem: WORKERS,
  ResumeProblem: WORKERS,
  AddProblemTask: WORKERS,
  StartProblemTask: WORKERS,
  FinishProblemTask: WORKERS,
  RemoveProblemTask: WORKERS,
  ResolveProblem: WORKERS,
  AcceptRisk: LEADS,
  MarkProblemDuplicate: WORKERS,
  CancelProblem: WORKERS,
  ReviewProblem: WORKERS,
  CloseProblem: LEADS,
  ImportProblemUpdate: ['administrator'],
}
