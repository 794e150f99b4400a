import { type HistoryEntry, type RecordedEvent, tellHistory } from '#libs/event-sourcing'
import type { ChangeEvent, Conflict, ProposedValuesRefused } from './change.events.js'
import { type ChangeRecord, evolve, isOpened, NOT_OPENED, roundOf } from './change.state.js'

type Recorded = RecordedEvent<ChangeEvent>

export type ChangeTimelineEntry = HistoryEntry<ChangeEvent['type']>

/**
 * One entry per event, in log order; before and after by folding.
 * @param seen numbers of the other changes that its reader may see, of those that are in its way
 */
export function changeTimeline(
  events: readonly Recorded[],
  seen: ReadonlySet<string>,
): ChangeTimelineEntry[] {
  return tellHistory(events, {
    initial: NOT_OPENED as ChangeRecord,
    evolve,
    valuesOf,
    tell: (event) => tell(event, seen),
  })
}

function tell(event: Recorded, seen: ReadonlySet<string>) {
  const { sourceFields, irregular } = event.data ?? {}
  const visibility: ChangeTimelineEntry['visibility'] = PUBLIC.has(event.type) ? 'public' : 'internal'
  return { what: inWords(event, seen), text: textOf(event), irregular, sourceFields, visibility }
}

/** What lists and people call the fields of a change, flat. */
function valuesOf(record: ChangeRecord): Record<string, unknown> {
  if (!isOpened(record)) return {}
  const { stage, plan, planned, hold, tasks } = record
  return {
    ...plan,
    state: stage.state,
    customFields: record.customFields,
    planned,
    requester: record.requester,
    assignmentGroup: record.group,
    assignee: record.assignee,
    audience: record.audience,
    watchers: record.watchers,
    model: record.model?.id,
    reverts: record.reverts,
    risk: record.risk,
    holdReason: hold?.reason,
    holdComment: hold?.comment,
    round: roundOf(record)?.number,
    conflicts: record.conflicts.length,
    tasks: tasks.map(({ task, state }) => `${task} ${state}`),
    implementer: record.implementer,
    startedAt: record.startedAt,
    outcome: record.outcome,
  }
}

function textOf({ type, data }: Recorded): string | undefined {
  switch (type) {
    case 'ChangeCommentAdded':
    case 'ChangeWorkNoteAdded':
      return data.text
    case 'ChangeRejected':
    case 'RatificationRefused':
    case 'ChangeHeld':
      return data.comment ?? undefined
    case 'ChangeCanceled':
    case 'ImplementationEnded':
    case 'ChangeTaskFinished':
      return data.notes ?? undefined
    case 'PlanDeviated':
      return data.description
    case 'ChangeReviewed':
      return data.conclusion
    default:
      return undefined
  }
}

/** What a requester may know that it happened; a type that is not here is internal until somebody decides. */
const PUBLIC: ReadonlySet<ChangeEvent['type']> = new Set([
  'ChangeOpened',
  'ChangePlanEdited',
  'PlannedTimesMoved',
  'ChangeAssigned',
  'ChangeCommentAdded',
  'ChangeAssessmentStarted',
  'ChangeSubmitted',
  'ChangeApproved',
  'ChangeApprovedOnHold',
  'ChangeRejected',
  'ChangeScheduled',
  'ChangeReturned',
  'ImplementationStarted',
  'ImplementationEnded',
  'ChangeClosed',
  'ChangeCanceled',
  'ChangeStateObserved',
])
/** Of the changes of an entry, what a requester sees of the record itself. */
const PUBLIC_FIELDS: ReadonlySet<string> = new Set([
  'type',
  'title',
  'description',
  'state',
  'planned',
  'window',
  'requester',
  'assignmentGroup',
  'assignee',
  'startedAt',
  'outcome',
])
/** Where the words for the desk tell of fields that she does not see: who approved it, who does it, by which model. */
const REQUESTER_WORDS: Readonly<Partial<Record<ChangeEvent['type'], string>>> = {
  ChangePlanEdited: 'Plan edited',
  ChangeApproved: 'Approved',
  ChangeApprovedOnHold: 'Approved while on hold',
  ChangeScheduled: 'Scheduled',
  ImplementationStarted: 'Implementation started',
}
/** Whose text is meant for everybody. */
const PUBLIC_TEXTS: ReadonlySet<ChangeEvent['type']> = new Set(['ChangeCommentAdded', 'ChangeCanceled'])

/**
 * A timeline as a requester may see it: public entries, without what only the desk sees of the record; of reasons only those
 * that she gave herself.
 */
export function requesterChangeTimeline(
  entries: readonly ChangeTimelineEntry[],
  requester: string,
): ChangeTimelineEntry[] {
  return entries
    .filter(({ visibility }) => visibility === 'public')
    .map(({ reason, irregular, sourceFields, text, ...entry }) => ({
      ...entry,
      reason: entry.who.actor === requester ? reason : undefined,
      text: PUBLIC_TEXTS.has(entry.type) ? text : undefined,
      changes: entry.changes.filter(({ field }) => PUBLIC_FIELDS.has(field)),
      what: REQUESTER_WORDS[entry.type] ?? entry.what,
    }))
}

/** What happened, in a few words; who and when stand beside it. */
function inWords(event: Recorded, seen: ReadonlySet<string>): string {
  return (
    conflictInWords(event, seen) ??
    planInWords(event) ??
    approvalInWords(event) ??
    workInWords(event) ??
    event.type
  )
}

