import {
  type Audience,
  type GroupStanding,
  groupStanding,
  type PersonStanding,
  personStanding,
} from '#libs/access'
import type { CustomFieldSchema } from '#libs/custom-fields'
import { duplicateNamed, type Named, namingStream } from '#libs/duplicates'
import { type Fact, type FactQuestion, type FactQuestions, fact, type StreamFold } from '#libs/event-sourcing'
import type { GroupEvent } from '../../directory/domain/directory.events.js'
import {
  DEFAULT_ASSIGNMENT_RULES,
  DEFAULT_CUSTOM_FIELDS,
  DEFAULT_ESCALATION_RULES,
  DEFAULT_HOLD_REASONS,
  DEFAULT_INCIDENT_SETTINGS,
  DEFAULT_INCIDENT_TEMPLATES,
  DEFAULT_MAJOR_INCIDENT_SETTINGS,
  DEFAULT_PRIORITY_MATRIX,
} from '../../settings/domain/defaults.js'
import type {
  AssignmentRule,
  AssignmentRulesPublished,
  CustomFieldsPublished,
  EscalationRule,
  EscalationRulesPublished,
  HoldReason,
  HoldReasonsPublished,
  IncidentSettings,
  IncidentSettingsPublished,
  IncidentTemplate,
  IncidentTemplatesPublished,
  MajorIncidentSettings,
  MajorIncidentSettingsPublished,
  PriorityMatrix,
  PriorityMatrixPublished,
} from '../../settings/domain/settings.events.js'
import type { FollowProblem, IncidentCommand, OpenIncident } from './incident.commands.js'
import type { IncidentEvent } from './incident.events.js'
import {
  evolve,
  type Incident,
  type IncidentRecord,
  isOpened,
  NOT_OPENED,
  problemsBehind,
} from './incident.state.js'
import { type ProblemBehind, problemBehind } from './problem-behind.js'

/** What decisions about incidents ask of other streams. Version 0: nothing was published, the default holds. */
export interface IncidentFacts {
  matrix: Fact<PriorityMatrices>
  rules: Fact<AssignmentRules>
  holdReasons: Fact<HoldReasons>
  settings: Fact<SettingsInForce>
  customFields: Fact<CustomFieldSchema>
  /** Asked when opening names a template. */
  templates: Fact<IncidentTemplates>
  /** The group that is to have the incident, or has it. */
  group: Fact<GroupAtDesk>
  /** The person whom the command names first (assignee, caller, watcher, informed manager). */
  person: Fact<PersonStanding>
  affectedUser: Fact<PersonStanding>
  survivor: Fact<IncidentRecord>
  /** Whether it, and the survivor, are being named duplicates just now. */
  named: Fact<Named>
  survivorNamed: Fact<Named>
  escalationRules: Fact<EscalationRules>
  majorSettings: Fact<MajorSettingsInForce>
  /** Who is to take part in a major incident besides its manager. */
  communications: Fact<PersonStanding>
  resolver: Fact<PersonStanding>
  /** Of each one on call for the group. */
  [contact: Contact]: Fact<PersonStanding>
  /** The parent to be, its parent, and so on. */
  [ancestor: Ancestor]: Fact<IncidentRecord>
  /** Of the problems behind it. */
  [problem: BehindIt]: Fact<ProblemBehind>
  /** Each group of the audience that the command names. */
  [audienceGroup: AudienceGroup]: Fact<GroupAtDesk>
}

type AudienceGroup = `audience group ${string}`
export const audienceGroup = (id: string): AudienceGroup => `audience group ${id}`

type BehindIt = `problem ${string}`
export const behindIt = (problem: string): BehindIt => `problem ${problem}`
type Contact = `contact ${string}`
export const contact = (id: string): Contact => `contact ${id}`
type Ancestor = `ancestor ${number}`
export const ancestor = (level: number): Ancestor => `ancestor ${level}`
/** Nobody has a use for more; keeps the search for cycles short. */
export const MOST_ANCESTORS = 10

