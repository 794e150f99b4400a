import { type Audience, PUBLIC } from '#libs/access'
import { canonicalJson, type EventMetadata, type RecordedEvent } from '#libs/event-sourcing'
import type { RecordFile } from '#libs/record-files'
import { FINISHED_TASK, type RecordTask, withoutTask, withTask, withTaskTold } from '#libs/record-tasks'
import type {
  ApprovalBasis,
  ChangeEvent,
  ChangeLink,
  ChangeState,
  Conflict,
  ConflictInputs,
  Outcome,
  Period,
  ProposedValues,
  Surroundings,
} from './change.events.js'
import { type Bond, type TypedPlan, withChanges } from './change.plan.js'
import type { RiskAnswers } from './change.risk.js'
import type { Risk } from './defaults.js'

/** No event yet. */
export interface NotOpened {
  readonly stage: { readonly state: 'Not Opened' }
}

/** A round of approval; `asked` is null until the CIs are reserved. */
export interface Round {
  readonly number: number
  readonly asked: (Bond & { readonly approval: string }) | null
  readonly lapsed: boolean
  /** Who has granted it while the change is on hold; null: nobody yet. */
  readonly granted: readonly string[] | null
}
/** What was implemented before approval, and what became of it. */
export interface Ratification {
  readonly round: Round
  readonly ratifyBy: string
  readonly verdict: 'open' | 'ratified' | 'refused'
  readonly overdue: boolean
}
/** An approval that stands, with what it is bound to. */
export interface Standing {
  readonly basis: ApprovalBasis
  readonly bond: Bond
}

/** Where a change stands, and what stands only there. */
export type Stage =
  | { readonly state: 'New' | 'Assess' }
  | { readonly state: 'Authorize'; readonly round: Round }
  /** `standing` is null only where a source tells no more. */
  | { readonly state: 'Scheduled'; readonly standing: Standing | null }
  | {
      readonly state: 'Implement' | 'Review' | 'Closed'
      readonly standing: Standing | null
      readonly ratification: Ratification | null
    }
  | { readonly state: 'Canceled'; readonly from: ChangeState }

/** What decisions need to know of a change; null: not set. Times are ISO 8601. */
export interface Change {
  readonly stage: Stage
  readonly plan: TypedPlan
  readonly customFields: Readonly<Record<string, unknown>>
  /** Null: the whole window. */
  readonly planned: Period | null
  /** Of what was implemented before approval: from its beginning on, whatever was planned. */
  readonly underway: Period | null
  readonly requester: string | null
  /** Who opened or submitted it, be it on another's name: to its approval they are requesters too. */
  readonly involved: readonly string[]
  readonly group: string | null
  readonly assignee: string | null
  readonly audience: Audience
  readonly watchers: readonly string[]
  readonly model: { readonly id: string; readonly revision: number } | null
  readonly reverts: string | null
  readonly risk: Risk | null
  /** Of the questionnaire, last; null: nobody has answered it. */
  readonly answers: RiskAnswers | null
  /** Number of the latest round. */
  readonly rounds: number
  /** Ids of the rounds that were asked. */
  readonly approvals: readonly string[]
  readonly conflicts: readonly Conflict[]
  /** What stands around its CIs, as it was told last. */
  readonly surroundings: Surroundings | null
  readonly overrides: readonly { readonly window: string; readonly period: Period }[]
  readonly hold: { readonly reason: string; readonly comment?: string } | null
  readonly tasks: readonly RecordTask[]
  /** How many tasks there have been: their ids are never used again. */
  readonly taskCount: number
  readonly links: readonly ChangeLink[]
  readonly files: readonly Pick<RecordFile, 'hash' | 'name'>[]
  readonly baseValues: readonly ProposedValues[]
  /** CIs whose proposed values were written. */
  readonly released: readonly ProposedValues[]
  readonly implementer: string | null
  readonly startedAt: string | null
  readonly outcome: Outcome | 'no evidence in source' | null
  readonly deviations: number
  readonly reviewed: boolean
  /** Running maximum of `occurredAt`. */
  readonly effectiveAt: string
}
export type ChangeRecord = NotOpened | Change

export const NOT_OPENED: NotOpened = { stage: { state: 'Not Opened' } }

export function isOpened(record: ChangeRecord): record is Change {
  return record.stage.state !== 'Not Opened'
}

