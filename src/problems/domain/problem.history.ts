import { type HistoryEntry, type RecordedEvent, tellHistory } from '#libs/event-sourcing'
import type { ProblemEvent } from './problem.events.js'
import { evolve, isOpened, NOT_OPENED, outcomeOf, type ProblemRecord } from './problem.state.js'

type Recorded = RecordedEvent<ProblemEvent>

export type ProblemTimelineEntry = HistoryEntry<ProblemEvent['type']>

/** One entry per event, in log order; before and after by folding. All of it is the desk's: requesters see no problem. */
export function problemTimeline(events: readonly Recorded[]): ProblemTimelineEntry[] {
  return tellHistory(events, { initial: NOT_OPENED as ProblemRecord, evolve, valuesOf, tell })
}

function tell(event: Recorded) {
  const { sourceFields, irregular } = event.data ?? {}
  return {
    what: inWords(event),
    text: textOf(event),
    irregular,
    sourceFields,
    visibility: 'internal' as const,
  }
}

/** What lists and people call the fields of a problem, flat. */
function valuesOf(record: ProblemRecord): Record<string, unknown> {
  if (!isOpened(record)) return {}
  const { stage, fields, hold, tasks } = record
  return {
    ...fields,
    state: stage.state,
    outcome: outcomeOf(record),
    survivor: 'survivor' in stage ? stage.survivor : null,
    origin: record.origin,
    candidate: record.candidate,
    impact: record.impact,
    urgency: record.urgency,
    priority: record.priority,
    assignmentGroup: record.group,
    assignee: record.assignee,
    audience: record.audience,
    watchers: record.watchers,
    rootCause: record.rootCause,
    workaround: record.workaround,
    knownError: record.knownError || null,
    resolutionNotes: record.resolutionNotes,
    holdReason: hold?.reason,
    holdComment: hold?.comment,
    phaseUnknown: record.phaseUnknown || null,
    tasks: tasks.map(({ task, state }) => `${task} ${state}`),
  }
}

function textOf({ type, data }: Recorded): string | undefined {
  switch (type) {
    case 'ProblemCommentAdded':
    case 'ProblemWorkNoteAdded':
      return data.text
    case 'RootCauseRecorded':
      return data.cause
    case 'WorkaroundRecorded':
      return data.workaround
    case 'ProblemHeld':
      return data.comment
    case 'ProblemReanalysed':
    case 'KnownErrorWithdrawn':
    case 'ProblemResolved':
    case 'ProblemRiskAccepted':
    case 'ProblemCanceled':
      return data.notes
    case 'ProblemMarkedDuplicate':
    case 'ProblemTaskFinished':
      return data.notes ?? undefined
    case 'ProblemReviewed':
      return data.conclusion
    default:
      return undefined
  }
}

/** What happened, in a few words; who and when stand beside it. */
function inWords(event: Recorded): string {
  return contentInWords(event) ?? lifecycleInWords(event) ?? taskInWords(event) ?? event.type
}

function contentInWords({ type, data }: Recorded): string | undefined {
  switch (type) {
    case 'ProblemOpened':
      return data.candidate === undefined
        ? `Opened, ${data.origin}`
        : `Opened from candidate ${data.candidate}`
    case 'ProblemDetailsChanged':
      return `Changed: ${Object.keys(data.changes).join(', ')}`
    case 'ProblemPrioritized':
      return data.matrixVersion === null
        ? `Priority ${data.priority ?? 'none'} in the source`
        : `Priority ${data.priority}, by matrix version ${data.matrixVersion}`
    case 'ProblemAssigned':
      return `Assigned to ${data.assignee ?? 'nobody'} of group ${data.group ?? 'none'}`
    case 'ProblemFileAttached':
      return `Attached ${data.name}`
    case 'ProblemWatcherAdded':
      return `${data.person} watches it`
    case 'ProblemWatcherRemoved':
      return `${data.person} watches it no more`
    case 'ProblemAudienceChanged':
      return 'Audience changed'
    case 'ProblemCommentAdded':
      return 'Comment'
    case 'ProblemWorkNoteAdded':
      return 'Work note'
    case 'ProblemLinked':
      return `Linked: ${data.link.relation} ${data.link.targetType} ${data.link.target}`
    case 'ProblemUnlinked':
      return `Link removed: ${data.link.relation} ${data.link.targetType} ${data.link.target}`
    case 'ProblemIncidentsNamed': {
      const named = data.candidate === undefined ? 'named' : `of candidate ${data.candidate} named`
      return `Incidents ${named}: ${numbersIn(data)}`
    }
    case 'ProblemIncidentsLeftOut': {
      const why =
        data.because === 'canceled' ? 'it was canceled' : `it is a duplicate of ${data.survivor ?? 'another'}`
      return `Incidents of candidate ${data.candidate} left out, as ${why}: ${numbersIn(data)}`
    }
    case 'RootCauseRecorded':
      return 'Root cause recorded'
    case 'WorkaroundRecorded':
      return data.number === 1 ? 'Workaround recorded' : `Workaround recorded, number ${data.number}`
    case 'KnownErrorDeclared':
      return 'Known error'
    case 'KnownErrorWithdrawn':
      return 'Known error no longer'
    case 'ProblemFindingsObserved':
      return `In the source: ${Object.keys(data).join(', ')}`
    default:
      return undefined
  }
}

const numbersIn = ({ incidents }: { incidents: readonly string[] }): string =>
  incidents.join(', ') || 'none that you may see'

function lifecycleInWords({ type, data }: Recorded): string | undefined {
  switch (type) {
    case 'ProblemAssessmentStarted':
      return 'Assessment started'
    case 'ProblemAnalysisStarted':
      return 'Analysis of the root cause started'
    case 'ProblemReanalysed':
      return `Analysed again, from ${data.from}`
    case 'ProblemFixStarted':
      return 'Fix started'
    case 'ProblemHeld':
      return `Put on hold: ${data.reason}`
    case 'ProblemResumed':
      return 'Resumed'
    case 'ProblemResolved':
      return 'Resolved: the fix is applied'
    case 'ProblemRiskAccepted':
      return `Risk accepted, from ${data.from}`
    case 'ProblemMarkedDuplicate':
      return `Closed as a duplicate of ${data.survivor}`
    case 'ProblemCanceled':
      return `Canceled, from ${data.from}`
    case 'ProblemReviewed':
      return 'Reviewed'
    case 'ProblemClosed':
      return 'Closed'
    case 'ProblemStateObserved':
      return `From ${data.from} to ${data.to} in the source`
    case 'ProblemUpdateObserved':
      return 'Updated in the source'
    default:
      return undefined
  }
}

function taskInWords({ type, data }: Recorded): string | undefined {
  switch (type) {
    case 'ProblemTaskAdded':
      return `Task ${data.task} added: ${data.title}`
    case 'ProblemTaskStarted':
      return `Task ${data.task} started`
    case 'ProblemTaskFinished':
      return `Task ${data.task} ${data.result}`
    case 'ProblemTaskRemoved':
      return `Task ${data.task} removed`
    default:
      return undefined
  }
}
