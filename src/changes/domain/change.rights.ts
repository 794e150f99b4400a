import type { Role } from '#libs/access'
import type { ChangeCommand } from './change.commands.js'
import type { ChangeState } from './change.events.js'
import { type ChangeRecord, isOpened } from './change.state.js'
import type { ChangeModelCommand } from './change-model.commands.js'

/** What a requester may do: open a normal change, and with those that she has requested a little more. */
interface RequesterRight<C extends ChangeCommand = ChangeCommand> {
  /** Without: there is no record yet. */
  readonly own?: true
  readonly states?: readonly ChangeState[]
  allows?(data: C['data'], person: string): boolean
}
interface ChangeRight<C extends ChangeCommand = ChangeCommand> {
  /** Empty: only the program itself (policies). */
  readonly roles: readonly Role[]
  readonly requester?: RequesterRight<C>
}

const WRITERS: readonly Role[] = ['agent', 'team-lead', 'change-manager']
/** Pipelines open and carry out changes, too. */
const WRITERS_AND_SERVICES: readonly Role[] = [...WRITERS, 'service']
const PROGRAM: readonly Role[] = []

/** Who may send which command. Who approves, the approval policy says; who implements, `settings-change`. */
export const CHANGE_RIGHTS: {
  readonly [Type in ChangeCommand['type']]: ChangeRight<Extract<ChangeCommand, { type: Type }>>
} = {
  OpenChange: {
    roles: WRITERS_AND_SERVICES,
    requester: {
      allows: ({ type, requester, group, assignee, audience }, person) =>
        type === 'normal' &&
        (requester === undefined || requester === person) &&
        group === undefined &&
        assignee === undefined &&
        audience === undefined,
    },
  },
  OpenRevert: { roles: WRITERS },
  EditPlan: { roles: WRITERS_AND_SERVICES },
  MovePlannedTimes: { roles: WRITERS_AND_SERVICES },
  AssignChange: { roles: WRITERS },
  CommentOnChange: { roles: WRITERS_AND_SERVICES, requester: { own: true } },
  NoteOnChange: { roles: WRITERS_AND_SERVICES },
  AttachFileToChange: { roles: WRITERS_AND_SERVICES },
  AddChangeWatcher: { roles: WRITERS },
  RemoveChangeWatcher: { roles: WRITERS },
  SetChangeAudience: { roles: [...WRITERS, 'administrator'] },
  LinkChange: { roles: WRITERS_AND_SERVICES },
  UnlinkChange: { roles: WRITERS },
  StartAssessment: { roles: WRITERS },
  AssessRisk: { roles: WRITERS },
  SubmitChange: { roles: WRITERS_AND_SERVICES },
  AskApproval: { roles: PROGRAM },
  RecordApprovalOutcome: { roles: PROGRAM },
  ScheduleStandardChange: { roles: WRITERS_AND_SERVICES },
  ReturnChange: { roles: WRITERS },
  RecheckConflicts: { roles: WRITERS },
  OverrideBlackout: { roles: ['change-manager'] },
  HoldChange: { roles: WRITERS },
  ResumeChange: { roles: WRITERS },
  AddChangeTask: { roles: WRITERS_AND_SERVICES },
  StartChangeTask: { roles: WRITERS_AND_SERVICES },
  FinishChangeTask: { roles: WRITERS_AND_SERVICES },
  RemoveChangeTask: { roles: WRITERS },
  StartImplementation: { roles: WRITERS_AND_SERVICES },
  RecordImplemented: { roles: WRITERS },
  RecordRatificationOverdue: { roles: PROGRAM },
  RecordDeviation: { roles: WRITERS_AND_SERVICES },
  EndImplementation: { roles: WRITERS_AND_SERVICES },
  RecordValuesRefused: { roles: PROGRAM },
  ReviewChange: { roles: WRITERS },
  CloseChange: { roles: WRITERS },
  CancelChange: { roles: WRITERS, requester: { own: true, states: ['New'] } },
  ImportChangeUpdate: { roles: ['administrator'] },
}

/** Who drafts a model, and who may approve or retire one; that nobody approves her own, the decider sees to. */
export const CHANGE_MODEL_RIGHTS: Readonly<Record<ChangeModelCommand['type'], readonly Role[]>> = {
  DraftChangeModel: WRITERS,
  ApproveChangeModel: ['change-manager'],
  RetireChangeModel: ['change-manager'],
}

/** Whether a person without any of the command's roles may send it as a requester, given the change as it is. */
export function requesterMay(command: ChangeCommand, person: string, record: ChangeRecord): boolean {
  const right = CHANGE_RIGHTS[command.type].requester as RequesterRight | undefined
  if (right === undefined) return false
  if (right.own && !isRequesterOf(record, person)) return false
  if (right.states && !(right.states as readonly string[]).includes(record.stage.state)) return false
  return right.allows?.(command.data, person) ?? true
}

export function isRequesterOf(record: ChangeRecord, person: string): boolean {
  return isOpened(record) && record.requester === person
}

/** Roles with which the command may be sent at all: the declared ones, and requester where own records allow it. */
export function rolesThatMay(type: ChangeCommand['type']): readonly Role[] {
  const { roles, requester } = CHANGE_RIGHTS[type]
  return requester === undefined ? roles : [...roles, 'requester']
}
