import { canonicalJson, type EventSource, later, type RecordedEvent } from '#libs/event-sourcing'
import { defineProjection } from '#libs/projections-runtime'
import { oneOf, someOf } from '#libs/read-store'
import { FINISHED_TASK, type ShownTask, withoutTask, withTask, withTaskTold } from '#libs/record-tasks'
import type { CabAdvice, CabEvent } from '../../src/changes/domain/cab.events.js'
import type {
  ChangeEvent,
  ChangeLink,
  ChangeOpened,
  ChangeRiskAssessed,
  ChangeState,
  Conflict,
  ImportedChange,
  Outcome,
  Period,
  Plan,
  ProposedValues,
  ProposedValuesRefused,
  Segregated,
} from '../../src/changes/domain/change.events.js'
import { accessColumns, audienceOf, forEverybody, seesInternalFields } from '../access.js'
import {
  applyToChangeHead,
  BLANK_CHANGE_HEAD,
  type ChangeHead,
  editWindow,
  openChangeHead,
  plan,
  type RecordedChange,
  type RecordedChangeEvent,
  wasImplemented,
} from '../change-folds.js'
import { changeRisk, changeState, changeType } from '../closed-columns.js'
import { applyImported, type Blank, type Draft, nonEmpty, onlyFields, performer, present } from '../drafts.js'

const UNPROVEN = 'no evidence in source' as const
type Unproven = typeof UNPROVEN

/** The round of approval that is open or was last; of a standard change, its model's approval. */
export interface ChangeApproval {
  purpose: 'authorization' | 'ratification' | 'model'
  round?: number
  /** `preparing`: its CIs are being reserved, and then it is asked. */
  status: 'preparing' | 'open' | 'approved' | 'rejected' | 'lapsed' | 'withdrawn'
  /** Id of the approval; absent until it is asked. */
  id?: string
  hash?: string
  policy?: string
  policyVersion?: number
  materialFields?: readonly string[]
  approvers?: readonly string[]
  /** Why it was rejected. */
  comment?: string
  model?: string
  modelRevision?: number
}

/** What was implemented before approval, and what became of it. */
export interface EarlyImplementation {
  ratifyBy: string
  verdict: 'open' | 'ratified' | 'refused'
  /** Ratified after the deadline. */
  late?: true
  /** The deadline passed without a verdict. */
  overdue?: true
}

/** All that a list or a record page shows of a change, save the texts of its stream: comments, notes, documents, history. */
export interface ChangeDetails extends ChangeHead, Omit<Plan, 'title'> {
  type: ChangeOpened['data']['type']
  /** Set while it is on hold. */
  hold?: { reason: string; comment?: string; since: string }
  /** Filterable form of `hold`. */
  onHold?: true
  risk?: ChangeRiskAssessed['data']['risk']
  riskAssessment?: Pick<ChangeRiskAssessed['data'], 'byRules' | 'byAnswers' | 'matrixVersion'>
  /** Chosen within the window; absent: the whole window. */
  planned?: Period
  /** When it is done if all goes as planned, or since it was begun before approval; absent: it has no window yet. */
  plannedStart?: string
  plannedEnd?: string
  approval?: ChangeApproval
  /** Filterable form of `approval.status`. */
  approvalStatus?: ChangeApproval['status']
  /** Approvals that an edit of the plan has voided. */
  voids?: readonly { round: number; approval: string; hash: string; fields: readonly string[]; at: string }[]
  voidCount?: number
  /** Those that stand. */
  conflicts?: readonly Conflict[]
  /** Filterable form of their kinds. */
  conflictKinds?: readonly string[]
  overrides?: readonly { window: string; period: Period; by: string; at: string; reason?: string }[]
  model?: ChangeOpened['data']['model']
  reverts?: string
  links?: readonly ChangeLink[]
  tasks?: readonly ShownTask[]
  implementer?: string
  early?: EarlyImplementation
  /** Filterable forms of `early`. */
  implementedBeforeApproval?: true
  ratification?: EarlyImplementation['verdict'] | 'overdue'
  /** Two things that were done by one person and should not have been. */
  breaches?: readonly Segregated[]
  /** Filterable form of their rules. */
  breachRules?: readonly string[]
  outcome?: Outcome | Unproven
  outcomeNotes?: string
  /** Of what a source tells: it does not say who allowed it. */
  authorisation?: Unproven
  deviations?: readonly { fields: readonly string[]; description: string; at: string; by: string }[]
  baseValues?: readonly ProposedValues[]
  released?: readonly ProposedValues[]
  refused?: readonly ProposedValuesRefused['data'][]
  review?: { objectivesMet: boolean; conclusion: string; lessons?: string; at: string; by: string }
  cancellation?: { from: ChangeState; notes: string }
  /** On which agendas of the board it stands, in order, and what was advised there. */
  cab?: readonly { meeting: string; advice?: CabAdvice; comment?: string; at?: string; by?: string }[]
  /** The latest advice. */
  cabAdvice?: CabAdvice
  /** Meetings on whose agenda it ever stood. */
  cabMeetings?: readonly string[]
  comments?: number
  workNotes?: number
  /** Latest entry into each state that it was in; effective times. */
  entered: Readonly<Partial<Record<ChangeState, string>>>
  /** First beginning and last end of the implementation. */
  startedAt?: string
  endedAt?: string
  closedAt?: string
  /** Latest valid time of an update. */
  updatedAt: string
  /** Valid time up to which the record is told: later events count no earlier. */
  effectiveAt: string
  source?: Pick<EventSource, 'name' | 'externalId'> & { fields: Readonly<Record<string, string>> }
  /** Imported steps that would have been refused here. */
  irregular?: number
}

