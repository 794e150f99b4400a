import { type Audience, PUBLIC } from '#libs/access'
import { later, type RecordedEvent } from '#libs/event-sourcing'
import { FINISHED_TASK, type RecordTask, withoutTask, withTask, withTaskTold } from '#libs/record-tasks'
import type {
  ProblemChanges,
  ProblemEvent,
  ProblemFields,
  ProblemFile,
  ProblemLink,
  ProblemOrigin,
  ProblemOutcome,
  ProblemState,
} from './problem.events.js'

export interface NotOpened {
  readonly stage: { readonly state: 'Not Opened' }
}

/** Where a problem stands, and what stands only there. Null outcome: a source does not say how it ended. */
export type Stage =
  | { readonly state: Exclude<ProblemState, 'Resolved' | 'Closed'> }
  | { readonly state: 'Resolved'; readonly outcome: ProblemOutcome | null }
  | { readonly state: 'Closed'; readonly outcome: ProblemOutcome | null; readonly survivor: string | null }

/** What decisions need to know of a problem; null: not set. Times are ISO 8601. */
export interface Problem {
  readonly stage: Stage
  readonly hold: { readonly reason: string; readonly comment?: string } | null
  /** A source says that it is being worked on, not in which phase. */
  readonly phaseUnknown: boolean
  readonly fields: ProblemFields
  readonly origin: ProblemOrigin
  readonly candidate: string | null
  readonly impact: number | null
  readonly urgency: number | null
  readonly priority: number | null
  readonly group: string | null
  readonly assignee: string | null
  readonly audience: Audience
  readonly watchers: readonly string[]
  readonly files: readonly Pick<ProblemFile, 'hash' | 'name'>[]
  readonly rootCause: string | null
  readonly workaround: string | null
  /** Number of the latest workaround. */
  readonly workarounds: number
  readonly knownError: boolean
  readonly resolutionNotes: string | null
  readonly links: readonly ProblemLink[]
  /** Those named here; what links stand, their streams say. */
  readonly incidents: readonly string[]
  readonly tasks: readonly RecordTask[]
  /** How many tasks there have been: their ids are never used again. */
  readonly taskCount: number
  readonly reviewed: boolean
  /** Of imports: whose record it is, and what of its latest row has no home here. */
  readonly source: {
    readonly name: string
    readonly externalId: string
    readonly fields: Readonly<Record<string, string | null>>
  } | null
  /** Running maximum of `occurredAt`. */
  readonly effectiveAt: string
}
export type ProblemRecord = NotOpened | Problem

export const NOT_OPENED: NotOpened = { stage: { state: 'Not Opened' } }

export function isOpened(record: ProblemRecord): record is Problem {
  return record.stage.state !== 'Not Opened'
}

/** How it ended; null: it goes on, or nobody says. */
export function outcomeOf({ stage }: Problem): ProblemOutcome | null {
  return 'outcome' in stage ? stage.outcome : null
}

export function evolve(record: ProblemRecord, event: RecordedEvent<ProblemEvent>): ProblemRecord {
  if (event.type === 'ProblemOpened') return withSource(opened(event), event)
  if (!isOpened(record)) return record
  const after = evolveStage(evolveContent(record, event), event)
  return withSource({ ...after, effectiveAt: later(after.effectiveAt, event.metadata.occurredAt) }, event)
}

function opened({
  data,
  metadata,
}: RecordedEvent<Extract<ProblemEvent, { type: 'ProblemOpened' }>>): Problem {
  const { title, description, category, subcategory, symptom, service, affectedCis, customFields } = data
  const { source } = metadata
  return {
    stage: { state: 'New' },
    hold: null,
    phaseUnknown: false,
    fields: {
      title,
      description,
      category,
      subcategory,
      symptom,
      service,
      affectedCis,
      ...(customFields && { customFields }),
    },
    origin: data.origin,
    candidate: data.candidate ?? null,
    impact: null,
    urgency: null,
    priority: null,
    group: data.group ?? null,
    assignee: data.assignee ?? null,
    audience: data.audience ?? PUBLIC,
    watchers: [],
    files: [],
    rootCause: null,
    workaround: null,
    workarounds: 0,
    knownError: false,
    resolutionNotes: null,
    links: [],
    incidents: [],
    tasks: [],
    taskCount: 0,
    reviewed: false,
    source: source === undefined ? null : { name: source.name, externalId: source.externalId, fields: {} },
    effectiveAt: metadata.occurredAt,
  }
}

function withSource(problem: Problem, { data }: RecordedEvent<ProblemEvent>): Problem {
  // Also an event of a release to come, which may carry nothing.
  const sourceFields = data?.sourceFields
  if (sourceFields === undefined || problem.source === null) return problem
  return { ...problem, source: { ...problem.source, fields: { ...problem.source.fields, ...sourceFields } } }
}