/** When it is done, if all goes as planned; null: no window yet. */
export function periodOfChange({
  underway,
  planned,
  plan,
}: Pick<Change, 'underway' | 'planned' | 'plan'>): Period | null {
  return underway ?? planned ?? plan.window ?? null
}

/** In these states it keeps its CIs and its assignee busy. */
const BUSY_STATES: readonly ChangeState[] = ['Authorize', 'Scheduled', 'Implement']

export function isBusy(state: ChangeState): boolean {
  return BUSY_STATES.includes(state)
}

export function evolve(record: ChangeRecord, event: RecordedEvent<ChangeEvent>): ChangeRecord {
  const { occurredAt } = event.metadata
  if (event.type === 'ChangeOpened') return opened(event)
  if (!isOpened(record)) return record
  const after = evolveOpened(record, event)
  return after.effectiveAt >= occurredAt ? after : { ...after, effectiveAt: occurredAt }
}

function opened({ data, metadata }: RecordedEvent<Extract<ChangeEvent, { type: 'ChangeOpened' }>>): Change {
  const { type, title, description, implementation, backout, test, window, affectedCis, proposedValues } =
    data
  const plan: TypedPlan = {
    type,
    title,
    description,
    implementation,
    backout,
    test,
    window,
    affectedCis,
    proposedValues,
  }
  return {
    stage: { state: 'New' },
    plan,
    customFields: data.customFields ?? {},
    planned: null,
    underway: null,
    requester: data.requester ?? null,
    involved: handsOf(metadata),
    group: data.group ?? null,
    assignee: data.assignee ?? null,
    audience: data.audience ?? PUBLIC,
    watchers: [],
    model: data.model ?? null,
    reverts: data.reverts ?? null,
    risk: null,
    answers: null,
    rounds: 0,
    approvals: [],
    conflicts: [],
    surroundings: null,
    overrides: [],
    hold: null,
    tasks: [],
    taskCount: 0,
    links: [],
    files: [],
    baseValues: [],
    released: [],
    implementer: null,
    startedAt: null,
    outcome: null,
    deviations: 0,
    reviewed: false,
    effectiveAt: metadata.occurredAt,
  }
}

/** Whose hand it was; nobody's of ours when a source told it, or the program did it. */
function handsOf({ actor, channel }: EventMetadata): readonly string[] {
  return channel === 'import' || channel === 'policy' ? [] : [actor]
}

/** What concerns the lifecycle is told by `evolveStage`, all else here. */
function evolveOpened(change: Change, event: RecordedEvent<ChangeEvent>): Change {
  const staged = evolveStage(change, event)
  switch (event.type) {
    case 'ChangePlanEdited':
      return evolvePlan(staged, event.data.changes)
    case 'ChangeCustomFieldsChanged':
      return { ...staged, customFields: event.data.to }
    case 'PlannedTimesMoved':
      return { ...staged, planned: event.data.planned }
    case 'ChangeAssigned':
      return { ...staged, group: event.data.group, assignee: event.data.assignee }
    case 'ChangeWatcherAdded':
      return { ...staged, watchers: [...staged.watchers, event.data.person] }
    case 'ChangeWatcherRemoved':
      return { ...staged, watchers: staged.watchers.filter((person) => person !== event.data.person) }
    case 'ChangeAudienceChanged':
      return { ...staged, audience: event.data.audience }
    case 'ChangeApprovalAsked':
      return { ...staged, approvals: [...staged.approvals, event.data.approval] }
    case 'ChangeLinked':
      return { ...staged, links: [...staged.links, event.data.link] }
    case 'ChangeUnlinked':
      return { ...staged, links: staged.links.filter((link) => !sameLink(link, event.data.link)) }
    case 'ChangeFileAttached': {
      const { hash, name } = event.data
      return { ...staged, files: [...staged.files, { hash, name }] }
    }
    case 'ChangeRiskAssessed':
      return { ...staged, risk: event.data.risk, answers: event.data.byAnswers?.answers ?? null }
    case 'ConflictAppeared':
      return {
        ...staged,
        conflicts: [...staged.conflicts, event.data.conflict],
        surroundings: toldBy(event.data.inputs),
      }
    case 'ConflictCleared':
      return {
        ...staged,
        conflicts: staged.conflicts.filter((known) => !same(known, event.data.conflict)),
        surroundings: toldBy(event.data.inputs),
      }
    case 'ChangeSubmitted':
    case 'ChangeApprovalRenewed':
      return {
        ...staged,
        involved: [...new Set([...staged.involved, ...handsOf(event.metadata)])],
        surroundings: event.data.surroundings ?? staged.surroundings,
      }
    case 'ChangeScheduled':
      return { ...staged, surroundings: event.data.surroundings ?? staged.surroundings }
    case 'BlackoutOverridden':
      return { ...staged, overrides: [...staged.overrides, event.data] }
    case 'ChangeHeld':
      return { ...staged, hold: event.data }
    case 'ChangeResumed':
      return { ...staged, hold: null }
    case 'BaseValuesRecorded':
      return { ...staged, baseValues: event.data.baseValues }
    case 'ProposedValuesReleased':
      return { ...staged, released: [...staged.released, event.data] }
    case 'ProposedValuesRefused':
      return { ...staged, released: staged.released.filter(({ ci }) => ci !== event.data.ci) }
    case 'PlanDeviated':
      return { ...staged, deviations: staged.deviations + 1 }
    case 'ChangeReviewed':
      return { ...staged, reviewed: true }
    default:
      return evolveTasks(staged, event)
  }
}