/** One document per change. */
export const changes = defineProjection<ChangeDetails, ChangeEvent | CabEvent>({
  name: 'changes',
  version: 3,
  from: ['change-', 'cab-'],
  key: keyOf,
  evolve(change, event) {
    if (event.type === 'ChangeOpened') return opened(event)
    if (change === undefined) return undefined
    return isOfBoard(event) ? advised(change, event) : evolved(change, event)
  },
  columns: {
    ...accessColumns,
    number: 'string',
    type: changeType,
    state: changeState,
    onHold: 'boolean',
    risk: changeRisk,
    requester: 'string',
    affectedCis: 'strings',
    plannedStart: 'timestamp',
    plannedEnd: 'timestamp',
    approvalStatus: oneOf<ChangeApproval['status']>({
      preparing: true,
      open: true,
      approved: true,
      rejected: true,
      lapsed: true,
      withdrawn: true,
    }),
    voidCount: 'integer',
    conflictKinds: someOf<Conflict['kind']>({
      'ci-busy': true,
      'related-ci-busy': true,
      'assignee-busy': true,
      'outside-maintenance-window': true,
      'in-blackout': true,
    }),
    implementer: 'string',
    implementedBeforeApproval: 'boolean',
    ratification: oneOf<NonNullable<ChangeDetails['ratification']>>({
      open: true,
      ratified: true,
      refused: true,
      overdue: true,
    }),
    breachRules: someOf<Segregated['rule']>({ 'requester-implements': true, 'approver-implements': true }),
    outcome: oneOf<NonNullable<ChangeDetails['outcome']>>({
      successful: true,
      'with issues': true,
      failed: true,
      'backed out': true,
      [UNPROVEN]: true,
    }),
    authorisation: oneOf<Unproven>({ [UNPROVEN]: true }),
    reverts: 'string',
    openedAt: 'timestamp',
    startedAt: 'timestamp',
    endedAt: 'timestamp',
    closedAt: 'timestamp',
    updatedAt: 'timestamp',
    irregular: 'integer',
    cabAdvice: oneOf<CabAdvice>({ recommend: true, reject: true, defer: true }),
  },
  indexes: [
    ['openedAt'],
    ['updatedAt'],
    ['number'],
    ['state', 'openedAt'],
    // The calendar: what is due in a stretch of time
    ['state', 'plannedStart'],
    ['plannedStart'],
    // What was implemented before an incident
    ['startedAt'],
    ['endedAt'],
    ['type', 'openedAt'],
    ['requester', 'openedAt'],
    ['assignmentGroup', 'openedAt'],
    ['assignee', 'openedAt'],
    ['audienceKind', 'openedAt'],
  ],
  checked: [
    'onHold',
    'risk',
    'plannedEnd',
    'approvalStatus',
    'voidCount',
    'implementer',
    'implementedBeforeApproval',
    'ratification',
    'outcome',
    'authorisation',
    'reverts',
    'closedAt',
    'irregular',
    'cabAdvice',
  ],
  ...forEverybody,
  fields: (change, principal) =>
    seesInternalFields(principal) ? change : onlyFields(change, REQUESTER_FIELDS),
})