/** What concerns the lifecycle is told by `evolveStage`, all else here. */
function evolveContent(problem: Problem, event: ProblemEvent): Problem {
  switch (event.type) {
    case 'ProblemDetailsChanged':
      return { ...problem, fields: withChanges(problem.fields, event.data.changes) }
    case 'ProblemPrioritized': {
      const { impact, urgency, priority } = event.data
      return { ...problem, impact, urgency, priority }
    }
    case 'ProblemAssigned':
      return { ...problem, group: event.data.group, assignee: event.data.assignee }
    case 'ProblemFileAttached': {
      const { hash, name } = event.data
      return { ...problem, files: [...problem.files, { hash, name }] }
    }
    case 'ProblemWatcherAdded':
      return { ...problem, watchers: [...problem.watchers, event.data.person] }
    case 'ProblemWatcherRemoved': {
      const watchers = problem.watchers.filter((person) => person !== event.data.person)
      return { ...problem, watchers }
    }
    case 'ProblemAudienceChanged':
      return { ...problem, audience: event.data.audience }
    case 'ProblemLinked':
      return { ...problem, links: [...problem.links, event.data.link] }
    case 'ProblemUnlinked':
      return { ...problem, links: problem.links.filter((link) => !sameLink(link, event.data.link)) }
    case 'ProblemIncidentsNamed':
      return { ...problem, incidents: [...new Set([...problem.incidents, ...event.data.incidents])] }
    case 'RootCauseRecorded':
      return { ...problem, rootCause: event.data.cause }
    case 'WorkaroundRecorded':
      return { ...problem, workaround: event.data.workaround, workarounds: event.data.number }
    case 'KnownErrorDeclared':
      return { ...problem, knownError: true }
    case 'KnownErrorWithdrawn':
      return { ...problem, knownError: false }
    case 'ProblemReviewed':
      return { ...problem, reviewed: true }
    case 'ProblemFindingsObserved': {
      const { rootCause, workaround, resolutionNotes } = event.data
      return {
        ...problem,
        ...(rootCause !== undefined && { rootCause }),
        ...(workaround !== undefined && { workaround, workarounds: problem.workarounds + 1 }),
        ...(resolutionNotes !== undefined && { resolutionNotes }),
      }
    }
    default:
      return evolveTasks(problem, event)
  }
}

/** The fields after changes; null takes one away. */
export function withChanges(fields: ProblemFields, changes: ProblemChanges): ProblemFields {
  const after: Record<string, unknown> = { ...fields }
  for (const [field, change] of Object.entries(changes)) after[field] = change.to ?? undefined
  return { ...(after as unknown as ProblemFields), affectedCis: (after.affectedCis as string[]) ?? [] }
}

function evolveTasks(problem: Problem, event: ProblemEvent): Problem {
  const { tasks } = problem
  switch (event.type) {
    case 'ProblemTaskAdded':
      return { ...problem, tasks: withTask(tasks, event.data), taskCount: problem.taskCount + 1 }
    case 'ProblemTaskStarted':
      return { ...problem, tasks: withTaskTold(tasks, event.data.task, { state: 'In Progress' }) }
    case 'ProblemTaskFinished': {
      const state = FINISHED_TASK[event.data.result]
      return { ...problem, tasks: withTaskTold(tasks, event.data.task, { state }) }
    }
    case 'ProblemTaskRemoved':
      return { ...problem, tasks: withoutTask(tasks, event.data.task) }
    default:
      return problem
  }
}

function evolveStage(problem: Problem, event: RecordedEvent<ProblemEvent>): Problem {
  switch (event.type) {
    case 'ProblemAssessmentStarted':
      return at(problem, { state: 'Assess' })
    case 'ProblemAnalysisStarted':
      return at(problem, { state: 'Root Cause Analysis' })
    case 'ProblemReanalysed':
      return { ...at(problem, { state: 'Root Cause Analysis' }), reviewed: false }
    case 'ProblemFixStarted':
      return at(problem, { state: 'Fix in Progress' })
    case 'ProblemHeld':
      return { ...problem, hold: event.data }
    case 'ProblemResumed':
      return { ...problem, hold: null }
    case 'ProblemResolved':
      return {
        ...at(problem, { state: 'Resolved', outcome: 'fix applied' }),
        resolutionNotes: event.data.notes,
      }
    case 'ProblemRiskAccepted':
      return {
        ...at(problem, { state: 'Resolved', outcome: 'risk accepted' }),
        resolutionNotes: event.data.notes,
      }
    case 'ProblemMarkedDuplicate': {
      const { survivor, notes } = event.data
      const closed = at(problem, { state: 'Closed', outcome: 'duplicate', survivor })
      return { ...closed, resolutionNotes: notes }
    }
    case 'ProblemCanceled': {
      const closed = at(problem, { state: 'Closed', outcome: 'canceled', survivor: null })
      return { ...closed, resolutionNotes: event.data.notes }
    }
    case 'ProblemClosed':
      return at(problem, { state: 'Closed', outcome: outcomeOf(problem), survivor: null })
    case 'ProblemStateObserved':
      return observed(problem, event.data)
    default:
      return problem
  }
}

/** A step ends a hold: only what stands still waits. What goes on, again, has no resolution. */
function at(problem: Problem, stage: Stage): Problem {
  const goesOn = stage.state !== 'Resolved' && stage.state !== 'Closed'
  const resolutionNotes = goesOn && stage.state !== problem.stage.state ? null : problem.resolutionNotes
  return { ...problem, stage, hold: null, phaseUnknown: false, resolutionNotes }
}

function observed(
  problem: Problem,
  { to, phase, outcome, hold }: Extract<ProblemEvent, { type: 'ProblemStateObserved' }>['data'],
): Problem {
  if (to === 'On Hold') return { ...problem, hold: { reason: hold ?? UNSPECIFIED } }
  const known = outcome ?? outcomeOf(problem)
  const phaseUnknown = phase === 'unknown'
  if (to === 'Resolved') return at(problem, { state: to, outcome: known })
  if (to === 'Closed') return at(problem, { state: to, outcome: known, survivor: null })
  return { ...at(problem, { state: to }), phaseUnknown }
}

/** What a source does not say: why it waits. */
export const UNSPECIFIED = 'unspecified'

export function sameLink(one: ProblemLink, other: ProblemLink): boolean {
  return one.relation === other.relation && one.targetType === other.targetType && one.target === other.target
}
