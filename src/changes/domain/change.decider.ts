import type { Decider } from '#libs/event-sourcing'
import * as approval from './change.approval.js'
import { approverFacts } from './change.approvers.js'
import { assessRisk } from './change.assessment.js'
import { attachFile } from './change.attachments.js'
import * as audience from './change.audience.js'
import type { ChangeCommand } from './change.commands.js'
import * as description from './change.description.js'
import type { ChangeEvent } from './change.events.js'
import { type ChangeFacts, facts, modelFacts } from './change.facts.js'
import { requireOpened, requireText } from './change.guards.js'
import * as lifecycle from './change.lifecycle.js'
import { importChangeUpdate } from './change.observation.js'
import { type Change, type ChangeRecord, evolve, isOpened, NOT_OPENED } from './change.state.js'
import * as tasks from './change.tasks.js'

export const changeDecider: Decider<ChangeRecord, ChangeCommand, ChangeEvent, ChangeFacts> = {
  streamPrefix: 'change-',
  initial: NOT_OPENED,
  evolve,
  facts,
  furtherFacts,
  decide,
}

/** What is asked only once something else is known. */
function furtherFacts(command: ChangeCommand, record: ChangeRecord, known: Partial<ChangeFacts>) {
  switch (command.type) {
    case 'OpenChange':
      return modelFacts(known)
    case 'SubmitChange':
      return isOpened(record) ? approverFacts(command, record, known as ChangeFacts) : {}
    default:
      return {}
  }
}

/**
 * The events that a command leads to; none when what it wants is so already.
 * @throws InvalidInput, NotFound or Refused with a stable code `CHANGE.…`
 */
function decide(command: ChangeCommand, record: ChangeRecord, known: ChangeFacts): readonly ChangeEvent[] {
  switch (command.type) {
    case 'OpenChange':
      return description.openChange(command, record, known)
    case 'OpenRevert':
      return description.openRevert(command, record, known)
    case 'ImportChangeUpdate':
      return importChangeUpdate(command, record)
    default:
      return decideOpened(command, requireOpened(record), known)
  }
}

type CommandOfOpened = Exclude<ChangeCommand, { type: 'OpenChange' | 'OpenRevert' | 'ImportChangeUpdate' }>

function decideOpened(command: CommandOfOpened, change: Change, known: ChangeFacts): readonly ChangeEvent[] {
  switch (command.type) {
    case 'EditPlan':
      return description.editPlan(command, change, known)
    case 'MovePlannedTimes':
      return description.movePlannedTimes(command, change, known)
    case 'AssignChange':
      return description.assignChange(command, change, known)
    case 'CommentOnChange':
      requireText(command.data)
      return [{ type: 'ChangeCommentAdded', data: { text: command.data.text } }]
    case 'NoteOnChange':
      requireText(command.data)
      return [{ type: 'ChangeWorkNoteAdded', data: { text: command.data.text } }]
    case 'AttachFileToChange':
      return attachFile(command, change)
    case 'AddChangeWatcher':
      return audience.addWatcher(command, change, known)
    case 'RemoveChangeWatcher':
      return audience.removeWatcher(command, change)
    case 'SetChangeAudience':
      return audience.setAudience(command, change, known)
    case 'LinkChange':
      return description.linkChange(command, change)
    case 'UnlinkChange':
      return description.unlinkChange(command, change)
    case 'StartAssessment':
      return lifecycle.startAssessment(command, change)
    case 'AssessRisk':
      return assessRisk(command, change, known)
    case 'SubmitChange':
      return approval.submitChange(command, change, known)
    case 'AskApproval':
      return approval.askApproval(command, change, known)
    case 'RecordApprovalOutcome':
      return approval.recordApprovalOutcome(command, change, known)
    case 'ScheduleStandardChange':
      return approval.scheduleStandardChange(command, change, known)
    case 'ReturnChange':
      return lifecycle.returnChange(command, change)
    case 'RecheckConflicts':
      return approval.recheckConflicts(command, change, known)
    case 'OverrideBlackout':
      return approval.overrideBlackout(command, change, known)
    case 'HoldChange':
      return lifecycle.holdChange(command, change)
    case 'ResumeChange':
      return approval.resumeChange(command, change, known)
    case 'AddChangeTask':
      return tasks.addChangeTask(command, change)
    case 'StartChangeTask':
      return tasks.startChangeTask(command, change)
    case 'FinishChangeTask':
      return tasks.finishChangeTask(command, change)
    case 'RemoveChangeTask':
      return tasks.removeChangeTask(command, change)
    case 'StartImplementation':
      return lifecycle.startImplementation(command, change, known)
    case 'RecordImplemented':
      return lifecycle.recordImplemented(command, change, known)
    case 'RecordRatificationOverdue':
      return lifecycle.recordRatificationOverdue(command, change)
    case 'RecordDeviation':
      return lifecycle.recordDeviation(command, change)
    case 'EndImplementation':
      return lifecycle.endImplementation(command, change, known)
    case 'RecordValuesRefused':
      return lifecycle.recordValuesRefused(command, change)
    case 'ReviewChange':
      return lifecycle.reviewChange(command, change)
    case 'CloseChange':
      return lifecycle.closeChange(command, change)
    case 'CancelChange':
      return lifecycle.cancelChange(command, change)
    default: {
      const unknown: never = command
      throw new Error(`no rule for ${(unknown as ChangeCommand).type}`)
    }
  }
}