export interface EscalationRules {
  /** The latest version is in force. */
  readonly version: number
  readonly rules: readonly EscalationRule[]
  readonly versions: ReadonlyMap<number, readonly EscalationRule[]>
}
export interface MajorSettingsInForce {
  readonly version: number
  readonly settings: MajorIncidentSettings
}
export interface OnCall {
  readonly contacts: readonly string[]
  readonly acknowledgeWithinMinutes: number
  readonly rounds: number
}
export interface PriorityMatrices {
  /** The latest version is in force. */
  readonly version: number
  readonly matrix: PriorityMatrix
  readonly versions: ReadonlyMap<number, PriorityMatrix>
}
export interface AssignmentRules {
  readonly version: number
  readonly rules: readonly AssignmentRule[]
}
export interface HoldReasons {
  readonly version: number
  readonly reasons: readonly HoldReason[]
}
export interface SettingsInForce {
  readonly version: number
  readonly settings: IncidentSettings
}
export interface IncidentTemplates {
  readonly version: number
  readonly templates: readonly IncidentTemplate[]
}
export interface GroupAtDesk extends GroupStanding {
  readonly manager: string | null
  /** Null: nobody is. */
  readonly onCall: OnCall | null
}

const matrices: StreamFold<PriorityMatrices, PriorityMatrixPublished> = {
  initial: { version: 0, matrix: DEFAULT_PRIORITY_MATRIX, versions: new Map([[0, DEFAULT_PRIORITY_MATRIX]]) },
  evolve: (known, event) => {
    if (event.type !== 'PriorityMatrixPublished') return known
    const { version, matrix } = event.data
    return { version, matrix, versions: new Map(known.versions).set(version, matrix) }
  },
}

const assignmentRules: StreamFold<AssignmentRules, AssignmentRulesPublished> = {
  initial: { version: 0, rules: DEFAULT_ASSIGNMENT_RULES },
  evolve: (known, event) => (event.type === 'AssignmentRulesPublished' ? event.data : known),
}

const holdReasons: StreamFold<HoldReasons, HoldReasonsPublished> = {
  initial: { version: 0, reasons: DEFAULT_HOLD_REASONS },
  evolve: (known, event) => (event.type === 'HoldReasonsPublished' ? event.data : known),
}

const incidentSettings: StreamFold<SettingsInForce, IncidentSettingsPublished> = {
  initial: { version: 0, settings: DEFAULT_INCIDENT_SETTINGS },
  evolve: (known, event) => (event.type === 'IncidentSettingsPublished' ? event.data : known),
}

/** Until a schema is published, no custom field is declared, so none may be set. */
const customFields: StreamFold<CustomFieldSchema, CustomFieldsPublished> = {
  initial: { version: 0, ...DEFAULT_CUSTOM_FIELDS },
  evolve: (known, event) => (event.type === 'CustomFieldsPublished' ? event.data : known),
}

const incidentTemplates: StreamFold<IncidentTemplates, IncidentTemplatesPublished> = {
  initial: { version: 0, templates: DEFAULT_INCIDENT_TEMPLATES },
  evolve: (known, event) => (event.type === 'IncidentTemplatesPublished' ? event.data : known),
}

const escalationRules: StreamFold<EscalationRules, EscalationRulesPublished> = {
  initial: { version: 0, rules: DEFAULT_ESCALATION_RULES, versions: new Map() },
  evolve: (known, event) => {
    if (event.type !== 'EscalationRulesPublished') return known
    const { version, rules } = event.data
    return { version, rules, versions: new Map(known.versions).set(version, rules) }
  },
}

const majorSettings: StreamFold<MajorSettingsInForce, MajorIncidentSettingsPublished> = {
  initial: { version: 0, settings: DEFAULT_MAJOR_INCIDENT_SETTINGS },
  evolve: (known, event) => (event.type === 'MajorIncidentSettingsPublished' ? event.data : known),
}

const group: StreamFold<GroupAtDesk, GroupEvent> = {
  initial: { ...groupStanding.initial, manager: null, onCall: null },
  evolve: (known, event) => {
    const { manager = null, ...standing } = groupStanding.evolve(known, event)
    return { ...standing, manager, onCall: onCallAfter(known.onCall, event) }
  },
}

function onCallAfter(onCall: OnCall | null, event: GroupEvent): OnCall | null {
  if (event.type !== 'OnCallContactsSet') return onCall
  return event.data.contacts.length === 0 ? null : event.data
}

const incident: StreamFold<IncidentRecord, IncidentEvent> = { initial: NOT_OPENED, evolve }

/** Asks for the priority matrix in force. */
export const MATRIX = fact('settings-priority-matrix', matrices)
const RULES = fact('settings-assignment-rules', assignmentRules)
const HOLD_REASONS = fact('settings-hold-reasons', holdReasons)
const SETTINGS = fact('settings-incident', incidentSettings)
export const CUSTOM_FIELDS = fact('settings-custom-fields-incident', customFields)
const TEMPLATES = fact('settings-incident-templates', incidentTemplates)
const ESCALATION_RULES = fact('settings-escalation-rules', escalationRules)
const MAJOR_SETTINGS = fact('settings-major-incident', majorSettings)
const incidentFact = (number: string) => fact(`incident-${number}`, incident)
const groupFact = (id: string) => fact(`group-${id}`, group)
const personFact = (id: string) => fact(`person-${id}`, personStanding)