function planInWords({ type, data }: Recorded): string | undefined {
  switch (type) {
    case 'ChangeOpened':
      return data.reverts === undefined ? `Opened as ${data.type}` : `Opened to revert ${data.reverts}`
    case 'ChangePlanEdited':
      return `Plan edited: ${Object.keys(data.changes).join(', ')}`
    case 'ChangeCustomFieldsChanged':
      return 'Custom fields changed'
    case 'PlannedTimesMoved':
      return data.planned === null
        ? 'Planned for the whole window'
        : `Planned from ${data.planned.start} to ${data.planned.end}`
    case 'ChangeAssigned':
      return `Assigned to ${data.assignee ?? 'nobody'} of group ${data.group ?? 'none'}`
    case 'ChangeCommentAdded':
      return 'Comment'
    case 'ChangeWorkNoteAdded':
      return 'Work note'
    case 'ChangeFileAttached':
      return `Attached ${data.name}`
    case 'ChangeWatcherAdded':
      return `${data.person} watches it`
    case 'ChangeWatcherRemoved':
      return `${data.person} watches it no more`
    case 'ChangeAudienceChanged':
      return 'Audience changed'
    case 'ChangeLinked':
      return `Linked: ${data.link.relation} ${data.link.targetType} ${data.link.target}`
    case 'ChangeUnlinked':
      return `Link removed: ${data.link.relation} ${data.link.targetType} ${data.link.target}`
    case 'ChangeRiskAssessed':
      return `Risk ${data.risk}, by matrix version ${data.matrixVersion}`
    case 'BlackoutOverridden':
      return `Blackout ${data.window} overridden`
    default:
      return undefined
  }
}

function conflictInWords({ type, data }: Recorded, seen: ReadonlySet<string>): string | undefined {
  if (type === 'ConflictAppeared') return `Conflict: ${inTheWay(data.conflict, seen)}`
  if (type === 'ConflictCleared') return `No conflict any more: ${inTheWay(data.conflict, seen)}`
  return undefined
}

function inTheWay(
  { kind, ci, relatedCi, assignee, change, window }: Conflict,
  seen: ReadonlySet<string>,
): string {
  const other = change !== undefined && !seen.has(change) ? 'another change' : change
  const about = [ci, relatedCi, assignee, other, window].filter((each) => each !== undefined)
  return `${kind} (${about.join(', ')})`
}

function approvalInWords({ type, data }: Recorded): string | undefined {
  switch (type) {
    case 'ChangeAssessmentStarted':
      return 'Assessment started'
    case 'ChangeSubmitted':
      return 'Submitted for approval'
    case 'BaseValuesRecorded':
      return 'Values before the change recorded'
    case 'ChangeApprovalAsked':
      return `Round ${data.round}: ${data.purpose} asked by policy "${data.policy}", version ${data.policyVersion}`
    case 'ChangeApproved':
      return `Approved by ${data.approvers.join(', ')}`
    case 'ChangeApprovedOnHold':
      return `Approved by ${data.approvers.join(', ')} while on hold`
    case 'ChangeRejected':
      return 'Approval rejected'
    case 'ChangeApprovalLapsed':
      return `Round ${data.round} lapsed${data.because ? ': too few are left of those who were asked' : ''}`
    case 'ChangeApprovalVoided':
      return `Round ${data.round} voided: ${data.fields.join(', ')} edited`
    case 'ChangeApprovalWithdrawn':
      return `Round ${data.round} withdrawn`
    case 'ChangeApprovalRenewed':
      return `Round ${data.round} asked again`
    case 'ChangeScheduled':
      return `Scheduled by its model ${data.model}`
    case 'ChangeReturned':
      return `Returned from ${data.from}`
    case 'ChangeRatified':
      return `Ratified by ${data.approvers.join(', ')}${data.late ? ', late' : ''}`
    case 'RatificationRefused':
      return 'Ratification refused'
    case 'RatificationOverdue':
      return `Not ratified by ${data.ratifyBy}`
    default:
      return undefined
  }
}

function workInWords({ type, data }: Recorded): string | undefined {
  switch (type) {
    case 'ChangeHeld':
      return `Put on hold: ${data.reason}`
    case 'ChangeResumed':
      return 'Resumed'
    case 'ChangeTaskAdded':
      return `Task ${data.task} added: ${data.title}`
    case 'ChangeTaskStarted':
      return `Task ${data.task} started`
    case 'ChangeTaskFinished':
      return `Task ${data.task} ${data.result}`
    case 'ChangeTaskRemoved':
      return `Task ${data.task} removed`
    case 'ImplementationStarted':
      return `Implementation started by ${data.implementer}`
    case 'ImplementedBeforeApproval':
      return `Implemented before approval by ${data.implementer}, from ${data.startedAt}`
    case 'PlanDeviated':
      return `Done otherwise than planned: ${data.fields.join(', ')}`
    case 'ImplementationEnded':
      return `Implementation ended: ${data.outcome}`
    case 'ProposedValuesReleased':
      return `Values of ${data.ci} released`
    case 'ProposedValuesRefused':
      return `Values of ${data.ci} refused: ${whyRefused(data)}`
    case 'ChangeReviewed':
      return `Reviewed: objectives ${data.objectivesMet ? '' : 'not '}met`
    case 'ChangeClosed':
      return 'Closed'
    case 'ChangeCanceled':
      return `Canceled from ${data.from}`
    case 'ChangeStateObserved':
      return `From ${data.from ?? 'nothing'} to ${data.to} in the source`
    default:
      return undefined
  }
}

function whyRefused({ retired, code = 'CI.BASE_VALUES_MOVED' }: ProposedValuesRefused['data']): string {
  if (retired) return 'it was retired meanwhile'
  return code === 'CI.BASE_VALUES_MOVED' ? 'it was changed meanwhile' : code
}
