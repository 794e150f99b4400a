import {
  type Audience,
  type GroupStanding,
  groupStanding,
  type PersonStanding,
  personStanding,
} from '#libs/access'
import type { CustomFieldSchema } from '#libs/custom-fields'
import {
  type Fact,
  type FactQuestion,
  type FactQuestions,
  fact,
  later,
  type StreamFold,
} from '#libs/event-sourcing'
import { type ApprovalPolicy, DEFAULT_APPROVAL_POLICIES } from '../../approvals/domain/defaults.js'
import type { AttributeValue, CiEvent } from '../../configuration/domain/configuration.events.js'
import {
  DEFAULT_BLACKOUT_WINDOWS,
  DEFAULT_CI_CLASSES,
  DEFAULT_CUSTOM_FIELDS,
  DEFAULT_MAINTENANCE_WINDOWS,
  lineageOf,
} from '../../settings/domain/defaults.js'
import type {
  ApprovalPoliciesPublished,
  BlackoutWindowsPublished,
  ChangeRiskPublished,
  ChangeSettingsPublished,
  CiClass,
  CiClassesPublished,
  CiWindow,
  CustomFieldsPublished,
  MaintenanceWindowsPublished,
} from '../../settings/domain/settings.events.js'
import type { ChangeCommand } from './change.commands.js'
import type { BusyTimes } from './change.conflicts.js'
import type { ChangeEvent } from './change.events.js'
import { type Change, type ChangeRecord, evolve, isBusy, isOpened, NOT_OPENED } from './change.state.js'
import { surroundingsOf } from './change.surroundings.js'
import { type ChangeModel, evolveModel, NO_MODEL } from './change-model.decider.js'
import type { ChangeModelEvent } from './change-model.events.js'
import {
  type ChangeSettings,
  DEFAULT_CHANGE_SETTINGS,
  DEFAULT_RISK_MATRIX,
  type RiskMatrix,
} from './defaults.js'
import { ASSIGNEE_SCHEDULE, CI_SCHEDULE, calendar } from './schedule.decider.js'

/** What decisions about changes ask of other streams. Version 0: nothing was published, the default holds. */
export interface ChangeFacts {
  /** The requester or, when a change is assigned, the assignee to be; who is to watch it. */
  person: Fact<PersonStanding>
  assignee: Fact<PersonStanding>
  group: Fact<GroupStanding>
  model: Fact<ChangeModel>
  reverted: Fact<ChangeRecord>
  riskMatrix: Fact<{ readonly version: number; readonly matrix: RiskMatrix }>
  settings: Fact<{ readonly version: number; readonly settings: ChangeSettings }>
  policies: Fact<{ readonly version: number; readonly policies: readonly ApprovalPolicy[] }>
  maintenance: Fact<Windows>
  blackouts: Fact<Windows>
  customFields: Fact<CustomFieldSchema>
  /** The tree of classes in force. */
  classes: Fact<readonly CiClass[]>
  assigneeCalendar: Fact<BusyTimes>
  /** Of each affected CI. */
  [ci: CiName]: Fact<CiStanding>
  /** Of each affected CI, and of those one step of impact away. */
  [ciCalendar: CiCalendarName]: Fact<BusyTimes>
  /** Each group of the audience that the command names. */
  [audienceGroup: AudienceGroup]: Fact<GroupStanding>
  /** Each group that the approval policy names, and of whom it names so many as have to grant. */
  [approverGroup: ApproverGroup]: Fact<GroupStanding>
  [candidate: Candidate]: Fact<PersonStanding>
}
type CiName = `ci ${string}`
export const ciName = (ci: string): CiName => `ci ${ci}`
type CiCalendarName = `calendar ${string}`
export const ciCalendarName = (ci: string): CiCalendarName => `calendar ${ci}`
type AudienceGroup = `audience group ${string}`
export const audienceGroup = (id: string): AudienceGroup => `audience group ${id}`
type ApproverGroup = `approver group ${string}`
export const approverGroup = (id: string): ApproverGroup => `approver group ${id}`
type Candidate = `candidate ${string}`
export const candidate = (id: string): Candidate => `candidate ${id}`

export interface Windows {
  readonly version: number
  readonly windows: readonly CiWindow[]
}
/** A CI as it is now, by all that is recorded. */
export interface CiStanding {
  readonly exists: boolean
  readonly live: boolean
  readonly class: string | null
  readonly attributes: Readonly<Record<string, AttributeValue>>
  /** By attribute, and `status`: effectiveAt of the event that set it; a correction for an earlier time does not win. */
  readonly since: Readonly<Record<string, string>>
  readonly effectiveAt: string
}

const NO_CI: CiStanding = {
  exists: false,
  live: false,
  class: null,
  attributes: {},
  since: {},
  effectiveAt: '',
}