/** A record's events up to the first that can't be folded: what follows it waits, as it does in the read model. */
export function foldChangeDetails(events: readonly RecordedEvent[]): {
  details: ChangeDetails | undefined
  stale: boolean
} {
  let details: ChangeDetails | undefined
  for (const event of events) {
    try {
      details = changes.evolve(details, event as RecordedChangeEvent) ?? undefined
    } catch {
      return { details, stale: true }
    }
  }
  return { details, stale: false }
}

const BLANK: Blank<ChangeDetails> = {
  ...BLANK_CHANGE_HEAD,
  type: 'normal',
  description: undefined,
  implementation: undefined,
  backout: undefined,
  test: undefined,
  window: undefined,
  affectedCis: [],
  proposedValues: [],
  hold: undefined,
  onHold: undefined,
  risk: undefined,
  riskAssessment: undefined,
  planned: undefined,
  plannedStart: undefined,
  plannedEnd: undefined,
  approval: undefined,
  approvalStatus: undefined,
  voids: undefined,
  voidCount: undefined,
  conflicts: undefined,
  conflictKinds: undefined,
  overrides: undefined,
  model: undefined,
  reverts: undefined,
  links: undefined,
  tasks: undefined,
  implementer: undefined,
  early: undefined,
  implementedBeforeApproval: undefined,
  ratification: undefined,
  breaches: undefined,
  breachRules: undefined,
  outcome: undefined,
  outcomeNotes: undefined,
  authorisation: undefined,
  deviations: undefined,
  baseValues: undefined,
  released: undefined,
  refused: undefined,
  review: undefined,
  cancellation: undefined,
  cab: undefined,
  cabAdvice: undefined,
  cabMeetings: undefined,
  comments: undefined,
  workNotes: undefined,
  entered: {},
  startedAt: undefined,
  endedAt: undefined,
  closedAt: undefined,
  updatedAt: '',
  effectiveAt: '',
  source: undefined,
  irregular: undefined,
}

function isOfBoard(event: RecordedEvent<ChangeEvent | CabEvent>): event is RecordedEvent<CabEvent> {
  return event.stream.startsWith('cab-')
}

/** What the board says of a change concerns that one alone; the rest of a meeting none. */
function keyOf(event: RecordedEvent<ChangeEvent | CabEvent>): string | undefined {
  if (!isOfBoard(event)) return event.stream
  switch (event.type) {
    case 'CabAgendaItemAdded':
    case 'CabAgendaItemRemoved':
    case 'CabAdviceGiven':
      return `change-${event.data.change}`
    default:
      return undefined
  }
}

/** No update of the change: it is the board's word. */
function advised(change: ChangeDetails, event: RecordedEvent<CabEvent>): ChangeDetails {
  const meeting = event.stream.slice('cab-'.length)
  const { cab = [], cabMeetings = [] } = change
  const others = cab.filter((known) => known.meeting !== meeting)
  switch (event.type) {
    case 'CabAgendaItemAdded':
      return {
        ...change,
        cab: [...others, { meeting }],
        cabMeetings: [...new Set([...cabMeetings, meeting])],
      }
    case 'CabAgendaItemRemoved':
      return { ...change, cab: nonEmpty(others) }
    case 'CabAdviceGiven': {
      const { advice, comment } = event.data
      const said = {
        meeting,
        advice,
        comment: present(comment),
        at: event.metadata.occurredAt,
        by: performer(event),
      }
      return { ...change, cab: [...others, said], cabAdvice: advice }
    }
    default:
      return change
  }
}

function opened(event: RecordedChange<'ChangeOpened'>): ChangeDetails {
  const { data, metadata } = event
  const { occurredAt, source } = metadata
  const draft: Draft<ChangeDetails> = { ...BLANK }
  openChangeHead(draft, event)
  draft.type = data.type
  for (const field of PLAN_TEXTS) draft[field] = data[field]
  draft.window = data.window
  draft.affectedCis = data.affectedCis
  draft.proposedValues = data.proposedValues
  draft.model = data.model
  draft.reverts = data.reverts
  draft.entered = { New: occurredAt }
  draft.updatedAt = occurredAt
  draft.effectiveAt = occurredAt
  if (source) draft.source = { name: source.name, externalId: source.externalId, fields: {} }
  plan(draft)
  applyImported(draft, event.data ?? {})
  return draft
}

