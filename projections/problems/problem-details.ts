import { canonicalJson, later } from '#libs/event-sourcing'
import {
  FINISHED_TASK,
  openTasks,
  type ShownTask,
  withoutTask,
  withTask,
  withTaskTold,
} from '#libs/record-tasks'
import type { ProblemLink, ProblemOutcome, ProblemState } from '../../src/problems/domain/problem.events.js'
import { customTerms } from '../custom-terms.js'
import { applyImported, changeTexts, type Draft, nonEmpty, performer, present } from '../drafts.js'
import {
  applyToProblemHead,
  openProblemHead,
  problemHoldAfter,
  type RecordedProblem,
  type RecordedProblemEvent,
} from '../problem-folds.js'
import { BLANK_PROBLEM, type ProblemDetails } from './problem-document.js'

const TEXTS = ['description', 'category', 'subcategory', 'symptom', 'service'] as const

/** A problem at its beginning. */
export function openedProblem(event: RecordedProblem<'ProblemOpened'>): ProblemDetails {
  const { data, metadata } = event
  const { occurredAt, source } = metadata
  const draft: Draft<ProblemDetails> = { ...BLANK_PROBLEM }
  openProblemHead(draft, event)
  for (const field of TEXTS) draft[field] = data[field]
  draft.affectedCis = data.affectedCis
  describeCustom(draft, data.customFields)
  draft.origin = data.origin
  draft.candidate = data.candidate
  draft.entered = { New: occurredAt }
  draft.updatedAt = occurredAt
  draft.effectiveAt = occurredAt
  if (source) draft.source = { name: source.name, externalId: source.externalId, fields: {} }
  applyImported(draft, event.data)
  return draft
}

/** A problem after an event; the same when the event is none that is known here. */
export function evolvedProblem(problem: ProblemDetails, event: RecordedProblemEvent): ProblemDetails {
  const { occurredAt } = event.metadata
  const draft: Draft<ProblemDetails> = { ...problem }
  applyToProblemHead(draft, event)
  draft.effectiveAt = later(problem.effectiveAt, occurredAt)
  const known = describe(draft, event) || find(draft, event) || conclude(draft, event) || work(draft, event)
  if (!known) return problem
  draft.updatedAt = later(problem.updatedAt, occurredAt)
  enter(draft, problem.state)
  waits(draft, event)
  applyImported(draft, event.data)
  return draft
}

/** A problem that is taken up again has ended no more. */
function enter(draft: Draft<ProblemDetails>, before: ProblemState): void {
  const { state, effectiveAt } = draft
  if (state === before) return
  draft.entered = { ...draft.entered, [state]: effectiveAt }
  draft.closedAt = state === 'Closed' ? effectiveAt : undefined
  if (state === 'Resolved') draft.resolvedAt = effectiveAt
  if (state === 'Resolved' || state === 'Closed') return
  draft.resolvedAt = undefined
  draft.survivor = undefined
  draft.outcome = undefined
  draft.resolutionNotes = undefined
}

function waits(draft: Draft<ProblemDetails>, event: RecordedProblemEvent): void {
  const reason = problemHoldAfter(draft.hold?.reason, event)
  if (reason === undefined) draft.hold = undefined
  else if (event.type === 'ProblemHeld')
    draft.hold = { reason, comment: event.data.comment, since: draft.effectiveAt }
  else if (reason !== draft.hold?.reason) draft.hold = { reason, since: draft.effectiveAt }
  draft.onHold = draft.hold && true
}

/** What it is about; false: the event is not about that. */
function describe(draft: Draft<ProblemDetails>, event: RecordedProblemEvent): boolean {
  switch (event.type) {
    case 'ProblemDetailsChanged': {
      const { changes } = event.data
      changeTexts(draft, TEXTS, changes)
      if (changes.customFields)
        describeCustom(draft, present(changes.customFields.to as Record<string, unknown> | null))
      if (changes.affectedCis) draft.affectedCis = (changes.affectedCis.to as readonly string[] | null) ?? []
      return true
    }
    case 'ProblemLinked':
      return link(draft, [...without(draft.links, event.data.link), event.data.link])
    case 'ProblemUnlinked':
      return link(draft, without(draft.links, event.data.link))
    case 'ProblemCommentAdded':
      draft.comments = (draft.comments ?? 0) + 1
      return true
    case 'ProblemWorkNoteAdded':
      draft.workNotes = (draft.workNotes ?? 0) + 1
      return true
    case 'ProblemFileAttached': {
      const { hash, name, contentType, size } = event.data
      const addedAt = event.metadata.occurredAt
      const file = { hash, name, contentType, size, addedAt, addedBy: performer(event) }
      draft.attachments = [...(draft.attachments ?? []), file]
      return true
    }
    case 'ProblemWatcherAdded':
    case 'ProblemWatcherRemoved':
    case 'ProblemAudienceChanged':
    case 'ProblemAssigned':
    case 'ProblemPrioritized':
    case 'ProblemIncidentsNamed':
    case 'ProblemIncidentsLeftOut':
    case 'ProblemUpdateObserved':
      return true
    default:
      return false
  }
}