/** Without a position nothing was asked: then it knows of its own CIs only. */
function toldBy({ related, classes, truncated, viewPosition: position = '' }: ConflictInputs): Surroundings {
  return { related, classes, truncated, position }
}

function evolvePlan(
  change: Change,
  changes: Extract<ChangeEvent, { type: 'ChangePlanEdited' }>['data']['changes'],
): Change {
  const plan = withChanges(change.plan, changes)
  // Times that were chosen for another window mean nothing in this one.
  return { ...change, plan, planned: changes.window === undefined ? change.planned : null }
}

function evolveTasks(change: Change, event: ChangeEvent): Change {
  const { tasks } = change
  switch (event.type) {
    case 'ChangeTaskAdded':
      return { ...change, tasks: withTask(tasks, event.data), taskCount: change.taskCount + 1 }
    case 'ChangeTaskStarted':
      return { ...change, tasks: withTaskTold(tasks, event.data.task, { state: 'In Progress' }) }
    case 'ChangeTaskFinished': {
      const state = FINISHED_TASK[event.data.result]
      return { ...change, tasks: withTaskTold(tasks, event.data.task, { state }) }
    }
    case 'ChangeTaskRemoved':
      return { ...change, tasks: withoutTask(tasks, event.data.task) }
    default:
      return change
  }
}

const newRound = (number: number): Round => ({ number, asked: null, lapsed: false, granted: null })

function evolveStage(change: Change, event: RecordedEvent<ChangeEvent>): Change {
  switch (event.type) {
    case 'ChangeAssessmentStarted':
      return at(change, { state: 'Assess' })
    case 'ChangeSubmitted':
    case 'ChangeApprovalRenewed':
      return inRound(change, event.data.round)
    case 'ChangeResumed':
      return event.data.renewRound === undefined ? change : inRound(change, event.data.renewRound)
    case 'ChangeApprovalVoided':
      return inRound(change, event.data.nextRound)
    case 'ChangeApprovalAsked':
      return withRound(change, (round) => ({ ...round, asked: event.data }))
    case 'ChangeApprovalLapsed':
      return withRound(change, (round) => ({ ...round, lapsed: true }))
    case 'ChangeApproved':
      return approved(change, event.data)
    case 'ChangeApprovedOnHold':
      return withRound(change, (round) => ({ ...round, granted: event.data.approvers }))
    case 'ChangeRejected':
    case 'ChangeReturned':
      return at(change, { state: 'New' })
    case 'ChangeScheduled': {
      const { model, revision, approver, hash, document } = event.data
      const bond: Bond = { document, hash, materialFields: STANDARD_FIELDS }
      return at(change, {
        state: 'Scheduled',
        standing: {
          basis: { kind: 'model', model, revision, hash, ...(approver !== undefined && { approver }) },
          bond,
        },
      })
    }
    case 'ChangeCanceled':
      return at(change, { state: 'Canceled', from: event.data.from })
    default:
      return evolveImplementation(change, event)
  }
}