const PLAN_TEXTS = ['description', 'implementation', 'backout', 'test'] as const

function evolved(change: ChangeDetails, event: RecordedChangeEvent): ChangeDetails {
  const { occurredAt } = event.metadata
  const draft: Draft<ChangeDetails> = { ...change }
  applyToChangeHead(draft, event)
  draft.effectiveAt = later(change.effectiveAt, occurredAt)
  const known =
    describe(draft, event) ||
    approve(draft, event) ||
    implement(draft, event) ||
    conclude(draft, event) ||
    work(draft, event)
  if (!known) return change
  draft.updatedAt = later(change.updatedAt, occurredAt)
  enter(draft, change.state)
  filterable(draft)
  applyImported(draft, event.data ?? {})
  return draft
}

/** A change that is taken up again is over no more. */
function enter(draft: Draft<ChangeDetails>, before: ChangeState): void {
  const { state, effectiveAt } = draft
  if (state === before) return
  draft.entered = { ...draft.entered, [state]: effectiveAt }
  draft.closedAt = state === 'Closed' ? effectiveAt : undefined
  if (state === 'Implement') draft.startedAt ??= effectiveAt
  // A source may tell of no state in between
  if (state === 'Review' || (state === 'Closed' && draft.startedAt !== undefined))
    draft.endedAt ??= effectiveAt
}

/** What filters ask for, from what it is a form of. */
function filterable(draft: Draft<ChangeDetails>): void {
  const { hold, approval, voids, conflicts, early, breaches } = draft
  draft.onHold = hold && true
  draft.approvalStatus = approval?.status
  draft.voidCount = voids?.length
  draft.conflictKinds = conflicts && [...new Set(conflicts.map(({ kind }) => kind))].sort()
  draft.implementedBeforeApproval = early && true
  draft.ratification = early && (early.verdict === 'open' && early.overdue ? 'overdue' : early.verdict)
  draft.breachRules = breaches && [...new Set(breaches.map(({ rule }) => rule))].sort()
}

/** What it is about; false: the event is not about that. */
function describe(draft: Draft<ChangeDetails>, event: RecordedChangeEvent): boolean {
  switch (event.type) {
    case 'ChangePlanEdited':
      return edit(draft, event.data.changes)
    case 'PlannedTimesMoved':
      draft.planned = present(event.data.planned)
      return due(draft)
    case 'ChangeAssigned':
    case 'ChangeAssessmentStarted':
      return true
    case 'ChangeRiskAssessed': {
      const { risk, byRules, byAnswers, matrixVersion } = event.data
      draft.risk = risk
      draft.riskAssessment = { byRules, byAnswers, matrixVersion }
      return true
    }
    case 'ChangeLinked':
      draft.links = [...without(draft.links, event.data.link), event.data.link]
      return true
    case 'ChangeUnlinked':
      draft.links = nonEmpty(without(draft.links, event.data.link))
      return true
    case 'ChangeCommentAdded':
      draft.comments = (draft.comments ?? 0) + 1
      return true
    case 'ChangeWorkNoteAdded':
      draft.workNotes = (draft.workNotes ?? 0) + 1
      return true
    default:
      return false
  }
}

function edit(
  draft: Draft<ChangeDetails>,
  {
    type,
    window,
    affectedCis,
    proposedValues,
    ...texts
  }: RecordedChange<'ChangePlanEdited'>['data']['changes'],
): true {
  if (type) draft.type = type.to as ChangeDetails['type']
  for (const field of PLAN_TEXTS) {
    const change = texts[field]
    if (change) draft[field] = present(change.to as string | null)
  }
  if (affectedCis) draft.affectedCis = (affectedCis.to as readonly string[] | null) ?? []
  if (proposedValues) draft.proposedValues = (proposedValues.to as readonly ProposedValues[] | null) ?? []
  if (window) editWindow(draft, window.to as Period | null)
  return due(draft)
}

/** What was begun before approval is being done, whatever is planned. */
function due(draft: Draft<ChangeDetails>): true {
  return draft.early === undefined ? plan(draft) : true
}

