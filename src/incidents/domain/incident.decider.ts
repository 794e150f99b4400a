import type { Decider } from '#libs/event-sourcing'
import { observeAlertCondition } from './incident.alerts.js'
import * as assignment from './incident.assignment.js'
import type { IncidentCommand } from './incident.commands.js'
import { withConsequences } from './incident.consequences.js'
import * as description from './incident.description.js'
import * as escalation from './incident.escalation.js'
import type { IncidentEvent } from './incident.events.js'
import { facts, furtherFacts, hasConsequences, type IncidentFacts } from './incident.facts.js'
import * as family from './incident.family.js'
import { requireOpened } from './incident.guards.js'
import * as lifecycle from './incident.lifecycle.js'
import * as major from './incident.major.js'
import { importIncidentUpdate } from './incident.observation.js'
import * as onCall from './incident.on-call.js'
import * as priority from './incident.priority.js'
import { followProblem } from './incident.problem.js'
import { evolve, type Incident, type IncidentRecord, NOT_OPENED } from './incident.state.js'

export const incidentDecider: Decider<IncidentRecord, IncidentCommand, IncidentEvent, IncidentFacts> = {
  streamPrefix: 'incident-',
  initial: NOT_OPENED,
  evolve,
  facts,
  furtherFacts,
  decide,
}

/**
 * The events that a command leads to, with what settings make of them; none when what it wants is so already.
 * @throws InvalidInput, NotFound or Refused with a stable code `INCIDENT.…`
 */
export function decide(
  command: IncidentCommand,
  record: IncidentRecord,
  known: IncidentFacts,
): readonly IncidentEvent[] {
  const decided = decideAlone(command, record, known)
  return hasConsequences(command) ? withConsequences(decided, record, command.metadata, known) : decided
}

function decideAlone(
  command: IncidentCommand,
  record: IncidentRecord,
  known: IncidentFacts,
): readonly IncidentEvent[] {
  switch (command.type) {
    case 'OpenIncident':
      return description.openIncident(command, record, known)
    case 'ImportIncidentUpdate':
      return importIncidentUpdate(command, record, known)
    default:
      return decideOpened(command, requireOpened(record), known)
  }
}

type CommandOfOpened = Exclude<IncidentCommand, { type: 'OpenIncident' | 'ImportIncidentUpdate' }>

function decideOpened(
  command: CommandOfOpened,
  incident: Incident,
  known: IncidentFacts,
): readonly IncidentEvent[] {
  switch (command.type) {
    case 'ChangeDetails':
      return description.changeDetails(command, incident, known)
    case 'Categorize':
      return description.categorize(command, incident, known)
    case 'Prioritize':
      return priority.prioritize(command, incident, known)
    case 'OverridePriority':
      return priority.overridePriority(command, incident, known)
    case 'AssignToGroup':
      return assignment.assignToGroup(command, incident, known)
    case 'AssignToPerson':
      return assignment.assignToPerson(command, incident, known)
    case 'Accept':
      return assignment.accept(command, incident, known)
    case 'Escalate':
      return assignment.escalate(command, incident, known)
    case 'StartWork':
      return lifecycle.startWork(command, incident)
    case 'Hold':
      return lifecycle.hold(command, incident, known)
    case 'Resume':
      return lifecycle.resume(command, incident)
    case 'AddComment':
      return description.addComment(command, incident, known)
    case 'AddWorkNote':
      return description.addWorkNote(command, incident)
    case 'AddLink':
      return description.addLink(command, incident)
    case 'RemoveLink':
      return description.removeLink(command, incident)
    case 'ApplyKnowledge':
      return description.applyKnowledge(command, incident)
    case 'AttachFile':
      return description.attachFile(command, incident)
    case 'AddWatcher':
      return description.addWatcher(command, incident, known)
    case 'RemoveWatcher':
      return description.removeWatcher(command, incident)
    case 'ChangeAudience':
      return description.changeAudience(command, incident, known)
    case 'Resolve':
      return lifecycle.resolve(command, incident, known)
    case 'Reopen':
      return lifecycle.reopen(command, incident, known)
    case 'Close':
      return lifecycle.close(command, incident)
    case 'Cancel':
      return lifecycle.cancel(command, incident)
    case 'MergeDuplicate':
      return lifecycle.mergeDuplicate(command, incident, known)
    case 'RemindCaller':
      return lifecycle.remindCaller(command, incident, known)
    case 'EscalateByRule':
      return escalation.escalateByRule(command, incident, known)
    case 'ProposeMajorIncident':
      return major.proposeMajorIncident(command, incident, known)
    case 'PromoteMajorIncident':
      return major.promoteMajorIncident(command, incident, known)
    case 'DemoteMajorIncident':
      return major.demoteMajorIncident(command, incident)
    case 'AssignMajorIncidentRole':
      return major.assignMajorIncidentRole(command, incident, known)
    case 'PostMajorIncidentUpdate':
      return major.postMajorIncidentUpdate(command, incident, known)
    case 'RemindOfUpdate':
      return major.remindOfUpdate(command, incident, known)
    case 'ReviewMajorIncident':
      return major.reviewMajorIncident(command, incident)
    case 'LinkParent':
      return family.linkParent(command, incident, known)
    case 'UnlinkParent':
      return family.unlinkParent(command, incident)
    case 'FollowParent':
      return family.followParent(command, incident, known)
    case 'JoinParent':
      return family.joinParent(command, incident, known)
    case 'FollowProblem':
      return followProblem(command, incident, known)
    case 'PageOnCall':
      return onCall.pageOnCall(command, incident, known)
    case 'PageNext':
      return onCall.pageNext(command, incident, known)
    case 'AcknowledgePage':
      return onCall.acknowledgePage(command, incident, known)
    case 'ObserveAlertCondition':
      return observeAlertCondition(command, incident, known)
    case 'ActivateIncident':
      return lifecycle.activateIncident(command, incident, known)
    default: {
      const unknown: never = command
      throw new Error(`no rule for ${(unknown as IncidentCommand).type}`)
    }
  }
}
