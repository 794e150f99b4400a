import { canonicalJson } from '#libs/event-sourcing'
import { FINISHED_TASK, withoutTask, withTask, withTaskTold } from '#libs/record-tasks'
import type {
  ChangeLink,
  ImportedChange,
  Period,
  ProposedValues,
} from '../src/changes/domain/change.events.js'
import { wasImplemented } from '../src/changes/domain/change.states.js'
import type { ChangeApproval, ChangeDetails } from './change-details.js'
import { editWindow, plan, type RecordedChange, type RecordedChangeEvent } from './change-folds.js'
import { customTerms } from './custom-terms.js'
import { changeTexts, type Draft, nonEmpty, performer, present } from './drafts.js'

/** What each event tells of a change, by what it is about. */

export const PLAN_TEXTS = ['description', 'implementation', 'backout', 'test'] as const

/** What it is about; false: the event is not about that. */
export function describe(draft: Draft<ChangeDetails>, event: RecordedChangeEvent): boolean {
  switch (event.type) {
    case 'ChangePlanEdited':
      return edit(draft, event.data.changes)
    case 'ChangeCustomFieldsChanged':
      return describeCustom(draft, event.data.to)
    case 'PlannedTimesMoved':
      draft.planned = present(event.data.planned)
      return due(draft)
    case 'ChangeAssigned':
    case 'ChangeWatcherAdded':
    case 'ChangeWatcherRemoved':
    case 'ChangeAudienceChanged':
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
    case 'ChangeFileAttached': {
      const { hash, name, contentType, size } = event.data
      const addedAt = event.metadata.occurredAt
      const file = { hash, name, contentType, size, addedAt, addedBy: performer(event) }
      draft.attachments = [...(draft.attachments ?? []), file]
      return true
    }
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

export function describeCustom(draft: Draft<ChangeDetails>, fields: ChangeDetails['customFields']): true {
  draft.customFields = fields
  draft.custom = customTerms(fields)
  return true
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
  changeTexts(draft, PLAN_TEXTS, texts)
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
export function approve(draft: Draft<ChangeDetails>, event: RecordedChangeEvent): boolean {
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
    case 'ChangeApprovedOnHold':
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

type Answer = RecordedChange<
  'ChangeApproved' | 'ChangeApprovedOnHold' | 'ChangeRejected' | 'ChangeRatified' | 'RatificationRefused'
>

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
export function implement(draft: Draft<ChangeDetails>, event: RecordedChangeEvent): boolean {
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
export function conclude(draft: Draft<ChangeDetails>, event: RecordedChangeEvent): boolean {
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
export function work(draft: Draft<ChangeDetails>, event: RecordedChangeEvent): boolean {
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