function without(links: readonly ChangeLink[] = [], link: ChangeLink): readonly ChangeLink[] {
  return links.filter((known) => canonicalJson(known) !== canonicalJson(link))
}

/** Who is asked, and what was answered; false: the event is not about that. */
function approve(draft: Draft<ChangeDetails>, event: RecordedChangeEvent): boolean {
  switch (event.type) {
    case 'ChangeSubmitted':
    case 'ChangeApprovalRenewed':
      return newRound(draft, event.data.round)
    case 'ChangeApprovalAsked': {
      const { round, approval: id, purpose, hash, policy, policyVersion, materialFields } = event.data
      draft.approval = { purpose, round, status: 'open', id, hash, policy, policyVersion, materialFields }
      return true
    }
    case 'ChangeRatified':
    case 'RatificationRefused':
      ratify(draft, event)
      return answer(draft, event)
    case 'ChangeApproved':
    case 'ChangeRejected':
      return answer(draft, event)
    case 'ChangeApprovalLapsed':
      return closeRound(draft, { status: 'lapsed' })
    case 'ChangeApprovalWithdrawn':
      return closeRound(draft, { status: 'withdrawn' })
    case 'ChangeApprovalVoided': {
      const { round, approval, hash, fields, nextRound } = event.data
      draft.voids = [...(draft.voids ?? []), { round, approval, hash, fields, at: event.metadata.occurredAt }]
      return newRound(draft, nextRound)
    }
    case 'ChangeScheduled': {
      const { model, revision, approver, hash } = event.data
      draft.approval = {
        ...{ purpose: 'model', status: 'approved', hash, model, modelRevision: revision },
        ...(approver !== undefined && { approvers: [approver] }),
      }
      return true
    }
    case 'ChangeReturned':
      return true
    default:
      return false
  }
}

function newRound(draft: Draft<ChangeDetails>, round: number): true {
  const purpose = wasImplemented(draft.state) ? 'ratification' : 'authorization'
  draft.approval = { purpose, round, status: 'preparing' }
  // A ratification that was refused is asked again
  if (draft.early) draft.early = { ...draft.early, verdict: 'open' }
  return true
}

type Answer = RecordedChange<'ChangeApproved' | 'ChangeRejected' | 'ChangeRatified' | 'RatificationRefused'>

function answer(draft: Draft<ChangeDetails>, { data }: Answer): true {
  return 'approvers' in data
    ? closeRound(draft, { status: 'approved', approvers: data.approvers })
    : closeRound(draft, { status: 'rejected', comment: present(data.comment) })
}

function closeRound(draft: Draft<ChangeDetails>, end: Partial<ChangeApproval>): true {
  if (draft.approval) draft.approval = { ...draft.approval, ...end }
  return true
}

function ratify(draft: Draft<ChangeDetails>, { data }: Answer): void {
  if (draft.early === undefined) return
  const late = 'late' in data && data.late ? true : undefined
  draft.early = { ...draft.early, verdict: 'approvers' in data ? 'ratified' : 'refused', late }
}

/** What is done, and by whom; false: the event is not about that. */
function implement(draft: Draft<ChangeDetails>, event: RecordedChangeEvent): boolean {
  switch (event.type) {
    case 'BaseValuesRecorded':
      draft.baseValues = event.data.baseValues
      return true
    case 'ImplementationStarted': {
      const { implementer, breaches } = event.data
      draft.implementer = implementer
      draft.startedAt = event.metadata.occurredAt
      draft.breaches = nonEmpty([...(draft.breaches ?? []), ...breaches])
      return true
    }
    case 'ImplementedBeforeApproval': {
      const { startedAt, implementer, ratifyBy, round, period } = event.data
      draft.implementer = implementer
      draft.startedAt = startedAt
      draft.early = { ratifyBy, verdict: 'open' }
      draft.plannedStart = period.start
      draft.plannedEnd = period.end
      return newRound(draft, round)
    }
    case 'RatificationOverdue':
      if (draft.early) draft.early = { ...draft.early, overdue: true }
      return true
    case 'PlanDeviated': {
      const deviation = { ...event.data, at: event.metadata.occurredAt, by: performer(event) }
      draft.deviations = [...(draft.deviations ?? []), withoutImported(deviation)]
      return true
    }
    case 'ImplementationEnded':
      draft.outcome = event.data.outcome
      draft.outcomeNotes = event.data.notes
      draft.endedAt = event.data.endedAt
      return true
    case 'ProposedValuesReleased':
      draft.released = [...(draft.released ?? []), { ci: event.data.ci, attributes: event.data.attributes }]
      return true
    case 'ProposedValuesRefused':
      // It may have been released, and refused as it was to be written
      draft.released = nonEmpty((draft.released ?? []).filter(({ ci }) => ci !== event.data.ci))
      draft.refused = [...(draft.refused ?? []), withoutImported(event.data)]
      return true
    default:
      return false
  }
}

