import type { Role } from '#libs/access'
import type { IncidentCommand } from './incident.commands.js'
import type { IncidentState } from './incident.events.js'
import { type IncidentRecord, isOpened } from './incident.state.js'

/** How a person may stand to an incident. */
export type Relation = 'caller' | 'affected-user' | 'opener' | 'watcher'

/** What a requester may do with records that she has to do with. */
export interface RequesterRight<C extends IncidentCommand = IncidentCommand> {
  /** One of these suffices; empty: there is no record yet (opening). */
  readonly relations: readonly Relation[]
  /** Only in these states; absent: in any. Where it is done already she may ask again, and is told so. */
  readonly states?: readonly IncidentState[]
  /** Only with this content; absent: with any. */
  allows?(data: C['data'], person: string): boolean
}

export interface CommandRight<C extends IncidentCommand = IncidentCommand> {
  /** Roles that may do it with any record that they see. Empty: only the program itself (policies). */
  readonly roles: readonly Role[]
  readonly requester?: RequesterRight<C>
}

const AGENTS: readonly Role[] = ['agent', 'team-lead']
/** Who declares a major incident, and says who does what in it. */
const LEADS: readonly Role[] = ['team-lead', 'administrator']
const AGENTS_AND_LEADS: readonly Role[] = ['agent', 'team-lead', 'administrator']
/** Programs open, enrich and, when an alert clears, resolve incidents. */
const AGENTS_AND_SERVICES: readonly Role[] = ['agent', 'team-lead', 'service']
const OWN: readonly Relation[] = ['caller', 'affected-user', 'opener']
const OWN_OR_WATCHED: readonly Relation[] = [...OWN, 'watcher']

/** Who may send which command. */
export const INCIDENT_RIGHTS: {
  readonly [Type in IncidentCommand['type']]: CommandRight<Extract<IncidentCommand, { type: Type }>>
} = {
  OpenIncident: {
    roles: AGENTS_AND_SERVICES,
    requester: {
      relations: [],
      allows: (data, person) =>
        (data.caller === undefined || data.caller === person) &&
        data.assignmentGroup === undefined &&
        data.audience === undefined,
    },
  },
  ChangeDetails: { roles: AGENTS_AND_SERVICES },
  Categorize: { roles: AGENTS_AND_SERVICES },
  Prioritize: { roles: AGENTS_AND_SERVICES },
  OverridePriority: { roles: AGENTS },
  AssignToGroup: { roles: AGENTS },
  AssignToPerson: { roles: AGENTS },
  Accept: { roles: AGENTS },
  StartWork: { roles: AGENTS },
  Hold: { roles: AGENTS },
  Resume: { roles: AGENTS },
  Escalate: { roles: AGENTS },
  AddComment: {
    roles: AGENTS_AND_SERVICES,
    requester: { relations: OWN_OR_WATCHED, allows: (data) => data.forChildren !== true },
  },
  AddWorkNote: { roles: AGENTS_AND_SERVICES },
  AddLink: { roles: ['agent', 'team-lead', 'change-manager', 'service'] },
  RemoveLink: { roles: ['agent', 'team-lead', 'change-manager'] },
  ApplyKnowledge: { roles: AGENTS },
  AttachFile: {
    roles: AGENTS_AND_SERVICES,
    requester: { relations: OWN_OR_WATCHED, allows: (data) => data.visibility === 'public' },
  },
  AddWatcher: {
    roles: AGENTS,
    requester: { relations: OWN, allows: (data, person) => data.person === person },
  },
  RemoveWatcher: {
    roles: AGENTS,
    requester: { relations: OWN_OR_WATCHED, allows: (data, person) => data.person === person },
  },
  ChangeAudience: { roles: ['agent', 'team-lead', 'administrator'] },
  Resolve: { roles: AGENTS_AND_SERVICES },
  Reopen: { roles: AGENTS, requester: { relations: OWN, states: ['Resolved', 'Closed'] } },
  Close: { roles: AGENTS, requester: { relations: OWN, states: ['Resolved', 'Closed'] } },
  Cancel: { roles: AGENTS, requester: { relations: OWN, states: ['New', 'Canceled'] } },
  MergeDuplicate: { roles: AGENTS },
  RemindCaller: { roles: [] },
  EscalateByRule: { roles: [] },
  ProposeMajorIncident: { roles: AGENTS_AND_SERVICES },
  PromoteMajorIncident: { roles: LEADS },
  DemoteMajorIncident: { roles: LEADS },
  AssignMajorIncidentRole: { roles: LEADS },
  PostMajorIncidentUpdate: { roles: AGENTS_AND_LEADS },
  RemindOfUpdate: { roles: [] },
  ReviewMajorIncident: { roles: AGENTS_AND_LEADS },
  LinkParent: { roles: AGENTS },
  UnlinkParent: { roles: AGENTS },
  FollowParent: { roles: [] },
  JoinParent: { roles: [] },
  FollowProblem: { roles: [] },
  PageOnCall: { roles: AGENTS_AND_SERVICES },
  PageNext: { roles: [] },
  AcknowledgePage: { roles: AGENTS_AND_LEADS },
  ObserveAlertCondition: { roles: [] },
  ActivateIncident: { roles: ['administrator'] },
  ImportIncidentUpdate: { roles: ['administrator'] },
}

/** Whether a person without any of the command's roles may send it as a requester, given the record as it is. */
export function requesterMay(command: IncidentCommand, person: string, record: IncidentRecord): boolean {
  const right = INCIDENT_RIGHTS[command.type].requester as RequesterRight | undefined
  if (right === undefined) return false
  if (right.relations.length > 0) {
    if (!isOpened(record)) return false
    const standing = relationsOf(person, record)
    if (!right.relations.some((relation) => standing.includes(relation))) return false
    if (right.states && !right.states.includes(record.state)) return false
  }
  return right.allows?.(command.data, person) ?? true
}

/** How a person stands to an incident. */
export function relationsOf(person: string, record: IncidentRecord): readonly Relation[] {
  if (!isOpened(record)) return []
  const { fields, watchers } = record
  const relations: Relation[] = []
  if (fields.caller === person) relations.push('caller')
  if (fields.affectedUser === person) relations.push('affected-user')
  if (fields.openedBy === person) relations.push('opener')
  if (watchers.includes(person)) relations.push('watcher')
  return relations
}

/** Roles with which the command may be sent at all: the declared ones, and requester where own records allow it. */
export function rolesThatMay(type: IncidentCommand['type']): readonly Role[] {
  const { roles, requester } = INCIDENT_RIGHTS[type]
  return requester === undefined ? roles : [...roles, 'requester']
}