const ci: StreamFold<CiStanding, CiEvent> = {
  initial: NO_CI,
  evolve(known, event) {
    const { occurredAt } = event.metadata
    const effectiveAt = later(occurredAt, known.effectiveAt)
    const told = { ...known, effectiveAt }
    switch (event.type) {
      case 'CiRegistered':
        return withAttributes(
          { ...withStatus(told, true, effectiveAt), exists: true, class: event.data.class },
          event.data.attributes,
          effectiveAt,
        )
      case 'CiChanged': {
        const after = Object.entries(event.data.changes).map(
          ([name, change]) => [name, change.after] as const,
        )
        return withAttributes(told, Object.fromEntries(after), effectiveAt)
      }
      case 'CiReclassified':
        return { ...told, class: event.data.after }
      case 'CiRetired':
        return withStatus(told, false, effectiveAt)
      case 'CiCorrected': {
        // One with an end speaks of a time that is over.
        if (event.data.until !== undefined) return told
        const { status, attributes = {} } = event.data
        const corrected = withAttributes(told, attributes, occurredAt)
        return status === undefined ? corrected : withStatus(corrected, status === 'live', occurredAt)
      }
      default:
        return told
    }
  },
}

function withStatus(known: CiStanding, live: boolean, at: string): CiStanding {
  if ((known.since.status ?? '') > at) return known
  return { ...known, live, since: { ...known.since, status: at } }
}

function withAttributes(
  known: CiStanding,
  told: Readonly<Record<string, AttributeValue | null>>,
  at: string,
): CiStanding {
  const attributes = { ...known.attributes }
  const since = { ...known.since }
  for (const [name, value] of Object.entries(told)) {
    const key = `attribute ${name}`
    if ((since[key] ?? '') > at) continue
    since[key] = at
    if (value === null) delete attributes[name]
    else attributes[name] = value
  }
  return { ...known, attributes, since }
}

const RISK_MATRIX = fact<ChangeFacts['riskMatrix']['value'], ChangeRiskPublished>('settings-change-risk', {
  initial: { version: 0, matrix: DEFAULT_RISK_MATRIX },
  evolve: (known, event) => (event.type === 'ChangeRiskPublished' ? event.data : known),
})
const SETTINGS = fact<ChangeFacts['settings']['value'], ChangeSettingsPublished>('settings-change', {
  initial: { version: 0, settings: DEFAULT_CHANGE_SETTINGS },
  evolve: (known, event) => (event.type === 'ChangeSettingsPublished' ? event.data : known),
})
const POLICIES = fact<ChangeFacts['policies']['value'], ApprovalPoliciesPublished>(
  'settings-approval-policies',
  {
    initial: { version: 0, policies: DEFAULT_APPROVAL_POLICIES },
    evolve: (known, event) => (event.type === 'ApprovalPoliciesPublished' ? event.data : known),
  },
)
const MAINTENANCE = fact<Windows, MaintenanceWindowsPublished>('settings-maintenance-windows', {
  initial: { version: 0, windows: DEFAULT_MAINTENANCE_WINDOWS },
  evolve: (known, event) => (event.type === 'MaintenanceWindowsPublished' ? event.data : known),
})
const BLACKOUTS = fact<Windows, BlackoutWindowsPublished>('settings-blackout-windows', {
  initial: { version: 0, windows: DEFAULT_BLACKOUT_WINDOWS },
  evolve: (known, event) => (event.type === 'BlackoutWindowsPublished' ? event.data : known),
})
const CLASSES = fact<readonly CiClass[], CiClassesPublished>('settings-ci-classes', {
  initial: DEFAULT_CI_CLASSES,
  evolve: (known, event) => (event.type === 'CiClassesPublished' ? event.data.classes : known),
})
/** The custom fields of changes in force. */
export const CUSTOM_FIELDS = fact<CustomFieldSchema, CustomFieldsPublished>('settings-custom-fields-change', {
  initial: { version: 0, ...DEFAULT_CUSTOM_FIELDS },
  evolve: (known, event) => (event.type === 'CustomFieldsPublished' ? event.data : known),
})
export const personFact = (id: string) => fact(`person-${id}`, personStanding)
export const groupFact = (id: string) => fact(`group-${id}`, groupStanding)
const modelFact = (id: string) =>
  fact<ChangeModel, ChangeModelEvent>(`changemodel-${id}`, { initial: NO_MODEL, evolve: evolveModel })
const changeFact = (number: string) =>
  fact<ChangeRecord, ChangeEvent>(`change-${number}`, { initial: NOT_OPENED, evolve })

export type Questions = Partial<FactQuestions<ChangeFacts>>
const NOTHING: Questions = {}

/** What else the decision about this command needs to know. */
export function facts(command: ChangeCommand, record: ChangeRecord): Questions {
  switch (command.type) {
    case 'OpenChange': {
      const { requester, assignee, group: of, model, audience } = command.data
      const { affectedCis = [], proposedValues = [] } = command.data
      return {
        customFields: CUSTOM_FIELDS,
        person: personFact(requester ?? command.metadata.actor),
        ...(assignee !== undefined && { assignee: personFact(assignee) }),
        ...(of !== undefined && { group: groupFact(of) }),
        ...(model !== undefined && { model: modelFact(model) }),
        ...audienceFacts(audience),
        ...(proposedValues.length > 0 && { classes: CLASSES }),
        ...ciFacts([...affectedCis, ...proposedValues.map((proposed) => proposed.ci)]),
      }
    }
    case 'OpenRevert':
      return { reverted: changeFact(command.data.reverts), customFields: CUSTOM_FIELDS }
    default:
      return isOpened(record) ? factsOfOpened(command, record) : NOTHING
  }
}