/** What a model fixes, and what may not change any more once it is being done. */
export const STANDARD_FIELDS = [
  'type',
  'implementation',
  'backout',
  'test',
  'window',
  'affectedCis',
  'proposedValues',
]

function evolveImplementation(change: Change, event: RecordedEvent<ChangeEvent>): Change {
  const { stage } = change
  switch (event.type) {
    case 'ImplementationStarted': {
      const standing = stage.state === 'Scheduled' ? stage.standing : null
      return {
        ...at(change, { state: 'Implement', standing, ratification: null }),
        implementer: event.data.implementer,
        startedAt: event.metadata.occurredAt,
      }
    }
    case 'ImplementedBeforeApproval': {
      const { startedAt, implementer, ratifyBy, round, period } = event.data
      const ratification: Ratification = { round: newRound(round), ratifyBy, verdict: 'open', overdue: false }
      return {
        ...at(change, { state: 'Implement', standing: null, ratification }),
        underway: period,
        implementer,
        startedAt,
        rounds: round,
      }
    }
    case 'ChangeRatified':
      return withRatification(change, { verdict: 'ratified' })
    case 'RatificationRefused':
      return withRatification(change, { verdict: 'refused' })
    case 'RatificationOverdue':
      return withRatification(change, { overdue: true })
    case 'ImplementationEnded':
      return { ...moved(change, 'Review'), outcome: event.data.outcome }
    case 'ChangeClosed':
      return moved(change, 'Closed')
    case 'ChangeStateObserved': {
      const { to, outcome } = event.data
      const after = observed(change, to)
      return outcome === undefined ? after : { ...after, outcome }
    }
    default:
      return change
  }
}

const at = (change: Change, stage: Stage): Change => ({ ...change, stage })

function inRound(change: Change, number: number): Change {
  const { stage } = change
  const numbered = { ...change, rounds: number }
  return 'ratification' in stage && stage.ratification !== null
    ? withRatification(numbered, { round: newRound(number), verdict: 'open' })
    : at(numbered, { state: 'Authorize', round: newRound(number) })
}

/** The round that is open, or was last: of the authorization or of the ratification. */
export function roundOf({ stage }: Change): Round | null {
  if (stage.state === 'Authorize') return stage.round
  return 'ratification' in stage ? (stage.ratification?.round ?? null) : null
}

function withRound(change: Change, next: (round: Round) => Round): Change {
  const { stage } = change
  if (stage.state === 'Authorize') return at(change, { ...stage, round: next(stage.round) })
  if (!('ratification' in stage) || stage.ratification === null) return change
  return withRatification(change, { round: next(stage.ratification.round) })
}

function withRatification(change: Change, told: Partial<Ratification>): Change {
  const { stage } = change
  if (!('ratification' in stage) || stage.ratification === null) return change
  return at(change, { ...stage, ratification: { ...stage.ratification, ...told } })
}

function approved(
  change: Change,
  { round, approval, hash, approvers }: Extract<ChangeEvent, { type: 'ChangeApproved' }>['data'],
): Change {
  const asked = change.stage.state === 'Authorize' ? change.stage.round.asked : null
  const basis: ApprovalBasis = { kind: 'approval', approval, round, hash, approvers }
  return at(change, { state: 'Scheduled', standing: asked && { basis, bond: asked } })
}

function moved(change: Change, state: 'Review' | 'Closed'): Change {
  const { stage } = change
  return 'ratification' in stage ? at(change, { ...stage, state }) : observed(change, state)
}

function observed(change: Change, to: ChangeState): Change {
  const { stage } = change
  const standing = 'standing' in stage ? stage.standing : null
  switch (to) {
    case 'New':
    case 'Assess':
      return at(change, { state: to })
    case 'Authorize':
      return at(change, { state: to, round: newRound(change.rounds) })
    case 'Scheduled':
      return at(change, { state: to, standing })
    case 'Canceled':
      return at(change, { state: to, from: stage.state as ChangeState })
    default:
      return at(change, {
        state: to,
        standing,
        ratification: 'ratification' in stage ? stage.ratification : null,
      })
  }
}

export function sameLink(one: ChangeLink, other: ChangeLink): boolean {
  return one.relation === other.relation && one.targetType === other.targetType && one.target === other.target
}

function same(one: Conflict, other: Conflict): boolean {
  return canonicalJson(one) === canonicalJson(other)
}