function describeCustom(draft: Draft<ProblemDetails>, fields: ProblemDetails['customFields']): void {
  draft.customFields = fields
  draft.custom = customTerms(fields)
}

function link(draft: Draft<ProblemDetails>, links: readonly ProblemLink[]): true {
  draft.links = nonEmpty(links)
  const fixes = links.filter(({ relation }) => relation === 'fixed-by-change')
  draft.fixedByChanges = nonEmpty(fixes.map(({ target }) => target))
  return true
}

function without(links: readonly ProblemLink[] = [], gone: ProblemLink): readonly ProblemLink[] {
  return links.filter((known) => canonicalJson(known) !== canonicalJson(gone))
}

/** What is found out; false: the event is not about that. */
function find(draft: Draft<ProblemDetails>, event: RecordedProblemEvent): boolean {
  switch (event.type) {
    case 'RootCauseRecorded':
      draft.rootCause = event.data.cause
      return true
    case 'WorkaroundRecorded':
      draft.workaround = event.data.workaround
      draft.workarounds = event.data.number
      return true
    case 'KnownErrorDeclared':
      draft.knownError = true
      draft.knownErrorSince = draft.effectiveAt
      return true
    case 'KnownErrorWithdrawn':
      draft.knownError = undefined
      draft.knownErrorSince = undefined
      return true
    case 'ProblemFindingsObserved': {
      const { rootCause, workaround, resolutionNotes } = event.data
      if (rootCause !== undefined) draft.rootCause = present(rootCause)
      if (workaround !== undefined) {
        draft.workaround = present(workaround)
        draft.workarounds = (draft.workarounds ?? 0) + 1
      }
      if (resolutionNotes !== undefined) draft.resolutionNotes = present(resolutionNotes)
      return true
    }
    default:
      return false
  }
}

/** How it ends, and goes on; false: the event is not about that. */
function conclude(draft: Draft<ProblemDetails>, event: RecordedProblemEvent): boolean {
  switch (event.type) {
    case 'ProblemResolved':
      return end(draft, 'fix applied', event.data.notes)
    case 'ProblemRiskAccepted':
      return end(draft, 'risk accepted', event.data.notes)
    case 'ProblemMarkedDuplicate':
      draft.survivor = event.data.survivor
      return end(draft, 'duplicate', event.data.notes)
    case 'ProblemCanceled':
      return end(draft, 'canceled', event.data.notes)
    case 'ProblemReanalysed':
      draft.reanalyses = (draft.reanalyses ?? 0) + 1
      draft.review = undefined
      return true
    case 'ProblemReviewed': {
      const { conclusion, wentWell, wentBadly, lessons, actions } = event.data
      const { occurredAt: at } = event.metadata
      draft.review = { conclusion, wentWell, wentBadly, lessons, actions, at, by: performer(event) }
      return true
    }
    case 'ProblemStateObserved': {
      const { to, phase, outcome } = event.data
      if (outcome !== undefined) draft.outcome = outcome
      if (to !== 'On Hold') draft.phaseUnknown = phase && true
      return true
    }
    case 'ProblemAssessmentStarted':
    case 'ProblemAnalysisStarted':
    case 'ProblemFixStarted':
    case 'ProblemClosed':
      draft.phaseUnknown = undefined
      return true
    default:
      return false
  }
}

function end(draft: Draft<ProblemDetails>, outcome: ProblemOutcome, notes: string | null): true {
  draft.outcome = outcome
  draft.resolutionNotes = present(notes)
  draft.phaseUnknown = undefined
  return true
}

/** What happens beside the path; false: the event is not known here. */
function work(draft: Draft<ProblemDetails>, event: RecordedProblemEvent): boolean {
  const { tasks = [] } = draft
  switch (event.type) {
    case 'ProblemHeld':
    case 'ProblemResumed':
      return true
    case 'ProblemTaskAdded':
      return putTasks(draft, withTask(tasks, event.data))
    case 'ProblemTaskStarted':
      return putTasks(draft, withTaskTold(tasks, event.data.task, { state: 'In Progress' }))
    case 'ProblemTaskFinished': {
      const { task, result, notes } = event.data
      return putTasks(
        draft,
        withTaskTold(tasks, task, { state: FINISHED_TASK[result], notes: present(notes) }),
      )
    }
    case 'ProblemTaskRemoved':
      return putTasks(draft, withoutTask(tasks, event.data.task))
    default:
      return false
  }
}

function putTasks(draft: Draft<ProblemDetails>, tasks: readonly ShownTask[]): true {
  draft.tasks = nonEmpty(tasks)
  draft.openTasks = openTasks(tasks).length || undefined
  return true
}