/** What a model affects that the change does not say for itself. */
export function modelFacts({ model }: Partial<ChangeFacts>): Questions {
  const content = model?.value.approved?.content
  return content === undefined
    ? NOTHING
    : {
        classes: CLASSES,
        ...ciFacts([...content.affectedCis, ...content.proposedValues.map((proposed) => proposed.ci)]),
      }
}

function factsOfOpened(command: ChangeCommand, change: Change): Questions {
  switch (command.type) {
    case 'EditPlan': {
      const { affectedCis, proposedValues } = command.data
      const after = {
        ...change,
        plan: { ...change.plan, affectedCis: affectedCis ?? change.plan.affectedCis },
      }
      return {
        ...(isBusy(change.stage.state) && conflictFacts(command, after)),
        ...ciFacts([
          ...(affectedCis ?? change.plan.affectedCis),
          ...(proposedValues ?? []).map((proposed) => proposed.ci),
        ]),
        classes: CLASSES,
        ...(command.data.customFields && { customFields: CUSTOM_FIELDS }),
        ...modelOf(change),
      }
    }
    case 'AssignChange': {
      const of = command.data.group === undefined ? change.group : command.data.group
      const { assignee } = command.data
      return {
        ...(of !== null && { group: groupFact(of) }),
        ...(assignee != null && { person: personFact(assignee) }),
      }
    }
    case 'AddChangeWatcher':
      return { person: personFact(command.data.person) }
    case 'SetChangeAudience':
      return audienceFacts(command.data.audience)
    case 'AssessRisk':
      return { riskMatrix: RISK_MATRIX, classes: CLASSES, ...ciFacts(change.plan.affectedCis) }
    case 'SubmitChange':
      return { policies: POLICIES, riskMatrix: RISK_MATRIX, ...conflictFacts(command, change) }
    case 'AskApproval':
      return { policies: POLICIES, riskMatrix: RISK_MATRIX, ...conflictFacts(command, change) }
    case 'ScheduleStandardChange':
      return { ...modelOf(change), ...conflictFacts(command, change) }
    case 'StartImplementation':
      return { settings: SETTINGS, ...modelOf(change), ...conflictFacts(command, change) }
    case 'RecordApprovalOutcome':
    case 'ResumeChange':
    case 'MovePlannedTimes':
    case 'RecheckConflicts':
    case 'OverrideBlackout':
      return conflictFacts(command, change)
    case 'RecordImplemented':
      return { settings: SETTINGS }
    case 'EndImplementation':
      return ciFacts(change.plan.proposedValues.map((proposed) => proposed.ci))
    default:
      return NOTHING
  }
}

/** The model that it follows, if it is a standard change. */
function modelOf({ model }: Change): Questions {
  return model === null ? NOTHING : { model: modelFact(model.id) }
}

function audienceFacts(audience: Audience | undefined): Questions {
  if (audience?.kind !== 'groups') return NOTHING
  return byName(audience.groups.map((id) => [audienceGroup(id), groupFact(id)]))
}

/** All that conflicts follow from, and the CIs as they are. */
function conflictFacts(command: ChangeCommand, change: Change): Questions {
  const { plan, assignee } = change
  const related = surroundingsOf(command, change)?.related ?? []
  const cis = [...plan.affectedCis, ...related.map(({ relatedCi }) => relatedCi)]
  return {
    maintenance: MAINTENANCE,
    blackouts: BLACKOUTS,
    classes: CLASSES,
    ...(assignee !== null && { assigneeCalendar: fact(ASSIGNEE_SCHEDULE + assignee, calendar) }),
    ...byName(cis.map((each) => [ciCalendarName(each), fact(CI_SCHEDULE + each, calendar)])),
    ...ciFacts([...plan.affectedCis, ...plan.proposedValues.map((proposed) => proposed.ci)]),
  }
}

function ciFacts(cis: readonly string[]): Questions {
  return byName(cis.map((each) => [ciName(each), fact(`ci-${each}`, ci)]))
}

/** Questions whose names only the moment knows, each of a kind (`ci …`) with its own type. */
export function byName<Kind extends `${string} ${string}`, Value>(
  questions: readonly (readonly [Kind, FactQuestion<Value>])[],
): Questions {
  return Object.fromEntries(questions) as unknown as Questions
}

/** How a CI stands of which nothing was asked: as one that is not there. */
export const standingIn =
  (known: ChangeFacts) =>
  (id: string): CiStanding =>
    known[ciName(id)]?.value ?? NO_CI

/** The class of a CI and all above it, the class itself first; none: there is no such CI. */
export function classesOf(ci: string, known: ChangeFacts): readonly string[] {
  const { class: own } = standingIn(known)(ci)
  if (own === null) return []
  const above = lineageOf(known.classes.value, own).filter(({ name }) => name !== own)
  return [own, ...above.map(({ name }) => name).reverse()]
}
