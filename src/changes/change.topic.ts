import { withListedChanges, withListedFields } from '#libs/event-publisher'
import type { RecordedEvent } from '#libs/event-sourcing'
import type { ChangeEvent, ImportedChange } from './domain/change.events.js'

type Shown<Type extends ChangeEvent['type']> = readonly Exclude<
  keyof Extract<ChangeEvent, { type: Type }>['data'],
  keyof ImportedChange
>[]

/**
 * What of each event may stand on a topic, whose readers are asked for no rights: what is done to which CIs, when, by whom, on
 * which approval, and how it went. Neither how it is done (the plan's texts and values) nor what people say of it leaves. Fields by
 * name, so that a new field is internal until it is listed; `internal`: the event never leaves. Reasons and what an import brought
 * along are internal with all.
 */
const ON_TOPIC: { readonly [Type in ChangeEvent['type']]: Shown<Type> | 'internal' } = {
  ChangeOpened: ['type', 'title', 'window', 'affectedCis', 'requester', 'group', 'assignee', 'reverts'],
  ChangePlanEdited: ['changes'],
  PlannedTimesMoved: ['previous', 'planned'],
  ChangeAssigned: ['group', 'assignee', 'previousAssignee'],
  ChangeRiskAssessed: ['risk', 'matrixVersion'],
  ChangeAssessmentStarted: [],
  ChangeSubmitted: ['round', 'period'],
  ChangeApprovalAsked: [
    'round',
    'approval',
    'purpose',
    'title',
    'hash',
    'policy',
    'policyVersion',
    'materialFields',
    'changeType',
    'risk',
    'requester',
    'group',
  ],
  ChangeApproved: ['round', 'approval', 'hash', 'approvers'],
  ChangeApprovedOnHold: ['round', 'approval', 'hash', 'approvers'],
  ChangeRejected: ['round', 'approval', 'hash'],
  ChangeApprovalLapsed: ['round', 'approval', 'because'],
  ChangeApprovalVoided: ['round', 'approval', 'hash', 'fields', 'from', 'nextRound', 'period'],
  ChangeApprovalWithdrawn: ['round', 'approval'],
  ChangeApprovalRenewed: ['round', 'period'],
  ChangeScheduled: ['model', 'revision', 'hash', 'period'],
  ChangeReturned: ['from'],
  ChangeHeld: ['reason'],
  ChangeResumed: ['renewRound', 'period'],
  ImplementationStarted: ['basis', 'implementer'],
  ImplementedBeforeApproval: ['startedAt', 'implementer', 'ratifyBy', 'settingsVersion', 'round', 'period'],
  ChangeRatified: ['round', 'approval', 'hash', 'approvers', 'late'],
  RatificationRefused: ['round', 'approval', 'hash'],
  RatificationOverdue: ['ratifyBy'],
  ImplementationEnded: ['outcome', 'endedAt'],
  ChangeClosed: [],
  ChangeCanceled: ['from'],
  ChangeStateObserved: ['from', 'to', 'outcome', 'authorisation'],
  // What people say of it, how it is done, and what somebody has to look at
  ChangeCustomFieldsChanged: 'internal',
  ChangeCommentAdded: 'internal',
  ChangeWorkNoteAdded: 'internal',
  ChangeFileAttached: 'internal',
  ChangeWatcherAdded: 'internal',
  ChangeWatcherRemoved: 'internal',
  ChangeAudienceChanged: 'internal',
  ChangeLinked: 'internal',
  ChangeUnlinked: 'internal',
  BaseValuesRecorded: 'internal',
  ConflictAppeared: 'internal',
  ConflictCleared: 'internal',
  BlackoutOverridden: 'internal',
  ChangeTaskAdded: 'internal',
  ChangeTaskStarted: 'internal',
  ChangeTaskFinished: 'internal',
  ChangeTaskRemoved: 'internal',
  PlanDeviated: 'internal',
  // What was written to a CI its own event tells.
  ProposedValuesReleased: 'internal',
  ProposedValuesRefused: 'internal',
  ChangeReviewed: 'internal',
}

/** Of a plan that was edited, what `ChangeOpened` tells of it. */
const CHANGES_ON_TOPIC: readonly string[] = ['type', 'title', 'window', 'affectedCis']

/** The event as it may stand on the topic; undefined: it never leaves. */
export function changeEventOnTopic(event: RecordedEvent<ChangeEvent>): RecordedEvent | undefined {
  const shown = withListedFields(event, ON_TOPIC)
  return event.type === 'ChangePlanEdited' ? withListedChanges(shown, CHANGES_ON_TOPIC) : shown
}