type Questions = Partial<FactQuestions<IncidentFacts>>

// Imports ask the same for every row: one object for all.
const FOR_IMPORT: Questions = { matrix: MATRIX }
const NOTHING: Questions = {}
const FOR_CONSEQUENCES: Questions = { escalationRules: ESCALATION_RULES, majorSettings: MAJOR_SETTINGS }

/** Commands that change nothing of what escalation rules and proposals look at: most writes ask no more than before. */
const WITHOUT_CONSEQUENCES: ReadonlySet<IncidentCommand['type']> = new Set([
  'ImportIncidentUpdate',
  'AddWorkNote',
  'AddLink',
  'RemoveLink',
  'ApplyKnowledge',
  'AttachFile',
  'AddWatcher',
  'RemoveWatcher',
  'ChangeAudience',
  'ChangeDetails',
  'RemindCaller',
  'Close',
])

/** Whether settings may make more of what this command decides. */
export function hasConsequences({ type }: IncidentCommand): boolean {
  return !WITHOUT_CONSEQUENCES.has(type)
}

/** What else the decision about this command needs to know. */
export function facts(command: IncidentCommand, record: IncidentRecord): Questions {
  if (command.type === 'ImportIncidentUpdate') return FOR_IMPORT
  if (command.type === 'OpenIncident') return factsForOpening(command.data)
  const own = isOpened(record) ? factsOfOpened(command, record) : NOTHING
  return hasConsequences(command) ? { ...own, ...FOR_CONSEQUENCES } : own
}

/** What the answers lead to: whether those on call are there, who stands above the parent, whom a rule is about. */
export function furtherFacts(
  command: IncidentCommand,
  record: IncidentRecord,
  known: Partial<IncidentFacts>,
): Questions {
  if (!isOpened(record)) return NOTHING
  switch (command.type) {
    case 'PageOnCall':
    case 'PageNext':
      return contactFacts(known)
    case 'EscalateByRule':
      return known.group === undefined ? ruleFacts(command.data.rule, record, known) : contactFacts(known)
    case 'LinkParent':
    case 'JoinParent':
      return ancestorFacts(command.id, known)
    default:
      return NOTHING
  }
}

/** Questions whose names only the moment knows, each of a kind (`contact …`) with its own type. */
function byName<Kind extends `${string} ${string | number}`, Value>(
  questions: readonly (readonly [Kind, FactQuestion<Value>])[],
): Questions {
  return Object.fromEntries(questions) as unknown as Questions
}

function contactFacts({ group: known }: Partial<IncidentFacts>): Questions {
  const contacts = known?.value.onCall?.contacts ?? []
  return byName(contacts.map((id) => [contact(id), personFact(id)]))
}

function ruleFacts(
  { version, name }: { version: number; name: string },
  record: Incident,
  { escalationRules: known }: Partial<IncidentFacts>,
): Questions {
  const action = known?.value.versions.get(version)?.find((rule) => rule.name === name)?.action
  if (action === undefined) return NOTHING
  const id = (action.kind === 'hierarchical' ? undefined : action.group) ?? record.group
  return id === null ? NOTHING : { group: groupFact(id) }
}

/** The next one up, until there is none, or the incident itself. */
function ancestorFacts(child: string | undefined, known: Partial<IncidentFacts>): Questions {
  for (let level = 1; level < MOST_ANCESTORS; level++) {
    const above = known[ancestor(level)]?.value
    if (above === undefined || !isOpened(above) || above.parent === null || above.parent === child) break
    if (known[ancestor(level + 1)] === undefined)
      return byName([[ancestor(level + 1), incidentFact(above.parent)]])
  }
  return NOTHING
}

/** The commonest write: one literal, where spreading conditional members took longer than looking the answers up. */
function factsForOpening(data: OpenIncident['data']): Questions {
  const { caller, affectedUser, assignmentGroup, audience, template } = data
  const questions: Questions = {
    matrix: MATRIX,
    rules: RULES,
    customFields: CUSTOM_FIELDS,
    person: caller === undefined ? undefined : personFact(caller),
    affectedUser: affectedUser === undefined ? undefined : personFact(affectedUser),
    group: assignmentGroup === undefined ? undefined : groupFact(assignmentGroup),
    templates: template === undefined ? undefined : TEMPLATES,
    escalationRules: ESCALATION_RULES,
    majorSettings: MAJOR_SETTINGS,
  }
  return audience === undefined ? questions : { ...questions, ...audienceFacts(audience) }
}

