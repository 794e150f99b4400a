import type { Decider } from '#libs/event-sourcing'
import * as audience from './problem.audience.js'
import type { ProblemCommand } from './problem.commands.js'
import * as description from './problem.description.js'
import type { ProblemEvent } from './problem.events.js'
import { facts, type ProblemFacts } from './problem.facts.js'
import { requireOpened, requireText } from './problem.guards.js'
import * as lifecycle from './problem.lifecycle.js'
import { importProblemUpdate } from './problem.observation.js'
import { evolve, NOT_OPENED, type Problem, type ProblemRecord } from './problem.state.js'
import * as tasks from './problem.tasks.js'

export const problemDecider: Decider<ProblemRecord, ProblemCommand, ProblemEvent, ProblemFacts> = {
  streamPrefix: 'problem-',
  initial: NOT_OPENED,
  evolve,
  facts,
  decide,
}

/**
 * The events that a command leads to; none when what it wants is so already.
 * @throws InvalidInput, NotFound or Refused with a stable code `PROBLEM.…`
 */
function decide(
  command: ProblemCommand,
  record: ProblemRecord,
  known: ProblemFacts,
): readonly ProblemEvent[] {
  switch (command.type) {
    case 'OpenProblem':
      return description.openProblem(command, record, known)
    case 'ImportProblemUpdate':
      return importProblemUpdate(command, record)
    default:
      return decideOpened(command, requireOpened(record), known)
  }
}

type CommandOfOpened = Exclude<ProblemCommand, { type: 'OpenProblem' | 'ImportProblemUpdate' }>

function decideOpened(
  command: CommandOfOpened,
  problem: Problem,
  known: ProblemFacts,
): readonly ProblemEvent[] {
  switch (command.type) {
    case 'EditProblem':
      return description.editProblem(command, problem, known)
    case 'PrioritizeProblem':
      return description.prioritizeProblem(command, problem, known)
    case 'AssignProblem':
      return description.assignProblem(command, problem, known)
    case 'AttachFileToProblem':
      return description.attachFile(command, problem)
    case 'AddProblemWatcher':
      return audience.addWatcher(command, problem, known)
    case 'RemoveProblemWatcher':
      return audience.removeWatcher(command, problem)
    case 'ChangeProblemAudience':
      return audience.changeAudience(command, problem, known)
    case 'CommentOnProblem':
      requireText(command.data)
      return [{ type: 'ProblemCommentAdded', data: { text: command.data.text } }]
    case 'NoteOnProblem':
      requireText(command.data)
      return [{ type: 'ProblemWorkNoteAdded', data: { text: command.data.text } }]
    case 'LinkProblem':
      return description.linkProblem(command, problem)
    case 'UnlinkProblem':
      return description.unlinkProblem(command, problem)
    case 'LinkIncidents':
      return description.linkIncidents(command, problem, known)
    case 'StartProblemAssessment':
      return lifecycle.startAssessment(command, problem)
    case 'StartAnalysis':
      return lifecycle.startAnalysis(command, problem)
    case 'ReanalyseProblem':
      return lifecycle.reanalyse(command, problem)
    case 'RecordRootCause':
      return lifecycle.recordRootCause(command, problem)
    case 'RecordWorkaround':
      return lifecycle.recordWorkaround(command, problem)
    case 'DeclareKnownError':
      return lifecycle.declareKnownError(command, problem)
    case 'WithdrawKnownError':
      return lifecycle.withdrawKnownError(command, problem)
    case 'StartFix':
      return lifecycle.startFix(command, problem)
    case 'HoldProblem':
      return lifecycle.holdProblem(command, problem)
    case 'ResumeProblem':
      return lifecycle.resumeProblem(command, problem)
    case 'AddProblemTask':
      return tasks.addProblemTask(command, problem, known)
    case 'StartProblemTask':
      return tasks.startProblemTask(command, problem)
    case 'FinishProblemTask':
      return tasks.finishProblemTask(command, problem)
    case 'RemoveProblemTask':
      return tasks.removeProblemTask(command, problem)
    case 'ResolveProblem':
      return lifecycle.resolveProblem(command, problem, known)
    case 'AcceptRisk':
      return lifecycle.acceptRisk(command, problem)
    case 'MarkProblemDuplicate':
      return lifecycle.markDuplicate(command, problem, known)
    case 'CancelProblem':
      return lifecycle.cancelProblem(command, problem)
    case 'ReviewProblem':
      return lifecycle.reviewProblem(command, problem)
    case 'CloseProblem':
      return lifecycle.closeProblem(command, problem, known)
    default: {
      const unknown: never = command
      throw new Error(`no rule for ${(unknown as ProblemCommand).type}`)
    }
  }
}
