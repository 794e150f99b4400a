import {
  type Audience,
  type GroupStanding,
  groupStanding,
  type PersonStanding,
  personStanding,
} from '#libs/access'
import type { CustomFieldSchema } from '#libs/custom-fields'
import { duplicateNamed, type Named, namingStream } from '#libs/duplicates'
import { type Fact, type FactQuestions, fact } from '#libs/event-sourcing'
import { DEFAULT_CUSTOM_FIELDS, DEFAULT_PRIORITY_MATRIX } from '../../settings/domain/defaults.js'
import type {
  CustomFieldsPublished,
  PriorityMatrix,
  PriorityMatrixPublished,
  ProblemSettingsPublished,
} from '../../settings/domain/settings.events.js'
import { DEFAULT_PROBLEM_SETTINGS, type ProblemSettings } from './defaults.js'
import { type IncidentStanding, incidentStanding } from './incident-standing.js'
import type { ProblemCommand } from './problem.commands.js'
import type { ProblemEvent } from './problem.events.js'
import { evolve, isOpened, NOT_OPENED, type Problem, type ProblemRecord } from './problem.state.js'

/** What decisions about problems ask of other streams. Version 0: nothing was published, the default holds. */
export interface ProblemFacts {
  matrix: Fact<{ readonly version: number; readonly matrix: PriorityMatrix }>
  settings: Fact<{ readonly version: number; readonly settings: ProblemSettings }>
  customFields: Fact<CustomFieldSchema>
  /** Who is to have it, or one of its tasks, or to watch it. */
  person: Fact<PersonStanding>
  group: Fact<GroupStanding>
  survivor: Fact<ProblemRecord>
  /** Whether it, and the survivor, are being named duplicates just now. */
  named: Fact<Named>
  survivorNamed: Fact<Named>
  /** Of each incident that the command names. */
  [incident: IncidentName]: Fact<IncidentStanding>
  /** Each group of the audience that the command names. */
  [audienceGroup: AudienceGroup]: Fact<GroupStanding>
}
type IncidentName = `incident ${string}`
export const incidentName = (number: string): IncidentName => `incident ${number}`
type AudienceGroup = `audience group ${string}`
export const audienceGroup = (id: string): AudienceGroup => `audience group ${id}`

const MATRIX = fact<ProblemFacts['matrix']['value'], PriorityMatrixPublished>('settings-priority-matrix', {
  initial: { version: 0, matrix: DEFAULT_PRIORITY_MATRIX },
  evolve: (known, event) => (event.type === 'PriorityMatrixPublished' ? event.data : known),
})
const SETTINGS = fact<ProblemFacts['settings']['value'], ProblemSettingsPublished>('settings-problem', {
  initial: { version: 0, settings: DEFAULT_PROBLEM_SETTINGS },
  evolve: (known, event) => (event.type === 'ProblemSettingsPublished' ? event.data : known),
})
/** The custom fields of problems in force. */
export const CUSTOM_FIELDS = fact<CustomFieldSchema, CustomFieldsPublished>(
  'settings-custom-fields-problem',
  {
    initial: { version: 0, ...DEFAULT_CUSTOM_FIELDS },
    evolve: (known, event) => (event.type === 'CustomFieldsPublished' ? event.data : known),
  },
)
const personFact = (id: string) => fact(`person-${id}`, personStanding)
const groupFact = (id: string) => fact(`group-${id}`, groupStanding)
const problemFact = (number: string) =>
  fact<ProblemRecord, ProblemEvent>(`problem-${number}`, { initial: NOT_OPENED, evolve })

const namedFact = (number: string) => fact(namingStream('problem', number), duplicateNamed)

type Questions = Partial<FactQuestions<ProblemFacts>>
const NOTHING: Questions = {}

/** What else the decision about this command needs to know. */
export function facts(command: ProblemCommand, record: ProblemRecord): Questions {
  if (command.type === 'OpenProblem') {
    const { assignee, group: of, audience, incidents = [] } = command.data
    const hands = handOverFacts(of, assignee)
    return {
      matrix: MATRIX,
      customFields: CUSTOM_FIELDS,
      ...hands,
      ...audienceFacts(audience),
      ...incidentFacts(incidents),
    }
  }
  return isOpened(record) ? factsOfOpened(command, record) : NOTHING
}

function factsOfOpened(command: ProblemCommand, problem: Problem): Questions {
  switch (command.type) {
    case 'EditProblem':
      return command.data.customFields === undefined ? NOTHING : { customFields: CUSTOM_FIELDS }
    case 'PrioritizeProblem':
      return { matrix: MATRIX }
    case 'AssignProblem': {
      const { group: of, assignee } = command.data
      return handOverFacts(of === undefined ? problem.group : of, assignee)
    }
    case 'AddProblemTask':
      return handOverFacts(command.data.group, command.data.assignee)
    case 'AddProblemWatcher':
      return { person: personFact(command.data.person) }
    case 'ChangeProblemAudience':
      return audienceFacts(command.data.audience)
    case 'LinkIncidents':
      return incidentFacts(command.data.incidents)
    case 'ResolveProblem':
    case 'CloseProblem':
      return { settings: SETTINGS }
    case 'MarkProblemDuplicate':
      return {
        survivor: problemFact(command.data.survivor),
        named: namedFact(command.id ?? ''),
        survivorNamed: namedFact(command.data.survivor),
      }
    default:
      return NOTHING
  }
}

function handOverFacts(of: string | null | undefined, assignee: string | null | undefined): Questions {
  return {
    ...(of != null && { group: groupFact(of) }),
    ...(assignee != null && { person: personFact(assignee) }),
  }
}

function audienceFacts(audience: Audience | undefined): Questions {
  if (audience?.kind !== 'groups') return NOTHING
  return Object.fromEntries(
    audience.groups.map((id) => [audienceGroup(id), groupFact(id)]),
  ) as unknown as Questions
}

function incidentFacts(numbers: readonly string[]): Questions {
  return Object.fromEntries(
    numbers.map((number) => [incidentName(number), fact(`incident-${number}`, incidentStanding)]),
  ) as unknown as Questions
}