/** How it ends; false: the event is not about that. */
function conclude(draft: Draft<ChangeDetails>, event: RecordedChangeEvent): boolean {
  const { occurredAt } = event.metadata
  switch (event.type) {
    case 'ChangeReviewed': {
      const { objectivesMet, conclusion, lessons } = event.data
      const by = performer(event)
      draft.review = { objectivesMet, conclusion, lessons: present(lessons), at: occurredAt, by }
      return true
    }
    case 'ChangeClosed':
      return true
    case 'ChangeCanceled':
      draft.cancellation = { from: event.data.from, notes: event.data.notes }
      return true
    case 'ChangeStateObserved': {
      const { outcome, authorisation } = event.data
      if (outcome !== undefined) draft.outcome = outcome
      if (authorisation !== undefined) draft.authorisation = authorisation
      return true
    }
    default:
      return false
  }
}

/** What happens beside the path; false: the event is not known here. */
function work(draft: Draft<ChangeDetails>, event: RecordedChangeEvent): boolean {
  const { occurredAt: at, reason } = event.metadata
  switch (event.type) {
    case 'ConflictAppeared':
      draft.conflicts = [...(draft.conflicts ?? []), event.data.conflict]
      return true
    case 'ConflictCleared':
      draft.conflicts = nonEmpty(
        (draft.conflicts ?? []).filter(
          (known) => canonicalJson(known) !== canonicalJson(event.data.conflict),
        ),
      )
      return true
    case 'BlackoutOverridden': {
      const { window, period } = event.data
      draft.overrides = [...(draft.overrides ?? []), { window, period, by: performer(event), at, reason }]
      return true
    }
    case 'ChangeHeld':
      draft.hold = { reason: event.data.reason, comment: event.data.comment, since: at }
      return true
    case 'ChangeResumed':
      draft.hold = undefined
      return event.data.renewRound === undefined ? true : newRound(draft, event.data.renewRound)
    default:
      return workOnTasks(draft, event)
  }
}

function workOnTasks(draft: Draft<ChangeDetails>, event: RecordedChangeEvent): boolean {
  const { tasks = [] } = draft
  switch (event.type) {
    case 'ChangeTaskAdded':
      draft.tasks = withTask(tasks, event.data)
      return true
    case 'ChangeTaskStarted':
      draft.tasks = withTaskTold(tasks, event.data.task, { state: 'In Progress' })
      return true
    case 'ChangeTaskFinished': {
      const { task, result, notes } = event.data
      draft.tasks = withTaskTold(tasks, task, { state: FINISHED_TASK[result], notes: present(notes) })
      return true
    }
    case 'ChangeTaskRemoved':
      draft.tasks = nonEmpty(withoutTask(tasks, event.data.task))
      return true
    default:
      return false
  }
}

function withoutImported<Data extends ImportedChange>({
  sourceFields,
  irregular,
  ...data
}: Data): Omit<Data, keyof ImportedChange> {
  return data
}

/** What people see of the changes that they asked for, by name: a new field is internal until it is listed here. */
const REQUESTER_FIELDS = [
  'number',
  'type',
  'title',
  'description',
  'state',
  'requester',
  'assignmentGroup',
  'assignee',
  'plannedStart',
  'plannedEnd',
  'outcome',
  'cancellation',
  'comments',
  'entered',
  'openedAt',
  'startedAt',
  'endedAt',
  'closedAt',
  'updatedAt',
] as const satisfies readonly (keyof ChangeDetails)[]

/** A change as answers show it: without the columns that only serve filters and the row rule. */
export function shownChange(change: ChangeDetails): object {
  const { audienceKind, audienceGroups, visibleTo, ...shown } = change
  const { onHold, approvalStatus, voidCount, conflictKinds, breachRules, cabMeetings, ...fields } = shown
  return { ...fields, audience: audienceOf(change) }
}
