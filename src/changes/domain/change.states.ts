import type { ChangeEvent, ChangeState } from './change.events.js'

/** Where a change stands: the one answer for all who tell of changes without deciding about them. */

/** The state after an event; the same when the event is none of the lifecycle. */
export function changeStateAfter(state: ChangeState, event: ChangeEvent): ChangeState {
  switch (event.type) {
    case 'ChangeOpened':
    case 'ChangeRejected':
    case 'ChangeReturned':
      return 'New'
    case 'ChangeAssessmentStarted':
      return 'Assess'
    case 'ChangeSubmitted':
    case 'ChangeApprovalRenewed':
    case 'ChangeApprovalVoided':
      return inRound(state)
    case 'ChangeResumed':
      return event.data.renewRound === undefined ? state : inRound(state)
    case 'ChangeApproved':
    case 'ChangeScheduled':
      return 'Scheduled'
    case 'ImplementationStarted':
    case 'ImplementedBeforeApproval':
      return 'Implement'
    case 'ImplementationEnded':
      return 'Review'
    case 'ChangeClosed':
      return 'Closed'
    case 'ChangeCanceled':
      return 'Canceled'
    case 'ChangeStateObserved':
      return event.data.to
    default:
      return state
  }
}

/** A round about what was implemented already is its ratification, and moves it nowhere. */
function inRound(state: ChangeState): ChangeState {
  return wasImplemented(state) ? state : 'Authorize'
}

/** It is being done, or was. */
export function wasImplemented(state: ChangeState): boolean {
  return state === 'Implement' || state === 'Review' || state === 'Closed'
}