function factsOfOpened(command: IncidentCommand, record: Incident): Questions {
  switch (command.type) {
    case 'ChangeDetails': {
      const { caller, affectedUser, customFields: wanted } = command.data
      return {
        ...(wanted !== undefined && { customFields: CUSTOM_FIELDS }),
        ...(caller && { person: personFact(caller) }),
        ...(affectedUser && { affectedUser: personFact(affectedUser) }),
      }
    }
    case 'Categorize':
      return { rules: RULES }
    case 'Prioritize':
    case 'OverridePriority':
      return { matrix: MATRIX }
    case 'AssignToGroup':
      return command.data.group === null ? NOTHING : { group: groupFact(command.data.group) }
    case 'AssignToPerson':
      return handOverFacts(command.data.person, command.data.group ?? record.group)
    case 'Accept':
      return record.group === null ? NOTHING : { group: groupFact(record.group) }
    case 'Escalate':
      if (command.data.kind === 'functional')
        return command.data.group === undefined ? NOTHING : { group: groupFact(command.data.group) }
      return command.data.informed === undefined
        ? handOverFacts(null, record.group)
        : { person: personFact(command.data.informed) }
    case 'Hold':
      return { holdReasons: HOLD_REASONS, settings: SETTINGS }
    case 'AddComment':
      return record.hold === null ? NOTHING : { holdReasons: HOLD_REASONS }
    case 'ChangeAudience':
      return audienceFacts(command.data.audience)
    case 'AddWatcher':
      return { person: personFact(command.data.person) }
    case 'Resolve':
    case 'Reopen':
    case 'ObserveAlertCondition':
    case 'RemindCaller':
      return { settings: SETTINGS }
    case 'MergeDuplicate':
      return {
        survivor: incidentFact(command.data.survivor),
        named: namedFact(command.id ?? ''),
        survivorNamed: namedFact(command.data.survivor),
      }
    case 'PromoteMajorIncident': {
      const { manager, communications, resolver } = command.data
      return {
        person: personFact(manager),
        ...(communications !== undefined && { communications: personFact(communications) }),
        ...(resolver !== undefined && { resolver: personFact(resolver) }),
      }
    }
    case 'AssignMajorIncidentRole':
      return { person: personFact(command.data.person) }
    case 'LinkParent':
      return byName([[ancestor(1), incidentFact(command.data.parent)]])
    case 'JoinParent':
      return { ...byName([[ancestor(1), incidentFact(command.data.parent)]]), settings: SETTINGS }
    case 'FollowParent':
      return { settings: SETTINGS }
    case 'FollowProblem':
      return { settings: SETTINGS, ...problemFacts(command, record) }
    case 'PageOnCall': {
      const id = command.data.group ?? record.group
      return id === null ? NOTHING : { group: groupFact(id) }
    }
    case 'PageNext':
    case 'AcknowledgePage':
      return record.paging === null ? NOTHING : { group: groupFact(record.paging.group) }
    case 'ActivateIncident':
      return { holdReasons: HOLD_REASONS, settings: SETTINGS }
    default:
      return NOTHING
  }
}

/** Whether it waits for another problem, too; when its own was fixed, and what there is to catch up with. */
function problemFacts({ data: { problem, step } }: FollowProblem, { links }: Incident): Questions {
  if (step === 'workaround') return NOTHING
  const others = problemsBehind(links).filter((other) => other !== problem)
  return byName(
    (step === 'catch-up' || step === 'resolve' ? [problem, ...others] : others).map((number) => [
      behindIt(number),
      fact(`problem-${number}`, problemBehind),
    ]),
  )
}

const namedFact = (number: string) => fact(namingStream('incident', number), duplicateNamed)

function audienceFacts(audience: Audience | undefined): Questions {
  if (audience?.kind !== 'groups') return NOTHING
  return byName(audience.groups.map((id) => [audienceGroup(id), groupFact(id)]))
}

function handOverFacts(to: string | null, inGroup: string | null): Questions {
  return {
    ...(to !== null && { person: personFact(to) }),
    ...(inGroup !== null && { group: groupFact(inGroup) }),
  }
}
