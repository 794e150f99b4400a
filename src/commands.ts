import type { Command, CommandMetadata } from '#libs/event-sourcing'
import { ALERT_COMMANDS } from './alerts/domain/alert.commands.js'
import { APPROVAL_COMMANDS } from './approvals/domain/approval.commands.js'
import { AUDIT_READ_COMMANDS, FINDING_COMMANDS, JUDGEMENT_COMMANDS } from './audit/domain/audit.commands.js'
import { CAB_COMMANDS } from './changes/domain/cab.commands.js'
import { CHANGE_COMMANDS } from './changes/domain/change.commands.js'
import { CHANGE_MODEL_COMMANDS } from './changes/domain/change-model.commands.js'
import { SCHEDULE_COMMANDS } from './changes/domain/schedule.decider.js'
import { TakeBaseline } from './configuration/domain/baseline.decider.js'
import { CI_NAME_COMMANDS, NAMING_COMMANDS, PLAIN_CI_COMMANDS } from './configuration/domain/ci.commands.js'
import { RecordDiscoveryRun } from './configuration/domain/discovery.decider.js'
import { RELATION_COMMANDS } from './configuration/domain/relation.commands.js'
import { REVIEW_COMMANDS } from './configuration/domain/review.decider.js'
import { GROUP_COMMANDS } from './directory/domain/group.commands.js'
import { PERSON_COMMANDS } from './directory/domain/person.commands.js'
import { FILTER_COMMANDS } from './filters/domain/filters.commands.js'
import { INCIDENT_COMMANDS } from './incidents/domain/incident.commands.js'
import {
  NOTIFICATION_COMMANDS,
  OUTBOX_COMMANDS,
  PREFERENCE_COMMANDS,
} from './notifications/domain/notification.commands.js'
import { CANDIDATE_COMMANDS } from './problems/domain/candidate.commands.js'
import { PROBLEM_COMMANDS } from './problems/domain/problem.commands.js'

type CommandClass = new (id: string | undefined, data: never, metadata: CommandMetadata) => Command

const CLASSES: ReadonlyMap<string, CommandClass> = new Map(
  [
    ...INCIDENT_COMMANDS,
    ...PERSON_COMMANDS,
    ...GROUP_COMMANDS,
    ...FILTER_COMMANDS,
    ...ALERT_COMMANDS,
    ...APPROVAL_COMMANDS,
    ...NOTIFICATION_COMMANDS,
    ...OUTBOX_COMMANDS,
    ...PREFERENCE_COMMANDS,
    ...NAMING_COMMANDS,
    ...PLAIN_CI_COMMANDS,
    ...CI_NAME_COMMANDS,
    ...RELATION_COMMANDS,
    ...REVIEW_COMMANDS,
    RecordDiscoveryRun,
    TakeBaseline,
    ...CHANGE_COMMANDS,
    ...CHANGE_MODEL_COMMANDS,
    ...SCHEDULE_COMMANDS,
    ...FINDING_COMMANDS,
    ...AUDIT_READ_COMMANDS,
    ...JUDGEMENT_COMMANDS,
    ...CAB_COMMANDS,
    ...PROBLEM_COMMANDS,
    ...CANDIDATE_COMMANDS,
  ].map((Class) => [Class.name, Class as CommandClass]),
)

/** A command that crossed threads as plain data, as an instance of its class again, by which the bus finds its handler. */
export function revive({ type, id, data, metadata }: Command): Command {
  const Class = CLASSES.get(type)
  if (!Class) throw new Error(`No command "${type}"`)
  return new Class(id, data as never, metadata)
}
