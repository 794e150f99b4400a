import { type EventSource, later, type RecordedEvent } from '#libs/event-sourcing'
import { oneOf, someOf } from '#libs/read-store'
import type { RecordFile } from '#libs/record-files'
import type { ShownTask } from '#libs/record-tasks'
import type { CabAdvice, CabEvent } from '../src/changes/domain/cab.events.js'
import type {
  ChangeEvent,
  ChangeLink,
  ChangeOpened,
  ChangeRiskAssessed,
  ChangeState,
  Conflict,
  Outcome,
  Period,
  Plan,
  ProposedValues,
  ProposedValuesRefused,
  Segregated,
} from '../src/changes/domain/change.events.js'
import { accessColumns } from './access.js'
import {
  approve,
  conclude,
  describe,
  describeCustom,
  implement,
  PLAN_TEXTS,
  work,
} from './change-details-steps.js'
import {
  applyToChangeHead,
  BLANK_CHANGE_HEAD,
  type ChangeHead,
  openChangeHead,
  plan,
  type RecordedChange,
  type RecordedChangeEvent,
} from './change-folds.js'
import { changeRisk, changeState, changeType } from './closed-columns.js'
import { applyImported, type Blank, type Draft, draftsOf, nonEmpty, performer, present } from './drafts.js'

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
  customFields?: Record<string, unknown>
  /** Filterable form of the scalar custom fields. */
  custom?: readonly string[]
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
  attachments?: readonly (RecordFile & { addedAt: string; addedBy: string })[]
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

/** A record's events up to the first that can't be folded: what follows it waits, as it does in the read model. */
export function foldChangeDetails(events: readonly RecordedEvent[]): {
  details: ChangeDetails | undefined
  stale: boolean
} {
  let details: ChangeDetails | undefined
  for (const event of events) {
    try {
      details = evolveChangeDetails(details, event as RecordedChangeEvent)
    } catch {
      return { details, stale: true }
    }
  }
  return { details, stale: false }
}

/** A change after an event of its own, or of the board's about it; undefined: it was not opened yet. */
export function evolveChangeDetails(
  change: ChangeDetails | undefined,
  event: RecordedEvent<ChangeEvent | CabEvent>,
): ChangeDetails | undefined {
  if (event.type === 'ChangeOpened') return opened(event)
  if (change === undefined) return undefined
  return isOfBoard(event) ? advised(change, event) : evolved(change, event)
}

const BLANK: Blank<ChangeDetails> = {
  ...BLANK_CHANGE_HEAD,
  type: 'normal',
  customFields: undefined,
  custom: undefined,
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
  attachments: undefined,
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

const draftOf = draftsOf(BLANK)

function isOfBoard(event: RecordedEvent<ChangeEvent | CabEvent>): event is RecordedEvent<CabEvent> {
  return event.stream.startsWith('cab-')
}

/** The stream of the change that an event is about: what the board says of one concerns that alone; the rest of a meeting none. */
export function changeToldOf(event: RecordedEvent<ChangeEvent | CabEvent>): string | undefined {
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
  const draft = draftOf(BLANK)
  openChangeHead(draft, event)
  draft.type = data.type
  for (const field of PLAN_TEXTS) draft[field] = data[field]
  draft.window = data.window
  draft.affectedCis = data.affectedCis
  draft.proposedValues = data.proposedValues
  describeCustom(draft, data.customFields)
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

function evolved(change: ChangeDetails, event: RecordedChangeEvent): ChangeDetails {
  const { occurredAt } = event.metadata
  const draft = draftOf(change)
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

/** What lists of changes may be filtered and sorted by. */
export const CHANGE_COLUMNS = {
  ...accessColumns,
  number: 'string',
  type: changeType,
  state: changeState,
  onHold: 'boolean',
  risk: changeRisk,
  requester: 'string',
  watchers: 'strings',
  affectedCis: 'strings',
  custom: 'strings',
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
} as const
